// Package middleware protects handlers of any net/http mux with session tokens.
//
// [New] makes a [Middleware] from a [Config]. [Middleware.Authenticate] puts an
// auth.Auth into every request's context, signed in or not, and lets all pass;
// [Middleware.Require] lets only signed-in requests pass, and
// [Middleware.RequireThat] those among them that meet further conditions, such as a
// step-up ([Reverified]) or a rule on the app's own claims ([Claims]).
// [Middleware.Has] and [Middleware.Auth] answer for a single request without any
// wrapping. [Mux] is a mux on which nothing is public unless it was said to be.
//
// A token is taken from "Authorization: Bearer", which then decides alone, or
// from the cookies __session_<suffix> and __session, on unsafe methods only if
// net/http.CrossOriginProtection lets the request pass. It is never taken from
// the query, the body or another header. An expired cookie is renewed in line
// where Config.Renewer is set, for apps that the server runs in, and by a redirect to
// the server and back (a handshake) where Config.FrontendAPI is, for apps on another
// origin. No call leaves the process on the way of a token that was seen before.
//
// Verified tokens are kept in a bounded table. An entry serves for at most 60 s,
// never beyond the token's exp, and no longer once a key was taken out of a key
// set that says so (auth.RemovalCounter). Revocations are looked up on every
// request, kept tokens included.
//
// A handshake happens for a browser that navigates and for nothing else. It carries
// no token in an address, is tried three times for a page, and its answer counts only
// in the browser in which it began.
//
// The package judges what a signed-in user may do by their token alone.
package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// Config sets up a [Middleware].
type Config struct {
	Verifier *auth.Verifier // required
	// PublishableKey names the cookies of this instance ("pk_live_…"). Without it
	// only the cookie without suffix is read and written.
	PublishableKey string

	// Renewer gives browsers a fresh token in line. nil means that an expired
	// token is a signed-out request.
	Renewer auth.Renewer
	// FrontendAPI is where the server is when the app runs on another origin and has no
	// Renewer: "https://auth.example.com", and its path if it has one. A browser that
	// navigates and whose cookies leave open who it is, as when the token has expired, is
	// then sent there and back (a handshake); scripts get 401. The app's origin must be
	// one that the server allows. It needs AuthorizedParty. "" means no handshakes.
	FrontendAPI string
	// AuthorizedParty becomes the claim azp of renewed tokens: the public origin of
	// the app, such as "https://app.example.com". With "" they have none.
	AuthorizedParty string
	// SecureCookies marks the cookies of renewed tokens Secure. Set it unless the
	// app is served over plain HTTP.
	SecureCookies bool
	// HTTPOnlySession hides them from scripts. It breaks the official browser SDKs,
	// which overwrite the cookie themselves.
	HTTPOnlySession bool

	// Revocations end tokens before they expire. nil means that a token is good
	// until its exp.
	Revocations auth.Revocations
	// WhenStale says what becomes of a good token while Revocations are not current;
	// "" means StaleAsk.
	WhenStale StalePolicy
	// AcceptPending lets sessions in that have tasks left to do, on every route;
	// MayBePending does so on one.
	AcceptPending bool
	// TrustedOrigins are other origins whose pages may send unsafe requests with
	// the session cookie: "https://admin.example.com".
	TrustedOrigins []string

	// SignInURL is where a browser that navigates to a protected page is sent, with
	// the page in the query as redirect_url. "" means 401. It is absolute, or a
	// path on the app's own origin.
	SignInURL string
	// ErrorHandler answers other refused requests instead of the JSON envelope or a
	// sentence; the call for a step-up, see Reverified, only to browsers that navigate.
	// The Auth is the request's, with the Reason of the refusal: IsAuthenticated tells
	// 403 from 401 and 503.
	ErrorHandler func(http.ResponseWriter, *http.Request, auth.Auth)
	// OnRefuse is told of every refused request, before the answer, with the status
	// that the answer has by default: 303, 401, 403 or 503. The Auth is the request's,
	// with the Reason of the refusal, and in Detail what is behind it.
	OnRefuse func(r *http.Request, status int, a auth.Auth)
	// ShowReasons adds the header Gatehouse-Auth-Reason to refusals, with the detail
	// that OnRefuse is told. For development: it tells an attacker which rule to work on.
	ShowReasons bool

	// CacheEntries is how many verified tokens are kept, rounded up to a multiple of
	// 7; 0 means 32768, negative none. They take at most 2 KiB each on average: where
	// tokens are larger, fewer are kept.
	CacheEntries int
	Now          func() time.Time // nil means the system's clock
}

