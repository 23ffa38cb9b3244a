package gatehouse

import (
	"net/http"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// routes are the handlers behind Gatehouse's own paths.
type routes struct {
	urls        publicURLs
	frontendAPI http.Handler // /v1/…, /.well-known/jwks.json, /.well-known/openid-configuration
	backendAPI  http.Handler // /api/v1/…
	pages       http.Handler // /sign-in, /sign-up, /user, /ui/…
	outbox      http.Handler // /dev/outbox; nil in production
	clerkJS     http.Handler // /npm/@clerk/…
	live, ready http.Handler // /healthz, /readyz
}

// find returns the handler that owns a path below the prefix, or nil. Everything
// that is not named here is the app's.
func (rt *routes) find(path string) http.Handler {
	below := func(folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }
	switch {
	case below("/v1"), path == "/.well-known/jwks.json", path == "/.well-known/openid-configuration":
		return rt.frontendAPI
	case below("/api/v1"):
		return rt.backendAPI
	case below("/sign-in"), below("/sign-up"), below("/user"), below("/ui"):
		return rt.pages
	case below("/npm/@clerk"):
		return rt.clerkJS
	case below("/dev/outbox") && rt.outbox != nil:
		return rt.outbox
	case path == "/healthz":
		return rt.live
	case path == "/readyz":
		return rt.ready
	}
	return nil
}

// mount serves Gatehouse's paths and leaves the rest, untouched, to app.
func (rt *routes) mount(app http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, below := strings.CutPrefix(r.URL.Path, rt.urls.prefix)
		if !below || !strings.HasPrefix(path, "/") {
			app.ServeHTTP(w, r)
			return
		}
		own := rt.find(path)
		if own == nil {
			app.ServeHTTP(w, r)
			return
		}
		http.StripPrefix(rt.urls.prefix, own).ServeHTTP(w, r)
	})
}

// notFound answers where nobody is at home: JSON to programs, a plain sentence to
// people (E-06).
func notFound(w http.ResponseWriter, r *http.Request) {
	if isPage(r) {
		http.Error(w, "There is nothing here.", http.StatusNotFound)
		return
	}
	httpjson.WriteError(w, apierr.NotFound, traceID(r), nil)
}
