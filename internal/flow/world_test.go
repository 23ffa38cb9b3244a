package flow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/session"
	sessionsql "github.com/gatehouse-dev/gatehouse/session/sqlstore"
	"github.com/gatehouse-dev/gatehouse/user"
	usersql "github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

const (
	jane     = "jane@example.com"
	joe      = "joe@example.com"
	secret   = "correct horse battery"
	testCode = "424242"
)

// world is an engine on real stores in SQLite, with a clock that tests move and a
// fuse that tests blow.
type world struct {
	*flow.Engine
	t        testing.TB
	users    *user.Service
	people   *usersql.Store
	store    *sessionsql.Store
	sessions *session.Service
	outbox   *notify.Outbox
	fuse     *fuse
	log      *bytes.Buffer

	mu       sync.Mutex
	now      time.Time
	settings flow.Settings
}

// defaults are the settings of a development server with e-mail address and password.
func defaults() flow.Settings {
	return flow.Settings{
		AppName:      "Example",
		EmailAddress: flow.Attribute{Enabled: true, Required: true, FirstFactor: true, VerifyAtSignUp: true},
		Username:     flow.Attribute{FirstFactor: true},
		FirstName:    flow.Attribute{Enabled: true},
		LastName:     flow.Attribute{Enabled: true},
		Password:     flow.Attribute{Enabled: true, Required: true},
		Strategies:   []string{"password", "email_code"},
		DeleteSelf:   true, Reverification: true, SignInURL: "https://app.example.com/sign-in",
		TestMode: true,
	}
}

func newWorld(t testing.TB, change ...func(*flow.Config)) *world {
	t.Helper()
	w := &world{
		t: t, outbox: &notify.Outbox{}, fuse: &fuse{}, log: &bytes.Buffer{},
		now: time.UnixMilli(1_800_000_000_000), settings: defaults(),
	}
	ctx := t.Context()
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	must(t, err)
	t.Cleanup(func() { db.Close() })
	w.people, err = usersql.New(ctx, db)
	must(t, err)
	w.store, err = sessionsql.New(ctx, db)
	must(t, err)
	store := w.store
	ring, err := keyring.Parse(keyring.New())
	must(t, err)
	keys, err := session.OpenKeys(ctx, session.KeysConfig{Store: store, Sealer: ring, Algorithm: "EdDSA", Now: w.clock})
	must(t, err)
	w.sessions, err = session.NewService(session.Config{
		Clients: clients{store, w.fuse}, Sessions: sessionStore{store, w.fuse}, Revocations: store, Keys: keys,
		Issuer: "https://clerk.example.com", Now: w.clock,
	})
	must(t, err)
	hasher, err := user.NewHasher(user.HasherConfig{MemoryKiB: 19456, QueueTimeout: time.Minute})
	must(t, err)
	w.users, err = user.NewService(user.Config{
		Store: userStore{w.people, w.fuse}, Events: w, Hasher: hasher, Sealer: ring, Now: w.clock,
	})
	must(t, err)
	cfg := flow.Config{
		Users: w.users, Sessions: w.sessions, Attempts: attempts{store, w.fuse}, Limits: limits{store, w.fuse},
		Sender: sender{w.outbox, w.fuse}, Settings: w.Settings, Pepper: bytes.Repeat([]byte{7}, 32), Now: w.clock,
		Logger: slog.New(slog.NewJSONHandler(w.log, nil)), Floor: -1,
	}
	for _, c := range change {
		c(&cfg)
	}
	w.Engine, err = flow.New(cfg)
	must(t, err)
	t.Cleanup(w.Close)
	return w
}

// HandleUserEvent hands events to the engine, which is made after the users.
func (w *world) HandleUserEvent(ctx context.Context, ev user.Event) error {
	return w.Engine.HandleUserEvent(ctx, ev)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass moves the clock.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) Settings() flow.Settings {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.settings
}

func (w *world) set(change func(*flow.Settings)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.settings)
}

// failSends makes the mail server refuse everything.
func (w *world) failSends(fail bool) { w.fuse.noMail.Store(fail) }

// code returns the newest code sent to an address.
func (w *world) code(to string) string {
	w.t.Helper()
	w.Close() // waits for what is under way
	code, ok := w.outbox.LastCode(to)
	if !ok {
		w.t.Fatalf("no code was sent to %s", to)
	}
	return code
}

// wrong returns a code that is not the right one.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// person creates a user with a verified address and the password secret.
func (w *world) person(email string, change ...func(*user.NewUser)) *user.User {
	w.t.Helper()
	nu := user.NewUser{
		EmailAddresses: []user.NewIdentifier{{Value: email, Strategy: "admin"}}, Password: secret,
	}
	for _, c := range change {
		c(&nu)
	}
	u, err := w.users.Create(w.t.Context(), nu)
	must(w.t, err)
	w.pass(time.Second)
	return u
}

