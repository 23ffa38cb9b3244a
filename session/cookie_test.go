package session_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

// stored is the name under which stores know a cookie: it is made of its random part.
func stored(cookie string) string {
	sum := sha256.Sum256([]byte(cookie[:secretLength]))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// secretLength is how long the random part of a cookie is; behind it stand a point and 27
// characters.
const secretLength = 43

// madeUp returns a cookie of the right shape that nobody issued, with the id of c.
func madeUp(c session.Client) string {
	return random.Token() + "." + strings.TrimPrefix(string(c.ID), "client_")
}

// S-01, A-10: what has another shape than a cookie is not looked up.
func TestOtherShapesAreNotLookedUp(t *testing.T) {
	clients, sessions := &countingClients{}, &countingSessions{}
	h := open(t, func(cfg *session.Config) {
		clients.ClientStore, sessions.SessionStore = cfg.Clients, cfg.Sessions
		cfg.Clients, cfg.Sessions = clients, sessions
	})
	c, cookie, ss := h.signedIn(userA)
	jwt := h.mustMint(cookie, ss.ID)
	clients.calls.Store(0)
	sessions.loads.Store(0)
	for name, value := range map[string]string{
		"empty":             "",
		"pattern":           "*",
		"7kB":               strings.Repeat("a", 7000),
		"a_session_token":   jwt,
		"one_short":         cookie[:len(cookie)-1],
		"one_long":          cookie + "A",
		"no_client":         cookie[:secretLength],
		"empty_client":      cookie[:secretLength+1],
		"another_separator": cookie[:secretLength] + "~" + cookie[secretLength+1:],
		"hostile_client":    cookie[:secretLength+1] + strings.Repeat("*", 27),
		"hyphens_in_client": cookie[:secretLength+1] + strings.Repeat("-", 27),
		"standard_alphabet": strings.Repeat("+", secretLength) + cookie[secretLength:],
		"line_break":        strings.Repeat("A", 42) + "\n" + cookie[secretLength:], // 42 characters decode by themselves
		"stray_bits":        strings.Repeat("A", 42) + "B" + cookie[secretLength:],
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := h.ClientByCookie(t.Context(), value, true); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("ClientByCookie = %v, want ErrNotFound", err)
			}
			if _, err := h.Mint(t.Context(), value, ss.ID, ""); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("Mint = %v, want ErrNotFound", err)
			}
			if _, err := h.RotateCookie(t.Context(), c.ID, value, true); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("RotateCookie = %v, want ErrNotFound", err)
			}
		})
	}
	if n := clients.calls.Load() + sessions.loads.Load(); n != 0 {
		t.Errorf("the store was asked %d times, want never", n)
	}
}

// S-01: a well-formed value that nobody issued is not adopted.
func TestUnknownValueIsNeverAdopted(t *testing.T) {
	h := open(t)
	c, _ := h.client()
	planted := madeUp(c)
	for range 2 {
		if _, err := h.ClientByCookie(t.Context(), planted, false); !errors.Is(err, session.ErrNotFound) {
			t.Fatalf("ClientByCookie = %v, want ErrNotFound", err)
		}
	}
	if _, found, err := h.store.FindCookie(t.Context(), stored(planted), h.clock.Now()); found || err != nil {
		t.Errorf("FindCookie of the planted value = %v, %v, want nothing stored", found, err)
	}
	if _, cookie := h.client(); cookie == planted || len(cookie) != len(planted) {
		t.Errorf("the new client's cookie is %q", cookie)
	}
}

// S-01: the id in a cookie only says where to look. A cookie that names a client other
// than its own is one that nobody issued, and shows neither.
func TestCookieOfAnotherClient(t *testing.T) {
	h := open(t)
	mine, cookie, ss := h.signedIn(userA)
	theirs, theirCookie, foreign := h.signedIn(userB)
	crossed := cookie[:secretLength] + madeUp(theirs)[secretLength:]
	for _, readOnly := range []bool{true, false} {
		for _, id := range []session.ID{"", ss.ID, foreign.ID} {
			if c, got, err := h.ClientAndSession(t.Context(), crossed, id, readOnly); !errors.Is(err, session.ErrNotFound) || c.ID != "" || got.ID != "" {
				t.Errorf("ClientAndSession = %s, %s, %v; want ErrNotFound", c.ID, got.ID, err)
			}
		}
	}
	for _, id := range []session.ID{ss.ID, foreign.ID} {
		if _, err := h.Mint(t.Context(), crossed, id, ""); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("Mint = %v, want ErrNotFound", err)
		}
	}
	if c, err := h.ClientByCookie(t.Context(), cookie, true); err != nil || c.ID != mine.ID {
		t.Errorf("the cookie itself: %s, %v", c.ID, err)
	}
	// What is stored for a cookie decides, also where the client's record knows it.
	now := h.clock.Now()
	data, _, err := h.store.FindCookie(t.Context(), stored(theirCookie), now)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.store.CommitCookie(t.Context(), stored(cookie), data, now.Add(time.Hour), now); err != nil {
		t.Fatal(err)
	}
	if c, err := h.ClientByCookie(t.Context(), cookie, true); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("a cookie that is stored as another client's leads to %s, %v", c.ID, err)
	}
}

