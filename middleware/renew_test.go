package middleware_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// renewing returns a middleware over a renewer that gives user a fresh token.
func renewing(t *testing.T, c *clock, change func(*middleware.Config)) (*middleware.Middleware, *renewer) {
	t.Helper()
	r := &renewer{renew: func(string) (string, error) { return c.token("a"), nil }}
	return newMiddleware(t, c, func(cfg *middleware.Config) {
		cfg.Renewer, cfg.AuthorizedParty, cfg.SecureCookies = r, origin, true
		if change != nil {
			change(cfg)
		}
	}), r
}

func TestRenew(t *testing.T) {
	for _, test := range []struct {
		name   string
		cookie func(c *clock) string
		call   string
	}{
		{"expired", func(c *clock) string { return "__session=" + c.expired("a") }, "cc sess_a " + origin},
		{"expired_suffixed", func(c *clock) string { return suffixed + "=" + c.expired("a") }, "cc sess_a " + origin},
		{"absent", func(*clock) string { return "x=y" }, "cc  " + origin},
		{"empty", func(*clock) string { return "__session=" }, "cc  " + origin},
		{"foreign_issuer", func(c *clock) string { return "__session=" + c.token("x", "iss", "https://clerk.other.example") }, "cc  " + origin},
		{"foreign_key", func(c *clock) string { return "__session=" + sign(theirs, "ins_2", c.claims("x")) }, "cc  " + origin},
		{"later_of_two_expired", func(c *clock) string {
			return suffixed + "=" + c.token("b", "iat", c.Load()-200, "exp", c.Load()-140) + "; __session=" + c.expired("a")
		}, "cc sess_a " + origin},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClock()
			m, r := renewing(t, c, nil)
			w := do(m, request("Cookie: "+test.cookie(c)+"; __client=cc"))
			if w.Code != http.StatusOK || w.Body.String() != "user_a" {
				t.Fatalf("answer = %d %s", w.Code, w.Body)
			}
			if got := r.called(); !slices.Equal(got, []string{test.call}) {
				t.Errorf("renewals = %q, want %q", got, test.call)
			}
			if cc := w.Result().Header.Get("Cache-Control"); cc != "no-store" {
				t.Errorf("Cache-Control = %q", cc)
			}
			cookies := w.Result().Cookies()
			if len(cookies) != 2 || cookies[0].Name != "__session" || cookies[1].Name != suffixed {
				t.Fatalf("cookies = %v", cookies)
			}
			for _, k := range cookies {
				if k.Value != c.token("a") || k.Path != "/" || k.Domain != "" || k.SameSite != http.SameSiteLaxMode || !k.Secure || k.HttpOnly || k.MaxAge != 31536000 {
					t.Errorf("cookie = %+v", k)
				}
			}
		})
	}
}

func TestRenewCookieOptions(t *testing.T) {
	c := newClock()
	m, _ := renewing(t, c, func(cfg *middleware.Config) {
		cfg.SecureCookies, cfg.HTTPOnlySession, cfg.PublishableKey = false, true, ""
	})
	cookies := do(m, request("Cookie: __client=cc")).Result().Cookies()
	if len(cookies) != 1 || cookies[0].Secure || !cookies[0].HttpOnly {
		t.Errorf("cookies = %v", cookies)
	}
}

// A cookie that outlived its session: the browser has signed in again since, or not.
func TestRenewRevoked(t *testing.T) {
	c := newClock()
	asked := func(string) (auth.Revocation, bool, error) {
		return auth.Revocation{At: c.now(), Cause: "signed out"}, true, nil
	}
	for name, f := range map[string]*feed{
		"by_feed":  {revoked: map[string]auth.Revocation{"sess_a": {At: c.now(), Cause: "signed out"}}},
		"by_store": {stale: true, ask: asked},
	} {
		t.Run(name, func(t *testing.T) {
			var told auth.Auth
			m, r := renewing(t, c, func(cfg *middleware.Config) {
				cfg.Revocations = f
				cfg.OnRefuse = func(_ *http.Request, _ int, a auth.Auth) { told = a }
			})
			cookie := "Cookie: __client=cc; __session=" + c.token("a")
			r.renew = func(string) (string, error) { return "", auth.ErrNoSession }
			if w := do(m, request(cookie)); w.Code != http.StatusUnauthorized || len(w.Result().Cookies()) != 0 {
				t.Errorf("answer = %d with cookies %v", w.Code, w.Result().Cookies())
			}
			if told.Reason != auth.ReasonSessionRevoked || told.Detail != "signed out 0.0 s ago" {
				t.Errorf("Reason = %s (%s)", told.Reason, told.Detail)
			}
			if w := do(m, request("Authorization: Bearer "+c.token("a"), "Cookie: __client=cc")); w.Code != http.StatusUnauthorized || len(r.called()) != 1 {
				t.Errorf("a revoked bearer token: answer = %d, renewals %q", w.Code, r.called())
			}
			f.ask = func(session string) (auth.Revocation, bool, error) {
				return auth.Revocation{At: c.now(), Cause: "signed out"}, session == "sess_a", nil
			}
			r.renew = func(string) (string, error) { return c.token("a", "sid", "sess_again"), nil }
			if w := do(m, post(cookie)); w.Code != http.StatusOK || w.Body.String() != "user_a" || len(w.Result().Cookies()) != 2 {
				t.Errorf("after signing in again: answer = %d %s with cookies %v", w.Code, w.Body, w.Result().Cookies())
			}
			if got := r.called(); got[len(got)-1] != "cc sess_a "+origin {
				t.Errorf("renewals = %q", got)
			}
		})
	}
}

