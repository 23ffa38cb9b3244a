package frontendapi_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

const otherHost = "app.example.com"

// hostileRedirects are addresses that nobody may be sent to, and what looks like them.
var hostileRedirects = []string{
	"evil.example", "//evil.example", "/\\evil.example", "/path", "https:evil.example", "https:/" + otherHost, "https:///evil.example",
	"https://evil.example", "https://evil.example/?" + otherApp, "https://evil.example#" + otherApp,
	"https://" + otherHost + ".evil.example", "https://" + otherHost + "@evil.example", "https://u:p@" + otherHost,
	"https://evil.example\\@" + otherHost, "https://" + otherHost + "\\.evil.example", "https:\\\\" + otherHost, "https://evil.example%2f@" + otherHost,
	"http://" + otherHost, "https://" + otherHost + ":8443", "javascript:alert(1)", "JavaScript://" + otherHost + "/%0aalert(1)",
	"data:text/html,x", "ftp://" + otherHost, "blob:" + otherApp, otherApp + "/\r\nSet-Cookie: a=b", otherApp + "/\tx",
	" " + otherApp, otherApp + "/ x", otherApp + "\x00", "https://" + otherHost + "%00.evil.example", "https://[::1]@" + otherHost,
	"https://xn--" + otherHost, "https://" + otherHost + ".", otherApp + "/" + strings.Repeat("a", 2048),
}

// H-01, H-02: who comes by on the way elsewhere goes to pages of allowed origins alone.
func TestNavigation(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	for path, want := range map[string]string{
		"/v1/client/touch": otherApp + "/a?b=1#c",
		"/v1/client/sync":  otherApp + "/a?__clerk_synced=true&b=1#c",
	} {
		for _, from := range []*browser{b, s.browser()} {
			q := url.Values{"redirect_url": {otherApp + "/a?b=1#c"}, "link_domain": {otherHost}}
			if a := from.get(path + "?" + q.Encode()); a.back().String() != want {
				t.Errorf("%s leads to %s, want %s", path, a.header.Get("Location"), want)
			}
		}
		b.get(path).refused(422, "form_param_missing")
		b.get(path+"?redirect_url="+publicURL+"&redirect_url="+publicURL).refused(422, "form_param_duplicate")
		for _, text := range hostileRedirects {
			a := b.get(path + "?redirect_url=" + url.QueryEscape(text))
			if a.status != 422 || a.header.Get("Location") != "" || a.header.Get("Set-Cookie") != "" {
				t.Errorf("%s?redirect_url=%q: %d %v", path, text, a.status, a.header)
			}
		}
	}
}

// The cookie comes once more from the server, as it was; one from before a rotation stays
// out, or it would overwrite the newer one (S-04).
func TestClientTouch(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	const path = "/v1/client/touch?redirect_url=" + publicURL + "/"
	issued := func(from *browser) *http.Cookie {
		a := from.get(path)
		a.back()
		all, _ := http.ParseSetCookie(a.header.Get("Set-Cookie"))
		return all
	}
	value := b.cookies["__client"]
	c := issued(b)
	if c == nil || c.Name != "__client" || c.Value != value || !c.HttpOnly || c.MaxAge < 300*24*3600 {
		t.Fatalf("cookie = %+v", c)
	}
	s.clock.Advance(24 * time.Hour)
	if later := issued(b); !later.Expires.Equal(c.Expires) {
		t.Errorf("a GET prolongs the cookie from %v to %v", c.Expires, later.Expires)
	}
	stale := s.browser()
	stale.cookies["__client"] = value
	b.post("/v1/client/sessions/"+b.sessionID+"/end", nil).ok() // rotates
	for _, from := range []*browser{stale, s.browser()} {
		if got := issued(from); got != nil {
			t.Errorf("cookie = %+v, want none", got)
		}
	}
}

func TestDevBrowser(t *testing.T) {
	newServer(t).browser().post("/v1/dev_browser", nil).refused(400, "request_invalid_for_environment")
	s := newServer(t, func(c *frontendapi.Config, _ *flow.Settings) { c.Development = true })
	b := s.browser()
	a := b.post("/v1/dev_browser", nil).ok()
	if a.text("object") != "dev_browser" || !strings.HasPrefix(a.text("id"), "dvb_") || len(b.cookies) != 0 {
		t.Errorf("dev browser: %s %v", a.raw, b.cookies)
	}
	b.get("/v1/client?__clerk_db_jwt=" + a.text("id")).ok()
}

// Verifiers of tokens find issuer, keys and algorithms.
func TestOpenIDConfiguration(t *testing.T) {
	s := newServer(t)
	a := s.browser().get("/.well-known/openid-configuration").ok()
	if a.text("issuer") != "https://clerk.localhost" || a.text("jwks_uri") != publicURL+"/.well-known/jwks.json" ||
		a.text("id_token_signing_alg_values_supported.0") != "EdDSA" || a.header.Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("configuration: %s %v", a.raw, a.header)
	}
	for name := range a.body {
		if strings.HasSuffix(name, "_endpoint") {
			t.Errorf("there is no %s", name)
		}
	}
	b := s.signUp("jane@example.com")
	token := b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil).ok().text("jwt")
	for name := range claims(t, token) {
		if list, _ := a.at("claims_supported").([]any); !slices.Contains(list, any(name)) {
			t.Errorf("the claim %s is not listed in %v", name, list)
		}
	}
}

// claims reads a token without verifying it.
func claims(t *testing.T, jwt string) map[string]any {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])
	must(t, err)
	var out map[string]any
	must(t, json.Unmarshal(payload, &out))
	return out
}

// H-08: 307 sends a body on to wherever it leads, so it answers GET and HEAD alone, however a
// request dresses up.
func TestPostsAreNotSentOn(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	for _, path := range []string{"/v1/client/touch", "/v1/client/sync", "/v1/client/handshake", "/v1/verify", "/v1/tickets/accept"} {
		target := path + "?redirect_url=" + url.QueryEscape(otherApp+"/a")
		if a := b.post(target, nil); a.status != 405 && a.status != 422 || a.header.Get("Location") != "" {
			t.Errorf("POST %s: %d to %q", path, a.status, a.header.Get("Location"))
		}
		for _, method := range []string{"GET", "HEAD"} {
			b.post(target+"&_method="+method, nil).refused(400, "malformed_request_parameters")
		}
	}
}