// A-01, S-04: the session that is read with the client is one of that client's, and of
// those that were there when the cookie was rotated.
func TestClientAndSession(t *testing.T) {
	h := open(t)
	c, cookie, ss := h.signedIn(userA)
	_, _, foreign := h.signedIn(userB)
	read := func(cookie string, id session.ID) session.Session {
		t.Helper()
		got, ss, err := h.ClientAndSession(t.Context(), cookie, id, true)
		if err != nil || got.ID != c.ID {
			t.Fatalf("ClientAndSession = %s, %v", got.ID, err)
		}
		return ss
	}
	if got := read(cookie, ss.ID); got.ID != ss.ID || got.UserID != userA || got.Status != session.StatusActive {
		t.Errorf("the own session = %+v", got)
	}
	for _, id := range []session.ID{"", "sess_*", session.NewSessionID(userA), foreign.ID} {
		if got := read(cookie, id); got.ID != "" {
			t.Errorf("%q leads to session %s", id, got.ID)
		}
	}
	h.clock.Advance(time.Second)
	if _, err := h.RotateCookie(t.Context(), c.ID, cookie, true); err != nil {
		t.Fatal(err)
	}
	since := h.start(c, userB)
	if got := read(cookie, since.ID); got.ID != "" {
		t.Error("the rotated cookie leads to a session that began since")
	}
	if got := read(cookie, ss.ID); got.ID != ss.ID {
		t.Error("the rotated cookie does not lead to the session from before")
	}
	// S-07, S-08: what has ended says so.
	if err := h.RevokeUser(t.Context(), userA, "user banned", ""); err != nil {
		t.Fatal(err)
	}
	if got := read(cookie, ss.ID); got.Status != session.StatusRevoked {
		t.Errorf("status = %s, want revoked", got.Status)
	}
}

// S-02, K-03: the database holds the hash of the cookie, never the cookie.
func TestCookieIsHashedAtRest(t *testing.T) {
	h := open(t)
	c, first := h.client()
	second, err := h.RotateCookie(t.Context(), c.ID, first, true)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(h.path + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("database files: %v, %v", files, err)
	}
	var dump strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dump.Write(data)
	}
	if !strings.Contains(dump.String(), stored(first)) {
		t.Fatal("the dump lacks the hash: it proves nothing")
	}
	for _, cookie := range []string{first, string(second.Value)} {
		if strings.Contains(dump.String(), cookie[:secretLength]) {
			t.Error("the database holds a cookie in clear")
		}
	}
}

// S-05: cookie data that a blind write brought back does not bring the cookie back,
// not even for reading once the grace period is over (S-04).
func TestRevivedCookieDataIsNotBelieved(t *testing.T) {
	for _, grace := range []bool{false, true} {
		h := open(t)
		c, old := h.client()
		now := h.clock.Now()
		data, found, err := h.store.FindCookie(t.Context(), stored(old), now)
		if err != nil || !found {
			t.Fatalf("FindCookie = %v, %v", found, err)
		}
		if _, err := h.RotateCookie(t.Context(), c.ID, old, grace); err != nil {
			t.Fatal(err)
		}
		if err := h.store.CommitCookie(t.Context(), stored(old), data, now.Add(time.Hour), now); err != nil {
			t.Fatal(err)
		}
		if grace {
			h.clock.Advance(10 * time.Second)
		}
		for _, readOnly := range []bool{true, false} {
			if _, err := h.ClientByCookie(t.Context(), old, readOnly); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("grace %v: ClientByCookie(readOnly %v) = %v, want ErrNotFound", grace, readOnly, err)
			}
		}
	}
}

// cookieSink takes whatever is committed, as a store without guards would.
type cookieSink struct {
	session.ClientStore
	commits int
}

func (c *cookieSink) CommitCookie(context.Context, string, []byte, time.Time, time.Time) error {
	c.commits++
	return nil
}

