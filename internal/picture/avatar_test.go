package picture

import (
	"bytes"
	"strings"
	"testing"
)

func TestAvatar(t *testing.T) {
	seen := map[string]bool{}
	for n := range 50 {
		seed := strings.Repeat("a", n)
		p, err := Avatar(seed)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Avatar(seed)
		if !bytes.Equal(p.Content, again.Content) {
			t.Error("one seed has two pictures")
		}
		if b := decoded(t, p).Bounds(); b.Dx() != 240 || b.Dy() != 240 {
			t.Errorf("size %v", b)
		}
		seen[string(p.Content)] = true
	}
	if len(seen) < 49 {
		t.Errorf("%d pictures of 50 seeds", len(seen))
	}
}
