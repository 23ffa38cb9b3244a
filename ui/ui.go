// Package ui serves the account pages /sign-in, /sign-up and /user and, under /ui/,
// the style sheets and ES modules they are made of.
//
// The pages are HTML with small custom elements over the Frontend API of the same
// origin; without JavaScript they say that they need it. Nothing is built or
// bundled: what the browser loads is what lies in this folder.
//
// Security: every page carries a Content-Security-Policy that allows no inline
// script or style and no other origin (W-01), values reach HTML through
// html/template only (W-03), and a redirect target outside the own origin and
// those allowed is dropped. Files are served under a hash of all of them and cached for good;
// their plain names (/ui/page.css) are for other pages to link to and are
// revalidated on each use.
//
// Most programs need only New; the server of package gatehouse mounts the result.
package ui

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
)

//go:embed layout.html parts.html *.css *.svg lib sign-in sign-up user-profile
var embedded embed.FS

// Config sets up a Handler. The zero value of every optional field works.
type Config struct {
	// PublicURL is where the browser finds the pages: scheme, host and, if they are
	// mounted below one, a path prefix ("https://app.example.com/auth"). Required.
	PublicURL string
	// PublishableKey is handed to the pages in a data attribute. Required.
	PublishableKey string
	// AppName is shown on every page. "" means "Gatehouse".
	AppName string
	// FrontendAPI is the path of the Frontend API on the same origin, its version
	// included. "" means the prefix of PublicURL + "/v1".
	FrontendAPI string
	// Targets of links and of redirects after sign-in and sign-out, each a path on the
	// same origin or a URL of the same origin. "" means the prefix of PublicURL followed
	// by /sign-in, /sign-up, /user and /.
	SignInURL, SignUpURL, UserURL, HomeURL string
	// AllowedOrigin reports whether apps of an origin ("https://app.example.com") may have
	// people sent back to them after sign-in; the Frontend API decides the same again.
	// nil allows none but the own one.
	AllowedOrigin func(origin string) bool
	// OutboxURL is the page that shows the mails of a development server; the code step
	// links to it. "" in production.
	OutboxURL string
	// Dir, if not "", is read on each request instead of the embedded files, for work
	// on the pages themselves. Caching is then off.
	Dir string
	// Logger receives pages that could not be rendered. nil means discard.
	Logger *slog.Logger
}

// Handler serves the account pages and their files. It answers GET and HEAD on
// /sign-in, /sign-up, /user and /ui/…, relative to the prefix of PublicURL, so it is
// mounted behind http.StripPrefix where there is one. It is safe for concurrent use.
type Handler struct {
	cfg    Config
	origin string // scheme://host of PublicURL
	prefix string // path of PublicURL without trailing slash, "" for none
	secure bool   // PublicURL is https
	files  fs.FS
	live   bool // files may change while running
	assets *assets
	pages  *pages
	mux    *http.ServeMux
}

// New checks cfg and returns its Handler. The error names the bad field.
func New(cfg Config) (*Handler, error) {
	h := &Handler{cfg: cfg, mux: http.NewServeMux(), files: embedded}
	if err := h.complete(); err != nil {
		return nil, fmt.Errorf("ui: %w", err)
	}
	if cfg.Dir != "" {
		h.files, h.live = os.DirFS(cfg.Dir), true
	}
	if err := h.load(); err != nil {
		if h.live {
			return nil, fmt.Errorf("ui: Dir: %w", err)
		}
		return nil, fmt.Errorf("ui: %w", err)
	}
	for _, p := range pageNames {
		h.mux.HandleFunc("GET /"+p.path, h.page(p))
	}
	h.mux.HandleFunc("GET /ui/{file...}", h.asset)
	return h, nil
}

// ServeHTTP serves one page or file.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// load reads the files once, so that a broken one is told of at the start.
func (h *Handler) load() (err error) {
	if h.assets, err = readAssets(h.files); err != nil {
		return err
	}
	h.pages, err = parsePages(h.files)
	return err
}

// complete fills the optional fields of h.cfg and derives what the rest needs.
func (h *Handler) complete() error {
	u, err := url.Parse(h.cfg.PublicURL)
	switch {
	case err != nil:
		return fmt.Errorf("PublicURL: %w", err)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.RawQuery != "", u.Fragment != "", u.User != nil:
		return fmt.Errorf("PublicURL: %q is not an http(s) URL of scheme, host and optional path", h.cfg.PublicURL)
	case h.cfg.PublishableKey == "":
		return fmt.Errorf("PublishableKey: missing")
	}
	h.origin, h.prefix, h.secure = u.Scheme+"://"+u.Host, strings.TrimRight(u.Path, "/"), u.Scheme == "https"
	if h.cfg.AppName == "" {
		h.cfg.AppName = "Gatehouse"
	}
	if h.cfg.Logger == nil {
		h.cfg.Logger = slog.New(slog.DiscardHandler)
	}
	for _, f := range []struct {
		name  string
		value *string
		def   string
	}{
		{"FrontendAPI", &h.cfg.FrontendAPI, "/v1"},
		{"SignInURL", &h.cfg.SignInURL, "/sign-in"},
		{"SignUpURL", &h.cfg.SignUpURL, "/sign-up"},
		{"UserURL", &h.cfg.UserURL, "/user"},
		{"HomeURL", &h.cfg.HomeURL, "/"},
		{"OutboxURL", &h.cfg.OutboxURL, ""},
	} {
		if *f.value == "" && f.def == "" {
			continue
		}
		if *f.value == "" {
			*f.value = h.prefix + f.def
		}
		path, ok := sameOrigin(*f.value, h.origin)
		if !ok {
			return fmt.Errorf("%s: %q is not on the origin %s", f.name, *f.value, h.origin)
		}
		*f.value = path
	}
	return nil
}

// render executes a page into memory first, so that an error becomes a clean 500.
func (h *Handler) render(w http.ResponseWriter, r *http.Request, name string, data any) {
	var buf bytes.Buffer
	pages, err := h.pages, error(nil)
	if h.live {
		pages, err = parsePages(h.files)
	}
	if err == nil {
		err = pages.execute(&buf, name, data)
	}
	if err != nil {
		h.cfg.Logger.ErrorContext(r.Context(), "page not rendered", "page", name, "err", err)
		http.Error(w, "This page could not be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(buf.Bytes())
}