// userID finds whose address it is.
func (w *world) userID(email string) user.ID {
	w.t.Helper()
	u, _, err := w.users.ByIdentifier(w.t.Context(), email)
	must(w.t, err)
	return u.ID
}

// browser is one browser: it keeps its cookie and nothing else, as the edge does.
type browser struct {
	*world
	cookie string
}

func (w *world) browser() *browser { return &browser{world: w} }

// caller is what the edge makes of a request.
func (b *browser) caller() flow.Caller {
	b.t.Helper()
	c := flow.Caller{Cookie: b.cookie, Address: "192.0.2.1"}
	if b.cookie != "" {
		client, err := b.sessions.ClientByCookie(b.t.Context(), b.cookie, false)
		if err != nil && !errors.Is(err, session.ErrNotFound) {
			b.t.Fatalf("ClientByCookie: %v", err)
		}
		c.Client = client
	}
	return c
}

// keep takes the cookie of an answer.
func (b *browser) keep(out flow.Outcome, err error) (flow.Outcome, error) {
	if out.Cookie != nil {
		b.cookie = string(out.Cookie.Value)
	}
	return out, err
}

func (b *browser) signUp(f flow.SignUpFields) (flow.Outcome, error) {
	return b.keep(b.CreateSignUp(b.t.Context(), b.caller(), f))
}

func (b *browser) update(id string, f flow.SignUpFields) (flow.Outcome, error) {
	return b.keep(b.UpdateSignUp(b.t.Context(), b.caller(), id, f))
}

func (b *browser) prepareSignUp(id string) (flow.Outcome, error) {
	return b.keep(b.PrepareVerification(b.t.Context(), b.caller(), id, flow.Prepare{Strategy: "email_code"}))
}

func (b *browser) verify(id, code string) (flow.Outcome, error) {
	return b.keep(b.AttemptVerification(b.t.Context(), b.caller(), id, flow.Proof{Strategy: "email_code", Code: code}))
}

func (b *browser) signIn(f flow.SignInFields) (flow.Outcome, error) {
	return b.keep(b.CreateSignIn(b.t.Context(), b.caller(), f))
}

func (b *browser) prepare(id string, ask flow.Prepare) (flow.Outcome, error) {
	return b.keep(b.PrepareFirstFactor(b.t.Context(), b.caller(), id, ask))
}

func (b *browser) attempt(id string, p flow.Proof) (flow.Outcome, error) {
	return b.keep(b.AttemptFirstFactor(b.t.Context(), b.caller(), id, p))
}

func (b *browser) password(id, password string) (flow.Outcome, error) {
	return b.attempt(id, flow.Proof{Strategy: "password", Password: password})
}

func (b *browser) emailCode(id, code string) (flow.Outcome, error) {
	return b.attempt(id, flow.Proof{Strategy: "email_code", Code: code})
}

// in signs a user in by password and returns the session.
func (b *browser) in(identifier string) session.Session {
	b.t.Helper()
	out, err := b.signIn(flow.SignInFields{Identifier: identifier, Password: secret})
	must(b.t, err)
	return b.session(out.SignIn.CreatedSessionID)
}

// byCode signs a user in by e-mail code and returns the session's id.
func (b *browser) byCode(email string) session.ID {
	b.t.Helper()
	out, err := b.signIn(flow.SignInFields{Identifier: email, Strategy: "email_code"})
	must(b.t, err)
	out, err = b.emailCode(out.SignIn.ID, b.code(email))
	must(b.t, err)
	return out.SignIn.CreatedSessionID
}

func (b *browser) session(id session.ID) session.Session {
	b.t.Helper()
	ss, err := b.sessions.Get(b.t.Context(), id)
	must(b.t, err)
	return ss
}

// identify starts a sign-in without proving anything.
func (b *browser) identify(identifier string) *flow.SignIn {
	b.t.Helper()
	out, err := b.signIn(flow.SignInFields{Identifier: identifier})
	must(b.t, err)
	return out.SignIn
}

// started begins a sign-up that waits for its code.
func (b *browser) started(email string) *flow.SignUp {
	b.t.Helper()
	out, err := b.signUp(fields(email))
	must(b.t, err)
	out, err = b.prepareSignUp(out.SignUp.ID)
	must(b.t, err)
	return out.SignUp
}

func fields(email string) flow.SignUpFields {
	return flow.SignUpFields{EmailAddress: &email, Password: new(secret)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantCode checks that err is the refusal wanted.
func wantCode(t testing.TB, err error, code string) *flow.Error {
	t.Helper()
	e, ok := errors.AsType[*flow.Error](err)
	if !ok || e.Code != code {
		t.Fatalf("error = %v, want %s", err, code)
	}
	return e
}

// shape is the JSON of a value, for comparisons.
func shape(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return string(b)
}
