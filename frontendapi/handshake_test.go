package frontendapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
)

func handshake(target string, more ...string) string {
	q := url.Values{"redirect_url": {target}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/v1/client/handshake?" + q.Encode()
}

// at lets the server run under another public URL, for apps on these origins.
func at(t *testing.T, public string, development bool, origins ...string) *server {
	return newServer(t, func(cfg *frontendapi.Config, _ *flow.Settings) {
		cfg.PublicURL, cfg.Development = mustURL(t, public), development
		cfg.AllowedOrigin = func(o string) bool {
			for _, origin := range append(origins, publicURL) {
				if o == origin {
					return true
				}
			}
			return false
		}
	})
}

// back fails unless the answer sends the browser back.
func (a *answer) back() *url.URL {
	a.t.Helper()
	if a.status != http.StatusTemporaryRedirect || a.header.Get("Cache-Control") != "no-store" {
		a.t.Fatalf("answer = %d %v, want 307 and no-store: %s", a.status, a.header, a.raw)
	}
	return mustURL(a.t, a.header.Get("Location"))
}

// How the answer travels follows from the two hosts.
func TestHandshakeTransport(t *testing.T) {
	for _, test := range []struct {
		name, public, app string
		development       bool
		location          string // where it goes, the answer replaced by *
		cookie            string // what carries it, likewise
	}{
		{
			"same_host", "http://localhost:8080", "http://localhost:3000", true,
			"http://localhost:3000/a?b=1", "__clerk_handshake=*; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
		},
		{
			"same_host_tls", "https://a.example.com", "https://a.example.com:8443", false,
			"https://a.example.com:8443/a?b=1", "__clerk_handshake=*; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax",
		},
		{
			"one_side_tls", "http://a.example.com", "https://a.example.com", false,
			"https://a.example.com/a?b=1", "__clerk_handshake=*; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
		},
		{
			"same_domain", "https://auth.example.co.uk", "https://app.example.co.uk", false,
			"https://app.example.co.uk/a?b=1", "__clerk_handshake_nonce=*; Path=/; Domain=example.co.uk; Max-Age=60; HttpOnly; Secure; SameSite=Lax",
		},
		{"public_suffix", "https://auth.github.io", "https://app.github.io", false, "https://app.github.io/a?b=1&__clerk_handshake_nonce=*", ""},
		{"elsewhere", "https://auth.example.com", "https://app.example.net", false, "https://app.example.net/a?b=1&__clerk_handshake_nonce=*", ""},
		{"addresses", "https://10.0.0.1", "https://11.0.0.1", false, "https://11.0.0.1/a?b=1&__clerk_handshake_nonce=*", ""},
		{"development", "http://localhost:8080", "http://127.0.0.1:3000", true, "http://127.0.0.1:3000/a?b=1&__clerk_handshake=*", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := at(t, test.public, test.development, test.app)
			b := s.signUp("ann@example.com")
			a := b.get(handshake(test.app + "/a?b=1&__clerk_handshake=old&__clerk_handshake_nonce=old#top"))
			location, cookie := a.back().String(), a.header.Get("Set-Cookie")
			for _, name := range []string{"__clerk_handshake", "__clerk_handshake_nonce"} {
				if value := a.back().Query().Get(name); value != "" {
					location = strings.Replace(location, url.QueryEscape(value), "*", 1)
				}
				if value := b.cookies[name]; value != "" {
					cookie = strings.Replace(cookie, value, "*", 1)
				}
			}
			if location != test.location || cookie != test.cookie {
				t.Errorf("answer goes to\n%s with\n%s, want\n%s with\n%s", location, cookie, test.location, test.cookie)
			}
			// S-12, H-04: in production no token is in an address.
			if !test.development && strings.Contains(a.back().String(), "eyJ") {
				t.Errorf("Location = %s", a.back())
			}
		})
	}
}

// H-01, H-02: nobody is sent where no allowed app is.
func TestHandshakeOpenRedirect(t *testing.T) {
	s := at(t, "https://auth.example.com", false, "https://app.example.com")
	for _, target := range []string{
		"", "/", "x", "app.example.com", "//app.example.com", "//evil.example", "///evil.example", "/\\evil.example",
		"https:", "https:evil.example", "https:/evil.example", "https:///evil.example", "https://", "https://?x",
		"http://app.example.com/", "https://app.example.com:8443/", "https://app.example.com./", "https://APP.example.com/",
		"HTTPS://app.example.com/", "https://app.example.com:443/", "https://app.example.com:/",
		"https://evil.example", "https://evil.example/https://app.example.com", "https://app.example.com.evil.example/",
		"https://evilapp.example.com/", "https://app.example.com@evil.example/", "https://app.example.com:x@evil.example/",
		"https://x@app.example.com/", "https://app.example.com\\@evil.example/", "https://app.example.com\\.evil.example/",
		"https://app.example.com%2f@evil.example/", "https://app.example.com%00.evil.example/", "https://app.example.com\t.evil.example/",
		" https://app.example.com/", "https://app.example.com/\r\nSet-Cookie: a=b", "https://app.example.com /", "https://app.example.com。evil.example/",
		"https://ａpp.example.com/", "https://app.example.com/\u00e9", "https://app.example.com%23.evil.example/", "https://[::1]/", "https://%61pp.example.com/",
		"javascript:alert(1)//https://app.example.com/", "data:text/html,x", "ftp://app.example.com/", "null",
	} {
		a := s.browser().get(handshake(target))
		if a.status != 400 || a.header.Get("Location") != "" || len(a.header.Values("Set-Cookie")) != 0 ||
			a.code() != "invalid_handshake" && a.code() != "origin_invalid" {
			t.Errorf("%q: answer = %d %s %v", target, a.status, a.code(), a.header)
		}
	}
	s.browser().get(handshake("https://evil.example/")).refused(400, "origin_invalid")
	s.browser().get("/v1/client/handshake").refused(400, "invalid_handshake")
	s.browser().get(handshake("https://app.example.com/")+"&redirect_url=x").refused(400, "invalid_handshake")
	for _, challenge := range []string{"", "x", strings.Repeat("a", 44), strings.Repeat("a", 42) + "="} {
		s.browser().get(handshake("https://app.example.com/", auth.HandshakeChallenge, challenge)).refused(400, "invalid_handshake")
	}
	for _, good := range []string{"https://app.example.com", "https://app.example.com?a", "https://app.example.com/%2F%2Fevil.example?u=//evil.example&v=@"} {
		if got := s.browser().get(handshake(good)).back(); got.Host != "app.example.com" || got.Scheme != "https" {
			t.Errorf("%s: Location = %s", good, got)
		}
	}
}