// Middleware says who requests are from. It is safe for concurrent use.
type Middleware struct {
	cfg      Config
	suffixed string // name of the suffixed session cookie, "" if there is none
	signIn   *url.URL
	origins  *http.CrossOriginProtection
	cache    *cache
	renewals renewals
	marker   auth.Marker
	pending  *Middleware // the same, but for AcceptPending; nil if that is set

	handshake *handshake // nil unless the Frontend API has another origin
}

// missing is the Auth of most requests that are signed out.
var missing = &auth.Auth{Reason: auth.ReasonTokenMissing}

// New returns a Middleware, or an error that names the field that is missing or
// wrong.
func New(cfg Config) (*Middleware, error) {
	m := &Middleware{cfg: cfg, origins: http.NewCrossOriginProtection()}
	if err := m.configure(); err != nil {
		return nil, fmt.Errorf("new middleware: %w", err)
	}
	if !cfg.AcceptPending {
		cfg.AcceptPending = true
		cfg.CacheEntries = -1 // pending sessions are few and do not last
		var err error
		if m.pending, err = New(cfg); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Middleware) configure() error {
	cfg := &m.cfg
	if cfg.Verifier == nil {
		return errors.New("field Verifier is required")
	}
	if cfg.PublishableKey != "" {
		if _, err := auth.ParsePublishableKey(cfg.PublishableKey); err != nil {
			return fmt.Errorf("field PublishableKey: %w", err)
		}
		m.suffixed = sessionCookie + "_" + auth.CookieSuffix(cfg.PublishableKey)
	}
	for _, origin := range cfg.TrustedOrigins {
		if err := m.origins.AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("field TrustedOrigins: %w", err)
		}
	}
	if cfg.SignInURL != "" {
		u, err := url.Parse(cfg.SignInURL)
		if err != nil {
			return fmt.Errorf("field SignInURL: %w", err)
		}
		web := (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
		if path := u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/"); !web && !path {
			return errors.New("field SignInURL is neither a URL nor a path")
		}
		m.signIn = u
	}
	var err error
	if m.handshake, err = newHandshake(cfg); err != nil {
		return err
	}
	if !cfg.WhenStale.Valid() {
		return fmt.Errorf("field WhenStale is %q, want ask, refuse or allow", cfg.WhenStale)
	}
	if cfg.CacheEntries == 0 {
		cfg.CacheEntries = 32768
	}
	if cfg.CacheEntries > 0 {
		m.cache = newCache(cfg.CacheEntries)
	}
	if cfg.Now == nil {
		cfg.Now = newClock().now
	}
	return nil
}

// Authenticate wraps next so that auth.FromContext says who the request is from.
// It lets every request pass: next, or a handler under [Middleware.Require],
// decides. An Auth that other code left in the context is overwritten, and
// request headers that begin with X-Clerk- are dropped.
func (m *Middleware) Authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if w, r, _ = m.enter(w, r); w != nil {
			next.ServeHTTP(w, r)
		}
	})
}

// enter says who r is from, and returns the writer and the request to go on with; a
// nil writer if r was answered.
func (m *Middleware) enter(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request, *auth.Auth) {
	w, a := m.authenticate(w, r)
	r2 := r.WithContext(auth.NewContextBy(r.Context(), a, &m.marker))
	r2.Header = withoutClaimsOfState(r.Header)
	return w, r2, a
}

// Require wraps next so that only signed-in requests reach it. It works inside
// of [Middleware.Authenticate] or on its own.
//
// A browser that navigates (GET, for a document or frame) is sent to
// Config.SignInURL if there is one. Everything else is answered 401, or 503 if
// it could not be found out who the request is from.
func (m *Middleware) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w, r, a := m.identify(w, r)
		if w == nil {
			return
		}
		if !a.IsAuthenticated {
			m.refuse(w, r, a)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Auth says who r is from, without touching its context. It cannot renew an
// expired cookie, since it has no answer to put a new one on.
func (m *Middleware) Auth(r *http.Request) auth.Auth {
	_, a := m.authenticate(nil, r)
	return *a
}
