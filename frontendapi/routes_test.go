package frontendapi_test

import (
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

var update = flag.Bool("update", false, "rewrite testdata/routes.txt")

func (s *server) routes() []string { return s.handler.(*frontendapi.Handler).Routes() }

// A new route stands in the golden list with who may call it, its limit and its
// parameters, so that none is added without a thought about them.
func TestRoutes(t *testing.T) {
	got := strings.Join(newServer(t).routes(), "\n") + "\n"
	const golden = "testdata/routes.txt"
	if *update {
		must(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if got != string(want) {
		t.Errorf("routes differ from %s; run go test ./frontendapi -update\n%s", golden, got)
	}
}

// Well-formed ids that belong to nobody.
const (
	noSession = "sess_000000000000000000000000000"
	noSignIn  = "sia_000000000000000000000000000"
	noSignUp  = "sua_000000000000000000000000000"
)

// fill puts ids into a pattern.
func fill(pattern string) string {
	r := strings.NewReplacer("sessions/{id}", "sessions/"+noSession, "sign_ins/{id}", "sign_ins/"+noSignIn,
		"sign_ups/{id}", "sign_ups/"+noSignUp)
	return r.Replace(pattern)
}

// each calls fn for every route with its method, pattern and need.
func (s *server) each(fn func(method, pattern, need string)) {
	for _, line := range s.routes() {
		f := strings.Fields(line)
		fn(f[0], f[1], f[2])
	}
}

func TestRolesAnonymous(t *testing.T) {
	s := newServer(t)
	s.each(func(method, pattern, need string) {
		a := s.browser().send(method, fill(pattern), nil, "")
		mustSignIn := need == "client" || need == "self" || strings.Contains(pattern, "/{id}/tokens")
		if got := a.status == http.StatusUnauthorized; got != mustSignIn {
			t.Errorf("%s %s (%s) answers %d to nobody", method, pattern, need, a.status)
		}
		if mustSignIn && a.code() != "authentication_invalid" {
			t.Errorf("%s %s answers %s to nobody", method, pattern, a.code())
		}
		// S-04: a made-up cookie is not adopted, and not wiped either.
		made := s.browser()
		made.cookies["__client"] = madeUpCookie
		a = made.send(method, fill(pattern), nil, "")
		if got := a.status == http.StatusUnauthorized; got != mustSignIn {
			t.Errorf("%s %s (%s) answers %d to a made-up cookie", method, pattern, need, a.status)
		}
		if c := a.header.Get("Set-Cookie"); mustSignIn && c != "" {
			t.Errorf("%s %s sets %s for a made-up cookie", method, pattern, c)
		}
	})
}

// self routes act for the session that the query names, and for no other.
func TestRolesSelf(t *testing.T) {
	s := newServer(t)
	a, b := s.signUp("ann@example.com"), s.signUp("ben@example.com")
	dead := s.signUp("dee@example.com")
	dead.post("/v1/client/sessions/"+dead.sessionID+"/end", nil).ok()
	s.each(func(method, pattern, need string) {
		if need != "self" {
			return
		}
		path := fill(pattern)
		for name, query := range map[string]string{
			"none":      "",
			"empty":     "?_clerk_session_id=",
			"malformed": "?_clerk_session_id=sess_%00",
			"unknown":   "?_clerk_session_id=" + noSession,
			"foreign":   "?_clerk_session_id=" + b.sessionID,
		} {
			if got := a.send(method, path+query, nil, ""); got.code() != "authentication_invalid" || got.status != 401 {
				t.Errorf("%s %s with %s session: %d %s", method, pattern, name, got.status, got.code())
			}
		}
		if got := dead.send(method, path+"?_clerk_session_id="+dead.sessionID, nil, ""); got.status != 401 {
			t.Errorf("%s %s with an ended session: %d", method, pattern, got.status)
		}
		twice := "?_clerk_session_id=" + a.sessionID + "&_clerk_session_id=" + a.sessionID
		if got := a.send(method, path+twice, nil, ""); got.status != 400 {
			t.Errorf("%s %s with two sessions: %d %s, want 400", method, pattern, got.status, got.code())
		}
	})
	b.me(http.MethodGet, "/v1/me", nil).ok()
}

// E-06, I-01, I-06: no input makes an answer that is no JSON, a 5xx or a look inside.
func TestHostileInput(t *testing.T) {
	s := newServer(t)
	s.settings.LockoutAttempts = 1000
	bodies := []struct{ contentType, body string }{
		{"application/json", strings.Repeat("[", 30_000)},
		{"application/json", strings.Repeat(`{"a":`, 5_000)},
		{"application/json", `{"password":"a","password":"b"}`},
		{"application/json", `{"password":{"a":1},"identifier":["x"],"code":[1]}`},
		{"application/json", `{"password":1e999,"identifier":-0,"code":true}`},
		{"application/json", "{\"first_name\":\"\xff\xfe\"}"},
		{"application/json", `{"first_name":"\u0000","identifier":"\ud800"}`},
		{"application/json", `nul`},
		{"application/x-www-form-urlencoded", "%zz=1&identifier=%"},
		{"application/x-www-form-urlencoded", "identifier=%ff%fe&first_name=%ff&password=%ff&code=%ff&unsafe_metadata=%ff"},
		{"application/x-www-form-urlencoded", "identifier=%00&first_name=%00&password=%00&code=%00&username=%00&unsafe_metadata=%00"},
		{"application/x-www-form-urlencoded", "identifier='%20or%201=1--&first_name=%E2%80%AE&code=%27&email_address='@'&strategy='"},
		{"application/x-www-form-urlencoded", "identifier=" + strings.Repeat("a", 60_000)},
		{"application/x-www-form-urlencoded", "first_name=" + strings.Repeat("a", 60_000)},
		{"application/x-www-form-urlencoded", strings.Repeat("a=1&", 200)},
		{"application/x-www-form-urlencoded", strings.Repeat("a", 100_000)},
		{"application/x-www-form-urlencoded", "unsafe_metadata=[1]&strategy=nope&level=nope&transfer=maybe&legal_accepted=9"},
		{"application/x-www-form-urlencoded; charset=utf-16", "a=1"},
		{"text/plain", "identifier=jane"},
		{"multipart/form-data; boundary=x", "--x--"},
		{"a/b/c;;;", "x"},
	}
	ids := []string{"..%2f..%2fetc", "*", "sess_%00", "%0d%0aSet-Cookie:%20x=1", strings.Repeat("a", 4000), "sess_';--"}
	b := s.signUp("jane@example.com")
	check := func(a *answer, what string) {
		t.Helper()
		s.clock.Advance(13 * time.Second) // past the limits by client
		if a.status >= 500 || a.status < 200 {
			t.Errorf("%s: status %d: %s", what, a.status, a.raw)
		}
		for _, leak := range []string{"sql:", "SQLITE", "sqlite", "SQLSTATE", ".go:", "goroutine", "panic", "strictjson", "user:", "session:", "flow:"} {
			if strings.Contains(a.raw, leak) {
				t.Errorf("%s: the answer holds %q: %s", what, leak, a.raw)
			}
		}
		if ct := a.header.Get("Content-Type"); ct != "application/json" {
			t.Errorf("%s: Content-Type %q", what, ct)
		}
	}
	s.each(func(method, pattern, need string) {
		query := "?_clerk_session_id=" + b.sessionID
		for _, body := range bodies {
			a := b.send(method, fill(pattern)+query, strings.NewReader(body.body), body.contentType)
			check(a, method+" "+pattern+" "+body.contentType+" "+body.body[:min(len(body.body), 40)])
		}
		if strings.Contains(pattern, "{id}") {
			for _, id := range ids {
				s.clock.Advance(13 * time.Second)
				r := httptest.NewRequest(method, strings.Replace(pattern, "{id}", id, 1)+query, nil)
				a := b.do(r)
				check(a, method+" "+pattern+" id "+id)
				if a.status != 404 && a.status != 401 { // I-09
					t.Errorf("%s %s with id %q: %d %s", method, pattern, id, a.status, a.code())
				}
				if a.header.Get("Set-Cookie") == "x=1" {
					t.Error("H-03: a header was injected")
				}
			}
		}
		if b.get("/v1/me"+query).status == 401 {
			b = s.signUp("jane" + strings.ToLower(method) + strings.NewReplacer("/", "", "{id}", "", "_", "", ".", "").Replace(pattern) + "@example.com")
		}
	})
}

// I-09: an id has its form before anything below sees it; the stores check once more.
func TestPathIDs(t *testing.T) {
	must(t, frontendapi.PathID("sess", noSession))
	for _, id := range []string{
		"", "sess_", "sess", "sess_*", "sess_\x00", "sess_a b", "sess_a\r\nX: y", "../sess_a", "sess_a/b", "sess_é",
		"SESS_a", "user_a", "sess_" + strings.Repeat("a", 65),
	} {
		if err := frontendapi.PathID("sess", id); !errors.Is(err, apierr.NotFound) {
			t.Errorf("PathID(%q) = %v, want not found", id, err)
		}
	}
}
