package middleware_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// half a configuration is an error that names the field.
func TestNewConfig(t *testing.T) {
	if m, err := middleware.New(middleware.Config{}); err == nil || m != nil {
		t.Errorf("New of nothing = %v, %v", m, err)
	}
	for field, change := range map[string]func(*middleware.Config){
		"Verifier":       func(c *middleware.Config) { c.Verifier = nil },
		"PublishableKey": func(c *middleware.Config) { c.PublishableKey = "pk_live_x" },
		"TrustedOrigins": func(c *middleware.Config) { c.TrustedOrigins = []string{"admin.example.com"} },
		"SignInURL":      func(c *middleware.Config) { c.SignInURL = "sign-in" },
	} {
		cfg := middleware.Config{Verifier: newVerifier(t, newKeys(t, ours), newClock())}
		change(&cfg)
		if m, err := middleware.New(cfg); err == nil || m != nil || !strings.Contains(err.Error(), field) {
			t.Errorf("New without a good %s = %v, %v", field, m, err)
		}
	}
	for url, ok := range map[string]bool{
		"/sign-in": true, "https://accounts.example.com/sign-in": true, "http://localhost:8080/sign-in?x=1": true,
		"//evil.example/x": false, "javascript:alert(1)": false, "https:///x": false, "%zz": false,
	} {
		_, err := middleware.New(middleware.Config{Verifier: newVerifier(t, newKeys(t, ours), newClock()), SignInURL: url})
		if (err == nil) != ok {
			t.Errorf("New with SignInURL %q = %v, want ok %t", url, err, ok)
		}
	}
}

