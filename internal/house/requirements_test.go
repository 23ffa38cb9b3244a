package house_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var requirement = regexp.MustCompile(`\b[A-Z]-\d\d\b`)

// Every requirement in docs/security.md is named by a test, and every one that the
// repository names stands there.
func TestRequirements(t *testing.T) {
	const root = "../../"
	doc, err := os.ReadFile(root + "docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	inForce := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([A-Z]-\d\d) \|`).FindAllStringSubmatch(string(doc), -1) {
		inForce[row[1]] = true
	}
	tested := map[string]bool{}
	span := regexp.MustCompile(`\b([A-Z])-(\d\d)…(\d\d)\b`)
	for _, file := range sources(t, root) {
		text, err := os.ReadFile(root + file)
		if err != nil {
			t.Fatal(err)
		}
		if m := span.Find(text); m != nil {
			t.Errorf("%s: %s hides ids; name each", file, m)
		}
		for _, id := range requirement.FindAllString(string(text), -1) {
			if !inForce[id] {
				t.Errorf("%s names %s, which docs/security.md does not", file, id)
			}
			if isTest(file) {
				tested[id] = true
			}
		}
	}
	for id := range inForce {
		if !tested[id] {
			t.Errorf("%s has no test", id)
		}
	}
}

// sources lists the files that may name requirements.
func sources(t *testing.T, root string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "*.go", "*.js", "*.md", "*.sql")
	cmd.Dir = root
	files, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	return slices.DeleteFunc(strings.Fields(string(files)), func(file string) bool { return file == "docs/security.md" })
}

func isTest(file string) bool {
	return strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, ".spec.js") || strings.HasSuffix(file, ".test.js") ||
		strings.Contains(file, "/storetest/")
}
