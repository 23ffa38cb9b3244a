package ui_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/ui"
	"golang.org/x/net/html"
)

// pagePaths are the pages every page test visits.
var pagePaths = []string{"/sign-in", "/sign-up", "/user"}

// open returns a handler; change may alter its configuration.
func open(t *testing.T, change func(*ui.Config)) *ui.Handler {
	t.Helper()
	cfg := ui.Config{PublicURL: "https://app.example.com", PublishableKey: "pk_live_Y2xlcmsuYXBwLmV4YW1wbGUuY29tJA=="}
	if change != nil {
		change(&cfg)
	}
	h, err := ui.New(cfg)
	if err != nil {
		t.Fatalf("New = %v", err)
	}
	return h
}

func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	return w
}

// elements returns every element of an HTML page.
func elements(t *testing.T, page string) []*html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("Parse = %v", err)
	}
	var all []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attr(n *html.Node, name string) (string, bool) {
	i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	if i < 0 {
		return "", false
	}
	return n.Attr[i].Val, true
}

func TestNewNamesTheBadField(t *testing.T) {
	for _, tt := range []struct {
		field  string
		change func(*ui.Config)
	}{
		{"PublicURL", func(c *ui.Config) { c.PublicURL = "" }},
		{"PublicURL", func(c *ui.Config) { c.PublicURL = "ftp://app.example.com" }},
		{"PublicURL", func(c *ui.Config) { c.PublicURL = "https://app.example.com/?a=1" }},
		{"PublishableKey", func(c *ui.Config) { c.PublishableKey = "" }},
		{"HomeURL", func(c *ui.Config) { c.HomeURL = "https://elsewhere.example.com/" }},
		{"SignInURL", func(c *ui.Config) { c.SignInURL = "javascript:alert(1)" }},
		{"FrontendAPI", func(c *ui.Config) { c.FrontendAPI = "//elsewhere.example.com/v1" }},
		{"Dir", func(c *ui.Config) { c.Dir = filepath.Join(t.TempDir(), "missing") }},
	} {
		cfg := ui.Config{PublicURL: "https://app.example.com", PublishableKey: "pk_live_x"}
		tt.change(&cfg)
		if _, err := ui.New(cfg); err == nil || !strings.Contains(err.Error(), tt.field) {
			t.Errorf("New with a bad %s = %v, want an error that names it", tt.field, err)
		}
	}
}

func TestPagesLinkBelowThePrefix(t *testing.T) {
	h := open(t, func(c *ui.Config) { c.PublicURL = "https://app.example.com/auth" })
	for _, path := range pagePaths {
		for _, n := range elements(t, get(t, h, path).Body.String()) {
			for _, name := range []string{"href", "src", "data-api", "data-next", "data-home", "data-sign-in"} {
				if v, ok := attr(n, name); ok && !strings.HasPrefix(v, "/auth/") {
					t.Errorf("%s: <%s %s=%q>, want a path below /auth/", path, n.Data, name, v)
				}
			}
		}
	}
}

func TestEveryLinkedFileIsServed(t *testing.T) {
	h := open(t, nil)
	for _, path := range pagePaths {
		for _, n := range elements(t, get(t, h, path).Body.String()) {
			for _, name := range []string{"href", "src"} {
				if v, ok := attr(n, name); ok && strings.HasPrefix(v, "/ui/") && get(t, h, v).Code != http.StatusOK {
					t.Errorf("%s links to %s, which is not served", path, v)
				}
			}
		}
	}
}

func TestOutboxIsLinkedOnlyInDevelopment(t *testing.T) {
	for _, path := range []string{"/sign-in", "/sign-up"} {
		production := get(t, open(t, nil), path).Body.String()
		development := get(t, open(t, func(c *ui.Config) { c.OutboxURL = "/dev/outbox" }), path).Body.String()
		if strings.Contains(production, "outbox") {
			t.Errorf("%s mentions the outbox without OutboxURL", path)
		}
		if !strings.Contains(development, `href="/dev/outbox"`) {
			t.Errorf("%s does not link to OutboxURL", path)
		}
	}
}

func TestRedirectTarget(t *testing.T) {
	h := open(t, func(c *ui.Config) {
		c.HomeURL = "/home"
		c.AllowedOrigin = func(o string) bool { return o == "https://notes.example.net" }
	})
	for _, tt := range []struct{ name, target, want string }{
		{"path", "/notes?id=1", "/notes?id=1"},
		{"own origin", "https://app.example.com/notes", "/notes"},
		{"other origin", "https://elsewhere.example.com/", "/home"},
		// H-02: the Frontend API looks at the target again before it sends anybody there.
		{"allowed app", "https://notes.example.net/a?id=1", "/v1/client/handshake?redirect_url=https%3A%2F%2Fnotes.example.net%2Fa%3Fid%3D1"},
		{"user at an allowed app", "https://x@notes.example.net/", "/home"},
		{"look-alike of an allowed app", "https://notes.example.net.elsewhere.example.com/", "/home"},
		{"other host, no scheme", "//elsewhere.example.com/", "/home"},
		{"script", "javascript:alert(1)", "/home"},
		{"none", "", "/home"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := strings.NewReplacer("?", "%3F", "&", "%26", "=", "%3D").Replace(tt.target)
			for _, n := range elements(t, get(t, h, "/sign-in?redirect_url="+q).Body.String()) {
				if got, ok := attr(n, "data-next"); ok && got != tt.want {
					t.Errorf("data-next = %q, want %q", got, tt.want)
				}
			}
		})
	}
}

func TestNoOtherAppUnlessAllowed(t *testing.T) {
	page := get(t, open(t, nil), "/sign-in?redirect_url=https://notes.example.net/").Body.String()
	if strings.Contains(page, "notes.example.net") {
		t.Error("the page leads to an origin that nobody allowed")
	}
}

func TestRedirectTargetSurvivesTheChangeOfPage(t *testing.T) {
	page := get(t, open(t, nil), "/sign-in?redirect_url=/notes").Body.String()
	if want := `href="/sign-up?redirect_url=%2Fnotes"`; !strings.Contains(page, want) {
		t.Errorf("the sign-in page has no link %s", want)
	}
}

func TestOnlyGETAndHEAD(t *testing.T) {
	h := open(t, nil)
	for method, want := range map[string]int{"HEAD": 200, "POST": 405, "DELETE": 405} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/sign-in", nil))
		if w.Code != want {
			t.Errorf("%s /sign-in = %d, want %d", method, w.Code, want)
		}
	}
}

func TestDirIsReadOnEachRequest(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	h := open(t, func(c *ui.Config) {
		c.Dir, c.Logger = dir, slog.New(slog.NewTextHandler(&log, nil))
	})
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("page.css", "/* changed */")
	write("layout.html", "<p>changed {{.AppName}}</p>")
	if w := get(t, h, "/ui/page.css"); w.Body.String() != "/* changed */" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("/ui/page.css = %q, cached %q", w.Body, w.Header().Get("Cache-Control"))
	}
	if w := get(t, h, "/sign-in"); w.Body.String() != "<p>changed Gatehouse</p>" {
		t.Errorf("/sign-in = %q", w.Body)
	}
	write("layout.html", "{{.Missing}}")
	if w := get(t, h, "/sign-in"); w.Code != 500 || strings.Contains(w.Body.String(), "Missing") {
		t.Errorf("broken template = %d %q, want a plain 500", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "page not rendered") {
		t.Errorf("log = %q, want the cause", log.String())
	}
}

func openDir(t *testing.T, dir string) *ui.Handler {
	t.Helper()
	return open(t, func(c *ui.Config) { c.Dir = dir })
}
