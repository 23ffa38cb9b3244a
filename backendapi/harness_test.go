package backendapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/backendapi"
	"github.com/gatehouse-dev/gatehouse/internal/document"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/secretkey"
	"github.com/gatehouse-dev/gatehouse/internal/settings"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/session"
	sessionsql "github.com/gatehouse-dev/gatehouse/session/sqlstore"
	"github.com/gatehouse-dev/gatehouse/user"
	usersql "github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

const (
	key    = "sk_test_aGF2ZSBhIG5pY2UgZGF5"
	oldKey = "sk_test_cm90YXRlZCBzb29u"
)

// server is the Backend API over real services on a SQLite file of its own.
type server struct {
	t        *testing.T
	handler  http.Handler
	config   backendapi.Config
	users    *user.Service
	sessions *session.Service
	keys     *secretkey.Keys
	outbox   *notify.Outbox
	flow     flow.Settings // but for TestMode, which operators change
	down     error         // what sending a mail fails with
	settings *settings.Live[testSettings]
	now      time.Time
	log      strings.Builder
}

// testSettings are what operators change in these tests, in place of the instance's.
type testSettings struct {
	SignUpMode      string `json:"sign_up_mode"`
	SupportEmail    string `json:"support_email"`
	PreferredSignIn string `json:"preferred_sign_in"`
	TestMode        bool   `json:"test_mode"`
	EmailAddress    struct {
		Enabled  bool `json:"enabled"`
		Required bool `json:"required"`
	} `json:"email_address"`
}

func (s testSettings) check() error {
	if s.SignUpMode != "public" && s.SignUpMode != "restricted" {
		return &settings.ValueError{Name: "sign_up_mode", Problem: "is none"}
	}
	return nil
}

func newServer(t *testing.T, change ...func(*backendapi.Config)) *server {
	t.Helper()
	s := &server{
		t: t, now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC), outbox: &notify.Outbox{},
		flow: flow.Settings{
			AppName: "Acme", EmailAddress: flow.Attribute{Enabled: true},
			TicketURL: "https://app.example.com/v1/tickets/accept",
		},
	}
	clock := func() time.Time { return s.now }
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	must(t, err)
	t.Cleanup(func() { db.Close() })
	userStore, err := usersql.New(t.Context(), db)
	must(t, err)
	store, err := sessionsql.New(t.Context(), db)
	must(t, err)
	ring, err := keyring.Parse(keyring.New())
	must(t, err)
	keys, err := session.OpenKeys(t.Context(), session.KeysConfig{
		Store: store, Sealer: ring, Algorithm: "EdDSA", RotateEvery: 365 * 24 * time.Hour, Now: clock,
	})
	must(t, err)
	s.sessions, err = session.NewService(session.Config{
		Clients: store, Sessions: store, Revocations: store, Keys: keys, Issuer: "https://clerk.localhost", Attempts: store, Now: clock,
	})
	must(t, err)
	hasher, err := user.NewHasher(user.HasherConfig{MemoryKiB: 19456, Iterations: 2})
	must(t, err)
	s.users, err = user.NewService(user.Config{
		Store: userStore, Hasher: hasher, Now: clock,
		Events: user.EventHandlerFunc(func(ctx context.Context, e user.Event) error {
			switch e.Type {
			case user.EventDeleted, user.EventBanned:
				return s.sessions.ExcludeUser(ctx, string(e.UserID), string(e.Type))
			case user.EventSessionsEnd:
				return s.sessions.RevokeUser(ctx, string(e.UserID), string(e.Type), session.ID(e.KeepSession))
			}
			return nil
		}),
	})
	must(t, err)
	documents, err := document.NewStore(t.Context(), db)
	must(t, err)
	s.settings, err = settings.Open(t.Context(), settings.Config[testSettings]{
		Defaults: testSettings{SignUpMode: "public", TestMode: true}, Pinned: []string{"email_address.enabled"},
		Validate: testSettings.check, Documents: documents, Now: clock,
	})
	must(t, err)
	templates, err := jwttemplate.Open(t.Context(), documents, clock)
	must(t, err)
	logger := slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	engine, err := flow.New(flow.Config{
		Users: s.users, Sessions: s.sessions, Attempts: store, Limits: store, Sender: mailer{s},
		Settings: func() flow.Settings {
			now := s.flow
			now.TestMode = s.settings.Current().TestMode
			return now
		},
		TokenTemplates: templates.ByName, TestCode: "424242", Pepper: make([]byte, 32), Now: clock, Logger: logger,
	})
	must(t, err)
	t.Cleanup(engine.Close)
	secretKeys, err := secretkey.NewStore(t.Context(), db)
	must(t, err)
	s.keys, err = secretkey.Open(t.Context(), secretkey.Config{Store: secretKeys, Configured: []string{key, oldKey}, Now: clock, Logger: logger})
	must(t, err)
	s.config = backendapi.Config{
		Users: s.users, Sessions: s.sessions, Flow: engine, JWKS: keys.JWKS, Keys: keys, Limits: store,
		RedirectURL: func(text string) (string, bool) {
			return text, strings.HasPrefix(text, "https://app.example.com/")
		},
		Settings: s.settings, Templates: templates, InstanceID: "ins_2J2MvPu9PnXcuhbPZNao0LOXqK9", AllowedOrigins: []string{"https://app.example.com"},
		PublicURL:  &url.URL{Scheme: "https", Host: "app.example.com", Path: "/auth"},
		SecretKeys: s.keys,
		Now:        clock,
		Logger:     logger,
	}
	for _, c := range change {
		c(&s.config)
	}
	s.handler, err = backendapi.New(s.config)
	must(t, err)
	return s
}

