package frontendapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// evil are origins that only look like an allowed one.
var evil = []string{
	"https://evil.example", "null", "https://app.example.com.evil.example", "http://app.example.com",
	"https://app.example.com:8443", "https://xapp.example.com", "https://APP.example.com", "https://app.example.com/",
	"http://localhost:8081", "https://localhost:8080", "localhost:8080", "http://localhost:8080@evil.example", "",
}

// what another site's page sends changes nothing, whatever it carries.
func TestOriginOfChanges(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	for _, origin := range evil {
		for _, path := range []string{
			"/v1/client/sign_ins", "/v1/client/sign_ups", "/v1/client", "/v1/client/sessions?_method=DELETE",
			"/v1/me?_method=DELETE&_clerk_session_id=" + b.sessionID, "/v1/client/sessions/" + b.sessionID + "/end",
		} {
			for _, from := range []*browser{b, s.browser()} { // with cookies and without
				r := httptest.NewRequest(http.MethodPost, path, nil)
				r.Header["Origin"] = []string{origin}
				from.do(r).refused(400, "origin_invalid")
			}
		}
		r := httptest.NewRequest(http.MethodDelete, "/v1/client", nil)
		r.Header["Origin"] = []string{origin}
		b.do(r).refused(400, "origin_invalid")
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/client", nil)
	r.Header["Origin"] = []string{publicURL, "https://evil.example"}
	b.do(r).refused(400, "origin_invalid")
	b.me(http.MethodGet, "/v1/me", nil).ok()
}

// without Origin a change needs no cookie to ride on, or the browser's word.
func TestOriginAbsent(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	b.origin = ""
	touch := "/v1/client/sessions/" + b.sessionID + "/touch"
	for _, site := range []string{"", "cross-site", "same-site"} {
		b.headers.Set("Sec-Fetch-Site", site)
		b.post(touch, nil).refused(400, "origin_missing")
	}
	for _, site := range []string{"same-origin", "none"} {
		b.headers.Set("Sec-Fetch-Site", site)
		b.post(touch, nil).ok()
	}
	fresh := s.browser()
	fresh.origin = ""
	fresh.post("/v1/client", nil).ok()
}

// only allowed origins may read answers.
func TestCORS(t *testing.T) {
	s := newServer(t)
	for _, origin := range append(slices.Clone(evil), "*") {
		for _, method := range []string{http.MethodGet, http.MethodOptions} {
			r := httptest.NewRequest(method, "/v1/client", nil)
			r.Header["Origin"] = []string{origin}
			a := s.browser().do(r)
			for name := range a.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s with Origin %q gets %s: %s", method, origin, name, a.header.Get(name))
				}
			}
		}
	}
	for _, origin := range []string{publicURL, otherApp} {
		b := s.browser()
		b.origin = origin
		r := httptest.NewRequest(http.MethodGet, "/v1/client", nil)
		r.Header.Set("Origin", origin)
		a := b.do(r).ok()
		if a.header.Get("Access-Control-Allow-Origin") != origin || a.header.Get("Access-Control-Allow-Credentials") != "true" ||
			!slices.Contains(a.header.Values("Vary"), "Origin") {
			t.Errorf("CORS headers for %s: %v", origin, a.header)
		}
		r = httptest.NewRequest(http.MethodOptions, "/v1/me/profile_image", nil)
		r.Header.Set("Origin", origin)
		if a := b.do(r); a.status != 204 || a.header.Get("Access-Control-Allow-Methods") != "GET, POST" {
			t.Errorf("preflight of %s: %d %v", origin, a.status, a.header)
		}
	}
}

