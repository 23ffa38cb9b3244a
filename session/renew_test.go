package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

func TestRenew(t *testing.T) {
	h := open(t)
	c, cookie, first := h.signedIn(userA)
	h.clock.Advance(time.Second)
	second := h.start(c, userB)
	for _, tc := range []struct {
		id   string
		want session.ID
	}{{"", second.ID}, {string(first.ID), first.ID}} {
		token, err := h.Renew(t.Context(), cookie, tc.id, "https://app.example.com")
		if err != nil {
			t.Fatal(err)
		}
		if a := h.verify(token); a.SessionID != string(tc.want) || a.Claims.AuthorizedParty != "https://app.example.com" {
			t.Errorf("Renew(%q) is of %s for %q, want %s", tc.id, a.SessionID, a.Claims.AuthorizedParty, tc.want)
		}
	}
	// Where the one asked for is dead, or none is named and the last one is, the one
	// that still lives takes its place.
	if err := h.RevokeUser(t.Context(), userB, "user banned", ""); err != nil {
		t.Fatal(err)
	}
	for _, id := range []session.ID{"", second.ID, session.NewSessionID(userA)} {
		token, err := h.Renew(t.Context(), cookie, string(id), "")
		if err != nil {
			t.Fatal(err)
		}
		if a := h.verify(token); a.SessionID != string(first.ID) {
			t.Errorf("Renew(%q) after the last active one was revoked is of %s, want %s", id, a.SessionID, first.ID)
		}
	}
	for _, unknown := range []string{"", "*", random.Token()} {
		if _, err := h.Renew(t.Context(), unknown, string(first.ID), ""); !errors.Is(err, auth.ErrNoSession) {
			t.Errorf("Renew with the cookie %q = %v, want ErrNoSession", unknown, err)
		}
	}
}

// awayStore is a store that cannot be reached.
type awayStore struct{ session.SessionStore }

func (awayStore) Load(context.Context, string, session.ID, time.Time, ...session.Event) ([]byte, session.Session, error) {
	return nil, session.Session{}, fmt.Errorf("load: %w", session.ErrUnavailable)
}

// A store that is away yields no token, though one is kept, and does not read as
// signed out.
func TestStoreAway(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	h.mustMint(cookie, ss.ID)
	h.cfg.Sessions = awayStore{h.store}
	node := h.node()
	if token, err := node.Mint(t.Context(), cookie, ss.ID, ""); token != "" || !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("Mint = %q, %v, want ErrUnavailable", token, err)
	}
	token, err := node.Renew(t.Context(), cookie, string(ss.ID), "")
	if token != "" || !errors.Is(err, session.ErrUnavailable) || errors.Is(err, auth.ErrNoSession) {
		t.Errorf("Renew = %q, %v, want ErrUnavailable", token, err)
	}
}

// A node whose clock is behind mints no token that is older than the client's
// AuthChangedAt, as another node wrote it: readers of __client_uat would take it for stale.
func TestTokenIsNotOlderThanTheLastSwitch(t *testing.T) {
	h := open(t)
	c, cookie, first := h.signedIn(userA)
	h.start(c, userB)
	h.clock.Advance(time.Minute)
	if _, err := h.Touch(t.Context(), c.ID, first.ID, true, session.Activity{}); err != nil {
		t.Fatal(err)
	}
	behind := h.node(func(cfg *session.Config) {
		cfg.Now = func() time.Time { return h.clock.Now().Add(-3 * time.Second) }
	})
	token, err := behind.Mint(t.Context(), cookie, first.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if a, changed := h.verify(token), h.mustClient(c.ID).AuthChangedAt; a.Claims.IssuedAt < changed.Unix() {
		t.Errorf("iat = %d, AuthChangedAt = %d", a.Claims.IssuedAt, changed.Unix())
	}
}
