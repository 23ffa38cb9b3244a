package ui

import (
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
)

// pageName ties a path to its template and title.
type pageName struct {
	path  string // below the prefix, and the name in the page's title table
	file  string // template
	title string
}

var pageNames = []pageName{
	{"sign-in", "sign-in/sign-in.html", "Sign in"},
	{"sign-up", "sign-up/sign-up.html", "Create your account"},
	{"user", "user-profile/user-profile.html", "Your account"},
}

// view is what the templates see.
type view struct {
	Title          string
	AppName        string
	Assets         string // URL of the release folder of the files, no trailing slash
	FrontendAPI    string
	PublishableKey string
	HomeURL        string
	SignInURL      string
	SignUpURL      string
	UserURL        string
	OutboxURL      string // "" unless mails stay in a development server
	Next           string // where to go after success, a path on the own origin
}

// page serves one page.
func (h *Handler) page(p pageName) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.pageHeaders(w.Header())
		next := h.cfg.HomeURL
		signIn, signUp := h.cfg.SignInURL, h.cfg.SignUpURL
		if target, ok := h.target(r.URL.Query().Get("redirect_url")); ok {
			next = target
			// Whoever changes over from one page to the other still ends at the target.
			signIn, signUp = withRedirect(signIn, target), withRedirect(signUp, target)
		}
		h.render(w, r, p.file, view{
			Title:          p.title,
			AppName:        h.cfg.AppName,
			Assets:         h.prefix + "/ui/" + h.assets.release,
			FrontendAPI:    h.cfg.FrontendAPI,
			PublishableKey: h.cfg.PublishableKey,
			HomeURL:        h.cfg.HomeURL,
			SignInURL:      signIn,
			SignUpURL:      signUp,
			UserURL:        h.cfg.UserURL,
			OutboxURL:      h.cfg.OutboxURL,
			Next:           next,
		})
	}
}

// target is where to go after success, as a path on the own origin. To an app on
// another origin, if that is allowed, the way leads through a handshake, which tells the
// app who signed in.
func (h *Handler) target(text string) (string, bool) {
	if path, ok := sameOrigin(text, h.origin); ok {
		return path, true
	}
	if origin, ok := originOf(text); !ok || h.cfg.AllowedOrigin == nil || !h.cfg.AllowedOrigin(origin) {
		return "", false
	}
	return withRedirect(h.cfg.FrontendAPI+"/client/handshake", text), true
}

// withRedirect adds target to page, a path with perhaps a query of its own.
func withRedirect(page, target string) string {
	u, err := url.Parse(page)
	if err != nil {
		return page
	}
	q := u.Query()
	q.Set("redirect_url", target)
	u.RawQuery = q.Encode()
	return u.String()
}

// pages holds one parsed template set per page, each with the layout.
type pages struct{ sets map[string]*template.Template }

func parsePages(files fs.FS) (*pages, error) {
	p := &pages{sets: make(map[string]*template.Template)}
	for _, page := range pageNames {
		t, err := template.New(path.Base(page.file)).ParseFS(files, "layout.html", "parts.html", page.file)
		if err != nil {
			return nil, err
		}
		p.sets[page.file] = t
	}
	return p, nil
}

func (p *pages) execute(w io.Writer, file string, data any) error {
	return p.sets[file].ExecuteTemplate(w, "layout.html", data)
}
