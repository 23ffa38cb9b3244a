package middleware_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// scripts get JSON, and the answer does not say which rule refused them.
func TestUnauthenticated(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, func(cfg *middleware.Config) {
		cfg.Revocations = &feed{revoked: map[string]auth.Revocation{"sess_r": {Cause: "user deleted"}}}
	})
	var first *httptest.ResponseRecorder
	for name, r := range map[string]*http.Request{
		"missing": request(), "expired": request("Authorization: Bearer " + c.expired("a")), "malformed": request("Authorization: Bearer x"),
		"forged": request("Authorization: Bearer " + sign(theirs, "ins_1", c.claims("a"))), "issuer": request("Authorization: Bearer " + c.token("a", "iss", "x")),
		"unknown_key": request("Authorization: Bearer " + sign(theirs, "ins_2", c.claims("a"))), "revoked": request("Authorization: Bearer " + c.token("r")),
		"ambiguous": request("Cookie: __session=a; __session=b"), "cross_origin": post("Cookie: __session=a", "Origin: https://evil.example"),
		"pending": request("Authorization: Bearer " + c.token("a", "sts", "pending")),
	} {
		w := do(m, r)
		if first == nil {
			first = w
		}
		if w.Code != http.StatusUnauthorized || w.Body.String() != first.Body.String() || fmt.Sprint(w.Header()) != fmt.Sprint(first.Header()) {
			t.Errorf("%s: answer = %d %v %s, unlike the others", name, w.Code, w.Header(), w.Body)
		}
	}
	h := first.Header()
	if h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" || h.Get("WWW-Authenticate") != "Bearer" || h.Get(middleware.ReasonHeader) != "" {
		t.Errorf("headers = %v", h)
	}
	var body struct {
		Errors []struct {
			Code, Message string
			LongMessage   string `json:"long_message"`
		}
	}
	if err := json.Unmarshal(first.Body.Bytes(), &body); err != nil || len(body.Errors) != 1 {
		t.Fatalf("body = %s, %v", first.Body, err)
	}
	if e := body.Errors[0]; e.Code != "authentication_invalid" || e.Message == "" || e.LongMessage == "" {
		t.Errorf("error = %+v", e)
	}
}

// only a browser that wants to show the answer is sent to sign in.
func TestRedirect(t *testing.T) {
	m := newMiddleware(t, newClock(), func(cfg *middleware.Config) { cfg.SignInURL = "/sign-in?theme=dark" })
	const location = "/sign-in?redirect_url=%2Fapi%2Fme&theme=dark"
	for _, test := range []struct {
		r        *http.Request
		location string
	}{
		{request("Sec-Fetch-Dest: document"), location},
		{request("Sec-Fetch-Dest: iframe"), location},
		{request("Accept: text/html,application/xhtml+xml"), location},
		{request(), ""},
		{request("Accept: */*"), ""},
		{request("Accept: application/json, text/html"), ""},
		{request("Sec-Fetch-Dest: empty", "Accept: text/html"), ""},
		{request("Sec-Fetch-Dest: image", "Accept: text/html"), ""},
		{post("Sec-Fetch-Dest: document", "Accept: text/html"), ""},
	} {
		w := do(m, test.r)
		want := http.StatusUnauthorized
		if test.location != "" {
			want = http.StatusSeeOther
		}
		if w.Code != want || w.Header().Get("Location") != test.location || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %v: answer = %d %v, want %d %q", test.r.Method, test.r.Header, w.Code, w.Header(), want, test.location)
		}
	}
	plain := newMiddleware(t, newClock(), nil)
	if w := do(plain, request("Sec-Fetch-Dest: document")); w.Code != http.StatusUnauthorized {
		t.Errorf("answer without SignInURL = %d", w.Code)
	}
}

// the way back is built from the configuration, and stays on the app's host.
func TestRedirectBack(t *testing.T) {
	here := newMiddleware(t, newClock(), func(cfg *middleware.Config) { cfg.SignInURL = "/sign-in" })
	there := newMiddleware(t, newClock(), func(cfg *middleware.Config) {
		cfg.SignInURL, cfg.AuthorizedParty = "https://accounts.example.com/sign-in", origin
	})
	for target, want := range map[string]string{
		"/a?b=c&d=%26":                  "/a?b=c&d=%26",
		"//evil.example/x":              "/evil.example/x",
		"/%2Fevil.example":              "/%2Fevil.example",
		"/\\evil.example":               "/%5Cevil.example",
		"http://evil.example/a?b":       "/a?b",
		"///evil.example/%2e%2e/x?y=//": "/evil.example/%2e%2e/x?y=//",
	} {
		for _, m := range []*middleware.Middleware{here, there} {
			r := request("Sec-Fetch-Dest: document", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example")
			r.Host, r.RequestURI = "evil.example", target
			w := httptest.NewRecorder()
			http.StripPrefix("/api", m.Require(seen)).ServeHTTP(w, r)
			u, err := url.Parse(w.Header().Get("Location"))
			if err != nil {
				t.Fatal(err)
			}
			expect := want
			if m == there {
				expect = origin + want
			}
			if got := u.Query().Get("redirect_url"); got != expect || strings.Contains(u.Host, "evil") {
				t.Errorf("%s: Location = %s, want back to %s", target, u, expect)
			}
		}
	}
}

func TestHooks(t *testing.T) {
	var told []string
	m := newMiddleware(t, newClock(), func(cfg *middleware.Config) {
		cfg.SignInURL = "/sign-in"
		cfg.OnRefuse = func(r *http.Request, status int, a auth.Auth) {
			told = append(told, fmt.Sprint(r.URL.Path, " ", status, " ", a.Reason))
		}
		cfg.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, a auth.Auth) {
			http.Error(w, "own "+string(a.Reason), http.StatusTeapot)
		}
	})
	if w := do(m, request()); w.Code != http.StatusTeapot || strings.TrimSpace(w.Body.String()) != "own session_token_missing" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("answer = %d %v %s", w.Code, w.Header(), w.Body)
	}
	do(m, request("Sec-Fetch-Dest: document"))
	if got := strings.Join(told, ", "); got != "/api/me 401 session_token_missing, /api/me 303 session_token_missing" {
		t.Errorf("told %s", got)
	}
}
