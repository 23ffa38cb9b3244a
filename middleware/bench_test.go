package middleware_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

type nullWriter struct{ h http.Header }

func (w *nullWriter) Header() http.Header         { return w.h }
func (w *nullWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *nullWriter) WriteHeader(int)             {}

// BenchmarkAuthenticate sets the middleware against what it cannot do without.
// floor is putting a value into a request's context, raw is the bare signature
// check of the same RS256 token; x-floor and x-raw are median ratios to them, run
// in turns.
func BenchmarkAuthenticate(b *testing.B) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	public, err := auth.NewKey("ins_1", &private.PublicKey)
	if err != nil {
		b.Fatal(err)
	}
	set, err := auth.FixedKeys(public)
	if err != nil {
		b.Fatal(err)
	}
	mint := func(i int) string {
		now := time.Now().Unix()
		t := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"azp": origin, "exp": now + 3600, "fva": []int{3, -1}, "iat": now, "iss": issuer, "jti": fmt.Sprintf("%020d", i), "nbf": now - 10,
			"o":   map[string]any{"id": "org_2aBcDeFgHiJkLmNoPqRsTuVwXyZ", "rol": "admin", "slg": "example"},
			"sid": fmt.Sprintf("sess_2aBcDeFgHiJkLmNoPqRs%07d", i), "sts": "active", "sub": fmt.Sprintf("user_2aBcDeFgHiJkLmNoPqRs%07d", i), "v": 2,
		})
		t.Header["kid"], t.Header["cat"] = "ins_1", auth.CategorySession
		s, err := t.SignedString(private)
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	build := func(entries int) *middleware.Middleware {
		v, err := auth.NewVerifier(auth.VerifierConfig{Keys: set, Issuer: issuer})
		if err != nil {
			b.Fatal(err)
		}
		m, err := middleware.New(middleware.Config{
			Verifier: v, PublishableKey: publishableKey, CacheEntries: entries,
			Revocations: &feed{revoked: map[string]auth.Revocation{"sess_x": {}}},
		})
		if err != nil {
			b.Fatal(err)
		}
		return m
	}
	var w http.ResponseWriter = &nullWriter{h: http.Header{}}
	user := ""
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { user = auth.FromContext(r.Context()).UserID })
	token := mint(0)
	bearer, cookie := request("Authorization: Bearer "+token), request("Cookie: a=1; b=22; c=333; __session="+token+"; d=4444; e=55555")
	cached, uncached := build(0), build(-1)

	serve := func(h http.Handler, r *http.Request) func() { return func() { h.ServeHTTP(w, r) } }
	type key struct{}
	var next http.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		user = r.Context().Value(key{}).(*auth.Auth).UserID
	})
	someone := &auth.Auth{UserID: "user_a"}
	bare := serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), bearer)
	floor := func() {
		next.ServeHTTP(w, bearer.WithContext(context.WithValue(bearer.Context(), key{}, someone)))
	}
	dots := len(token) - 343
	signature, err := jwt.SigningMethodRS256.Sign(token[:dots], private)
	if err != nil {
		b.Fatal(err)
	}
	raw := func() {
		if err := jwt.SigningMethodRS256.Verify(token[:dots], signature, public.Public); err != nil {
			b.Fatal(err)
		}
	}
	hot := serve(cached.Authenticate(handler), bearer)
	direct := func() { user = cached.Auth(bearer).UserID }

	bench(b, "bare", bare, "", nil)
	bench(b, "floor", floor, "", nil)
	bench(b, "raw", raw, "", nil)
	bench(b, "hot", hot, "x-floor", floor)
	bench(b, "hot_cookie", serve(cached.Authenticate(handler), cookie), "x-hot", hot)
	bench(b, "hot_require", serve(cached.Require(handler), bearer), "x-floor", floor)
	bench(b, "direct", direct, "x-hot", hot)
	bench(b, "first_seen", serve(uncached.Authenticate(handler), bearer), "x-raw", raw)

	many, i := make([]*http.Request, 10_000), 0
	if testing.Short() {
		many = many[:100]
	}
	for i := range many {
		many[i] = request("Authorization: Bearer " + mint(i))
		cached.Auth(many[i])
	}
	h := cached.Authenticate(handler)
	bench(b, fmt.Sprintf("in_turn_%d", len(many)), func() {
		h.ServeHTTP(w, many[i])
		i = (i + 1) % len(many)
	}, "x-floor", floor)
	if user == "" {
		b.Error("the handler saw nobody")
	}
}

// bench measures f, and how many times longer it takes than base.
func bench(b *testing.B, name string, f func(), metric string, base func()) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f()
		}
		if base != nil {
			b.ReportMetric(ratio(base, f), metric)
		}
	})
}

// ratio runs two functions in turns of about 0.2 ms and returns the median of how
// many times longer the second takes.
func ratio(base, f func()) float64 {
	took := func(f func(), n int) time.Duration {
		start := time.Now()
		for range n {
			f()
		}
		return time.Since(start)
	}
	n := max(1, int(200*time.Microsecond/max(took(base, 100)/100, 50)))
	var all []float64
	for range 300 {
		t := took(base, n)
		all = append(all, float64(took(f, n))/float64(t))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
