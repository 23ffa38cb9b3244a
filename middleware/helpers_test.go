package middleware_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

const (
	issuer = "https://clerk.example.com"
	origin = "https://app.example.com"
)

var (
	publishableKey = auth.PublishableKey("clerk.example.com")
	suffixed       = "__session_" + auth.CookieSuffix(publishableKey)
	ours, theirs   = key(1), key(2)
)

func key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(append(make([]byte, 31), seed))
}

// clock is a time that tests move.
type clock struct{ atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.Store(1_800_000_000)
	return c
}

func (c *clock) now() time.Time { return time.Unix(c.Load(), 0) }

// claims are those of a good token of user a, issued now.
func (c *clock) claims(user string, change ...any) jwt.MapClaims {
	now := c.Load()
	all := jwt.MapClaims{
		"iss": issuer, "sub": "user_" + user, "sid": "sess_" + user, "iat": now, "nbf": now - 10, "exp": now + 60, "v": 2, "sts": "active",
	}
	for i := 0; i < len(change); i += 2 {
		all[change[i].(string)] = change[i+1]
	}
	return all
}

func sign(k ed25519.PrivateKey, kid string, claims jwt.MapClaims) string {
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	t.Header["kid"] = kid
	s, err := t.SignedString(k)
	if err != nil {
		panic(err)
	}
	return s
}

// token is a good token of a user.
func (c *clock) token(user string, change ...any) string {
	return sign(ours, "ins_1", c.claims(user, change...))
}

// expired is a good token of a user but for its age.
func (c *clock) expired(user string) string {
	return c.token(user, "iat", c.Load()-120, "exp", c.Load()-60)
}

// keys is a set that can be emptied, and counts.
type keys struct {
	auth.KeySet
	asked atomic.Int64
	err   error
}

func (k *keys) Key(ctx context.Context, kid string) (auth.Key, error) {
	k.asked.Add(1)
	if k.err != nil {
		return auth.Key{}, k.err
	}
	return k.KeySet.Key(ctx, kid)
}

func newKeys(t testing.TB, k ed25519.PrivateKey) *keys {
	t.Helper()
	public, err := auth.NewKey("ins_1", k.Public())
	if err != nil {
		t.Fatal(err)
	}
	set, err := auth.FixedKeys(public)
	if err != nil {
		t.Fatal(err)
	}
	return &keys{KeySet: set}
}

func newVerifier(t testing.TB, set auth.KeySet, c *clock) *auth.Verifier {
	t.Helper()
	v, err := auth.NewVerifier(auth.VerifierConfig{Keys: set, Issuer: issuer, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newMiddleware(t testing.TB, c *clock, change func(*middleware.Config)) *middleware.Middleware {
	t.Helper()
	cfg := middleware.Config{
		Verifier:       newVerifier(t, newKeys(t, ours), c),
		PublishableKey: publishableKey,
		Now:            c.now,
	}
	if change != nil {
		change(&cfg)
	}
	m, err := middleware.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// request is a GET with header lines "Name: value".
func request(lines ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, origin+"/api/me", nil)
	for _, line := range lines {
		for i := range line {
			if line[i] == ':' {
				r.Header[line[:i]] = append(r.Header[line[:i]], line[i+2:])
				break
			}
		}
	}
	return r
}

func post(lines ...string) *http.Request {
	r := request(lines...)
	r.Method = http.MethodPost
	return r
}

// seen is what a guarded handler answers with: the user's id.
var seen = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprint(w, auth.FromContext(r.Context()).UserID)
})

// do serves r with a handler under Require.
func do(m *middleware.Middleware, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	m.Require(seen).ServeHTTP(w, r)
	return w
}

// admits checks that r is let in as user, by the middleware and by the direct call.
func admits(t *testing.T, m *middleware.Middleware, r *http.Request, user string) {
	t.Helper()
	if w := do(m, r); w.Code != http.StatusOK || w.Body.String() != "user_"+user {
		t.Errorf("answer = %d %q, want 200 for user_%s (%s)", w.Code, w.Body, user, m.Auth(r).Reason)
	}
	if a := m.Auth(r); !a.IsAuthenticated || a.UserID != "user_"+user {
		t.Errorf("Auth = %+v, want user_%s", a, user)
	}
}

// refuses checks that r is not let in, with a reason for us and none for the world.
func refuses(t *testing.T, m *middleware.Middleware, r *http.Request, want auth.Reason) {
	t.Helper()
	if w := do(m, r); w.Code != http.StatusUnauthorized && w.Code != http.StatusServiceUnavailable {
		t.Errorf("answer = %d %q, want a refusal", w.Code, w.Body)
	}
	a := m.Auth(r)
	if a.IsAuthenticated || a.UserID != "" || a.SessionID != "" || a.Claims != nil {
		t.Errorf("Auth = %+v, want signed out", a)
	}
	if a.Reason != want {
		t.Errorf("Reason = %s (%s), want %s", a.Reason, a.Detail, want)
	}
}

// renewer hands out tokens.
type renewer struct {
	mu     sync.Mutex
	calls  []string // client, session, party
	renew  func(session string) (string, error)
	parked chan struct{} // if set, calls wait until it is closed
}

func (r *renewer) Renew(ctx context.Context, client, session, party string) (string, error) {
	r.mu.Lock()
	r.calls = append(r.calls, client+" "+session+" "+party)
	parked := r.parked
	r.mu.Unlock()
	if parked != nil {
		select {
		case <-parked:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	return r.renew(session)
}

func (r *renewer) called() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.calls...)
}

// feed is a revocation feed that tests write by hand.
type feed struct {
	revoked map[string]auth.Revocation // by session id
	stale   bool
	ask     func(session string) (auth.Revocation, bool, error)
	asked   int
}

func (f *feed) Revoked(session, _ string, _ time.Time) (auth.Revocation, bool) {
	rev, ok := f.revoked[session]
	return rev, ok
}

func (f *feed) Current(time.Time) bool { return !f.stale }

func (f *feed) Ask(_ context.Context, session, _ string, _ time.Time) (auth.Revocation, bool, error) {
	f.asked++
	if f.ask == nil {
		return auth.Revocation{}, false, errors.New("store is away")
	}
	return f.ask(session)
}
