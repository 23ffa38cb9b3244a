package gatehouse

import (
	"context"
	"crypto"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/backendapi"
	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/bulk"
	"github.com/gatehouse-dev/gatehouse/internal/clientip"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/jobs"
	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/secretkey"
	"github.com/gatehouse-dev/gatehouse/middleware"
	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/ui"
	"github.com/gatehouse-dev/gatehouse/user"
)

// Open opens the stores that cfg names, brings their tables up to date, finishes
// what a crash left undone, and starts the background work. The context bounds the
// opening only. Errors: *ConfigError, ErrEnvironment, what the stores return.
func Open(ctx context.Context, cfg Config) (_ *Server, err error) {
	urls, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, urls: urls, log: cfg.Logger}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	if cfg.Development {
		s.testCode = DevelopmentTestCode
		if cfg.DevBind {
			s.testCode = random.Code(6)
		}
		if s.sdkFile, err = s.cfg.writeSDKFile(urls); err != nil {
			return nil, err
		}
	}
	st, err := openStorage(ctx, &s.cfg)
	if err != nil {
		return nil, fmt.Errorf("gatehouse: %w", err)
	}
	s.closers, s.checks = append(s.closers, st.closers...), st.checks
	if s.instanceID, err = claimInstance(ctx, st.db, cfg.Development, s.cfg.Now()); err != nil {
		return nil, err
	}
	if s.live, err = openSettings(ctx, &s.cfg, st, false); err != nil {
		return nil, err
	}
	if s.templates, err = jwttemplate.Open(ctx, st.documents, s.cfg.Now); err != nil {
		return nil, fmt.Errorf("gatehouse: %w", err)
	}
	in, err := s.openServices(ctx, st)
	if err != nil {
		return nil, fmt.Errorf("gatehouse: %w", err)
	}
	if err := s.openHandlers(in); err != nil {
		return nil, err
	}
	// A crash may have come between a deletion and the end of its sessions: nobody
	// is let in before that is made up for.
	if _, err := s.users.Drain(ctx); err != nil {
		return nil, fmt.Errorf("gatehouse: handle events of the last run: %w", err)
	}
	s.warn(ctx)
	s.startJobs(st, in)
	return s, nil
}

// warn tells an operator what will be missed later.
func (s *Server) warn(ctx context.Context) {
	if s.cfg.Development {
		s.log.WarnContext(ctx, "development server: test addresses accept a fixed code")
		return
	}
	if s.cfg.Sender == nil {
		s.log.WarnContext(ctx, "no mail server is configured: nobody can confirm an address")
	}
	if !s.urls.https {
		s.log.WarnContext(ctx, "the public URL is not https: cookies can be read on the way")
	}
}

// inner is what handlers and jobs need beside the services.
type inner struct {
	flow   *flow.Engine
	keys   *session.Keys
	limits session.LimitStore
	teller *teller

	secretKeys *secretkey.Keys
	// cursors is the key of the Backend API's cursors.
	cursors []byte
}

