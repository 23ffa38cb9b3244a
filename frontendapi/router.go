package frontendapi

import (
	"net/http"
	"net/url"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

// need is who may call a route.
type need int

const (
	// open routes answer anybody and do not look at the cookie.
	open need = iota
	// browser routes answer anybody; the client is loaded if there is one.
	browser
	// client routes need a client: 401 without.
	client
	// self routes need _clerk_session_id to name a live session of the client.
	self
)

func (n need) String() string { return [...]string{"open", "browser", "client", "self"}[n] }

// route is what one entry of the table says beside its pattern.
type route struct {
	need   need
	limit  limit
	params []string // the body parameters it takes
	serve  func(*call) error
}

// on registers a route.
func (h *Handler) on(pattern string, n need, l limit, serve func(*call) error, params ...string) {
	h.routes.Add(pattern, route{need: n, limit: l, params: params, serve: serve})
}

// effectiveMethod is the method that a request means. The official SDK sends only GET and
// POST and puts the verb into ?_method=, which counts on POST alone and for these three
// verbs alone.
func effectiveMethod(r *http.Request, query url.Values) (string, error) {
	if r.Method != http.MethodPost {
		return r.Method, nil
	}
	values, ok := query["_method"]
	if !ok {
		return r.Method, nil
	}
	if len(values) == 1 {
		switch values[0] {
		case http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete:
			return values[0], nil
		}
	}
	return "", apierr.MalformedParameters.At("_method")
}
