package session_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// S-04: the new value is stored, and the old dies at once before a first sign-in and
// is readable for 10 s later.
func TestRotateCookie(t *testing.T) {
	for _, tc := range []struct {
		name              string
		grace             bool
		after             time.Duration
		readable, mutable bool
	}{
		{"first_sign_in", false, 0, false, false},
		{"later", true, 0, true, false},
		{"later_at_9.999_s", true, 9999 * time.Millisecond, true, false},
		{"later_at_10_s", true, 10 * time.Second, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := open(t)
			c, old, ss := h.signedIn(userA)
			h.clock.Advance(time.Millisecond)
			cookie, err := h.RotateCookie(t.Context(), c.ID, old, tc.grace)
			if err != nil {
				t.Fatal(err)
			}
			if want := h.clock.Now().Add(365 * 24 * time.Hour); !cookie.Expires.Equal(want) || !h.mustClient(c.ID).ExpireAt.Equal(want) {
				t.Errorf("expires at %v, client at %v, want %v", cookie.Expires, h.mustClient(c.ID).ExpireAt, want)
			}
			h.clock.Advance(tc.after)
			if _, err := h.ClientByCookie(t.Context(), string(cookie.Value), false); err != nil {
				t.Errorf("the new value: %v", err)
			}
			if _, err := h.ClientByCookie(t.Context(), old, true); (err == nil) != tc.readable {
				t.Errorf("the old value, reading: %v, want found = %v", err, tc.readable)
			}
			if _, err := h.ClientByCookie(t.Context(), old, false); (err == nil) != tc.mutable {
				t.Errorf("the old value, changing: %v, want found = %v", err, tc.mutable)
			}
			if _, err := h.Mint(t.Context(), old, ss.ID, ""); (err == nil) != tc.readable {
				t.Errorf("Mint with the old value: %v, want minted = %v", err, tc.readable)
			}
			if _, err := h.RotateCookie(t.Context(), c.ID, old, true); !errors.Is(err, session.ErrConflict) {
				t.Errorf("RotateCookie of the old value = %v, want ErrConflict", err)
			}
		})
	}
}

// S-04: a value from before a rotation, which somebody else may have planted, leads to
// what there was before it and never to the session that was signed in to since.
func TestRotatedCookieSeesNoNewSession(t *testing.T) {
	h := open(t)
	c, planted, before := h.signedIn(userA)
	h.clock.Advance(time.Second)
	if _, err := h.RotateCookie(t.Context(), c.ID, planted, true); err != nil {
		t.Fatal(err)
	}
	since := h.start(c, userB) // within the millisecond of the rotation
	if _, err := h.Mint(t.Context(), planted, before.ID, ""); err != nil {
		t.Errorf("Mint for the session from before: %v", err)
	}
	if _, err := h.Mint(t.Context(), planted, since.ID, ""); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Mint for the session since = %v, want ErrNotFound", err)
	}
	seen, err := h.ClientByCookie(t.Context(), planted, true)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(seen.SessionIDs, []session.ID{before.ID}) || seen.LastActiveSessionID != before.ID {
		t.Errorf("the old value shows sessions %v, last active %s; want %s alone", seen.SessionIDs, seen.LastActiveSessionID, before.ID)
	}
	token, err := h.Renew(t.Context(), planted, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := h.verify(token); got.SessionID != string(before.ID) {
		t.Errorf("Renew with the old value leads to session %s, want %s", got.SessionID, before.ID)
	}
}

// leavingClients are those of a caller who goes away as soon as the client's record
// names the new cookie.
type leavingClients struct {
	session.ClientStore
	leave context.CancelFunc
}

func (c leavingClients) UpdateClient(ctx context.Context, id session.ClientID, fn func(*session.Client) error) (session.Client, error) {
	defer c.leave()
	return c.ClientStore.UpdateClient(ctx, id, fn)
}

// S-04: the old value dies also if its sender has gone meanwhile.
func TestRotationOutlivesItsCaller(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	h := open(t)
	c, old, ss := h.signedIn(userA)
	leaving := h.node(func(cfg *session.Config) { cfg.Clients = leavingClients{cfg.Clients, leave} })
	if _, err := leaving.RotateCookie(ctx, c.ID, old, false); err != nil {
		t.Errorf("RotateCookie: %v", err)
	}
	if _, err := h.Mint(t.Context(), old, ss.ID, ""); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Mint with the old value = %v, want ErrNotFound", err)
	}
}

// S-04, S-13: of parallel rotations one wins, and a client never has two cookies that
// may change it.
func TestParallelRotations(t *testing.T) {
	h := open(t)
	c, old := h.client()
	type result struct {
		cookie session.Cookie
		err    error
	}
	results := make(chan result)
	const n = 8
	for i := range n {
		go func() {
			cookie, err := h.RotateCookie(context.WithoutCancel(t.Context()), c.ID, old, i%2 == 0)
			results <- result{cookie, err}
		}()
	}
	won := 0
	for range n {
		r := <-results
		switch {
		case r.err == nil:
			won++
			if _, err := h.ClientByCookie(t.Context(), string(r.cookie.Value), false); err != nil {
				t.Errorf("the winner's cookie: %v", err)
			}
		case !errors.Is(r.err, session.ErrConflict):
			t.Errorf("RotateCookie = %v, want ErrConflict", r.err)
		}
	}
	if won != 1 {
		t.Errorf("%d rotations succeeded, want 1", won)
	}
}
