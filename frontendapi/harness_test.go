package frontendapi_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
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

// browser keeps cookies as a browser does.
type browser struct {
	s       *server
	origin  string // Origin of its pages; "" sends none
	address string // "" is a new one for every request, so that limits do not interfere
	cookies map[string]string
	headers http.Header // sent along with every request

	userID, sessionID string
	neighbourID       string // the session of somebody else on this browser, see shared
}

func (s *server) browser() *browser {
	return &browser{s: s, origin: publicURL, cookies: map[string]string{}, headers: http.Header{}}
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// get, post and call send requests; _method and the acting session go where the SDK
// puts them.
func (b *browser) get(path string) *answer { return b.send(http.MethodGet, path, nil, "") }

func (b *browser) post(path string, form url.Values) *answer {
	return b.send(http.MethodPost, path, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded")
}

// me is a call of the acting session.
func (b *browser) me(method, path string, form url.Values) *answer {
	path += "?_clerk_session_id=" + b.sessionID
	if method == http.MethodGet {
		return b.get(path)
	}
	if method != http.MethodPost {
		path += "&_method=" + method
	}
	return b.post(path, form)
}

func (b *browser) json(method, path, body string) *answer {
	return b.send(method, path, strings.NewReader(body), "application/json")
}

func (b *browser) send(method, path string, body io.Reader, contentType string) *answer {
	b.s.t.Helper()
	r := httptest.NewRequest(method, path, body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return b.do(r)
}

// do sends r with the browser's cookies and headers.
func (b *browser) do(r *http.Request) *answer {
	t := b.s.t
	t.Helper()
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	switch {
	case b.origin == "" || r.Header["Origin"] != nil:
	case r.Method == http.MethodGet && b.origin == publicURL: // browsers send no Origin then
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	default:
		r.Header.Set("Origin", b.origin)
	}
	maps.Copy(r.Header, b.headers)
	address := b.address
	if address == "" {
		address = fmt.Sprintf("10.0.%d", b.s.requests.Add(1))
	}
	r.Header.Set("Test-Address", address)
	w := httptest.NewRecorder()
	b.s.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	a := &answer{t: t, status: w.Code, header: w.Header(), raw: w.Body.String()}
	b.s.answers = append(b.s.answers, a.raw)
	if to := a.header.Get("Location"); to != "" {
		b.s.leads = append(b.s.leads, to)
	}
	if w.Code >= 500 {
		t.Logf("%s %s: %d %s\n%s", r.Method, r.URL.Path, a.status, a.raw, b.s.log)
	}
	if strings.HasPrefix(a.raw, "{") {
		if err := json.Unmarshal([]byte(a.raw), &a.body); err != nil {
			t.Fatalf("%s %s: answer is no JSON: %v: %q", r.Method, r.URL, err, a.raw)
		}
	}
	return a
}

// ok fails unless the answer is 200.
func (a *answer) ok() *answer {
	a.t.Helper()
	if a.status != http.StatusOK {
		a.t.Fatalf("status = %d, want 200: %s", a.status, a.raw)
	}
	return a
}

// refused fails unless the answer is an error with the status and code.
func (a *answer) refused(status int, code string) *answer {
	a.t.Helper()
	if a.status != status || a.code() != code {
		a.t.Fatalf("refused with %d %q, want %d %q: %s", a.status, a.code(), status, code, a.raw)
	}
	if id, _ := a.body["clerk_trace_id"].(string); len(id) != 32 {
		a.t.Fatalf("error has no trace id: %s", a.raw)
	}
	return a
}

func (a *answer) code() string { return a.text("errors.0.code") }

// at walks a dotted path through objects and arrays; nil if there is nothing.
func (a *answer) at(path string) any {
	var v any = a.body
	for part := range strings.SplitSeq(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

func (a *answer) text(path string) string {
	s, _ := a.at(path).(string)
	return s
}

func (a *answer) length(path string) int {
	l, _ := a.at(path).([]any)
	return len(l)
}

func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// signUp makes a browser whose person has just signed up.
func (s *server) signUp(email string) *browser {
	s.t.Helper()
	return s.browser().signUp(email)
}

// signUp signs a person up on this browser.
func (b *browser) signUp(email string) *browser {
	s := b.s
	s.t.Helper()
	su := b.post("/v1/client/sign_ups", form("email_address", email, "password", password, "username", "")).ok()
	id := su.text("response.id")
	b.post("/v1/client/sign_ups/"+id+"/prepare_verification", form("strategy", "email_code")).ok()
	done := b.post("/v1/client/sign_ups/"+id+"/attempt_verification",
		form("strategy", "email_code", "code", s.code(email))).ok()
	b.userID, b.sessionID = done.text("response.created_user_id"), done.text("response.created_session_id")
	if b.userID == "" || b.sessionID == "" {
		s.t.Fatalf("sign-up did not complete: %s", done.raw)
	}
	return b
}

// signIn signs a person in on a browser by password.
func (b *browser) signIn(email string) *answer {
	b.s.t.Helper()
	a := b.post("/v1/client/sign_ins", form("identifier", email, "strategy", "password", "password", password)).ok()
	b.sessionID = a.text("response.created_session_id")
	if b.sessionID == "" {
		b.s.t.Fatalf("sign-in did not complete: %s", a.raw)
	}
	return a
}

// code waits for the mail under way and returns its code.
func (s *server) code(email string) string {
	s.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if code, ok := s.outbox.LastCode(email); ok {
			return code
		}
		time.Sleep(time.Millisecond)
	}
	s.t.Fatalf("no code was sent to %s", email)
	return ""
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