// A browser that somebody else signed in on meanwhile is recognised as that person,
// but what was meant to be changed as the first is not changed as the second.
func TestRenewAsSomebodyElse(t *testing.T) {
	c := newClock()
	for name, session := range map[string]string{"expired": c.expired("a"), "revoked": c.token("a")} {
		t.Run(name, func(t *testing.T) {
			m, r := renewing(t, c, func(cfg *middleware.Config) {
				cfg.Revocations = &feed{revoked: map[string]auth.Revocation{"sess_a": {At: c.now(), Cause: "signed out"}}}
			})
			r.renew = func(string) (string, error) { return c.token("b"), nil }
			cookie := "Cookie: __client=cc; __session=" + session
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
				unsafe := post(cookie)
				unsafe.Method = method
				if w := do(m, unsafe); w.Code != http.StatusUnauthorized || len(w.Result().Cookies()) != 0 {
					t.Errorf("%s: answer = %d %s with cookies %v", method, w.Code, w.Body, w.Result().Cookies())
				}
			}
			if w := do(m, request(cookie)); w.Body.String() != "user_b" || len(w.Result().Cookies()) != 2 {
				t.Errorf("GET: answer = %d %s with cookies %v", w.Code, w.Body, w.Result().Cookies())
			}
		})
	}
}

// What is not renewed, and why.
func TestNotRenewed(t *testing.T) {
	c := newClock()
	pending := c.token("a", "sts", "pending")
	for name, test := range map[string]struct {
		r    *http.Request
		want auth.Reason
	}{
		"no_client":    {request("Cookie: __session=" + c.expired("a")), auth.ReasonTokenExpired},
		"empty_client": {request("Cookie: __client=; __session=" + c.expired("a")), auth.ReasonTokenExpired},
		"bearer":       {request("Authorization: Bearer "+c.expired("a"), "Cookie: __client=cc"), auth.ReasonTokenExpired},
		"ambiguous":    {request("Cookie: __session=a; __session=b; __client=cc"), auth.ReasonTokenAmbiguous},
		"forged":       {request("Cookie: __session=" + sign(theirs, "ins_1", c.claims("a")) + "; __client=cc"), auth.ReasonTokenSignature},
		"malformed":    {request("Cookie: __session=x; __client=cc"), auth.ReasonTokenMalformed},
		"pending":      {request("Cookie: __session=" + pending + "; __client=cc"), auth.ReasonSessionPending},
		"cross_site":   {post("Cookie: __client=cc; __session="+c.expired("a"), "Sec-Fetch-Site: cross-site"), auth.ReasonCrossOrigin},
		"evil_origin":  {post("Cookie: __client=cc; __session="+c.expired("a"), "Origin: https://evil.example"), auth.ReasonCrossOrigin},
	} {
		t.Run(name, func(t *testing.T) {
			m, r := renewing(t, c, nil)
			refuses(t, m, test.r, test.want)
			if w := do(m, test.r); len(w.Result().Cookies()) != 0 || len(r.called()) != 0 {
				t.Errorf("cookies %v, renewals %v", w.Result().Cookies(), r.called())
			}
		})
	}
	m, r := renewing(t, c, nil)
	if w := do(m, post("Cookie: __client=cc", "Sec-Fetch-Site: cross-site")); w.Code != http.StatusUnauthorized || len(r.called()) != 0 {
		t.Errorf("cross-site with the client cookie alone: answer = %d, renewals %v", w.Code, r.called())
	}
	// The direct call has no answer to put a cookie on.
	if a := m.Auth(request("Cookie: __client=cc; __session=" + c.expired("a"))); a.Reason != auth.ReasonTokenExpired || len(r.called()) != 0 {
		t.Errorf("Auth = %+v, renewals %v", a, r.called())
	}
}