// H-01: what is taken names one host, and still does after it was read and written again.
func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{
		"https://app.example.com", "https://app.example.com/a?b=c&__clerk_handshake=x#d", "http://localhost:3000//x", "https://app.example.com@evil.example/",
		"https://app.example.com\\@evil.example/", "https://[::1]:80/%2f", "https://app.example.com%2fevil", "https:///x", "https:x", "https://a?b#c/d", "https://a/./../%2e%2e//b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, origin, ok := frontendapi.ParseTarget(text)
		if !ok {
			return
		}
		out := u.String()
		if !strings.HasPrefix(text, origin) || !strings.HasPrefix(out, origin+"/") {
			t.Fatalf("%q became %q of %q", text, out, origin)
		}
		if strings.ContainsAny(strings.TrimPrefix(origin, u.Scheme+"://"), "/?#@\\ ") {
			t.Fatalf("%q has the origin %q", text, origin)
		}
		again, same, ok := frontendapi.ParseTarget(out)
		if !ok || same != origin || again.String() != out {
			t.Fatalf("%q became %q, which became %v", text, out, again)
		}
	})
}

// what the request says about hosts is not looked at.
func TestHandshakeIgnoresHosts(t *testing.T) {
	s := at(t, "https://auth.example.com", false, "https://app.example.net")
	b := s.browser()
	b.headers.Set("X-Forwarded-Host", "evil.example")
	b.headers.Set("Referer", "https://evil.example/")
	if a := b.get(handshake("https://app.example.net/")); strings.Contains(a.header.Get("Location")+a.raw, "evil") {
		t.Errorf("answer = %v %s", a.header, a.raw)
	}
}

// The app's server exchanges its secret for what the nonce stands for.
func TestHandshakeRedeem(t *testing.T) {
	s := at(t, "https://auth.example.com", false, "https://app.example.net")
	ann := s.signUp("ann@example.com")
	begin := func() string {
		q := handshake("https://app.example.net/", auth.HandshakeChallenge, auth.Challenge("secret"))
		return ann.get(q).back().Query().Get("__clerk_handshake_nonce")
	}
	app := s.browser()
	app.origin = ""
	nonce := begin()
	app.post("/v1/client/handshake", form("nonce", nonce, "verifier", "wrong")).refused(400, "invalid_handshake")
	a := app.post("/v1/client/handshake", form("nonce", nonce, "verifier", "secret")).ok()
	if a.text("object") != "handshake" || strings.Count(a.text("token"), ".") != 2 || len(a.header.Values("Set-Cookie")) != 0 {
		t.Errorf("answer = %s %v", a.raw, a.header)
	}
	app.post("/v1/client/handshake", form("nonce", nonce, "verifier", "secret")).refused(400, "invalid_handshake")
	app.post("/v1/client/handshake", nil).refused(400, "invalid_handshake")
	late := begin()
	s.clock.Advance(time.Minute)
	app.post("/v1/client/handshake", form("nonce", late, "verifier", "secret")).refused(400, "invalid_handshake")
}

// An answer that no cookie can hold makes way for a nonce.
func TestHandshakeLongToken(t *testing.T) {
	s := at(t, "http://localhost:8080", true, "http://localhost:3000")
	b := s.signUp("ann@example.com")
	// Two copies of a token with a long actor are more than 4096 bytes.
	client, err := s.sessions.ClientByCookie(t.Context(), b.cookies["__client"], true)
	must(t, err)
	_, err = s.sessions.Start(t.Context(), session.NewSession{
		ClientID: client.ID, UserID: b.userID, AsOf: s.clock.Now(), Strategy: "ticket",
		Actor: []byte(`{"sub":"` + strings.Repeat("x", 1200) + `"}`),
	})
	must(t, err)
	a := b.get(handshake("http://localhost:3000/"))
	a.back()
	if c := a.header.Get("Set-Cookie"); !strings.HasPrefix(c, "__clerk_handshake_nonce=hsn_") || strings.Contains(c, "Domain") {
		t.Errorf("Set-Cookie = %s", c)
	}
}
