package middleware

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Mux is an http.ServeMux on which every route says whether it is public. What
// matches no route is refused like a protected route, so that a forgotten route
// or a slip in a pattern shows nothing. Register before serving.
//
// Protection follows the handler that the mux chose, never a pattern of its own.
// Paths that proxies and muxes like to read differently are answered 400: encoded
// slashes, backslashes, NUL and other control characters, dot segments, bad
// percent encodings.
type Mux struct {
	m   *Middleware
	mux *http.ServeMux
}

// NewMux returns an empty Mux that asks m who requests are from.
func NewMux(m *Middleware) *Mux {
	return &Mux{m: m, mux: http.NewServeMux()}
}

// Public registers h for anybody. auth.FromContext works in it. Patterns are
// those of http.ServeMux, with the same panics.
func (x *Mux) Public(pattern string, h http.Handler) {
	x.mux.Handle(pattern, x.m.Authenticate(h))
}

// Protected registers h for signed-in requests only, which must meet all
// requirements, if there are any. It panics for a zero one.
func (x *Mux) Protected(pattern string, h http.Handler, all ...Requirement) {
	require := x.m.Require
	if len(all) > 0 {
		require = x.m.RequireThat(all...)
	}
	x.mux.Handle(pattern, require(h))
}

// ServeHTTP implements http.Handler.
func (x *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !plainPath(r.URL) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "malformed path\n")
		return
	}
	h, pattern := x.mux.Handler(r)
	if pattern == "" { // not found, or another method
		x.m.Require(h).ServeHTTP(w, r)
		return
	}
	x.mux.ServeHTTP(w, r)
}

// plainPath reports whether u's path can be read in one way only.
func plainPath(u *url.URL) bool {
	if !strings.HasPrefix(u.Path, "/") {
		return false
	}
	if u.RawPath != "" {
		decoded, err := url.PathUnescape(u.RawPath)
		if err != nil || decoded != u.Path {
			return false
		}
		if strings.Contains(strings.ToLower(u.RawPath), "%2f") {
			return false
		}
	}
	for i := range len(u.Path) {
		if c := u.Path[i]; c < ' ' || c == 0x7f || c == '\\' {
			return false
		}
	}
	for segment := range strings.SplitSeq(u.Path[1:], "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
