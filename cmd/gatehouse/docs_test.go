package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// docs/cli.md lists the commands as they are: what follows its marker is made from them.
func TestDocs(t *testing.T) {
	const path, marker = "../../docs/cli.md", "<!-- Made by go test ./cmd/gatehouse -update. -->\n"
	parser, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, is, ok := strings.Cut(string(doc), marker)
	if !ok {
		t.Fatalf("%s has no line %s", path, marker)
	}
	want := reference(parser)
	if *update {
		if err := os.WriteFile(path, []byte(head+marker+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if is != want {
		t.Errorf("%s is out of date: go test ./cmd/gatehouse -update", path)
	}
}

// reference writes every command with its arguments and flags.
func reference(parser *kong.Kong) string {
	var b strings.Builder
	var instance []*kong.Flag
	for _, command := range parser.Model.Leaves(true) {
		fmt.Fprintf(&b, "\n### gatehouse %s\n\n%s\n", strings.TrimSuffix(command.Path(), " "), command.Help)
		if command.Detail != "" {
			fmt.Fprintf(&b, "\n%s\n", command.Detail)
		}
		var rows []string
		for _, arg := range command.Positional {
			rows = append(rows, row(arg.Summary(), arg.Help))
		}
		more := ""
		for _, flag := range command.Flags {
			switch {
			case flag.Group != nil && flag.Group.Key == "instance":
				more = "\nAnd the flags of [which instance](#which-instance).\n"
				instance = appendFlag(instance, flag)
			case flag.Name != "help":
				rows = append(rows, row(flag.String(), flag.Help))
			}
		}
		if len(rows) > 0 {
			b.WriteString("\n| | |\n|---|---|\n" + strings.Join(rows, ""))
		}
		b.WriteString(more)
	}
	b.WriteString("\n### Which instance\n\n| | |\n|---|---|\n")
	for _, flag := range instance {
		b.WriteString(row(flag.String(), flag.Help))
	}
	return b.String()
}

func appendFlag(flags []*kong.Flag, flag *kong.Flag) []*kong.Flag {
	for _, f := range flags {
		if f.Name == flag.Name {
			return flags
		}
	}
	return append(flags, flag)
}

func row(name, help string) string {
	return fmt.Sprintf("| `%s` | %s |\n", name, strings.ReplaceAll(help, "|", "\\|"))
}
