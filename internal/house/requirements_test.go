package house_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// Every requirement in docs/security.md is named by a test.
func TestRequirementsHaveTests(t *testing.T) {
	const root = "../../"
	doc, err := os.ReadFile(root + "docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "*_test.go", "*/storetest/*.go", "*.spec.js")
	cmd.Dir = root
	files, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	named := map[string]bool{}
	id := regexp.MustCompile(`\b[A-Z]-\d\d\b`)
	span := regexp.MustCompile(`\b([A-Z])-(\d\d)…(\d\d)\b`)
	for _, file := range strings.Fields(string(files)) {
		text, err := os.ReadFile(root + file)
		if err != nil {
			t.Fatal(err)
		}
		if m := span.Find(text); m != nil {
			t.Errorf("%s: %s hides ids; name each", file, m)
		}
		for _, m := range id.FindAllString(string(text), -1) {
			named[m] = true
		}
	}
	for _, row := range regexp.MustCompile(`(?m)^\| ([A-Z]-\d\d) \|`).FindAllStringSubmatch(string(doc), -1) {
		if !named[row[1]] {
			t.Errorf("%s has no test", row[1])
		}
	}
}
