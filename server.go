package gatehouse

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/internal/audit"
	"github.com/gatehouse-dev/gatehouse/internal/bulk"
	"github.com/gatehouse-dev/gatehouse/internal/jobs"
	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
	"github.com/gatehouse-dev/gatehouse/internal/settings"
	"github.com/gatehouse-dev/gatehouse/internal/webhook"
	"github.com/gatehouse-dev/gatehouse/middleware"
	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// Server is an open instance: services, handlers and background work. It is safe
// for concurrent use. Close it when done.
type Server struct {
	cfg      Config
	urls     publicURLs
	log      *slog.Logger
	manages  bool   // see Manage
	testCode string // "" in production
	sdkFile  string // "" in production

	instanceID string // "ins_…"
	live       *settings.Live[Settings]
	templates  *jwttemplate.Templates
	derived    atomic.Pointer[derivedSettings]

	users      *user.Service
	sessions   *session.Service
	webhooks   *webhook.Service
	audit      *audit.Log
	bulk       *bulk.Service
	middleware *middleware.Middleware
	outbox     *notify.Outbox // nil in production
	routes     *routes
	backend    *client.Client
	checks     []check
	jobs       *jobs.Runner

	closers   []func() error // run last to first
	closeOnce sync.Once
	closeErr  error
}

// Handler serves Gatehouse's own paths, below the path of the public URL, and
// answers 404 to everything else:
//
//	/v1/…                           Frontend API
//	/.well-known/jwks.json  /.well-known/openid-configuration
//	/api/v1/…                       Backend API
//	/sign-in  /sign-up  /user       account pages, with their files below /ui/
//	/npm/@clerk/…                   browser bundles of Config.ClerkJSDir
//	/dev/outbox                     mails and texts, in development
//	/healthz  /readyz               for probes
//
// A request for another host than the public one is answered 400.
func (s *Server) Handler() http.Handler {
	return s.edge(s.routes.mount(http.HandlerFunc(notFound)))
}

// Mount serves what [Server.Handler] serves and hands every other request to app,
// with [auth.FromContext] telling who it is from. The app's requests, too, have to
// name the public host.
func (s *Server) Mount(app http.Handler) http.Handler {
	return s.edge(s.routes.mount(s.Authenticate(app)))
}

func (s *Server) edge(next http.Handler) http.Handler {
	return edge(s.log, s.cfg.Now, s.urls.https, hostRule(s.urls, s.cfg.Development, next))
}

// Authenticate wraps next so that auth.FromContext says who a request is from; it
// lets every request pass. See [middleware.Middleware.Authenticate].
func (s *Server) Authenticate(next http.Handler) http.Handler { return s.middleware.Authenticate(next) }

// Require wraps next so that only signed-in requests reach it: others are sent to
// the sign-in page if a browser navigates, else answered 401. See
// [middleware.Middleware.Require].
func (s *Server) Require(next http.Handler) http.Handler { return s.middleware.Require(next) }

// RequireThat is Require with conditions, such as a step-up. See
// [middleware.Middleware.RequireThat].
func (s *Server) RequireThat(all ...middleware.Requirement) func(http.Handler) http.Handler {
	return s.middleware.RequireThat(all...)
}

// Middleware is what Authenticate, Require and RequireThat are made of, for
// [middleware.NewMux] and for checks inside of handlers.
func (s *Server) Middleware() *middleware.Middleware { return s.middleware }

// Auth says who a request is from without any wrapping.
func (s *Server) Auth(r *http.Request) auth.Auth { return s.middleware.Auth(r) }

// ErrSignedOut is a request that nobody is signed in for.
var ErrSignedOut = errors.New("gatehouse: signed out")

// User returns the user that the context's request is from: inside of
// [Server.Mount], [Server.Authenticate] or [Server.Require]. It returns
// ErrSignedOut where nobody is signed in, and for a user who was deleted a moment ago.
func (s *Server) User(ctx context.Context) (*user.User, error) {
	a := auth.FromContext(ctx)
	if !a.IsAuthenticated {
		return nil, ErrSignedOut
	}
	u, err := s.users.ByID(ctx, user.ID(a.UserID))
	if errors.Is(err, user.ErrNotFound) {
		return nil, ErrSignedOut
	}
	return u, err
}

// Users is the service that owns users.
func (s *Server) Users() *user.Service { return s.users }

// Sessions is the service that owns clients and sessions.
func (s *Server) Sessions() *session.Service { return s.sessions }

// BackendAPI is a client of this server's Backend API that needs no network: what an app
// would do from elsewhere, with the same rules and the same limits. The services of
// [Server.Users] and [Server.Sessions] lie below it, for what belongs into a transaction of
// the app's own.
func (s *Server) BackendAPI() *client.Client { return s.backend }

// PublicURL is where browsers find the server, without trailing slash.
func (s *Server) PublicURL() string { return s.urls.base() }

// HomeURL is where people are sent when they are done.
func (s *Server) HomeURL() string { return s.urls.page(s.cfg.HomeURL, "/") }

// SignInURL is the page on which people sign in.
func (s *Server) SignInURL() string { return s.urls.page(s.cfg.SignInURL, "/sign-in") }

// UserURL is the page on which people see and change their account.
func (s *Server) UserURL() string { return s.urls.page(s.cfg.UserURL, "/user") }

// PublishableKey names this server to SDKs. It is no secret.
func (s *Server) PublishableKey() string { return s.urls.publishableKey() }

// SecretKey is what app servers show to the Backend API.
func (s *Server) SecretKey() Secret { return s.cfg.SecretKey }

// TestCode is the code that test addresses accept: 424242, or one made for this
// start where other machines reach the server. "" in production.
func (s *Server) TestCode() string { return s.testCode }

// Outbox holds the mails and texts of a development server; nil in production.
func (s *Server) Outbox() *notify.Outbox { return s.outbox }

// Close ends the background work, waits for it, and closes the stores. Stop the
// HTTP server first: requests after Close fail. Further calls return what the
// first returned.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		if s.jobs != nil {
			s.jobs.Stop()
		}
		for i := len(s.closers) - 1; i >= 0; i-- {
			s.closeErr = errors.Join(s.closeErr, s.closers[i]())
		}
	})
	return s.closeErr
}