// openServices builds the domain on the stores.
func (s *Server) openServices(ctx context.Context, st *storage) (*inner, error) {
	c := &s.cfg
	ring, err := keyring.Parse(string(c.EncryptionKeys))
	if err != nil {
		return nil, &ConfigError{"EncryptionKeys", "cannot be read: " + err.Error()}
	}
	teller, err := s.openEvents(ctx, st, ring)
	if err != nil {
		return nil, err
	}
	keys, err := s.openSessions(ctx, st, ring, teller)
	if err != nil {
		return nil, err
	}
	hasher, err := user.NewHasher(user.HasherConfig{
		MemoryKiB: c.Passwords.MemoryKiB, Iterations: c.Passwords.Iterations,
		Parallelism: c.Passwords.Parallelism, MaxConcurrent: c.Passwords.MaxConcurrent,
	})
	if err != nil {
		return nil, err
	}
	events := &lateHandler{}
	s.users, err = user.NewService(user.Config{
		Store: st.users, Events: events, Publisher: teller, Hasher: hasher, Sealer: ring,
		PasswordRules: func() user.PasswordRules {
			now := s.live.Current()
			return user.PasswordRules{MinLength: now.MinPasswordLength, AppName: now.AppName}
		},
		Now: c.Now, Logger: s.log,
	})
	if err != nil {
		return nil, err
	}
	pepper, err := openPepper(ctx, st.db, ring)
	if err != nil {
		return nil, err
	}
	in := &inner{keys: keys, limits: st.limits, teller: teller}
	in.secretKeys, err = secretkey.Open(ctx, secretkey.Config{
		Store: st.secretKeys, Configured: []string{string(c.SecretKey)}, Development: c.Development, Now: c.Now, Logger: s.log,
	})
	if err != nil {
		return nil, err
	}
	if in.cursors, err = hkdf.Key(sha256.New, pepper, nil, "gatehouse list cursors", 32); err != nil {
		return nil, err
	}
	if s.bulk, err = bulk.Open(ctx, bulk.Config{DB: st.db, Users: s.users, Now: c.Now, Logger: s.log}); err != nil {
		return nil, err
	}
	in.flow, err = flow.New(flow.Config{
		Users: s.users, Sessions: s.sessions, Attempts: st.attempts, Limits: st.limits,
		Sender: s.sender(), Templates: c.templates(), Settings: s.flowSettings, TokenTemplates: s.templates.ByName, Audit: s.audit,
		Pepper: pepper, TestCode: s.testCode, Now: c.Now, Logger: s.log,
	})
	if err != nil {
		return nil, err
	}
	events.handler = in.flow
	s.closers = append(s.closers, func() error { in.flow.Close(); return nil })
	return in, nil
}

// templates is the folder of templates, nil if none is configured.
func (c *Config) templates() fs.FS {
	if c.TemplatesDir == "" {
		return nil
	}
	return os.DirFS(c.TemplatesDir)
}

// openSessions opens the signing keys and builds the service on them.
func (s *Server) openSessions(ctx context.Context, st *storage, ring *keyring.Ring, teller session.Publisher) (*session.Keys, error) {
	c := &s.cfg
	external, err := parseSigningKey(string(c.SigningKeyPEM))
	if err != nil {
		return nil, err
	}
	open := session.OpenKeys
	if s.manages {
		open = session.ManageKeys
	}
	keys, err := open(ctx, session.KeysConfig{
		Store: st.keys, Sealer: ring, External: external, RotateEvery: max(c.KeyRotation, 0), Now: c.Now, Logger: c.Logger,
	})
	if err != nil {
		return nil, err
	}
	s.sessions, err = session.NewService(session.Config{
		Clients: st.clients, Sessions: st.sessions, Revocations: st.revocations,
		Keys: keys, Issuer: s.urls.issuer(), Attempts: st.attempts, Intents: st.intents, Publisher: teller,
		Lifetime: c.SessionLifetime, IdleTimeout: c.SessionIdleTimeout, MaxTokenLifetime: c.MaxTokenLifetime,
		Now: c.Now, Logger: s.log,
	})
	return keys, err
}

// lateHandler breaks the circle of users, who need a handler of their events, and
// the flows, who handle them and need users. It is filled before the first event.
type lateHandler struct {
	handler interface {
		user.EventHandler
		user.BatchHandler
	}
}

func (l *lateHandler) HandleUserEvent(ctx context.Context, e user.Event) error {
	return l.handler.HandleUserEvent(ctx, e)
}

func (l *lateHandler) HandleUserEvents(ctx context.Context, events []user.Event) error {
	return l.handler.HandleUserEvents(ctx, events)
}

// sender is the configured one; without one the outbox in development, and in
// production one that refuses.
func (s *Server) sender() notify.Sender {
	if s.cfg.Development {
		s.outbox = &notify.Outbox{Stylesheet: s.urls.prefix + "/ui/page.css"}
	}
	switch {
	case s.cfg.Sender != nil:
		return s.cfg.Sender
	case s.outbox != nil:
		return s.outbox
	}
	return noSender{}
}

