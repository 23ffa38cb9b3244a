package auth_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// BenchmarkVerify sets a whole verification against the bare signature check of
// the same token: the metric x-raw is the median ratio of the two, run in turns.
func BenchmarkVerify(b *testing.B) {
	v := verifier(b, nil)
	for _, test := range []struct {
		alg, kid string
		key      any
	}{{auth.RS256, kid, rsaKey()}, {auth.ES256, "ec", ecKey()}, {auth.EdDSA, "ed", edKey()}} {
		header := goodHeader.with("alg", `"`+test.alg+`"`).with("kid", `"`+test.kid+`"`).String()
		token := sign(test.key, header, goodClaims.String())
		i := strings.LastIndexByte(token, '.')
		signed, sig := token[:i], signature(test.key, token[:i])
		key, err := keySet(b).Key(b.Context(), test.kid)
		if err != nil {
			b.Fatal(err)
		}
		raw := func() {
			if err := auth.Method(test.alg).Verify(signed, sig, key.Public); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(test.alg+"/raw", func(b *testing.B) { repeat(b, raw) })
		b.Run(test.alg+"/verify", func(b *testing.B) {
			whole := func() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
			repeat(b, whole)
			b.ReportMetric(ratio(raw, whole), "x-raw")
		})
		b.Run(test.alg+"/forged", func(b *testing.B) {
			forged := signed + "." + b64(strings.Repeat("\x55", len(sig)))
			whole := func() {
				if _, err := v.Verify(b.Context(), forged); err == nil {
					b.Fatal("accepted")
				}
			}
			repeat(b, whole)
			b.ReportMetric(ratio(raw, whole), "x-raw")
		})
	}
}

func repeat(b *testing.B, f func()) {
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
}

// ratio runs two functions in turns of about a millisecond and returns the median
// of how many times longer the second takes.
func ratio(base, f func()) float64 {
	took := func(f func(), n int) time.Duration {
		start := time.Now()
		for range n {
			f()
		}
		return time.Since(start)
	}
	n := max(1, int(time.Millisecond/max(took(base, 1), time.Microsecond)))
	var all []float64
	for range 200 {
		t := took(base, n)
		all = append(all, float64(took(f, n))/float64(t))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
