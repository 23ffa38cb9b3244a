package house_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The README's examples are code that compiles: the bodies of the functions in
// readme_example_test.go, without their last return.
func TestReadmeExamplesCompile(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../readme_example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	bodies := regexp.MustCompile(`(?sm)^func \w+\(.*?\) error {\n(.*?)^}\n`).FindAllStringSubmatch(string(source), -1)
	if len(shown) == 0 || len(shown) != len(bodies) {
		t.Fatalf("README.md has %d examples, readme_example_test.go %d", len(shown), len(bodies))
	}
	for i := range shown {
		body := strings.ReplaceAll("\n"+strings.TrimSuffix(bodies[i][1], "\treturn nil\n"), "\n\t", "\n")[1:]
		if body != shown[i][1] {
			t.Errorf("README.md shows\n%s\nreadme_example_test.go has\n%s", shown[i][1], body)
		}
	}
}