// without keys nobody passes, and it is said that it is not the sender's fault.
func TestKeysUnavailable(t *testing.T) {
	c := newClock()
	set := newKeys(t, ours)
	set.err = auth.ErrKeysUnavailable
	m := newMiddleware(t, c, func(cfg *middleware.Config) {
		cfg.Verifier = newVerifier(t, set, c)
		cfg.SignInURL = "/sign-in"
	})
	r := request("Authorization: Bearer "+c.token("a"), "Sec-Fetch-Dest: document")
	refuses(t, m, r, auth.ReasonKeysUnavailable)
	if w := do(m, r); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"service_unavailable"`) {
		t.Errorf("answer = %d %v %s", w.Code, w.Header(), w.Body)
	}
}

// Authenticate lets everybody pass and says who it is.
func TestAuthenticate(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	for _, test := range []struct {
		r    *http.Request
		want auth.Auth
	}{
		{request(), auth.Auth{Reason: auth.ReasonTokenMissing}},
		{request("Authorization: Bearer " + c.expired("a")), auth.Auth{Reason: auth.ReasonTokenExpired, Detail: "expired 60 s ago"}},
		{request("Authorization: Bearer " + c.token("a")), auth.Auth{IsAuthenticated: true, UserID: "user_a", SessionID: "sess_a", SessionStatus: "active"}},
	} {
		var got auth.Auth
		w := httptest.NewRecorder()
		m.Authenticate(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = auth.FromContext(r.Context()) })).ServeHTTP(w, test.r)
		got.Claims, got.FactorAges = nil, auth.FactorAges{}
		if got != test.want || w.Code != http.StatusOK {
			t.Errorf("Auth = %+v with status %d, want %+v", got, w.Code, test.want)
		}
	}
}

// Require works alone, inside of Authenticate, and outside of it.
func TestRequireNesting(t *testing.T) {
	c := newClock()
	set := newKeys(t, ours)
	m := newMiddleware(t, c, func(cfg *middleware.Config) {
		cfg.Verifier = newVerifier(t, set, c)
		cfg.CacheEntries = -1
	})
	for name, h := range map[string]http.Handler{
		"alone":   m.Require(seen),
		"inside":  m.Authenticate(m.Require(seen)),
		"outside": m.Require(m.Authenticate(seen)),
		"twice":   m.Require(m.Require(seen)),
	} {
		set.asked.Store(0)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request("Authorization: Bearer "+c.token("a")))
		if w.Body.String() != "user_a" {
			t.Errorf("%s: answer = %d %s", name, w.Code, w.Body)
		}
		if n := set.asked.Load(); name != "outside" && n != 1 {
			t.Errorf("%s: the token was verified %d times", name, n)
		}
		w = httptest.NewRecorder()
		if h.ServeHTTP(w, request()); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: answer without a token = %d %s", name, w.Code, w.Body)
		}
	}
}

// an Auth that other code left behind counts for nothing.
func TestForeignContext(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	mallory := &auth.Auth{IsAuthenticated: true, UserID: "user_mallory"}
	other := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Verifier = newVerifier(t, newKeys(t, theirs), c) })
	theirToken := request("Authorization: Bearer " + sign(theirs, "ins_1", c.claims("mallory")))
	for name, ctx := range map[string]context.Context{
		"bare":       auth.NewContext(t.Context(), mallory),
		"marked":     auth.NewContextBy(t.Context(), mallory, new(auth.Marker)),
		"with_other": otherContext(other, theirToken),
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, m, request().WithContext(ctx), auth.ReasonTokenMissing)
			w := httptest.NewRecorder()
			m.Authenticate(seen).ServeHTTP(w, request().WithContext(ctx))
			if w.Body.String() != "" {
				t.Errorf("Authenticate lets %s stand", w.Body)
			}
		})
	}
	admits(t, m, request("Authorization: Bearer "+c.token("a")).WithContext(auth.NewContext(t.Context(), mallory)), "a")
}

// otherContext is the context that another middleware makes of r.
func otherContext(m *middleware.Middleware, r *http.Request) (ctx context.Context) {
	m.Authenticate(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })).ServeHTTP(httptest.NewRecorder(), r)
	return ctx
}

// no header says who somebody is or switches anything off.
func TestSpoofedHeaders(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	spoofed := []string{
		"X-Clerk-Auth-Status: signed-in", "X-Clerk-Auth-Token: " + c.token("a"), "X-Clerk-User-Id: user_a", "X_Clerk_Auth_Status: signed-in",
		"x-clerk-auth-reason: none", "X_CLERK-X: y", "X-Middleware-Subrequest: middleware", "X-Forwarded-User: user_a", "X_Forwarded_For: 127.0.0.1",
		"X-Forwarded-For: 127.0.0.1", "User-Agent: kube-probe/1.30", "X-HTTP-Method-Override: GET", "X-Original-URL: /public", "Remote-User: user_a",
	}
	refuses(t, m, request(spoofed...), auth.ReasonTokenMissing)
	for _, line := range spoofed {
		refuses(t, m, request(line), auth.ReasonTokenMissing)
	}
	// They do not reach the handler either, and the caller's own headers stay whole.
	r := request(append(spoofed, "Authorization: Bearer "+c.token("a"), "X-Clerkish: stays", "X-Other: stays")...)
	before := len(r.Header)
	m.Require(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if plain := strings.ToLower(strings.ReplaceAll(name, "_", "-")); strings.HasPrefix(plain, "x-clerk-") {
				t.Errorf("the handler sees %s", name)
			}
		}
		if r.Header.Get("X-Other") == "" || r.Header.Get("X-Clerkish") == "" || r.Header.Get("User-Agent") == "" {
			t.Errorf("the handler misses headers: %v", r.Header)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
	if len(r.Header) != before {
		t.Error("the headers of the request itself were changed")
	}
}

// naming a header in Connection does not take it away.
func TestConnectionHeader(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	admits(t, m, request("Connection: Authorization", "Authorization: Bearer "+c.token("a")), "a")
	refuses(t, m, request("Connection: close, Authorization", "Authorization: Bearer x", "Cookie: __session="+c.token("a")), auth.ReasonTokenMalformed)
	refuses(t, m, post("Connection: Origin, Sec-Fetch-Site", "Origin: https://evil.example", "Cookie: __session="+c.token("a")), auth.ReasonCrossOrigin)
}

// T-18: pending sessions are signed out unless the app opts in.
func TestPending(t *testing.T) {
	c := newClock()
	r := request("Authorization: Bearer " + c.token("a", "sts", "pending"))
	refuses(t, newMiddleware(t, c, nil), r, auth.ReasonSessionPending)
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.AcceptPending = true })
	admits(t, m, r, "a")
	if a := m.Auth(r); a.SessionStatus != "pending" {
		t.Errorf("SessionStatus = %q", a.SessionStatus)
	}
}

// T-20: two instances with one kid do not take each other's tokens, seen before or not.
func TestTwoInstances(t *testing.T) {
	c := newClock()
	here := newMiddleware(t, c, nil)
	there := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Verifier = newVerifier(t, newKeys(t, theirs), c) })
	a, b := request("Authorization: Bearer "+c.token("a")), request("Authorization: Bearer "+sign(theirs, "ins_1", c.claims("b")))
	for range 2 {
		admits(t, here, a, "a")
		admits(t, there, b, "b")
		refuses(t, here, b, auth.ReasonTokenSignature)
		refuses(t, there, a, auth.ReasonTokenSignature)
	}
}

// Revocations are looked up for every request, kept tokens included.
func TestRevocations(t *testing.T) {
	c := newClock()
	f := &feed{revoked: map[string]auth.Revocation{}}
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Revocations = f })
	r := request("Authorization: Bearer " + c.token("a"))
	admits(t, m, r, "a")
	f.revoked["sess_a"] = auth.Revocation{At: c.now().Add(-200 * time.Millisecond), Cause: "user deleted"}
	refuses(t, m, r, auth.ReasonSessionRevoked)
	if a := m.Auth(r); a.Detail != "user deleted 0.2 s ago" {
		t.Errorf("Detail = %q", a.Detail)
	}
	if f.asked != 0 {
		t.Error("the store was asked though the feed is current")
	}
}

// A token that was seen costs no second verification, until it or 60 s are over.
func TestCache(t *testing.T) {
	c := newClock()
	set := newKeys(t, ours)
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Verifier = newVerifier(t, set, c) })
	short, long := request("Authorization: Bearer "+c.token("a")), request("Authorization: Bearer "+c.token("b", "exp", c.Load()+3600))
	expect := func(n int64) {
		t.Helper()
		if got := set.asked.Swap(0); got != n {
			t.Errorf("%d verifications, want %d", got, n)
		}
	}
	for range 3 {
		admits(t, m, short, "a")
		admits(t, m, long, "b")
	}
	expect(2)
	c.Add(59)
	admits(t, m, short, "a")
	admits(t, m, long, "b")
	expect(0)
	// A key that was taken out is gone after a minute, whatever the token says.
	c.Add(1)
	set.err = auth.ErrUnknownKey
	refuses(t, m, long, auth.ReasonTokenKeyUnknown)
	set.err = nil
	admits(t, m, long, "b")
	c.Add(10)
	refuses(t, m, short, auth.ReasonTokenExpired)
}

// A refused token is looked at again each time, and a cut one is another one.
func TestCacheHoldsWholeTokens(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	good := c.token("a")
	admits(t, m, request("Authorization: Bearer "+good), "a")
	other := c.token("b")
	i, j := strings.LastIndexByte(good, '.'), strings.LastIndexByte(other, '.')
	mixed := other[:j] + good[i:] // the signature of a kept token
	refuses(t, m, request("Authorization: Bearer "+mixed), auth.ReasonTokenSignature)
	refuses(t, m, request("Authorization: Bearer "+good[1:]), auth.ReasonTokenMalformed)
	refuses(t, m, request("Authorization: Bearer "+good[len(good)-40:]), auth.ReasonTokenMalformed)
}

// The cache has an end: of a hundred tokens it holds the seven that it has room for.
func TestCacheIsBounded(t *testing.T) {
	c := newClock()
	set := newKeys(t, ours)
	m := newMiddleware(t, c, func(cfg *middleware.Config) {
		cfg.Verifier = newVerifier(t, set, c)
		cfg.CacheEntries = 7
	})
	var all []*http.Request
	for i := range 100 {
		all = append(all, request("Authorization: Bearer "+c.token(fmt.Sprintf("u%d", i))))
	}
	for range 2 {
		for i, r := range all {
			if a := m.Auth(r); a.UserID != fmt.Sprintf("user_u%d", i) {
				t.Fatalf("request %d: %+v", i, a)
			}
		}
	}
	if n := set.asked.Load(); n < 200-7 {
		t.Errorf("%d verifications of 100 tokens twice in room for 7, want 193 or more", n)
	}
}

func TestAllocations(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Revocations = &feed{revoked: map[string]auth.Revocation{}} })
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	h, required := m.Authenticate(nothing), m.Require(nothing)
	w := httptest.NewRecorder()
	for name, r := range map[string]*http.Request{
		"bearer":  request("Authorization: Bearer "+c.token("a"), "User-Agent: x"),
		"cookie":  request("Cookie: a=1; b=2; __session=" + c.token("a") + "; c=3; __client=x; d=4"),
		"cookies": request("Cookie: " + suffixed + "=" + c.token("a") + "; __session=" + c.token("a")),
	} {
		if n := testing.AllocsPerRun(100, func() { _ = m.Auth(r) }); n != 0 {
			t.Errorf("%s: the direct call allocates %v times, want 0", name, n)
		}
		if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); n != 2 {
			t.Errorf("%s: Authenticate allocates %v times, want the 2 of the context", name, n)
		}
		if n := testing.AllocsPerRun(100, func() { required.ServeHTTP(w, r) }); n != 2 {
			t.Errorf("%s: Require allocates %v times, want the 2 of the context", name, n)
		}
	}
}
