package frontendapi_test

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/document"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/session"
	sessionsql "github.com/gatehouse-dev/gatehouse/session/sqlstore"
	"github.com/gatehouse-dev/gatehouse/user"
	usersql "github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

const (
	publicURL = "http://localhost:8080"
	otherApp  = "https://app.example.com" // an origin that is allowed beside the own one
	key       = "pk_live_Y2xlcmsubG9jYWwudGVzdCQ="
	password  = "correct horse battery staple"
)

// madeUpCookie has the shape of a __client that nobody issued.
var madeUpCookie = strings.Repeat("A", 43) + "." + strings.Repeat("A", 27)

// server is the Frontend API over real services.
type server struct {
	t         testing.TB
	handler   http.Handler
	config    frontendapi.Config
	users     *user.Service
	sessions  *session.Service
	keys      *session.Keys
	store     *sessionsql.Store // of the keys, and of all else unless backend.live is set
	outbox    *notify.Outbox
	sender    *gate
	hasher    *user.Hasher
	calls     *calls // of stores
	engine    *flow.Engine
	digest    user.Digest // of password, for users that are made without signing up
	clock     *clock
	settings  *flow.Settings
	templates *jwttemplate.Templates
	log       *syncBuffer

	answers  []string // every body that was sent
	leads    []string // every Location
	requests atomic.Int64
	hashing  atomic.Int64 // nanoseconds that went into hashes of passwords
}

// backend is where a server keeps what it knows.
type backend struct {
	db   *sqldb.DB
	live liveStores // of clients, sessions, attempts and limits; nil for the database too
	log  slog.Handler

	counted bool // calls of stores are listed in server.calls
}

type liveStores interface {
	session.ClientStore
	session.SessionStore
	session.RevocationStore
	session.AttemptStore
	session.LimitStore
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// events breaks the circle between users and flows.
type events struct{ engine *flow.Engine }

func (e *events) HandleUserEvent(ctx context.Context, ev user.Event) error {
	return e.engine.HandleUserEvent(ctx, ev)
}

// newServer is on a SQLite file of its own.
func newServer(t testing.TB, change ...func(*frontendapi.Config, *flow.Settings)) *server {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	must(t, err)
	log := &syncBuffer{}
	s := newServerOn(t, backend{db: db, counted: true, log: slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})}, change...)
	s.log = log
	return s
}

// newServerOn closes b's database when the test ends.
func newServerOn(t testing.TB, b backend, change ...func(*frontendapi.Config, *flow.Settings)) *server {
	t.Helper()
	s := &server{
		t: t, clock: &clock{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)},
		outbox: &notify.Outbox{}, calls: &calls{}, log: &syncBuffer{},
		settings: &flow.Settings{
			AppName:      "Acme",
			EmailAddress: flow.Attribute{Enabled: true, Required: true, FirstFactor: true, VerifyAtSignUp: true},
			Username:     flow.Attribute{Enabled: true, FirstFactor: true},
			FirstName:    flow.Attribute{Enabled: true},
			LastName:     flow.Attribute{Enabled: true},
			Password:     flow.Attribute{Enabled: true, Required: true},
			Strategies:   []string{"password", "email_code"},
			DeleteSelf:   true, Reverification: true,
			HomeURL: publicURL + "/", SignInURL: publicURL + "/sign-in",
			SignUpURL: publicURL + "/sign-up", UserURL: publicURL + "/user", ImagesURL: publicURL + "/v1/images/",
		},
	}
	s.sender = &gate{Outbox: s.outbox}
	logger := slog.New(b.log)
	t.Cleanup(func() { b.db.Close() })
	userStore, err := usersql.New(t.Context(), b.db)
	must(t, err)
	s.store, err = sessionsql.New(t.Context(), b.db)
	must(t, err)
	live := b.live
	if live == nil {
		live = s.store
	}
	people := user.Store(userStore)
	clients, sessions, attempts, limits := session.ClientStore(live), session.SessionStore(live), session.AttemptStore(live), session.LimitStore(live)
	if b.counted {
		people, clients, sessions = countedUsers{userStore, s.calls}, countedClients{clients, s.calls}, countedSessions{sessions, s.calls}
		attempts, limits = countedAttempts{attempts, s.calls}, countedLimits{limits, s.calls}
	}

	_, signer, err := ed25519.GenerateKey(nil)
	must(t, err)
	ring, err := keyring.Parse(keyring.New())
	must(t, err)
	keys, err := session.OpenKeys(t.Context(), session.KeysConfig{
		Store: s.store, Sealer: ring, Algorithm: "EdDSA", External: signer, Now: s.clock.Now,
	})
	must(t, err)
	s.keys = keys
	s.sessions, err = session.NewService(session.Config{
		Clients: clients, Sessions: sessions, Revocations: live, Keys: keys,
		Issuer: "https://clerk.localhost", Attempts: attempts, Now: s.clock.Now, Logger: logger,
	})
	must(t, err)
	s.hasher, err = user.NewHasher(user.HasherConfig{
		MemoryKiB: 19456, Iterations: 2, Observe: func(took time.Duration) { s.hashing.Add(int64(took)) },
	})
	must(t, err)
	handler := &events{}
	s.users, err = user.NewService(user.Config{
		Store: people, Events: handler, Hasher: s.hasher, Now: s.clock.Now,
		PasswordRules: func() user.PasswordRules { return user.PasswordRules{AppName: "Acme"} }, Logger: logger,
	})
	must(t, err)
	cfg := frontendapi.Config{
		Users: s.users, Sessions: s.sessions, JWKS: keys.JWKS, Limits: limits,
		Settings:       func() flow.Settings { return *s.settings },
		PublicURL:      mustURL(t, publicURL),
		PublishableKey: key,
		Issuer:         "https://clerk.localhost",
		AllowedOrigin:  func(o string) bool { return o == publicURL || o == otherApp },
		ClientAddress:  func(r *http.Request) string { return r.Header.Get("Test-Address") },
		Now:            s.clock.Now,
		Logger:         logger,
	}
	for _, c := range change {
		c(&cfg, s.settings)
	}
	documents, err := document.NewStore(t.Context(), b.db)
	must(t, err)
	s.templates, err = jwttemplate.Open(t.Context(), documents, s.clock.Now)
	must(t, err)
	testCode := ""
	if s.settings.TestMode { // as a development server
		testCode = "424242"
	}
	handler.engine, err = flow.New(flow.Config{
		Users: s.users, Sessions: s.sessions, Attempts: attempts, Limits: limits, Sender: s.sender,
		Settings: cfg.Settings, TestCode: testCode, TokenTemplates: s.templates.ByName, Pepper: make([]byte, 32),
		Floor: -1, Now: s.clock.Now, Logger: logger,
	})
	must(t, err)
	s.engine = handler.engine
	t.Cleanup(handler.engine.Close)
	if cfg.Flow == nil {
		cfg.Flow = handler.engine
	}
	s.config = cfg
	api, err := frontendapi.New(cfg)
	must(t, err)
	s.handler = api
	return s
}

// syncBuffer is a log that may be written from several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	must(t, err)
	return u
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
