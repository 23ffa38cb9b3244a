package frontendapi_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
)

// S-03: the attributes of what the server sets.
func TestCookieAttributes(t *testing.T) {
	for _, tt := range []struct {
		public string
		secure bool
	}{
		{"http://localhost:8080", false},
		{"https://app.example.com", true},
	} {
		s := newServer(t, func(c *frontendapi.Config, _ *flow.Settings) { c.PublicURL, _ = url.Parse(tt.public) })
		email := "jane@example.com"
		b := s.signUp(email)
		s.clock.Advance(time.Minute)
		b.post("/v1/client/sessions?_method=DELETE", nil).ok()
		a := b.post("/v1/client/sign_ins", form("identifier", email, "strategy", "password", "password", password)).ok()
		seen := map[string]bool{}
		for _, line := range a.header.Values("Set-Cookie") {
			c, err := http.ParseSetCookie(line)
			must(t, err)
			seen[c.Name] = true
			if c.Secure != tt.secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("%s: %s", tt.public, line)
			}
			if c.HttpOnly != (c.Name == "__client") {
				t.Errorf("%s: HttpOnly is %v: %s", tt.public, c.HttpOnly, line)
			}
			if c.MaxAge < 300*24*3600 || c.MaxAge > 400*24*3600 {
				t.Errorf("%s: Max-Age %d", tt.public, c.MaxAge)
			}
		}
		if !seen["__client"] || !seen["__client_uat"] || !seen["__client_uat_4qziOR6R"] || seen["__session"] || len(seen) != 3 {
			t.Errorf("%s: cookies %v", tt.public, seen)
		}
	}
}

// Back ends take a token older than __client_uat for stale: it must not be the later one.
func TestUATIsNotAfterTheToken(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	s.signUp("joe@example.com")
	check := func(what string, a *answer) {
		t.Helper()
		uat, err := strconv.ParseInt(b.cookies["__client_uat"], 10, 64)
		must(t, err)
		if b.cookies["__client_uat"] != b.cookies["__client_uat_4qziOR6R"] {
			t.Errorf("%s: the suffixed twin differs", what)
		}
		for i := range a.length("client.sessions") {
			if iat := issuedAt(t, a.text("client.sessions."+strconv.Itoa(i)+".last_active_token.jwt")); iat < uat {
				t.Errorf("%s: iat %d is before uat %d", what, iat, uat)
			}
		}
		if uat == 0 && a.length("client.sessions") > 0 {
			t.Errorf("%s: uat is 0 while signed in", what)
		}
	}
	jane := b.sessionID
	check("sign-up", b.get("/v1/client").ok())
	s.clock.Advance(20 * time.Second)
	check("second sign-in", b.signIn("joe@example.com"))
	s.clock.Advance(5 * time.Second)
	check("switch", b.post("/v1/client/sessions/"+jane+"/touch", form("intent", "select_session")).ok())
	before := b.cookies["__client_uat"]
	s.clock.Advance(5 * time.Second)
	a := b.post("/v1/client/sessions/"+jane+"/touch", form("intent", "focus")).ok()
	check("focus", a)
	a = b.me(http.MethodPatch, "/v1/me", form("first_name", "Jane"))
	if b.cookies["__client_uat"] != before {
		t.Error("__client_uat moved although nothing about authentication did")
	}
	check("profile", a)
	check("remove", b.post("/v1/client/sessions/"+jane+"/remove", nil).ok())
}

func issuedAt(t *testing.T, jwt string) int64 {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("not a token: %q", jwt)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, err)
	var claims struct {
		IAT int64  `json:"iat"`
		AZP string `json:"azp"`
	}
	must(t, json.Unmarshal(payload, &claims))
	if claims.AZP != publicURL {
		t.Errorf("azp = %q, want %q", claims.AZP, publicURL)
	}
	return claims.IAT
}

// S-04: the cookie from before a sign-in is dead after it; a later one may be read for
// ten seconds, and a stale request in flight wipes nothing.
func TestCookieRotation(t *testing.T) {
	s := newServer(t)
	s.signUp("jane@example.com")
	b := s.browser()
	b.post("/v1/client", nil).ok()
	planted := b.cookies["__client"]
	b.signIn("jane@example.com")
	old := s.browser()
	old.cookies["__client"] = planted
	a := old.get("/v1/client").ok()
	if a.at("response") != nil || a.header.Get("Set-Cookie") != "" {
		t.Errorf("the cookie from before the sign-in: %s %v", a.raw, a.header)
	}

	second := b.cookies["__client"]
	b.post("/v1/client/sessions?_method=DELETE", nil).ok()
	if b.cookies["__client"] == second {
		t.Error("sign-out does not rotate")
	}
	old.cookies["__client"] = second
	if a := old.get("/v1/client").ok(); a.at("response") == nil {
		t.Error("a read in flight at the rotation finds nothing")
	}
	old.post("/v1/client/sessions?_method=DELETE", nil).refused(401, "authentication_invalid")
	for _, path := range []string{"/v1/client", "/v1/client/sign_ins", "/v1/client/sign_ups"} {
		a := old.post(path, nil).refused(401, "authentication_invalid")
		if got := a.header.Get("Set-Cookie"); got != "" {
			t.Errorf("POST %s that was sent before the rotation sets %q", path, got)
		}
	}
	s.clock.Advance(11 * time.Second)
	if a := old.get("/v1/client").ok(); a.at("response") != nil {
		t.Error("the rotated cookie lives on")
	}
}

// Two different values mean that a sibling site has planted one: neither counts.
func TestPlantedClientCookie(t *testing.T) {
	s := newServer(t)
	a, b := s.signUp("ann@example.com"), s.signUp("ben@example.com")
	for _, pair := range [][2]*browser{{a, b}, {b, a}} {
		r := httptest.NewRequest(http.MethodGet, "/v1/client", nil)
		r.AddCookie(&http.Cookie{Name: "__client", Value: pair[0].cookies["__client"]})
		r.AddCookie(&http.Cookie{Name: "__client", Value: pair[1].cookies["__client"]})
		if got := s.browser().do(r).ok(); got.at("response") != nil {
			t.Errorf("two cookies sign in: %s", got.raw)
		}
	}
}

func TestDeleteClient(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	sid := b.sessionID
	b.send(http.MethodDelete, "/v1/client", nil, "").ok()
	if _, ok := b.cookies["__client"]; ok {
		t.Error("the cookie stays")
	}
	if ss, err := s.sessions.Get(t.Context(), session.ID(sid)); err == nil && ss.Live(s.clock.Now()) {
		t.Error("the session lives on")
	}
	if b.cookies["__client_uat"] != "0" {
		t.Errorf("__client_uat = %q", b.cookies["__client_uat"])
	}
}
