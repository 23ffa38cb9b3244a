package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// counted are keys whose set counts removals.
type counted struct {
	*keys
	removals atomic.Uint64
}

func (c *counted) Removals() uint64 { return c.removals.Load() }

// A kept token does not outlive its key where the key set says that one is gone.
func TestCacheForgetsRemovedKeys(t *testing.T) {
	c := newClock()
	set := &counted{keys: newKeys(t, ours)}
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Verifier = newVerifier(t, set, c) })
	r := request("Authorization: Bearer " + c.token("a"))
	for range 2 {
		admits(t, m, r, "a")
	}
	if n := set.asked.Load(); n != 1 {
		t.Errorf("%d verifications, want 1", n)
	}
	set.err = auth.ErrUnknownKey
	set.removals.Add(1)
	refuses(t, m, r, auth.ReasonTokenKeyUnknown)
	// Another key went: this token is verified once more, and kept again.
	set.err = nil
	set.asked.Store(0)
	for range 2 {
		admits(t, m, r, "a")
	}
	if n := set.asked.Load(); n != 1 {
		t.Errorf("%d verifications after a removal, want 1", n)
	}
	if n := testing.AllocsPerRun(100, func() { _ = m.Auth(r) }); n != 0 {
		t.Errorf("a hit allocates %v times, want 0", n)
	}
}

// T-20, T-12: a middleware of two instances with one kid takes the tokens of both, and
// none that one signed in the other's name, seen before or not.
func TestSeveralIssuers(t *testing.T) {
	c := newClock()
	const other = "https://clerk.other.example"
	v, err := auth.NewVerifier(auth.VerifierConfig{
		Keys: newKeys(t, ours), Issuer: issuer, Now: c.now,
		OtherIssuers: []auth.Issuer{{Name: other, Keys: newKeys(t, theirs)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Verifier = v })
	bearer := func(token string) *http.Request { return request("Authorization: Bearer " + token) }
	for range 2 {
		admits(t, m, bearer(c.token("a")), "a")
		admits(t, m, bearer(sign(theirs, "ins_1", c.claims("b", "iss", other))), "b")
		refuses(t, m, bearer(sign(theirs, "ins_1", c.claims("a"))), auth.ReasonTokenSignature)
		refuses(t, m, bearer(sign(ours, "ins_1", c.claims("b", "iss", other))), auth.ReasonTokenSignature)
		refuses(t, m, bearer(sign(theirs, "ins_1", c.claims("b", "iss", "https://evil.example"))), auth.ReasonTokenKeyUnknown)
	}
}

// T-21: a thousand made-up kids cost the server of the keys one request, and good
// tokens nothing. T-22: nobody else is asked, wherever the token says that it is from.
func TestUnknownKidsWithRemoteKeys(t *testing.T) {
	c := newClock()
	public, err := auth.NewKey("ins_1", ours.Public())
	if err != nil {
		t.Fatal(err)
	}
	body, err := jwks.Marshal([]auth.Key{public})
	if err != nil {
		t.Fatal(err)
	}
	var asked, evil atomic.Int64
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
	defer home.Close()
	listener := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { evil.Add(1) }))
	defer listener.Close()
	set, err := jwks.New(jwks.Config{URL: home.URL, Now: c.now, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Verifier = newVerifier(t, set, c) })
	good := request("Authorization: Bearer " + c.token("a"))
	admits(t, m, good, "a")
	c.Add(30)
	for i := range 1000 {
		token := sign(theirs, fmt.Sprint("ins_random", i), c.claims("a", "iss", listener.URL))
		if a := m.Auth(request("Authorization: Bearer " + token)); a.Reason != auth.ReasonTokenKeyUnknown {
			t.Fatalf("kid %d: %s (%s)", i, a.Reason, a.Detail)
		}
	}
	admits(t, m, good, "a")
	if asked.Load() != 2 || evil.Load() != 0 {
		t.Errorf("the server of the keys was asked %d times, the issuer of the tokens %d times; want 2 and 0", asked.Load(), evil.Load())
	}
}
