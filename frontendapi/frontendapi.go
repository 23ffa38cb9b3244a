// Package frontendapi is the API that browsers speak: the sign-up, sign-in, session and
// profile calls of the official front-end SDKs and of this module's own pages.
//
// [New] returns an http.Handler for /v1/… and /.well-known/… that works in any mux and
// under http.StripPrefix. It parses, calls packages flow, session and user, and renders;
// it decides no rule about users or sessions.
//
// What guards it: the opaque, HttpOnly cookie __client is the only credential; a
// request that changes something must come from an allowed origin, since the
// SDKs' calls need no CORS preflight; every object is looked up together with its owner
// each route takes a closed list of parameters; answers are built from
// structs that have no private field at all; and every route counts against a
// limit, which refuses when its store is away (E-02, E-04).
package frontendapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// Config sets up a Handler.
type Config struct {
	Users    *user.Service        // required
	Sessions *session.Service     // required
	Flow     *flow.Engine         // required
	JWKS     func() []byte        // required: the public key set (RFC 7517) as JSON
	Settings func() flow.Settings // required; called per request
	Limits   session.LimitStore   // required; mints are counted in the store of Sessions

	// PublicURL is where browsers reach the server; it may carry a path. Cookies are
	// Secure when it is https. Required.
	PublicURL *url.URL
	// PublishableKey names the cookies' suffix. Required.
	PublishableKey string
	// Issuer is the claim iss of the tokens, for the discovery document. Required.
	Issuer string
	// AllowedOrigin reports whether pages of an origin ("https://app.example.com") may
	// call. Required.
	AllowedOrigin func(origin string) bool
	// ClientAddress returns the canonical address of the sender, the key of limits
	// . Required.
	ClientAddress func(*http.Request) string

	// Development makes the refusal of an origin name the one that the server runs under,
	// so that a misconfiguration explains itself, and lets a handshake's answer travel in
	// an address where no cookie can carry it, and answers POST /v1/dev_browser. It
	// loosens nothing else.
	Development bool

	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means discard
}

// Handler serves the Frontend API. It is safe for concurrent use.
type Handler struct {
	cfg          Config
	routes       httpjson.Routes[route]
	publicOrigin string
	imageBase    string // of a picture's URL: its name follows
	cookieSuffix string
}

// New checks cfg and returns a Handler; the error names the bad field.
func New(cfg Config) (*Handler, error) {
	switch {
	case cfg.Users == nil:
		return nil, errors.New("frontendapi: Config.Users is required")
	case cfg.Sessions == nil:
		return nil, errors.New("frontendapi: Config.Sessions is required")
	case cfg.Flow == nil:
		return nil, errors.New("frontendapi: Config.Flow is required")
	case cfg.JWKS == nil:
		return nil, errors.New("frontendapi: Config.JWKS is required")
	case cfg.Settings == nil:
		return nil, errors.New("frontendapi: Config.Settings is required")
	case cfg.Limits == nil:
		return nil, errors.New("frontendapi: Config.Limits is required")
	case cfg.PublicURL == nil || cfg.PublicURL.Host == "":
		return nil, errors.New("frontendapi: Config.PublicURL must be absolute")
	case cfg.PublishableKey == "":
		return nil, errors.New("frontendapi: Config.PublishableKey is required")
	case cfg.Issuer == "":
		return nil, errors.New("frontendapi: Config.Issuer is required")
	case cfg.AllowedOrigin == nil:
		return nil, errors.New("frontendapi: Config.AllowedOrigin is required")
	case cfg.ClientAddress == nil:
		return nil, errors.New("frontendapi: Config.ClientAddress is required")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	h := &Handler{
		cfg:          cfg,
		publicOrigin: cfg.PublicURL.Scheme + "://" + cfg.PublicURL.Host,
		imageBase:    cfg.PublicURL.JoinPath("v1/images").String() + "/",
		cookieSuffix: cookieSuffix(cfg.PublishableKey),
	}
	h.register()
	return h, nil
}

// ServeHTTP answers one request. Every answer is JSON with the headers of W-02.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{h: h, w: w, r: r}
	defer func() {
		// E-06: the last resort. What was written before the panic cannot be taken back.
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			c.fail(apierr.Internal.Because(fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
		}
	}()
	if err := c.serve(); err != nil {
		c.fail(err)
	}
}

// fail renders err. Its cause goes to the log only.
func (c *call) fail(err error) {
	e := apierr.From(err)
	trace := c.traceID()
	if e.Status >= 500 && c.r.Context().Err() == nil {
		c.h.cfg.Logger.ErrorContext(c.r.Context(), "request failed",
			"route", c.pattern, "code", e.Code, "trace_id", trace, "err", e.Err)
	} else {
		c.h.cfg.Logger.DebugContext(c.r.Context(), "request refused",
			"route", c.pattern, "code", e.Code, "param", e.Param, "trace_id", trace)
	}
	httpjson.WriteError(c.w, e, trace, c.piggybackOnError(e))
}