// verbs travel in ?_method= of a POST, and nowhere else.
func TestMethodOverride(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	self := "/v1/me?_clerk_session_id=" + b.sessionID
	if a := b.get(self + "&_method=DELETE").ok(); a.text("response.object") != "user" {
		t.Errorf("GET with _method: %s", a.raw)
	}
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		b.headers.Set(name, "DELETE")
		a := b.post(self, nil).refused(405, "method_not_allowed")
		if got := a.header.Get("Allow"); got != "DELETE, GET, HEAD, PATCH" {
			t.Errorf("Allow = %q", got)
		}
		b.headers.Del(name)
	}
	for _, m := range []string{"GET", "delete", "TRACE", "", "DELETE&_method=PATCH"} {
		b.post(self+"&_method="+m, nil).refused(400, "malformed_request_parameters")
	}
	for _, m := range []string{http.MethodTrace, http.MethodConnect, "PROPFIND"} {
		r := httptest.NewRequest(http.MethodGet, self, nil)
		r.Method = m
		b.do(r).refused(405, "method_not_allowed")
	}
	b.me(http.MethodPatch, "/v1/me", form("first_name", "Jane")).ok()
	b.send(http.MethodPatch, self, strings.NewReader("first_name=Joan"), "application/x-www-form-urlencoded").ok()
	if a := b.get(self).ok(); a.text("response.first_name") != "Joan" {
		t.Errorf("after PATCH: %s", a.raw)
	}
}

// nothing changes by a method that only asks.
func TestReadingMethodsChangeNothing(t *testing.T) {
	s := newServer(t)
	s.each(func(method, pattern, _ string) {
		if method != http.MethodPost {
			return
		}
		for _, reading := range []string{http.MethodGet, http.MethodHead} {
			a := s.browser().send(reading, fill(pattern)+"?_method=POST", nil, "")
			if a.status < 400 && pattern != "/v1/client" {
				t.Errorf("%s %s = %d", reading, pattern, a.status)
			}
		}
	})
	if b := s.browser(); b.get("/v1/client").ok().header.Get("Set-Cookie") != "" {
		t.Error("GET /v1/client makes a client")
	}
}

// a step out of its order is refused.
func TestStepsInOrder(t *testing.T) {
	s := newServer(t)
	s.signUp("jane@example.com")
	b := s.browser()
	su := b.post("/v1/client/sign_ups", form("email_address", "new@example.com", "password", password)).ok().text("response.id")
	b.post("/v1/client/sign_ups/"+su+"/attempt_verification", form("strategy", "email_code", "code", "123456")).
		refused(400, "verification_missing")
	c := s.browser()
	si := c.post("/v1/client/sign_ins", form("locale", "en-US")).ok()
	if si.text("response.status") != "needs_identifier" {
		t.Errorf("empty sign-in: %s", si.raw)
	}
	if a := c.post("/v1/client/sign_ins/"+si.text("response.id")+"/attempt_first_factor",
		form("strategy", "password", "password", password)); a.status < 400 || a.status >= 500 {
		t.Errorf("a factor before the identifier: %d %s", a.status, a.raw)
	}
	d := s.browser()
	done := d.signIn("jane@example.com")
	if a := d.post("/v1/client/sign_ins/"+done.text("response.id")+"/attempt_first_factor",
		form("strategy", "password", "password", password)); a.status < 400 || a.status >= 500 {
		t.Errorf("a factor after completion: %d %s", a.status, a.raw)
	}
}

// two content types, nothing else.
func TestContentTypes(t *testing.T) {
	s := newServer(t)
	for _, ct := range []string{"text/plain", "multipart/form-data; boundary=x", "application/octet-stream", "application/xml", "application/json; charset=latin1", "", "nonsense;;"} {
		s.browser().send(http.MethodPost, "/v1/client/sign_ins", strings.NewReader("identifier=jane"), ct).
			refused(415, "unsupported_content_type")
	}
	s.browser().send(http.MethodPost, "/v1/client/sign_ins", strings.NewReader("locale=en-US"), "application/x-www-form-urlencoded; charset=UTF-8").ok()
	s.browser().json(http.MethodPost, "/v1/client/sign_ins", `{"locale":"en-US"}`).ok()
	s.browser().json(http.MethodPost, "/v1/client/sign_ins", ``).ok()
}

