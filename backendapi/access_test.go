package backendapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/backendapi"
	"github.com/gatehouse-dev/gatehouse/session"
)

// B-01, B-04: one header, one Bearer token, one of the good keys; nothing else.
func TestSecretKey(t *testing.T) {
	s := newServer(t)
	get := func(path string, headers ...string) *answer {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if headers != nil {
			r.Header["Authorization"] = headers
		}
		return s.do(r)
	}
	for _, good := range []string{"Bearer " + key, "bearer " + key, "BEARER " + key, "Bearer " + oldKey} {
		get("/v1/users", good).ok()
	}
	get("/v1/users").refused(401, "authentication_invalid")
	get("/v1/users?api_key="+key+"&secret_key="+key).refused(401, "authentication_invalid")
	for _, h := range []string{"", "Bearer", "Bearer ", key, "Basic " + key, "Bearer  " + key, "Bearer " + key + " ", "Bearer " + key + ",x", "Bearer\t" + key, "Bearer " + strings.Repeat("a", 10_000)} {
		get("/v1/users", h).refused(401, "authorization_header_format_invalid")
	}
	get("/v1/users", "Bearer "+key, "Bearer "+key).refused(401, "authorization_header_format_invalid")
	for _, k := range []string{
		key[:len(key)-1], key + "x", strings.ToUpper(key), "pk_live_Y2xlcmsubG9jYWwudGVzdCQ=",
		strings.Replace(key, "sk_test_", "sk_live_", 1), "eyJhbGciOiJub25lIn0.e30.",
	} {
		get("/v1/users", "Bearer "+k).refused(401, "clerk_key_invalid")
	}
	if strings.Contains(s.log.String(), key) {
		t.Error("L-01: the log holds the key")
	}
}

// readCounter tells whether a body was read.
type readCounter struct{ n int }

func (r *readCounter) Read(p []byte) (int, error) {
	r.n += len(p)
	return len(p), nil
}

// B-03: without a key nothing is parsed or looked up, and everything looks alike.
func TestKeyComesFirst(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"email_address":["jane@example.com"],"skip_password_requirement":true}`)
	want := ""
	for _, path := range []string{"/v1/users/" + id, "/v1/users/user_nobody", "/v1/users/../x", "/v1/nothing", "/v1/users?limit=x", "/v1/users?__clerk_api_version=x"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete, "TRACE"} {
			body := &readCounter{}
			r := httptest.NewRequest(method, path, body)
			r.Header.Set("Content-Type", "text/plain")
			a := s.do(r).refused(401, "authentication_invalid")
			if body.n != 0 {
				t.Fatalf("%s %s reads %d bytes of the body", method, path, body.n)
			}
			got := strings.Replace(a.raw, a.text("clerk_trace_id"), "", 1)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%s %s differs: %s", method, path, got)
			}
		}
	}
}

// B-02, W-02: no CORS, no cookies, no caching.
func TestHeaders(t *testing.T) {
	s := newServer(t)
	for _, path := range []string{"/v1/users", "/v1/nothing", "/v1/jwks"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Cookie", "__client="+strings.Repeat("A", 43)+"."+strings.Repeat("A", 27))
		a := s.do(r)
		for name := range a.header {
			if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" {
				t.Errorf("%s sets %s", path, name)
			}
		}
		for name, want := range map[string]string{
			"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	s := newServer(t)
	get := func(query string, headers ...string) *answer {
		r := httptest.NewRequest(http.MethodGet, "/v1/users"+query, nil)
		r.Header.Set("Authorization", "Bearer "+key)
		if headers != nil {
			r.Header["Clerk-Api-Version"] = headers
		}
		return s.do(r)
	}
	get("").ok()
	get("", "2025-04-10").ok()
	get("?__clerk_api_version=2026-05-12").ok()
	get("", "2019-01-01").refused(400, "api_version_invalid")
	get("", "").refused(400, "api_version_invalid")
	get("?__clerk_api_version=2026-05-12", "2026-05-12").refused(400, "api_version_invalid")
	get("", "2026-05-12", "2026-05-12").refused(400, "api_version_invalid")
}

// methods are a closed list.
func TestRouting(t *testing.T) {
	s := newServer(t)
	s.call(http.MethodGet, "/v1/organizations", "").refused(404, "resource_not_found")
	s.call(http.MethodGet, "/v1/users//x", "").refused(404, "resource_not_found")
	a := s.call(http.MethodPut, "/v1/users", "").refused(405, "method_not_allowed")
	if got := a.header.Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow = %q", got)
	}
	s.call(http.MethodPost, "/v1/users/user_x?_method=DELETE", "").refused(405, "method_not_allowed")
	s.call(http.MethodGet, "/v1/users/", "").ok()
	if a := s.call(http.MethodGet, "/v1/jwks", "").ok(); a.text("keys.0.kid") == "" {
		t.Errorf("jwks: %s", a.raw)
	}
}

// E-02: 1000 requests in 10 s a key; the key set does not count.
func TestLimit(t *testing.T) {
	s := newServer(t, func(c *backendapi.Config) { c.Development = true })
	for range 100 {
		s.call(http.MethodGet, "/v1/users/user_x", "").refused(404, "resource_not_found")
	}
	a := s.call(http.MethodGet, "/v1/users/user_x", "").refused(429, "too_many_requests")
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	s.call(http.MethodGet, "/v1/jwks", "").ok()
	r := httptest.NewRequest(http.MethodGet, "/v1/users", nil)
	r.Header.Set("Authorization", "Bearer "+oldKey)
	s.do(r).ok()
	s.now = s.now.Add(11 * time.Second)
	s.call(http.MethodGet, "/v1/users", "").ok()
}

type awayLimits struct{ session.LimitStore }

func (awayLimits) Take(context.Context, string, int, time.Duration, time.Time) (bool, time.Duration, error) {
	return true, 0, session.ErrUnavailable
}

// E-04: without the store of limits nothing passes.
func TestLimitFailsClosed(t *testing.T) {
	s := newServer(t, func(c *backendapi.Config) { c.Limits = awayLimits{} })
	s.call(http.MethodGet, "/v1/users", "").refused(503, "service_unavailable")
}

// E-06: a panic is a 500 with a trace id, and its story is in the log only.
func TestPanic(t *testing.T) {
	s := newServer(t, func(c *backendapi.Config) { c.JWKS = func() []byte { panic("the secret of the house") } })
	a := s.call(http.MethodGet, "/v1/jwks", "").refused(500, "internal_clerk_error")
	if strings.Contains(a.raw, "secret of the house") {
		t.Errorf("the answer tells: %s", a.raw)
	}
	if !strings.Contains(s.log.String(), "secret of the house") || !strings.Contains(s.log.String(), a.text("clerk_trace_id")) {
		t.Error("the log does not")
	}
}

func TestNewNamesTheBadField(t *testing.T) {
	good := newServer(t).config
	for name, spoil := range map[string]func(*backendapi.Config){
		"Users":      func(c *backendapi.Config) { c.Users = nil },
		"Sessions":   func(c *backendapi.Config) { c.Sessions = nil },
		"JWKS":       func(c *backendapi.Config) { c.JWKS = nil },
		"Keys":       func(c *backendapi.Config) { c.Keys = nil },
		"Limits":     func(c *backendapi.Config) { c.Limits = nil },
		"SecretKeys": func(c *backendapi.Config) { c.SecretKeys = nil },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := backendapi.New(cfg); err == nil || !strings.Contains(err.Error(), "Config."+name+" ") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
