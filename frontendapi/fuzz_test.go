package frontendapi_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// I-01: a body is refused with a 4xx, or yields the route's own parameters,
// once each and in UTF-8.
func FuzzParams(f *testing.F) {
	const formType, jsonType = "application/x-www-form-urlencoded", "application/json"
	for _, seed := range []struct{ query, contentType, body string }{
		{"_method=PATCH&_clerk_js_version=5", formType, "identifier=jane%40example.com&password=a+b%2Bc&locale=en-US"},
		{"", jsonType, `{"identifier":"jane@example.com","password":null,"unsafe_metadata":{"a":[1,"é"]},"strategy":true,"code":1e3}`},
		{"identifier=x", formType, ""},
		{"", formType, "identifier=a&identifier=b"},
		{"", formType, "identifier=a;password=b&%zz"},
		{"", formType + "; charset=UTF-8", "identifier=%ff&%00=%00"},
		{"", jsonType, `{"identifier":"\ud800","identifier":"b"}`},
		{"", jsonType, `{"identifier":{"a":1}} x`},
		{"", jsonType, "\ufeff{}"},
		{"", "text/plain", "identifier=a"},
		{"%", "multipart/form-data; boundary=x", "--x--"},
		{"a=%zz", "", strings.Repeat("a=&", 101)},
	} {
		f.Add(seed.query, seed.contentType, []byte(seed.body))
	}
	takes := []string{"identifier", "password", "code", "strategy", "unsafe_metadata"}
	tolerated := append(slices.Clone(takes), "locale", "tab_state", "organization_id", "active_organization_id", "intent", "channel",
		"captcha_token", "captcha_error", "captcha_widget_type", "captcha_action")
	f.Fuzz(func(t *testing.T, query, contentType string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/v1/client/sign_ins", strings.NewReader(string(body)))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", contentType)
		values, err := frontendapi.ReadParams(httptest.NewRecorder(), r, takes...)
		if err != nil {
			refusal, ok := errors.AsType[*apierr.Error](err)
			if !ok || refusal.Status < 400 || refusal.Status >= 500 {
				t.Fatalf("%q of %q: %v", body, contentType, err)
			}
			if strings.ContainsFunc(refusal.Param, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
				t.Fatalf("the refusal repeats %q", refusal.Param)
			}
			return
		}
		for name, value := range values {
			if !slices.Contains(tolerated, name) || !utf8.ValidString(value) {
				t.Fatalf("%q of %q has %q = %q", body, contentType, name, value)
			}
		}
	})
}

// H-01: where a redirect_url leads is one allowed origin, and still is when a browser has
// read it again.
func FuzzRedirectURL(f *testing.F) {
	for _, seed := range []string{
		publicURL, verified, otherApp + "/a/../b?c=d&c=//evil.example#e", "https://app.example.com@evil.example/", "//evil.example",
		"https://app.example.com\\@evil.example", "https:app.example.com", "https://app.example.com:443/", "HTTPS://APP.EXAMPLE.COM/",
		"https://app.example.com/%0d%0aSet-Cookie:a=b", "https://app.example.com?\t", "https://[::1]:8080/", "javascript:alert(1)//https://app.example.com",
	} {
		f.Add(seed)
	}
	h, err := frontendapi.New(frontendapi.Config{
		Users: &user.Service{}, Sessions: &session.Service{}, Flow: &flow.Engine{}, Limits: awayLimits{},
		JWKS: func() []byte { return nil }, Settings: func() flow.Settings { return flow.Settings{} },
		PublicURL: &url.URL{Scheme: "http", Host: "localhost:8080"}, PublishableKey: key, Issuer: "https://clerk.localhost", ClientAddress: (*http.Request).UserAgent,
		AllowedOrigin: func(o string) bool { return o == publicURL || o == otherApp },
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		to, ok := h.RedirectTarget(text)
		if !ok {
			return
		}
		out := to.String()
		rest, own := strings.CutPrefix(out, publicURL)
		if !own {
			if rest, ok = strings.CutPrefix(out, otherApp); !ok {
				t.Fatalf("%q leads to %q", text, out)
			}
		}
		if rest != "" && !strings.ContainsRune("/?#", rune(rest[0])) {
			t.Fatalf("%q leads to %q", text, out)
		}
		if strings.ContainsFunc(out, func(r rune) bool { return r <= ' ' || r >= 0x7f && r < 0xa0 || r == '\\' }) {
			t.Fatalf("%q becomes %q", text, out)
		}
		again, ok := h.RedirectTarget(out)
		if !ok && len(out) <= 2048 || ok && again.String() != out {
			t.Fatalf("%q becomes %q, which becomes %v", text, out, again)
		}
	})
}

// I-09: what passes for an id is one.
func FuzzPathID(f *testing.F) {
	for _, seed := range []string{noSession, "sess_", "sess_\x00", "sess_a/../b", "sess_é", "SESS_a", strings.Repeat("sess_a", 20), "sess_a\n"} {
		f.Add(seed)
	}
	form := regexp.MustCompile(`\Asess_[A-Za-z0-9]{1,64}\z`)
	f.Fuzz(func(t *testing.T, id string) {
		if err := frontendapi.PathID("sess", id); (err == nil) != form.MatchString(id) {
			t.Fatalf("%q: %v", id, err)
		}
	})
}

// Of several __client cookies with different values none counts, whatever stands around them.
func FuzzClientCookie(f *testing.F) {
	f.Add("__client=a; __client=b", "a=b")
	f.Add("__client=a", "__client=a")
	f.Add(`__client="a;__client=b"`, "__client=;;=")
	f.Add("__client_uat=1; __client=x\x00", " __client =y")
	f.Fuzz(func(t *testing.T, first, second string) {
		r := httptest.NewRequest(http.MethodGet, "/v1/client", nil)
		r.Header["Cookie"] = []string{first, second}
		value := frontendapi.ClientCookie(r)
		if !strings.Contains(first+";"+second, value) || strings.ContainsAny(value, ";\"\\\x00\r\n") {
			t.Fatalf("%q, %q: %q", first, second, value)
		}
		for _, c := range r.Cookies() {
			if c.Name == "__client" && value != "" && c.Value != value {
				t.Fatalf("%q, %q: %q beside %q", first, second, value, c.Value)
			}
		}
	})
}

// A device is called what the lists say, and its version is digits and dots.
func FuzzUserAgent(f *testing.F) {
	for _, seed := range []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
		"Firefox/", "Chrome/<script>", "Version/1.2.", "Edg/" + strings.Repeat("1.", 300), "\xff",
	} {
		f.Add(seed)
	}
	version := regexp.MustCompile(`\A[0-9.]{0,20}\z`)
	f.Fuzz(func(t *testing.T, text string) {
		a := frontendapi.ParseUserAgent(text)
		if !version.MatchString(a.BrowserVersion) || len(a.BrowserName) > 20 || len(a.DeviceType) > 10 || a.IPAddress != "" {
			t.Fatalf("%q is %+v", text, a)
		}
		if a.BrowserName == "" && a.BrowserVersion != "" {
			t.Fatalf("%q is %+v", text, a)
		}
	})
}