func TestBodyLimits(t *testing.T) {
	s := newServer(t)
	a := s.browser().post("/v1/client/sign_ins", form("identifier", strings.Repeat("a", 70_000))).refused(413, "request_body_too_large")
	if a.header.Get("Connection") != "close" {
		t.Error("the connection stays open for the rest of the body")
	}
	many := url.Values{}
	for i := range 101 {
		many.Set("f"+strings.Repeat("x", i), "")
	}
	s.browser().post("/v1/client/sign_ins", many).refused(413, "request_body_too_large")
}

// what is not on a route's list is refused, in whatever shape it comes.
func TestForbiddenParameters(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	before := b.me(http.MethodGet, "/v1/me", nil).ok()
	self := "?_clerk_session_id=" + b.sessionID
	for _, name := range []string{
		"public_metadata", "private_metadata", "id", "banned", "locked", "created_at", "updated_at", "verified",
		"email_addresses", "password_digest", "password", "delete_self_enabled", "external_id", "last_sign_in_at",
		"First_name", "firstName", "user.first_name", "first_name[]", "user[first_name]",
	} {
		a := b.me(http.MethodPatch, "/v1/me", form(name, "x")).refused(422, "form_param_unknown")
		if a.text("errors.0.meta.param_name") != name {
			t.Errorf("param_name = %q, want %q", a.text("errors.0.meta.param_name"), name)
		}
		b.json(http.MethodPatch, "/v1/me"+self, `{"`+name+`":"x"}`).refused(422, "form_param_unknown")
		b.send(http.MethodPatch, "/v1/me"+self+"&"+url.Values{name: {"x"}}.Encode(), nil, "").refused(422, "form_param_unknown")
		s.browser().post("/v1/client/sign_ups", form("email_address", "x@example.com", "password", password, strings.Replace(name, "password", "passwords", 1), "x")).
			refused(422, "form_param_unknown")
	}
	b.json(http.MethodPatch, "/v1/me"+self, `{"first_name":{"public_metadata":{}}}`).refused(422, "form_param_type_invalid")
	b.send(http.MethodPatch, "/v1/me"+self, strings.NewReader("first_name=a&first_name=b"), "application/x-www-form-urlencoded").
		refused(422, "form_param_duplicate")
	b.json(http.MethodPatch, "/v1/me"+self, `{"first_name":"a","first_name":"b"}`).refused(400, "request_body_invalid")
	after := b.me(http.MethodGet, "/v1/me", nil).ok()
	if after.at("response.updated_at") != before.at("response.updated_at") {
		t.Errorf("the user changed: %s", after.raw)
	}
}

// The SDK sends these to every route.
func TestToleratedParameters(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	tolerated := form("locale", "en", "timezone", "Europe/Berlin", "captcha_token", "x", "captcha_error", "x", "captcha_widget_type", "smart",
		"tab_state", "focused", "organization_id", "", "active_organization_id", "", "intent", "focus", "channel", "sms")
	b.post("/v1/client/sessions/"+b.sessionID+"/tokens?__clerk_api_version=2026-05-12&_clerk_js_version=6.29.3&debug=skip_cache", tolerated).ok()
	b.me(http.MethodPatch, "/v1/me", tolerated).ok()
}

// A trailing slash is the same path, without a redirect that would make a GET of a POST.
func TestTrailingSlash(t *testing.T) {
	s := newServer(t)
	s.browser().post("/v1/client/sign_ins/", form("locale", "en")).ok()
	for _, path := range []string{"/v1/client//", "//v1/client", "/v1/./client", "/v1/x/../client", "/v1/%63lient/x", "/v1", "/", "/v1/organizations", "/v2/client", "/v1/client/sign_ins/x/y"} {
		a := s.browser().get(path)
		if a.status == 200 || a.status >= 300 && a.status < 400 {
			t.Errorf("GET %s = %d", path, a.status)
		}
	}
	s.browser().get("/v1/organizations").refused(404, "resource_not_found")
}

