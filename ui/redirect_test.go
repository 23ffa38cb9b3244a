package ui_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/ui"
)

func TestSameOrigin(t *testing.T) {
	const origin = "https://app.example.com"
	for _, tt := range []struct {
		name, target, want string // want "" means refused
	}{
		{"path", "/a/b?c=d#e", "/a/b?c=d#e"},
		{"root", "/", "/"},
		{"own origin", "https://app.example.com/a", "/a"},
		{"own origin, no path", "https://app.example.com", "/"},
		{"host in capitals", "https://APP.example.com/a", "/a"},
		{"dot segments that would leave two slashes", "/a/..//elsewhere.example.com", "/elsewhere.example.com"},
		{"three slashes", "///elsewhere.example.com", "/elsewhere.example.com"},
		{"escaped slash", "/%2felsewhere.example.com", "/%2felsewhere.example.com"},
		{"trailing slash", "/a/", "/a/"},

		{"empty", "", ""},
		{"relative", "a", ""},
		{"query alone", "?a=b", ""},
		{"escaped slash alone", "%2f", ""},
		{"other origin", "https://elsewhere.example.com/", ""},
		{"other scheme", "http://app.example.com/", ""},
		{"other port", "https://app.example.com:8443/", ""},
		{"no scheme", "//elsewhere.example.com", ""},
		{"backslash", `/\elsewhere.example.com`, ""},
		{"two backslashes", `\\elsewhere.example.com`, ""},
		{"tab", "/\t/elsewhere.example.com", ""},
		{"line feed", "/a\n", ""},
		{"leading blank", " /a", ""},
		{"script", "javascript:alert(1)", ""},
		{"data", "data:text/html,x", ""},
		{"user", "https://app.example.com@elsewhere.example.com/", ""},
		{"user on own host", "https://someone@app.example.com/", ""},
		{"look-alike", "https://app.example.com.elsewhere.example.com/", ""},
		{"scheme without slashes", "https:elsewhere.example.com", ""},
		{"bad escape", "/%zz", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ui.SameOrigin(tt.target, origin)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("sameOrigin(%q) = %q, %t, want %q", tt.target, got, ok, tt.want)
			}
		})
	}
}

// Whatever is accepted resolves to the own origin and is accepted again unchanged.
func FuzzSameOrigin(f *testing.F) {
	const origin = "https://app.example.com"
	for _, seed := range []string{"/", "/a?b#c", "//x", "/a/..//x", `/\x`, "https://app.example.com/%2f/..", "/%2e%2e//x", "/./ /"} {
		f.Add(seed)
	}
	base, err := url.Parse(origin + "/sign-in")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, target string) {
		got, ok := ui.SameOrigin(target, origin)
		if !ok {
			return
		}
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\t\r\n ") {
			t.Fatalf("sameOrigin(%q) = %q, which browsers may take for another host", target, got)
		}
		u, err := base.Parse(got)
		if err != nil || u.Scheme+"://"+u.Host != origin {
			t.Fatalf("sameOrigin(%q) = %q, which resolves to %v, %v", target, got, u, err)
		}
		if again, ok := ui.SameOrigin(got, origin); !ok || again != got {
			t.Fatalf("sameOrigin(%q) = %q, %t, want itself", got, again, ok)
		}
	})
}