// errNoSender is a message that has no way out.
var errNoSender = errors.New("gatehouse: no mail server is configured (Config.Sender, table [smtp])")

type noSender struct{}

func (noSender) Send(context.Context, notify.Message) error { return errNoSender }

// openAPIs builds the two APIs, and the client of one of them.
func (s *Server) openAPIs(in *inner) (*routes, error) {
	c := &s.cfg
	resolver, err := clientip.NewResolver(c.TrustedProxies)
	if err != nil {
		return nil, &ConfigError{"TrustedProxies", "cannot be read: " + err.Error()}
	}
	base, err := url.Parse(s.urls.base())
	if err != nil {
		return nil, &ConfigError{"PublicURL", "cannot be read"}
	}
	allowed := originRule(s.urls, c.AllowedOrigins, c.Development)
	rt := &routes{urls: s.urls, live: http.HandlerFunc(serveLive), ready: http.HandlerFunc(s.serveReady)}
	frontend, err := frontendapi.New(frontendapi.Config{
		Users: s.users, Sessions: s.sessions, Flow: in.flow, JWKS: in.keys.JWKS, Settings: s.flowSettings, Limits: in.limits,
		PublicURL: base, PublishableKey: s.PublishableKey(), Issuer: s.urls.issuer(),
		AllowedOrigin: allowed,
		ClientAddress: resolver.Key, Development: c.Development, Now: c.Now, Logger: s.log,
	})
	if err != nil {
		return nil, err
	}
	rt.frontendAPI = frontend
	backend, err := backendapi.New(backendapi.Config{
		Users: s.users, Sessions: s.sessions, Flow: in.flow, JWKS: in.keys.JWKS, Keys: in.keys, Limits: in.limits,
		Bulk: s.bulk, Cursors: in.cursors,
		PublicURL: base, RedirectURL: frontend.RedirectURL,
		Webhooks: s.webhooks, Audit: s.audit, ClientAddress: clientAddress(resolver),
		Settings: s.live, Templates: s.templates, InstanceID: s.instanceID, AllowedOrigins: c.AllowedOrigins,
		SecretKeys:  in.secretKeys,
		Development: c.Development, Now: c.Now, Logger: s.log,
	})
	if err != nil {
		return nil, err
	}
	rt.backendAPI = http.StripPrefix("/api", backend)
	in.teller.render = backend
	s.backend, err = client.New(client.Config{Handler: backend, SecretKey: client.Secret(c.SecretKey)})
	return rt, err
}

// openHandlers builds what requests meet.
func (s *Server) openHandlers(in *inner) error {
	c := &s.cfg
	rt, err := s.openAPIs(in)
	if err != nil {
		return err
	}
	if rt.pages, err = s.newPages(originRule(s.urls, c.AllowedOrigins, c.Development)); err != nil {
		return err
	}
	clerk, err := newClerkJS(c.ClerkJSDir)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, clerk.close)
	rt.clerkJS = clerk
	if s.outbox != nil {
		rt.outbox = s.outbox
	}
	s.routes = rt
	return s.openMiddleware(in.keys)
}

// newPages builds the account pages. They link within the origin only; what the
// configuration sends elsewhere they reach through their own default.
func (s *Server) newPages(allowed func(origin string) bool) (http.Handler, error) {
	own := func(text string) string {
		if u, err := url.Parse(text); err == nil && u.Host != "" && u.Scheme+"://"+u.Host != s.urls.origin {
			return ""
		}
		return text
	}
	c := &s.cfg
	return ui.New(ui.Config{
		PublicURL: s.urls.base(), PublishableKey: s.PublishableKey(), AppName: func() string { return s.live.Current().AppName },
		SignInURL: own(s.SignInURL()), SignUpURL: own(s.urls.page(c.SignUpURL, "/sign-up")),
		UserURL: own(s.UserURL()), HomeURL: own(s.HomeURL()),
		AllowedOrigin: allowed, OutboxURL: s.outboxURL(), Logger: s.log,
	})
}

