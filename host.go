package gatehouse

import (
	"net/http"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// hostRule refuses requests that name another host than the public one: a
// name that an attacker points at this server never becomes an origin of its own.
// In development other loopback names lead pages to the public one, since cookies
// belong to a name; API calls are served under any of them. Probes, which come by
// address, are answered under every name.
func hostRule(urls publicURLs, development bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, port := requestHost(r)
		switch {
		case strings.EqualFold(joinHost(name, port, urls.https), urls.host), isProbe(urls, r):
		case development && isLoopback(name):
			if isPage(r) {
				w.Header().Set("Cache-Control", "no-store")
				http.Redirect(w, r, urls.origin+pathAndQuery(r), http.StatusTemporaryRedirect)
				return
			}
		default:
			e, _ := apierr.ByCode("host_invalid")
			httpjson.WriteError(w, e, traceID(r), nil)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// requestHost returns host and port that the request was sent to, in the form of
// publicURLs; a host that is no name at all comes back as "".
func requestHost(r *http.Request) (name, port string) {
	name, port = splitHostPort(r.Host)
	name, err := hostName(name)
	if err != nil {
		return "", port
	}
	return name, port
}

// joinHost is the inverse, without a port that the scheme implies.
func joinHost(name, port string, https bool) string {
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	if port == "" || port == defaultPort(https) {
		return name
	}
	return name + ":" + port
}

// isPage reports whether a browser asks for a document to show.
func isPage(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" {
		return dest == "document" || dest == "iframe"
	}
	return strings.HasPrefix(r.Header.Get("Accept"), "text/html")
}

func isProbe(urls publicURLs, r *http.Request) bool {
	return r.URL.Path == urls.prefix+"/healthz" || r.URL.Path == urls.prefix+"/readyz"
}

// pathAndQuery is the request's target; two slashes at its start would name a host.
func pathAndQuery(r *http.Request) string {
	target := "/" + strings.TrimLeft(r.URL.EscapedPath(), "/")
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	return target
}
