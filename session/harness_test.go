package session_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/sqlstore"
)

const (
	issuer = "https://clerk.example.com"
	userA  = "user_2AbCdEfGhIjKlMnOpQrStUvWxYz"
	userB  = "user_2ZyXwVuTsRqPoNmLkJiHgFeDcBa"
)

// clock is a time that only moves when told to.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(time.Date(2026, 3, 1, 12, 0, 0, 250e6, time.UTC).UnixMilli())
	return c
}

func (c *clock) Now() time.Time          { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// harness is a service on SQLite in a temporary folder.
type harness struct {
	*session.Service
	t     testing.TB
	clock *clock
	path  string
	store *sqlstore.Store
	keys  *session.Keys
	ring  *keyring.Ring
	// secrets is the list that ring was made of.
	secrets string
	cfg     session.Config
}

// open starts a service; change may alter its configuration.
func open(t testing.TB, change ...func(*session.Config)) *harness {
	t.Helper()
	h := &harness{t: t, clock: newClock(), path: filepath.Join(t.TempDir(), "gatehouse.db"), secrets: keyring.New()}
	h.store, h.ring = openAt(t, h.path), parseRing(t, h.secrets)
	h.keys = h.openKeys(session.KeysConfig{Algorithm: session.EdDSA})
	h.cfg = session.Config{
		Clients: h.store, Sessions: h.store, Revocations: h.store, Keys: h.keys,
		Issuer: issuer, Now: h.clock.Now,
	}
	for _, fn := range change {
		fn(&h.cfg)
	}
	h.Service = h.node()
	return h
}

func openEmpty(t testing.TB) *sqlstore.Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "gatehouse.db"))
}

func openAt(t testing.TB, path string) *sqlstore.Store {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() { db.Close() })
	store, err := sqlstore.New(t.Context(), db)
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	return store
}

func mustRing(t testing.TB) *keyring.Ring { return parseRing(t, keyring.New()) }

func parseRing(t testing.TB, list string) *keyring.Ring {
	t.Helper()
	ring, err := keyring.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// node returns one more service on the same store.
func (h *harness) node(change ...func(*session.Config)) *session.Service {
	h.t.Helper()
	cfg := h.cfg
	for _, fn := range change {
		fn(&cfg)
	}
	s, err := session.NewService(cfg)
	if err != nil {
		h.t.Fatalf("NewService: %v", err)
	}
	return s
}

func (h *harness) openKeys(cfg session.KeysConfig) *session.Keys {
	h.t.Helper()
	cfg.Store, cfg.Sealer, cfg.Now = h.store, h.ring, h.clock.Now
	keys, err := session.OpenKeys(h.t.Context(), cfg)
	if err != nil {
		h.t.Fatalf("OpenKeys: %v", err)
	}
	return keys
}

func (h *harness) client() (session.Client, string) {
	h.t.Helper()
	c, cookie, err := h.NewClient(h.t.Context())
	if err != nil {
		h.t.Fatalf("NewClient: %v", err)
	}
	return c, string(cookie.Value)
}

func (h *harness) start(c session.Client, user string) session.Session {
	h.t.Helper()
	ss, err := h.Start(h.t.Context(), session.NewSession{
		ClientID: c.ID, UserID: user, AsOf: h.clock.Now(), Strategy: "password",
	})
	if err != nil {
		h.t.Fatalf("Start: %v", err)
	}
	return ss
}

// signedIn returns a client with a session of user.
func (h *harness) signedIn(user string) (session.Client, string, session.Session) {
	h.t.Helper()
	c, cookie := h.client()
	ss := h.start(c, user)
	return h.mustClient(c.ID), cookie, ss
}

func (h *harness) mustClient(id session.ClientID) session.Client {
	h.t.Helper()
	c, err := h.Client(h.t.Context(), id)
	if err != nil {
		h.t.Fatalf("Client: %v", err)
	}
	return c
}

func (h *harness) mustMint(cookie string, id session.ID) string {
	h.t.Helper()
	token, err := h.Mint(h.t.Context(), cookie, id, "")
	if err != nil {
		h.t.Fatalf("Mint: %v", err)
	}
	return token
}

// verify checks a token as the middleware does, without revocations.
func (h *harness) verify(token string) *auth.Auth {
	h.t.Helper()
	v, err := auth.NewVerifier(auth.VerifierConfig{Keys: h.keys, Issuer: issuer, Now: h.clock.Now})
	if err != nil {
		h.t.Fatal(err)
	}
	a, err := v.Verify(h.t.Context(), token)
	if err != nil {
		h.t.Fatalf("Verify: %v", err)
	}
	return a
}

// countingSessions counts the reads and writes of sessions.
type countingSessions struct {
	session.SessionStore
	loads, others atomic.Int64
}

func (c *countingSessions) Load(ctx context.Context, cookie string, id session.ID, now time.Time, events ...session.Event) ([]byte, session.Session, error) {
	c.loads.Add(1)
	return c.SessionStore.Load(ctx, cookie, id, now, events...)
}

func (c *countingSessions) Get(ctx context.Context, id session.ID) (session.Session, error) {
	c.others.Add(1)
	return c.SessionStore.Get(ctx, id)
}

func (c *countingSessions) Update(ctx context.Context, id session.ID, fn func(*session.Session) error) (session.Session, error) {
	c.others.Add(1)
	return c.SessionStore.Update(ctx, id, fn)
}

// countingClients counts the look-ups of cookies and clients.
type countingClients struct {
	session.ClientStore
	calls atomic.Int64
}

func (c *countingClients) FindCookie(ctx context.Context, token string, now time.Time) ([]byte, bool, error) {
	c.calls.Add(1)
	return c.ClientStore.FindCookie(ctx, token, now)
}

func (c *countingClients) Client(ctx context.Context, id session.ClientID) (session.Client, error) {
	c.calls.Add(1)
	return c.ClientStore.Client(ctx, id)
}

func (c *countingClients) UpdateClient(ctx context.Context, id session.ClientID, fn func(*session.Client) error) (session.Client, error) {
	c.calls.Add(1)
	return c.ClientStore.UpdateClient(ctx, id, fn)
}
