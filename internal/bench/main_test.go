package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The generated part of a document is replaced, and nothing else.
func TestWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "performance.md")
	text := "before\n" + generatedBegin + "old\n" + generatedEnd + "after\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replaceGenerated(file, "new\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if want := strings.Replace(text, "old", "new", 1); err != nil || string(got) != want {
		t.Errorf("file = %q, %v, want %q", got, err, want)
	}
	if err := os.WriteFile(file, []byte("nothing generated"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replaceGenerated(file, "new\n"); err == nil {
		t.Error("a file without marks is written")
	}
}

func TestFlags(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"-part", "nonsense"}, {"-run", "("}, {"-nonsense"}} {
		if err := run(t.Context(), args, &out, &out); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

func TestMedians(t *testing.T) {
	got := medians([]figures{{3, 30, 1}, {1, 10, 3}, {2, 20, 2}})
	if want := (figures{2, 20, 2}); got != want {
		t.Errorf("medians = %v, want %v", got, want)
	}
}
