package gatehouse_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// app says what an app behind Mount sees.
var app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-App", r.URL.Path)
	if auth.FromContext(r.Context()).IsAuthenticated {
		w.Header().Set("X-User", auth.FromContext(r.Context()).UserID)
	}
})

// ask sends one request to h, as a browser's navigation if page is set.
func ask(h http.Handler, method, url, host string, page bool) *http.Response {
	r := httptest.NewRequest(method, url, nil)
	r.Host = host
	if page {
		r.Header.Set("Accept", "text/html,*/*;q=0.8")
		r.Header.Set("Sec-Fetch-Dest", "document")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// a request reaches nobody under a host that is not ours.
func TestHostRule(t *testing.T) {
	dev := open(t, development(t)).Mount(app) // http://localhost:8080
	prod := open(t, production(t)).Mount(app) // https://app.example.com
	tests := []struct {
		name         string
		server       http.Handler
		method, path string
		host         string
		page         bool
		status       int
		location     string
	}{
		{"public_host", dev, "GET", "/x", "localhost:8080", true, 200, ""},
		{"public_host_in_capitals", dev, "GET", "/x", "LOCALHOST:8080", true, 200, ""},
		{"public_host_with_dot", dev, "GET", "/x", "localhost.:8080", true, 200, ""},
		{"loopback_page", dev, "GET", "/x?a=b%20c", "127.0.0.1:8080", true, 307, "http://localhost:8080/x?a=b%20c"},
		{"loopback_page_of_ours", dev, "GET", "/sign-in", "127.0.0.1:8080", true, 307, "http://localhost:8080/sign-in"},
		{"loopback_page_HEAD", dev, "HEAD", "/x", "[::1]:8080", true, 307, "http://localhost:8080/x"},
		{"loopback_page_with_two_slashes", dev, "GET", "//evil.example/x", "127.0.0.1:8080", true, 307, "http://localhost:8080/evil.example/x"},
		{"loopback_name", dev, "GET", "/x", "two.localhost:8080", true, 307, "http://localhost:8080/x"},
		{"loopback_call", dev, "GET", "/x", "127.0.0.1:8080", false, 200, ""},
		{"loopback_post", dev, "POST", "/x", "127.0.0.1:8080", true, 200, ""},
		{"foreign_host", dev, "GET", "/x", "evil.example", true, 400, ""},
		{"foreign_host_for_ours", dev, "GET", "/v1/client", "evil.example", false, 400, ""},
		{"foreign_host_with_our_name_in_it", dev, "GET", "/x", "localhost.evil.example:8080", false, 400, ""},
		{"rebound_name", dev, "GET", "/x", "127.0.0.1.evil.example:8080", false, 400, ""},
		{"no_host", dev, "GET", "/x", "", false, 400, ""},
		{"host_of_garbage", dev, "GET", "/x", "a b", false, 400, ""},
		{"probe_by_address", dev, "GET", "/healthz", "10.1.2.3:8080", false, 200, ""},
		{"readiness_by_address", dev, "GET", "/readyz", "10.1.2.3:8080", false, 200, ""},

		{"production", prod, "GET", "/x", "app.example.com", true, 200, ""},
		{"production_with_its_port", prod, "GET", "/x", "app.example.com:443", true, 200, ""},
		{"production_with_another_port", prod, "GET", "/x", "app.example.com:8443", true, 400, ""},
		{"production_loopback_page", prod, "GET", "/x", "127.0.0.1:8080", true, 400, ""},
		{"production_loopback_call", prod, "GET", "/x", "localhost", false, 400, ""},
		{"production_probe", prod, "GET", "/healthz", "10.1.2.3:8080", false, 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := ask(tt.server, tt.method, tt.path, tt.host, tt.page)
			if res.StatusCode != tt.status || res.Header.Get("Location") != tt.location {
				t.Errorf("%d to %q, want %d to %q", res.StatusCode, res.Header.Get("Location"), tt.status, tt.location)
			}
			if body := text(t, res); tt.status == 400 && !strings.Contains(body, `"host_invalid"`) {
				t.Errorf("body = %s, want host_invalid", body)
			}
		})
	}
}

// what a proxy or an attacker says about hosts is in no answer.
func TestHostHeadersAreIgnored(t *testing.T) {
	s := open(t, development(t))
	for _, path := range []string{"/sign-in", "/sign-up", "/user", "/v1/environment", "/v1/client", "/dev/outbox", "/protected", "/.well-known/jwks.json"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Host = "localhost:8080"
		r.Header.Set("Accept", "text/html")
		for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Server", "X-Original-Host", "X-Host", "Clerk-Proxy-Url"} {
			r.Header.Set(name, "evil.example")
		}
		r.Header.Set("Forwarded", "host=evil.example")
		r.Header.Set("X-Forwarded-Proto", "evil")
		w := httptest.NewRecorder()
		s.Mount(s.Require(app)).ServeHTTP(w, r)
		if all := w.Body.String() + w.Header().Get("Location"); strings.Contains(all, "evil") {
			t.Errorf("%s: evil.example is in the answer: %s", path, all)
		}
	}
}

