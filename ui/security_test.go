package ui_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/ui"
)

// W-01: the headers of a page, all of them.
func TestPageHeaders(t *testing.T) {
	want := map[string]string{
		"Content-Type": "text/html; charset=utf-8",
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
			"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; " +
			"require-trusted-types-for 'script'; trusted-types 'none'",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "strict-origin-when-cross-origin",
		"Cross-Origin-Opener-Policy":   "same-origin-allow-popups",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy": "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), " +
			"fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), " +
			"picture-in-picture=(), publickey-credentials-create=(self), publickey-credentials-get=(self), " +
			"screen-wake-lock=(), usb=(), xr-spatial-tracking=()",
		"Strict-Transport-Security": "max-age=63072000",
		"Cache-Control":             "no-store",
	}
	for _, path := range pagePaths {
		head := get(t, open(t, nil), path).Header()
		for name, value := range want {
			if got := head.Get(name); got != value {
				t.Errorf("%s: %s = %q, want %q", path, name, got, value)
			}
		}
		for name := range head {
			if _, ok := want[name]; !ok {
				t.Errorf("%s: unexpected header %s", path, name)
			}
		}
	}
}

// W-01: a browser that came by http must not be told to come by https for ever.
func TestNoHSTSWithoutHTTPS(t *testing.T) {
	h := open(t, func(c *ui.Config) { c.PublicURL = "http://localhost:8080" })
	for _, path := range append([]string{"/ui/page.css"}, pagePaths...) {
		if got := get(t, h, path).Header().Get("Strict-Transport-Security"); got != "" {
			t.Errorf("%s: Strict-Transport-Security = %q over http", path, got)
		}
	}
}

// W-01: no inline script, no inline style, no event handler attribute, nothing from
// another origin.
func TestPagesHaveNothingInline(t *testing.T) {
	h := open(t, func(c *ui.Config) { c.OutboxURL = "/dev/outbox" })
	for _, path := range pagePaths {
		for _, n := range elements(t, get(t, h, path).Body.String()) {
			if n.Data == "style" || (n.Data == "script" && n.FirstChild != nil) {
				t.Errorf("%s: inline <%s>", path, n.Data)
			}
			for _, a := range n.Attr {
				switch {
				case a.Key == "style", strings.HasPrefix(a.Key, "on"):
					t.Errorf("%s: <%s %s=%q>", path, n.Data, a.Key, a.Val)
				case (a.Key == "href" || a.Key == "src" || a.Key == "action") && !strings.HasPrefix(a.Val, "/"):
					t.Errorf("%s: <%s %s=%q> leaves the origin", path, n.Data, a.Key, a.Val)
				}
			}
		}
	}
}

// W-01: a password typed before the scripts run must not end up in an address.
func TestFormsNeverSubmitByGET(t *testing.T) {
	for _, path := range pagePaths {
		for _, n := range elements(t, get(t, open(t, nil), path).Body.String()) {
			if method, _ := attr(n, "method"); n.Data == "form" && method != "post" {
				t.Errorf("%s: a form with method %q", path, method)
			}
			if _, disabled := attr(n, "disabled"); n.Data == "fieldset" && !disabled {
				t.Errorf("%s: a fieldset that works without its script", path)
			}
		}
	}
}

// W-01: what turns text into HTML or code has no place in the modules.
func TestModulesBuildNoHTML(t *testing.T) {
	bad := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTMLUnsafe|createContextualFragment|\.style\b`)
	seen := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".js" || strings.HasSuffix(name, "_test.js") {
			return err
		}
		seen++
		text, err := os.ReadFile(name)
		if hit := bad.Find(text); hit != nil {
			t.Errorf("%s uses %s", name, hit)
		}
		return err
	})
	if err != nil || seen < 5 {
		t.Fatalf("%d modules read, error %v", seen, err)
	}
}

// W-03: values that reach a page stay text.
func TestValuesAreEscaped(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	h := open(t, func(c *ui.Config) {
		c.AppName, c.PublishableKey = func() string { return evil }, evil
		c.HomeURL, c.SignInURL, c.UserURL = "/?a="+`%22%3E`+"\"'<script>", "/sign-in?a=\"'<script>", "/user?a=\"'<script>"
	})
	for _, path := range pagePaths {
		body := get(t, h, path+`?redirect_url=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E`).Body.String()
		scripts := 0
		for _, n := range elements(t, body) {
			if n.Data == "script" {
				scripts++
			}
		}
		if scripts != 1 || !strings.Contains(body, "&lt;script&gt;alert(1)&lt;/script&gt;") {
			t.Errorf("%s: %d script elements in\n%s", path, scripts, body)
		}
	}
}

// C-09: nothing learns of the ticket in a page's address from a referrer.
func TestNoReferrerWithATicket(t *testing.T) {
	for _, path := range pagePaths {
		if got := get(t, open(t, nil), path+"?__clerk_ticket=secret&redirect_url=/x").Header().Get("Referrer-Policy"); got != "no-referrer" {
			t.Errorf("%s: Referrer-Policy = %q, want no-referrer", path, got)
		}
		if body := get(t, open(t, nil), path+"?__clerk_ticket=canary").Body.String(); strings.Contains(body, "canary") {
			t.Errorf("%s: the page has the ticket in it", path)
		}
	}
}
