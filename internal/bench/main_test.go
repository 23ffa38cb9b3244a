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
	if err := replaceGenerated(os.Args[0], ""); err == nil {
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

// A pair of equals has the ratio 1, and one of a thing and twice the thing 2.
func TestPair(t *testing.T) {
	sum := 0
	work := func(n int) func() {
		return func() {
			for i := range n {
				sum += i * sum
			}
		}
	}
	if r := (pair{work(5000), work(10000)}).round().ratio; r < 1.5 || r > 2.7 {
		t.Errorf("twice the work takes %.2f times as long", r)
	}
	if m := median([]float64{3, 1, 2}); m != 2 {
		t.Errorf("median = %v, want 2", m)
	}
}
