package house_test

import (
	"os"
	"strings"
	"testing"
)

// The README's example is code that compiles: the body of run in readme_example_test.go.
func TestReadmeExampleCompiles(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../readme_example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, ok := strings.Cut(string(readme), "```go\n")
	shown, _, closed := strings.Cut(shown, "```")
	if !ok || !closed {
		t.Fatal("README.md has no Go example")
	}
	_, body, _ := strings.Cut(string(source), "func run(ctx context.Context) error {\n")
	body = strings.TrimSuffix(body, "}\n")
	if got := strings.ReplaceAll("\n"+body, "\n\t", "\n")[1:]; got != shown {
		t.Errorf("README.md shows\n%s\nreadme_example_test.go has\n%s", shown, got)
	}
}