// mailer fills the outbox unless it is down.
type mailer struct{ s *server }

func (m mailer) Send(ctx context.Context, message notify.Message) error {
	if m.s.down != nil {
		return m.s.down
	}
	return m.s.outbox.Send(ctx, message)
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	raw    string
	body   any
}

// call sends a request with the secret key and a JSON body; "" sends none.
func (s *server) call(method, path, body string) *answer {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	return s.do(r)
}

func (s *server) do(r *http.Request) *answer {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	raw, err := io.ReadAll(w.Body)
	must(s.t, err)
	a := &answer{t: s.t, status: w.Code, header: w.Header(), raw: string(raw)}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			s.t.Fatalf("%s %s: answer is no JSON: %v: %q", r.Method, r.URL, err, raw)
		}
	}
	return a
}

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
	if a.status != status || a.text("errors.0.code") != code {
		a.t.Fatalf("refused with %d %q, want %d %q: %s", a.status, a.text("errors.0.code"), status, code, a.raw)
	}
	if len(a.text("clerk_trace_id")) != 32 {
		a.t.Fatalf("error has no trace id: %s", a.raw)
	}
	return a
}

// blames fails unless the error names the parameter.
func (a *answer) blames(param string) *answer {
	a.t.Helper()
	if got := a.text("errors.0.meta.param_name"); got != param {
		a.t.Fatalf("param_name = %q, want %q: %s", got, param, a.raw)
	}
	return a
}

// at walks a dotted path through objects and arrays; nil if there is nothing.
func (a *answer) at(path string) any {
	v := a.body
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

func (a *answer) length() int {
	l, _ := a.body.([]any)
	return len(l)
}

// create makes a user and returns the id.
func (s *server) create(body string) string {
	s.t.Helper()
	return s.call(http.MethodPost, "/v1/users", body).ok().text("id")
}

// start signs a user in on a new client.
func (s *server) start(userID string) session.Session {
	s.t.Helper()
	client, _, err := s.sessions.NewClient(s.t.Context())
	must(s.t, err)
	ss, err := s.sessions.Start(s.t.Context(), session.NewSession{ClientID: client.ID, UserID: userID, AsOf: s.now, Strategy: "password"})
	must(s.t, err)
	return ss
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