// Gatehouse's paths are Gatehouse's, all others reach the app untouched.
func TestMount(t *testing.T) {
	own := []string{
		"/v1/client", "/v1/nothing", "/.well-known/jwks.json", "/api/v1/users", "/sign-in", "/sign-up", "/user",
		"/ui/page.css", "/npm/@clerk/clerk-js@6/dist/x.js", "/dev/outbox", "/healthz", "/readyz",
	}
	apps := []string{
		"/", "/api/me", "/api/v10/x", "/v1x", "/v2/client", "/.well-known/acme-challenge/x", "/users", "/sign-in2",
		"/npm/x", "/dev", "/a//b", "/a/../b", "/healthz/x",
	}
	for _, prefix := range []string{"", "/auth"} {
		c := development(t)
		c.PublicURL = "http://localhost:8080" + prefix
		h := open(t, c).Mount(app)
		for _, path := range own {
			if res := ask(h, "GET", prefix+path, "localhost:8080", false); res.Header.Get("X-App") != "" || res.StatusCode/100 == 3 {
				t.Errorf("%s reached the app (%d)", prefix+path, res.StatusCode)
			}
		}
		for _, path := range apps {
			if res := ask(h, "GET", prefix+path, "localhost:8080", false); res.Header.Get("X-App") != prefix+path {
				t.Errorf("%s: the app saw %q", prefix+path, res.Header.Get("X-App"))
			}
		}
	}
	c := development(t)
	c.PublicURL = "http://localhost:8080/auth"
	if res := ask(open(t, c).Mount(app), "GET", "/sign-in", "localhost:8080", false); res.Header.Get("X-App") == "" {
		t.Error("a path beside the prefix did not reach the app")
	}
}

// C-13: production has no outbox and no switch for it.
func TestProductionHasNoOutbox(t *testing.T) {
	res := ask(open(t, production(t)).Handler(), "GET", "/dev/outbox", "app.example.com", false)
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("/dev/outbox answers %d, want 404", res.StatusCode)
	}
}

func TestHandlerAnswers404(t *testing.T) {
	h := open(t, development(t)).Handler()
	res := ask(h, "GET", "/nothing", "localhost:8080", false)
	if body := text(t, res); res.StatusCode != 404 || !strings.Contains(body, `"resource_not_found"`) {
		t.Errorf("%d %s, want resource_not_found", res.StatusCode, body)
	}
	if res := ask(h, "GET", "/nothing", "localhost:8080", true); res.StatusCode != 404 {
		t.Errorf("page: %d, want 404", res.StatusCode)
	}
}

// which pages may call is a matter of their whole origin.
func TestAllowedOrigins(t *testing.T) {
	c := production(t)
	c.AllowedOrigins = []string{"https://admin.example.com", "https://ADMIN2.example.com:443/"}
	prod, dev := open(t, c).Handler(), open(t, development(t)).Handler()
	tests := []struct {
		server  http.Handler
		host    string
		origin  string
		allowed bool
	}{
		{prod, "app.example.com", "https://app.example.com", true},
		{prod, "app.example.com", "https://admin.example.com", true},
		{prod, "app.example.com", "https://admin2.example.com", true},
		{prod, "app.example.com", "http://app.example.com", false},
		{prod, "app.example.com", "https://app.example.com:8443", false},
		{prod, "app.example.com", "https://app.example.com.evil.example", false},
		{prod, "app.example.com", "https://evilapp.example.com", false},
		{prod, "app.example.com", "http://localhost:3000", false},
		{dev, "localhost:8080", "http://localhost:8080", true},
		{dev, "localhost:8080", "http://localhost:3000", true},
		{dev, "localhost:8080", "http://127.0.0.1:5173", true},
		{dev, "localhost:8080", "http://app.localhost:3000", true},
		{dev, "localhost:8080", "https://evil.example", false},
		{dev, "localhost:8080", "http://localhost.evil.example", false},
		{dev, "localhost:8080", "http://evil.example#localhost", false},
		{dev, "localhost:8080", "http://user@localhost:3000", false},
		{dev, "localhost:8080", "http://localhost:3000/path", false},
		{dev, "localhost:8080", "http://localhost:3000/", false},
		{dev, "localhost:8080", "http://LOCALHOST:3000", false},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/v1/environment", nil)
		r.Host = tt.host
		r.Header.Set("Origin", tt.origin)
		w := httptest.NewRecorder()
		tt.server.ServeHTTP(w, r)
		want := ""
		if tt.allowed {
			want = tt.origin
		}
		if got := w.Header().Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%s: Access-Control-Allow-Origin = %q, want %q", tt.origin, got, want)
		}
	}
}

func TestClerkJS(t *testing.T) {
	c := development(t)
	c.ClerkJSDir = clerkFolder(t)
	h := open(t, c).Handler()
	for path, want := range map[string]int{
		"/npm/@clerk/clerk-js@6/dist/clerk.browser.js":      200,
		"/npm/@clerk/clerk-js@6.29.3/dist/clerk.browser.js": 200,
		"/npm/@clerk/ui@1/dist/ui.browser.js":               200,
		"/npm/@clerk/ui@1/dist/none.js":                     404,
		"/npm/@clerk/ui@1/dist/":                            404,
		"/npm/@clerk/ui@1/package.json":                     404,
		"/npm/@clerk/other@1/dist/x.js":                     404,
		"/npm/@clerk/ui@1/dist/../../secret":                404,
		"/npm/@clerk/ui@1/dist/link.js":                     404,
	} {
		res := ask(h, "GET", path, "localhost:8080", false)
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
		if want == 200 && (res.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || res.Header.Get("Access-Control-Allow-Origin") != "*") {
			t.Errorf("%s: headers %v", path, res.Header)
		}
	}
	without := open(t, development(t)).Handler()
	if res := ask(without, "GET", "/npm/@clerk/clerk-js@6/dist/clerk.browser.js", "localhost:8080", false); res.StatusCode != 404 ||
		res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("without a folder: %d %s, want a JSON 404", res.StatusCode, res.Header.Get("Content-Type"))
	}
}
