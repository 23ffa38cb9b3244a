package e2e_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The list of what the Frontend API answers to the protocol's routes holds every route that
// the published description has.
func TestReferenceIsComplete(t *testing.T) {
	checked := described(t)
	if checked == nil {
		return
	}
	text, err := os.ReadFile("../../frontendapi/testdata/reference.txt")
	if err != nil {
		t.Fatal(err)
	}
	parameter := regexp.MustCompile(`\{[^/]+\}`)
	var listed, below []string
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] == "#" {
			continue
		}
		if folder, ok := strings.CutSuffix(f[1], "/..."); ok {
			below = append(below, folder)
		}
		listed = append(listed, f[0]+" "+parameter.ReplaceAllString(f[1], "{}"))
	}
	operations := checked.APIs[1].Operations()
	for _, operation := range operations {
		_, path, _ := strings.Cut(operation, " ")
		if slices.Contains(listed, parameter.ReplaceAllString(operation, "{}")) ||
			slices.ContainsFunc(below, func(folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }) {
			continue
		}
		t.Errorf("%s is described and not in the list", operation)
	}
	if len(operations) < 150 {
		t.Errorf("the description has %d routes", len(operations))
	}
}