// S-06: a commit at or past the deadline is an error and stores nothing.
func TestCommitPastTheDeadline(t *testing.T) {
	for _, tc := range []struct {
		name   string
		late   time.Duration // how much later the commit runs than the deadline was reckoned
		stored bool
	}{
		{"before", 999 * time.Millisecond, true},
		{"at", time.Second, false},
		{"1_s_past", 2 * time.Second, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sink := &cookieSink{}
			h := open(t, func(cfg *session.Config) {
				sink.ClientStore = cfg.Clients
				cfg.Clients = sink
				cfg.ClientLifetime = time.Second
				// The clock jumps after NewClient has read it once.
				now, reads := cfg.Now, 0
				cfg.Now = func() time.Time {
					if reads++; reads > 1 {
						return now().Add(tc.late)
					}
					return now()
				}
			})
			_, _, err := h.NewClient(t.Context())
			if stored := sink.commits == 1; stored != tc.stored || !stored && !errors.Is(err, session.ErrExpired) {
				t.Errorf("NewClient = %v, %d commits, want stored = %v", err, sink.commits, tc.stored)
			}
		})
	}
}

// forgetfulSessions never lets cookie data expire by itself.
type forgetfulSessions struct{ session.SessionStore }

func (s forgetfulSessions) LoadClient(ctx context.Context, token string, c session.ClientID, id session.ID, _ time.Time, events ...session.Event) ([]byte, session.Client, session.Session, error) {
	return s.SessionStore.LoadClient(ctx, token, c, id, time.Unix(0, 0), events...)
}

// S-06: the deadline inside the data counts, whatever the store says.
func TestLoadChecksTheDeadline(t *testing.T) {
	h := open(t, func(cfg *session.Config) {
		cfg.Sessions = forgetfulSessions{cfg.Sessions}
		cfg.ClientLifetime = time.Hour
	})
	c, cookie := h.client()
	if _, err := h.UpdateClient(t.Context(), c.ID, func(c *session.Client) error {
		c.ExpireAt = c.ExpireAt.Add(time.Hour)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(time.Hour - time.Millisecond)
	if _, err := h.ClientByCookie(t.Context(), cookie, true); err != nil {
		t.Errorf("before the deadline: %v", err)
	}
	h.clock.Advance(time.Millisecond)
	if _, err := h.ClientByCookie(t.Context(), cookie, true); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("at the deadline: %v, want ErrNotFound", err)
	}
}

// An app's own scs session in the context is neither read nor written.
func TestForeignCookieSessionInContext(t *testing.T) {
	h := open(t)
	_, cookie := h.client()
	foreign := &scs.SessionManager{Lifetime: time.Hour, Codec: scs.GobCodec{}}
	ctx, err := foreign.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.ClientByCookie(ctx, cookie, true); err != nil {
		t.Errorf("ClientByCookie beside the app's session: %v", err)
	}
	if _, _, err := h.NewClient(ctx); err == nil {
		t.Error("NewClient used the app's session")
	}
	ctx, err = scs.New().Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.NewClient(ctx); err != nil {
		t.Errorf("beside a manager of scs.New: %v", err)
	}
}

// S-14: cookie data is JSON with fixed fields; hostile bytes mean signed out.
func TestHostileCookieData(t *testing.T) {
	h := open(t)
	c, cookie, ss := h.signedIn(userA)
	now := h.clock.Now()
	data, _, err := h.store.FindCookie(t.Context(), stored(cookie), now)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil || fields["client_id"] != string(c.ID) {
		t.Fatalf("cookie data %q: %v", data, err)
	}
	put := func(data string) {
		t.Helper()
		if err := h.store.CommitCookie(t.Context(), stored(cookie), []byte(data), now.Add(time.Hour), now); err != nil {
			t.Fatal(err)
		}
	}
	for _, hostile := range []string{
		"", "null", "{}", "[]", `"x"`, "\x00\xff\xfe", "{", strings.Repeat("[", 100_000),
		`{"client_id":"` + string(c.ID) + `","deadline":"soon"}`,
		`{"client_id":"` + string(c.ID) + `"}`,
		`{"client_id":"../client","deadline":99999999999999}`,
		`{"client_id":7,"deadline":99999999999999}`,
	} {
		put(hostile)
		if _, err := h.ClientByCookie(t.Context(), cookie, true); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%.30q: ClientByCookie = %v, want ErrNotFound", hostile, err)
		}
		if _, err := h.Mint(t.Context(), cookie, ss.ID, ""); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%.30q: Mint = %v, want ErrNotFound", hostile, err)
		}
	}
	put(strings.Replace(string(data), "{", `{"unknown":{"a":[1]},`, 1))
	if _, err := h.ClientByCookie(t.Context(), cookie, true); err != nil {
		t.Errorf("with an unknown field: %v", err)
	}
}

// FuzzCookieData: S-14: whatever lies in the store, reading it neither panics nor yields
// anything but a well-formed client id.
func FuzzCookieData(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", `{"client_id":"client_0","deadline":9e18}`, `{"client_id":"client_0","deadline":99999999999999}`,
		`{"client_id":"../x","deadline":99999999999999}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if id, ok := session.DecodeCookie(data, time.Unix(1, 0)); ok && !random.ValidID("client", string(id)) {
			t.Errorf("%q yields client %q", data, id)
		}
	})
}