func (s *Server) openMiddleware(keys auth.KeySet) error {
	c := &s.cfg
	verifier, err := auth.NewVerifier(auth.VerifierConfig{Keys: keys, Issuer: s.urls.issuer(), Now: c.Now})
	if err != nil {
		return err
	}
	s.middleware, err = middleware.New(middleware.Config{
		Verifier: verifier, PublishableKey: s.PublishableKey(),
		Renewer: s.sessions, AuthorizedParty: s.urls.origin, SecureCookies: s.urls.https, HTTPOnlySession: c.HTTPOnlySession,
		Revocations: s.sessions, WhenStale: c.WhenStale, TrustedOrigins: c.AllowedOrigins,
		SignInURL: s.SignInURL(), OnRefuse: logRefused(s.log), ShowReasons: c.Development, Now: c.Now,
	})
	return err
}

// How often background work is done.
const (
	drainEvery  = 200 * time.Millisecond
	bulkEvery   = 500 * time.Millisecond // looks for a job on many users
	reloadEvery = time.Second
	rotateEvery = time.Minute // looks whether a signing key's time has come
	sweepEvery  = 5 * time.Minute
	tellEvery   = 200 * time.Millisecond
)

// startJobs starts what runs until Close.
func (s *Server) startJobs(st *storage, in *inner) {
	s.jobs = jobs.NewRunner(jobs.Config{Lease: leases{st.db}, Holder: random.ID("node", s.cfg.Now()), Now: s.cfg.Now, Logger: s.log})
	s.jobs.Start(jobs.Job{Name: "revocations", Forever: true, Run: s.sessions.Run})
	s.jobs.Start(jobs.Job{Name: "user events", Every: drainEvery, Run: func(ctx context.Context) error {
		_, err := s.users.Drain(ctx)
		return err
	}})
	s.jobs.Start(jobs.Job{Name: "bulk jobs", Every: bulkEvery, MaxPause: 5 * time.Second, Run: s.bulk.Run})
	s.jobs.Start(jobs.Job{Name: "signing keys", Every: reloadEvery, Run: in.keys.Reload})
	s.jobs.Start(jobs.Job{Name: "settings", Every: reloadEvery, MaxPause: reloadEvery, Run: s.live.Refresh})
	s.jobs.Start(jobs.Job{Name: "JWT templates", Every: reloadEvery, MaxPause: reloadEvery, Run: s.templates.Refresh})
	s.jobs.Start(jobs.Job{Name: "secret keys", Every: reloadEvery, MaxPause: reloadEvery, Run: in.secretKeys.Refresh})
	s.jobs.Start(jobs.Job{Name: "key rotation", Every: rotateEvery, Alone: true, Run: in.keys.Rotate})
	s.jobs.Start(jobs.Job{Name: "session events", Every: tellEvery, Run: s.sessions.PublishEvents})
	s.jobs.Start(jobs.Job{Name: "webhooks", Forever: true, Run: s.webhooks.Run})
	s.jobs.Start(jobs.Job{Name: "retention", Every: sweepEvery, Alone: true, Run: s.retain})
	if st.sweep != nil {
		s.jobs.Start(jobs.Job{Name: "sweep", Every: sweepEvery, Alone: true, Run: func(ctx context.Context) error {
			return st.sweep(ctx, s.cfg.Now())
		}})
	}
}

// parseSigningKey reads a private key in PEM; "" is none.
func parseSigningKey(text string) (crypto.Signer, error) {
	if text == "" {
		return nil, nil
	}
	bad := &ConfigError{"SigningKeyPEM", "is no private key in PEM (PKCS #8, PKCS #1 or SEC 1)"}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, bad
	}
	for _, parse := range []func([]byte) (any, error){
		x509.ParsePKCS8PrivateKey,
		func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) },
		func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) },
	} {
		if key, err := parse(block.Bytes); err == nil {
			if signer, ok := key.(crypto.Signer); ok {
				return signer, nil
			}
		}
	}
	return nil, bad
}

// outboxURL is where pages send people who wait for a mail; "" in production.
func (s *Server) outboxURL() string {
	if s.outbox == nil {
		return ""
	}
	return s.urls.prefix + "/dev/outbox"
}
