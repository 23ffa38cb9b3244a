package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// jsonFlag chooses between people and programs.
type jsonFlag struct {
	JSON bool `name:"json" help:"Print JSON, for programs."`
}

// listFlags say how much of a list is printed.
type listFlags struct {
	jsonFlag
	Limit int  `default:"20" placeholder:"N" help:"How many; 20 by default, at most 500."`
	All   bool `help:"All of them, whatever the limit; with --json one object a line."`
}

// enough reports whether n things are all that were asked for.
func (f listFlags) enough(n int) bool { return !f.All && n >= f.Limit }

// printList prints what was found: a table, one JSON document, or with --all a document a
// line (NDJSON).
func printList[T any](p *program, f listFlags, found []T, asTable func([]T) *table) error {
	switch {
	case f.JSON && f.All:
		lines := newLines(p.stdout)
		for _, v := range found {
			if err := lines.Encode(v); err != nil {
				return err
			}
		}
		return nil
	case f.JSON:
		return writeJSON(p.stdout, found)
	}
	return asTable(found).print(p.stdout, columns(p.stdout))
}

// newLines encodes one JSON document a line.
func newLines(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// each does something to each of several things, prints what became of them, and goes on
// after a failure, which it counts.
func each[T any](p *program, f jsonFlag, ids []string, do func(id string) (T, error), line func(T) string) error {
	done, failed := []T{}, 0
	bar := newProgress(p, "done")
	for n, id := range ids {
		v, err := do(id)
		if err != nil && len(ids) == 1 {
			return err
		}
		if err != nil {
			bar.end()
			failed++
			fmt.Fprintf(p.stderr, "gatehouse: %s: %s\n", printable(id), trim(advise(err, "")))
		} else {
			done = append(done, v)
		}
		if len(ids) > 1 {
			bar.at(n+1, len(ids))
		}
	}
	bar.end()
	if err := printDone(p, f, done, line); err != nil || failed == 0 {
		return err
	}
	return fmt.Errorf("%d of %d failed", failed, len(ids))
}

func printDone[T any](p *program, f jsonFlag, done []T, line func(T) string) error {
	if f.JSON {
		return writeJSON(p.stdout, done)
	}
	var errs []error
	for _, v := range done {
		_, err := fmt.Fprintln(p.stdout, line(v))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printable keeps what others wrote from moving the cursor (L-03).
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, s)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
