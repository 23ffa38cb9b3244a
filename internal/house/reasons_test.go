package house_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/troubleshooting.md has a row for every reason of a refusal, and for no other.
func TestReasonsAreExplained(t *testing.T) {
	source, err := os.ReadFile("../../auth/reason.go")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "## The reasons")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| .+ \\| .+ \\|$").FindAllStringSubmatch(table, -1) {
		rows[row[1]] = true
	}
	reasons := regexp.MustCompile(`(?m)^\tReason\w+\s+Reason = "([a-z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(reasons) == 0 {
		t.Fatal("auth/reason.go has no reasons")
	}
	for _, reason := range reasons {
		if !rows[reason[1]] {
			t.Errorf("docs/troubleshooting.md does not explain %s", reason[1])
		}
		delete(rows, reason[1])
	}
	for row := range rows {
		t.Errorf("docs/troubleshooting.md explains %s, which auth does not have", row)
	}
}