// A renewal that fails leaves the request signed out and the cookies alone.
func TestRenewFails(t *testing.T) {
	c := newClock()
	revoked := &feed{revoked: map[string]auth.Revocation{"sess_a": {At: c.now().Add(-time.Second), Cause: "user banned"}}}
	for _, test := range []struct {
		name   string
		renew  func() (string, error)
		feed   auth.Revocations
		cookie string
		want   auth.Reason
		detail string
		status int
	}{
		{"no_session", func() (string, error) { return "", auth.ErrNoSession }, nil, c.expired("a"), auth.ReasonTokenExpired, "no live session to renew", 401},
		{"no_session_absent", func() (string, error) { return "", auth.ErrNoSession }, revoked, "", auth.ReasonTokenMissing, "no live session to renew", 401},
		{"revoked", func() (string, error) { return "", auth.ErrNoSession }, revoked, c.expired("a"), auth.ReasonSessionRevoked, "user banned 1.0 s ago", 401},
		{"store_away", func() (string, error) { return "", errors.New("away") }, nil, c.expired("a"), auth.ReasonRenewalFailed, "away", 503},
		{"renewed_but_revoked", func() (string, error) { return c.token("a"), nil }, revoked, c.expired("a"), auth.ReasonSessionRevoked, "user banned 1.0 s ago", 401},
		{"renewed_expired", func() (string, error) { return c.expired("a"), nil }, nil, c.expired("a"), auth.ReasonTokenExpired, "", 401},
		{"renewed_forged", func() (string, error) { return sign(theirs, "ins_1", c.claims("a")), nil }, nil, c.expired("a"), auth.ReasonTokenSignature, "", 401},
		{"renewed_nothing", func() (string, error) { return "", nil }, nil, c.expired("a"), auth.ReasonTokenMissing, "", 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			var told auth.Auth
			m, r := renewing(t, c, func(cfg *middleware.Config) {
				cfg.Revocations = test.feed
				cfg.OnRefuse = func(_ *http.Request, _ int, a auth.Auth) { told = a }
			})
			r.renew = func(string) (string, error) { return test.renew() }
			w := do(m, request("Cookie: __client=cc; __session="+test.cookie))
			if w.Code != test.status || len(w.Result().Cookies()) != 0 {
				t.Errorf("answer = %d with cookies %v, want %d", w.Code, w.Result().Cookies(), test.status)
			}
			if told.Reason != test.want || !strings.HasPrefix(told.Detail, test.detail) {
				t.Errorf("Reason = %s (%s), want %s (%s)", told.Reason, told.Detail, test.want, test.detail)
			}
		})
	}
}

// A page and all that it loads at once lead to one renewal for each session.
func TestRenewOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		m, r := renewing(t, c, nil)
		r.parked = make(chan struct{})
		var wg sync.WaitGroup
		for range 20 {
			for _, client := range []string{"c1", "c2"} {
				wg.Go(func() {
					w := do(m, request("Cookie: __client="+client+"; __session="+c.expired("a")))
					if w.Code != http.StatusOK || len(w.Result().Cookies()) != 2 {
						t.Errorf("answer = %d with cookies %v", w.Code, w.Result().Cookies())
					}
				})
			}
		}
		synctest.Wait()
		close(r.parked)
		wg.Wait()
		if n := len(r.called()); n != 2 {
			t.Errorf("%d renewals, want one for each of two clients", n)
		}
	})
}

// Whoever waits may leave, and the renewal ends by itself even if nobody answers.
func TestRenewTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		m, r := renewing(t, c, nil)
		r.parked = make(chan struct{})
		start := time.Now()
		if w := do(m, request("Cookie: __client=cc")); w.Code != http.StatusServiceUnavailable {
			t.Errorf("answer = %d", w.Code)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("gave up after %v, want 5 s", took)
		}
	})
}

// A renewer that panics does not leave a lock behind.
func TestRenewPanics(t *testing.T) {
	c := newClock()
	m, r := renewing(t, c, nil)
	good := r.renew
	r.renew = func(string) (string, error) { panic("bug") }
	func() {
		defer func() { _ = recover() }()
		do(m, request("Cookie: __client=cc"))
	}()
	r.renew = good
	if w := do(m, request("Cookie: __client=cc")); w.Code != http.StatusOK {
		t.Errorf("answer after a panic = %d", w.Code)
	}
}

// An answer with a fresh token is kept nowhere, whatever the handler says and
// however it writes.
func TestRenewedAnswerIsNotStored(t *testing.T) {
	c := newClock()
	m, _ := renewing(t, c, nil)
	public := func(w http.ResponseWriter) { w.Header().Set("Cache-Control", "public, max-age=31536000") }
	for name, h := range map[string]http.HandlerFunc{
		"write_header": func(w http.ResponseWriter, _ *http.Request) { public(w); w.WriteHeader(http.StatusAccepted) },
		"early_hints": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			public(w)
			w.WriteHeader(http.StatusOK)
		},
		"write":     func(w http.ResponseWriter, _ *http.Request) { public(w); _, _ = io.WriteString(w, "x") },
		"read_from": func(w http.ResponseWriter, _ *http.Request) { public(w); _, _ = io.Copy(w, strings.NewReader("x")) },
		"flush":     func(w http.ResponseWriter, _ *http.Request) { public(w); w.(http.Flusher).Flush() },
		"controller": func(w http.ResponseWriter, _ *http.Request) {
			public(w)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		},
		"nothing": func(http.ResponseWriter, *http.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(m.Require(h))
			defer server.Close()
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			r.Header.Set("Cookie", "__client=cc")
			resp, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got := resp.Header.Values("Cache-Control"); !slices.Equal(got, []string{"no-store"}) || len(resp.Cookies()) != 2 {
				t.Errorf("Cache-Control = %q, cookies %v", got, resp.Cookies())
			}
		})
	}
}
