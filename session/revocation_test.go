package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/session"
)

var (
	_ auth.Renewer     = (*session.Service)(nil)
	_ auth.Revocations = (*session.Service)(nil)
	_ auth.KeySet      = (*session.Keys)(nil)
)

// run follows the log on a node until the test ends.
func run(t *testing.T, node *session.Service) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- node.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want the context's error", err)
		}
	})
}

// S-08: what ends on one node is refused there at once, and on another when it polls.
func TestRevocationsReachEveryNode(t *testing.T) {
	for name, end := range map[string]func(h *harness, ss session.Session) error{
		"End": func(h *harness, ss session.Session) error {
			_, err := h.End(h.t.Context(), ss.ClientID, ss.ID, session.StatusEnded)
			return err
		},
		"EndAll": func(h *harness, ss session.Session) error { _, err := h.EndAll(h.t.Context(), ss.ClientID); return err },
		"Revoke": func(h *harness, ss session.Session) error {
			_, err := h.Revoke(h.t.Context(), ss.ID, "signed out")
			return err
		},
		"RevokeUser": func(h *harness, ss session.Session) error {
			return h.RevokeUser(h.t.Context(), ss.UserID, "signed out", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t, func(cfg *session.Config) { cfg.Now = time.Now })
				other := h.node()
				c, _ := h.client()
				ss, err := h.Start(t.Context(), session.NewSession{ClientID: c.ID, UserID: userA, AsOf: time.Now()})
				if err != nil {
					t.Fatal(err)
				}
				run(t, h.Service)
				run(t, other)
				time.Sleep(2 * time.Second)
				issued := time.Now().Add(-time.Second)
				for _, node := range []*session.Service{h.Service, other} {
					if r, ok := node.Revoked(string(ss.ID), userA, issued); ok || !node.Current(time.Now()) {
						t.Fatalf("before: Revoked = %v, %v, Current = %v", r, ok, node.Current(time.Now()))
					}
				}
				if err := end(h, ss); err != nil {
					t.Fatal(err)
				}
				at := time.Now()
				if r, ok := h.Revoked(string(ss.ID), userA, issued); !ok || r.Cause != "signed out" || at.Sub(r.At) > time.Second {
					t.Errorf("here, at once: Revoked = %+v, %v", r, ok)
				}
				time.Sleep(250 * time.Millisecond)
				if r, ok := other.Revoked(string(ss.ID), userA, issued); !ok || r.Cause != "signed out" {
					t.Errorf("elsewhere, after a poll: Revoked = %+v, %v", r, ok)
				}
				if _, ok := other.Revoked(string(session.NewSessionID(userB)), userB, issued); ok {
					t.Error("another user's session is revoked too")
				}
				if r, ok, err := other.Ask(t.Context(), string(ss.ID), userA, issued); !ok || err != nil || r.Cause != "signed out" {
					t.Errorf("Ask = %+v, %v, %v", r, ok, err)
				}
			})
		})
	}
}

// A revocation of a user spares the session that changed the password, refuses tokens
// minted before, and not those of a sign-in right after.
func TestRevokeUserExcept(t *testing.T) {
	h := open(t)
	_, keptCookie, kept := h.signedIn(userA)
	c, cookie, gone := h.signedIn(userA)
	issued := h.clock.Now()
	h.clock.Advance(100 * time.Millisecond) // within the same second
	if err := h.RevokeUser(t.Context(), userA, "password changed", kept.ID); err != nil {
		t.Fatal(err)
	}
	h.mustMint(keptCookie, kept.ID)
	if _, err := h.Mint(t.Context(), cookie, gone.ID, ""); !errors.Is(err, session.ErrNotActive) {
		t.Errorf("Mint of the other session = %v, want ErrNotActive", err)
	}
	if _, ok := h.Revoked(string(gone.ID), userA, issued); !ok {
		t.Error("a token minted in the same second passes")
	}
	for _, at := range []time.Time{issued, issued.Add(-time.Hour)} {
		if _, ok := h.Revoked(string(kept.ID), userA, at); ok {
			t.Error("the session that lives on is refused")
		}
	}
	if _, ok := h.Revoked(string(session.NewSessionID(userA)), userA, issued.Add(-time.Second)); !ok {
		t.Error("a token of an unknown session from before passes")
	}
	// S-08: a sign-in that read the old password does not slip through.
	if _, err := h.Start(t.Context(), session.NewSession{ClientID: c.ID, UserID: userA, AsOf: issued}); !errors.Is(err, session.ErrUserRevoked) {
		t.Errorf("Start as of before = %v, want ErrUserRevoked", err)
	}
	h.clock.Advance(time.Millisecond)
	fresh := h.start(c, userA)
	if r, ok := h.Revoked(string(fresh.ID), userA, h.clock.Now().Truncate(time.Second)); ok {
		t.Errorf("a sign-in right after is refused: %+v", r)
	}
}

func TestRevokeUserAgain(t *testing.T) {
	h := open(t)
	_, _, ss := h.signedIn(userA)
	for range 2 {
		if err := h.RevokeUser(t.Context(), userA, "user deleted", ""); err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(time.Second)
	}
	if r, ok := h.Revoked(string(ss.ID), userA, h.clock.Now().Add(-time.Minute)); !ok || r.Cause != "user deleted" {
		t.Errorf("Revoked = %+v, %v", r, ok)
	}
	if err := h.RevokeUser(t.Context(), "", "", ""); err == nil {
		t.Error("RevokeUser took no user")
	}
}

