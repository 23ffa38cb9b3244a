package frontendapi

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// call is one request on its way through the handler.
type call struct {
	h *Handler
	w http.ResponseWriter
	r *http.Request

	pattern string            // of the route, for the log
	values  map[string]string // what the pattern's {names} stand for
	params  params
	origin  string // allowed Origin of the page, "" if none: the claim azp

	cookie  string          // the __client value sent, "" if none
	client  session.Client  // zero if the browser has none
	before  session.Client  // client as it was when the request came
	session session.Session // self routes: the session that acts

	owed  []session.Event        // not yet counted: see limitByAddress
	users map[user.ID]*user.User // those read so far: see userByID

	parsed url.Values // the query, see query

	changes bool // the method may change something: errors carry the client
}

// serve takes the request through every gate, in this order: origin, method, route, limit,
// body, client, session.
func (c *call) serve() error {
	httpjson.SetHeaders(c.w.Header())
	if err := c.cors(); err != nil {
		return err
	}
	if c.r.Method == http.MethodOptions {
		return c.preflight()
	}
	if err := c.checkOrigin(); err != nil {
		return err
	}
	method, err := effectiveMethod(c.r, c.query())
	if err != nil {
		return err
	}
	found, err := c.h.routes.Find(c.w, c.r, method)
	if err != nil {
		return err
	}
	rt := found.Value
	c.pattern, c.values = found.Pattern, found.Values
	c.changes = method != http.MethodGet && method != http.MethodHead
	if err := c.limitByAddress(rt); err != nil {
		return err
	}
	return c.settle(c.handle(rt))
}

// handle takes a request that was let in through the gates that depend on its route.
func (c *call) handle(rt route) (err error) {
	if err := c.refuseNative(); err != nil {
		return err
	}
	if slices.Contains(rt.params, fileParam) {
		// The file itself is read by the handler, once it is known whose it is.
		err = checkQuery(c.r.URL)
	} else {
		c.params, err = readParams(c.w, c.r, rt.params)
	}
	if err != nil {
		return err
	}
	if err := c.identify(rt.need); err != nil {
		return err
	}
	if err := c.limitByOwner(rt); err != nil {
		return err
	}
	if err := c.refuseImpersonator(rt); err != nil {
		return err
	}
	return rt.serve(c)
}

// identify finds the client and, for self routes, the session that acts.
func (c *call) identify(n need) error {
	c.cookie = clientCookie(c.r)
	if n == open {
		return nil
	}
	var acting session.ID
	var malformed error
	if n == self {
		acting, malformed = c.actingID()
	}
	ss, err := c.recognise(acting)
	switch {
	case err != nil:
		return err
	case n == browser:
		return nil
	case c.client.ID == "":
		return apierr.AuthenticationInvalid
	case malformed != nil:
		return malformed
	case n == self && !ss.Live(c.now()):
		return apierr.AuthenticationInvalid
	}
	c.session = ss
	return nil
}

// recognise reads the client that the cookie belongs to and its session of the given id,
// zero if it has none. What is still owed is counted in the same round trip.
func (c *call) recognise(acting session.ID) (session.Session, error) {
	if c.cookie == "" {
		return session.Session{}, c.settle(nil)
	}
	client, ss, err := c.h.cfg.Sessions.ClientAndSession(c.r.Context(), c.cookie, acting, !c.changes, c.owe()...)
	limited, isLimit := errors.AsType[*session.LimitError](err)
	switch {
	case err == nil:
		c.client, c.before = client, client
	case isLimit:
		return session.Session{}, tooMany(limited.RetryAfter)
	case !errors.Is(err, session.ErrNotFound):
		return session.Session{}, err
	case c.changes:
		return session.Session{}, c.refuseRotated()
	}
	return ss, nil
}

// refuseRotated refuses to change anything for a request that was sent with a cookie
// from before a rotation just now. As nobody's it would get a client of its own, and
// its answer would overwrite the newer cookie (S-04); the SDK answers 401 by fetching
// the client anew.
func (c *call) refuseRotated() error {
	_, err := c.h.cfg.Sessions.ClientByCookie(c.r.Context(), c.cookie, true)
	switch {
	case err == nil:
		return apierr.AuthenticationInvalid
	case errors.Is(err, session.ErrNotFound):
		return nil
	}
	return err
}

// actingID takes the id of the acting session from _clerk_session_id, given once.
func (c *call) actingID() (session.ID, error) {
	ids := c.query()["_clerk_session_id"]
	if len(ids) > 1 {
		return "", apierr.MalformedParameters.At("_clerk_session_id")
	}
	if len(ids) == 0 || !random.ValidID("sess", ids[0]) {
		return "", apierr.AuthenticationInvalid
	}
	return session.ID(ids[0]), nil
}

// ownSession returns a session of the calling client. Unknown ones and those of other
// clients are alike: 401, which the SDK answers by fetching the client anew.
func (c *call) ownSession(id session.ID) (session.Session, error) {
	ss, err := c.h.cfg.Sessions.Get(c.r.Context(), id)
	if errors.Is(err, session.ErrNotFound) || err == nil && ss.ClientID != c.client.ID {
		return session.Session{}, apierr.AuthenticationInvalid
	}
	return ss, err
}

// pathID returns a {name} of the path that must be an id (I-09): others are nobody's.
func (c *call) pathID(name, prefix string) (string, error) {
	if id := c.values[name]; random.ValidID(prefix, id) {
		return id, nil
	}
	return "", apierr.NotFound
}

// sessionID is pathID for the session routes, which say 401 instead of 404.
func (c *call) sessionID() (session.ID, error) {
	id, err := c.pathID("id", "sess")
	if err != nil {
		return "", apierr.AuthenticationInvalid
	}
	return session.ID(id), nil
}

// caller is the browser as package flow wants it.
func (c *call) caller() flow.Caller {
	return flow.Caller{
		Client:   c.client,
		Cookie:   c.cookie,
		Address:  c.h.cfg.ClientAddress(c.r),
		Activity: c.activity(),
	}
}

// took applies what a flow's step did to the client and its cookie.
func (c *call) took(client session.Client, cookie *session.Cookie) {
	if client.ID != "" {
		c.client = client
	}
	if cookie != nil {
		c.setClientCookie(*cookie)
	}
}

// query is the request's query, parsed once: each gate looks into it.
func (c *call) query() url.Values {
	if c.parsed == nil {
		c.parsed = c.r.URL.Query()
	}
	return c.parsed
}

func (c *call) now() time.Time { return c.h.cfg.Now() }
