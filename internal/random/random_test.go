package random_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

func TestIDSortsByTime(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var ids []string
	for i := range 50 {
		ids = append(ids, random.ID("user", start.Add(time.Duration(i)*time.Hour)))
	}
	if !slices.IsSorted(ids) {
		t.Errorf("ids do not sort by time: %v", ids)
	}
	for _, id := range ids {
		if len(id) != len("user_")+27 || !random.ValidID("user", id) {
			t.Errorf("ID = %q, want user_ and 27 base62 characters", id)
		}
	}
}

func TestUnique(t *testing.T) { // K-01
	now := time.Now()
	seen := map[string]bool{}
	for range 10_000 {
		for _, s := range []string{random.ID("x", now), random.Token(), random.Base62(27), string(random.Bytes(16))} {
			if seen[s] {
				t.Fatalf("%q came twice", s)
			}
			seen[s] = true
		}
	}
}

// C-01: 10⁶ codes are uniform. With 999 degrees of freedom a fair source exceeds
// 1300 less than once in a billion runs.
func TestCodeIsUniform(t *testing.T) {
	const n = 1_000_000
	var buckets [1000]int
	for range n {
		code := random.Code(6)
		if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			t.Fatalf("Code(6) = %q", code)
		}
		buckets[int(code[0]-'0')*100+int(code[1]-'0')*10+int(code[5]-'0')]++
	}
	expected, chi2 := float64(n)/1000, 0.0
	for _, got := range buckets {
		d := float64(got) - expected
		chi2 += d * d / expected
	}
	if chi2 > 1300 {
		t.Errorf("χ² = %.0f over 999 degrees of freedom, want < 1300", chi2)
	}
}

func TestValidID(t *testing.T) { // I-09
	for _, bad := range []string{"", "user_", "user", "user_../users", "user_*", "user_a\r\nb", "user_a b", "sess_abc", "user_" + strings.Repeat("a", 65), "user_é", "user_a_b"} {
		if random.ValidID("user", bad) {
			t.Errorf("ValidID(user, %q) = true", bad)
		}
	}
	if !random.ValidID("user", "user_"+strings.Repeat("a", 64)) {
		t.Error("64 characters refused")
	}
}