// crashing is a session store that ends a session and then fails to log it, as one may
// that cannot do both in one step.
type crashing struct{ session.SessionStore }

func (c crashing) Update(ctx context.Context, id session.ID, fn func(*session.Session) error) (session.Session, error) {
	if _, err := c.SessionStore.Update(ctx, id, fn); err != nil {
		return session.Session{}, err
	}
	return session.Session{}, session.ErrUnavailable
}

// S-08: ending a session again publishes what the first time could not.
func TestEndAfterAFailedPublication(t *testing.T) {
	h := open(t)
	c, cookie, ss := h.signedIn(userA)
	broken := h.node(func(cfg *session.Config) { cfg.Sessions = crashing{cfg.Sessions} })
	if _, err := broken.End(t.Context(), c.ID, ss.ID, session.StatusEnded); !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("End = %v, want ErrUnavailable", err)
	}
	if _, err := h.Mint(t.Context(), cookie, ss.ID, ""); !errors.Is(err, session.ErrNotActive) {
		t.Errorf("Mint = %v, want ErrNotActive", err)
	}
	h.clock.Advance(20 * time.Second)
	if _, err := h.End(t.Context(), c.ID, ss.ID, session.StatusEnded); err != nil {
		t.Fatal(err)
	}
	records, _, err := h.store.RevocationsSince(t.Context(), 0)
	again := session.RevocationRecord{SessionID: ss.ID, At: h.clock.Now(), Cause: "signed out"}
	if err != nil || !slices.ContainsFunc(records, func(r session.RevocationRecord) bool { r.ID = ""; return r == again }) {
		t.Errorf("records = %+v, %v, want one for %s", records, err, ss.ID)
	}
}

func TestAsk(t *testing.T) {
	h := open(t)
	_, _, ss := h.signedIn(userA)
	for _, tc := range []struct {
		name          string
		session, user string
		want          bool
	}{
		{"live", string(ss.ID), userA, false},
		{"another_user", string(ss.ID), userB, true},
		{"unknown", string(session.NewSessionID(userA)), userA, true},
		{"malformed", "sess_*", userA, true},
	} {
		if _, ok, err := h.Ask(t.Context(), tc.session, tc.user, h.clock.Now()); ok != tc.want || err != nil {
			t.Errorf("%s: Ask = %v, %v, want %v", tc.name, ok, err, tc.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := h.Ask(ctx, string(ss.ID), userA, h.clock.Now()); err == nil {
		t.Error("Ask without a store = no error")
	}
}

// Revocations are dropped when no token of theirs can live; what does not fit makes
// Current false until then.
func TestRevocationsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, func(cfg *session.Config) { cfg.Now = time.Now })
		node := h.node(func(cfg *session.Config) { cfg.Revocations = &flood{n: session.RevocationLimit + 1} })
		run(t, node)
		time.Sleep(100 * time.Millisecond)
		if node.Current(time.Now()) {
			t.Error("Current though revocations were lost")
		}
		time.Sleep(91 * time.Second)
		if !node.Current(time.Now()) {
			t.Error("not Current after what was lost is over")
		}
	})
}

// flood returns more records at once than fit.
type flood struct {
	session.RevocationStore
	n int
}

func (f *flood) RevocationsSince(context.Context, session.RevocationCursor) ([]session.RevocationRecord, session.RevocationCursor, error) {
	records := make([]session.RevocationRecord, f.n)
	now := time.Now()
	for i := range records {
		records[i] = session.RevocationRecord{SessionID: session.ID(fmt.Sprintf("sess_%027d", i)), At: now}
	}
	f.n = 0
	return records, 1, nil
}

// Look-ups happen on every request of an app: they allocate nothing.
func TestRevokedAllocatesNothing(t *testing.T) {
	h := open(t)
	_, _, ss := h.signedIn(userA)
	if _, err := h.Revoke(t.Context(), ss.ID, "signed out"); err != nil {
		t.Fatal(err)
	}
	hit, miss, now := string(ss.ID), string(session.NewSessionID(userB)), h.clock.Now()
	if n := testing.AllocsPerRun(100, func() {
		h.Revoked(hit, userA, now)
		h.Revoked(miss, userB, now)
		h.Current(now)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// S-08: who is banned or deleted gets no session on a node whose clock is ahead either.
func TestExcludeUserCoversClocksThatAreAhead(t *testing.T) {
	h := open(t)
	ahead := h.node(func(cfg *session.Config) {
		now := cfg.Now
		cfg.Now = func() time.Time { return now().Add(10 * time.Second) }
	})
	c, _ := h.client()
	start := func(asOf time.Time) error {
		_, err := ahead.Start(t.Context(), session.NewSession{ClientID: c.ID, UserID: userA, AsOf: asOf, Strategy: "password"})
		return err
	}
	read := h.clock.Now().Add(10 * time.Second) // by the clock of that node
	if err := h.ExcludeUser(t.Context(), userA, "user banned"); err != nil {
		t.Fatal(err)
	}
	if err := start(read); !errors.Is(err, session.ErrUserRevoked) {
		t.Errorf("Start by a user read before the ban = %v, want ErrUserRevoked", err)
	}
	if err := start(read.Add(time.Millisecond)); err != nil {
		t.Errorf("Start by a user read after it: %v", err)
	}
}