// a session token signs nobody in here, and native applications are told so.
func TestNativeAndSessionTokens(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	jwt := b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil).ok().text("jwt")

	thief := s.browser()
	thief.cookies["__client"] = jwt
	thief.cookies["__session"] = jwt
	if a := thief.get("/v1/client").ok(); a.at("response") != nil {
		t.Errorf("a session token acts as a client: %s", a.raw)
	}
	thief.cookies = map[string]string{"__session": jwt}
	thief.headers.Set("Authorization", "Bearer "+jwt)
	if a := thief.get("/v1/client").ok(); a.at("response") != nil {
		t.Errorf("a session token acts as a client: %s", a.raw)
	}
	thief.get("/v1/me?_clerk_session_id="+b.sessionID).refused(401, "authentication_invalid")
	thief.get("/v1/client?_is_native=1").refused(400, "native_api_disabled")
}

// W-02: headers of every answer, errors included.
func TestHeaders(t *testing.T) {
	s := newServer(t)
	for _, a := range []*answer{
		s.browser().get("/v1/client"), s.browser().get("/v1/environment"), s.browser().get("/v1/nothing"),
		s.browser().post("/v1/client", nil), s.browser().get("/v1/health"), s.browser().get("/v1/me"),
	} {
		for name, want := range map[string]string{
			"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s = %q, want %q", name, got, want)
			}
		}
	}
	jwks := s.browser().get("/.well-known/jwks.json").ok()
	if got := jwks.header.Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("the key set has Cache-Control %q", got)
	}
	if jwks.length("keys") != 1 || jwks.text("keys.0.d") != "" {
		t.Errorf("key set: %s", jwks.raw)
	}
}

// no answer is built from what the request says about its host.
func TestHostIsNotReflected(t *testing.T) {
	s := newServer(t)
	for _, name := range []string{"X-Forwarded-Host", "Forwarded", "X-Forwarded-Proto", "X-Original-Host"} {
		b := s.browser()
		b.headers.Set(name, "host=evil.example")
		r := httptest.NewRequest(http.MethodGet, "/v1/environment", nil)
		r.Host = "evil.example"
		if a := b.do(r); strings.Contains(a.raw, "evil.example") {
			t.Errorf("%s is in the answer", name)
		}
	}
}

// E-06: a panic is a 500 with a trace id, and its story is in the log only.
func TestPanic(t *testing.T) {
	s := newServer(t, func(c *frontendapi.Config, _ *flow.Settings) {
		c.JWKS = func() []byte { panic("the secret of the house") }
	})
	a := s.browser().get("/.well-known/jwks.json").refused(500, "internal_clerk_error")
	if strings.Contains(a.raw, "secret of the house") || strings.Contains(a.raw, "goroutine") {
		t.Errorf("the answer tells: %s", a.raw)
	}
	if !strings.Contains(s.log.String(), "secret of the house") || !strings.Contains(s.log.String(), a.text("clerk_trace_id")) {
		t.Error("the log does not")
	}
}

func TestNewNamesTheBadField(t *testing.T) {
	good := newServer(t).config
	for name, spoil := range map[string]func(*frontendapi.Config){
		"Users":          func(c *frontendapi.Config) { c.Users = nil },
		"Sessions":       func(c *frontendapi.Config) { c.Sessions = nil },
		"Flow":           func(c *frontendapi.Config) { c.Flow = nil },
		"JWKS":           func(c *frontendapi.Config) { c.JWKS = nil },
		"Settings":       func(c *frontendapi.Config) { c.Settings = nil },
		"Limits":         func(c *frontendapi.Config) { c.Limits = nil },
		"PublicURL":      func(c *frontendapi.Config) { c.PublicURL = &url.URL{Path: "/x"} },
		"PublishableKey": func(c *frontendapi.Config) { c.PublishableKey = "" },
		"AllowedOrigin":  func(c *frontendapi.Config) { c.AllowedOrigin = nil },
		"ClientAddress":  func(c *frontendapi.Config) { c.ClientAddress = nil },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := frontendapi.New(cfg); err == nil || !strings.Contains(err.Error(), "Config."+name+" ") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
