package session_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

func TestStart(t *testing.T) {
	h := open(t)
	c, _ := h.client()
	now := h.clock.Now()
	ss, err := h.Start(t.Context(), session.NewSession{
		ClientID: c.ID, UserID: userA, AsOf: now, Strategy: "email_code",
		Activity: session.Activity{BrowserName: "Firefox", IPAddress: "192.0.2.1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if ss.Status != session.StatusActive || !ss.FirstFactorAt.Equal(now) || !ss.SecondFactorAt.IsZero() ||
		!ss.ExpireAt.Equal(now.Add(7*24*time.Hour)) || !strings.HasPrefix(ss.Activity.ID, "sact_") {
		t.Errorf("Start = %+v", ss)
	}
	got, err := h.Get(t.Context(), ss.ID)
	if err != nil || got.Activity != ss.Activity || got.ClientID != c.ID || got.UserID != userA || got.Version != ss.Version {
		t.Errorf("Get = %+v, %v, want what Start returned", got, err)
	}
	c = h.mustClient(c.ID)
	if !slices.Equal(c.SessionIDs, []session.ID{ss.ID}) || c.LastActiveSessionID != ss.ID ||
		c.LastAuthenticationStrategy != "email_code" || !c.AuthChangedAt.Equal(now) {
		t.Errorf("client = %+v", c)
	}
}

func TestStartRefuses(t *testing.T) {
	h := open(t)
	c, _ := h.client()
	if err := h.RevokeUser(t.Context(), userB, "user deleted", ""); err != nil {
		t.Fatal(err)
	}
	now := h.clock.Now()
	for _, tc := range []struct {
		name string
		ns   session.NewSession
		want error // nil: any
	}{
		{"unknown_client", session.NewSession{ClientID: "client_" + "2AbCdEfGhIjKlMnOpQrStUvWxYz", UserID: userA, AsOf: now}, session.ErrNotFound},
		{"malformed_client", session.NewSession{ClientID: "client_../x", UserID: userA, AsOf: now}, session.ErrNotFound},
		{"no_user", session.NewSession{ClientID: c.ID, AsOf: now}, nil},
		{"too_long", session.NewSession{ClientID: c.ID, UserID: userA, AsOf: now, Lifetime: 8 * 24 * time.Hour}, nil},
		{"revoked_at_as_of", session.NewSession{ClientID: c.ID, UserID: userB, AsOf: now}, session.ErrUserRevoked},
		{"revoked_after_as_of", session.NewSession{ClientID: c.ID, UserID: userB, AsOf: now.Add(-time.Second)}, session.ErrUserRevoked},
		{"revoked_and_no_as_of", session.NewSession{ClientID: c.ID, UserID: userB}, session.ErrUserRevoked},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := h.Start(t.Context(), tc.ns); err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("Start = %v, want %v", err, tc.want)
			}
		})
	}
	if got := h.mustClient(c.ID); len(got.SessionIDs) != 0 || !got.AuthChangedAt.IsZero() {
		t.Errorf("client = %+v, want signed out", got)
	}
	h.clock.Advance(time.Millisecond)
	h.start(c, userB) // the user was read again since
}

type failingClients struct {
	session.ClientStore
	err error
}

func (f *failingClients) UpdateClient(ctx context.Context, id session.ClientID, fn func(*session.Client) error) (session.Client, error) {
	if f.err != nil {
		return session.Client{}, f.err
	}
	return f.ClientStore.UpdateClient(ctx, id, fn)
}

func TestStartUndoesAHalfDoneSignIn(t *testing.T) {
	clients := &failingClients{}
	h := open(t, func(cfg *session.Config) {
		clients.ClientStore = cfg.Clients
		cfg.Clients = clients
	})
	c, _ := h.client()
	clients.err = session.ErrUnavailable
	_, err := h.Start(t.Context(), session.NewSession{ClientID: c.ID, UserID: userA, AsOf: h.clock.Now()})
	if !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("Start = %v, want ErrUnavailable", err)
	}
	sessions, err := h.OfUser(t.Context(), userA)
	if err != nil {
		t.Fatal(err)
	}
	for _, ss := range sessions {
		if ss.Live(h.clock.Now()) {
			t.Errorf("%s lives on without a client", ss.ID)
		}
	}
}

func TestSessionsPerClient(t *testing.T) {
	h := open(t)
	c, cookie := h.client()
	var started []session.Session
	for range 12 {
		started = append(started, h.start(c, userA))
		h.clock.Advance(time.Second)
	}
	for i, ss := range started {
		got, err := h.Get(t.Context(), ss.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := session.StatusActive
		if i < 2 {
			want = session.StatusEnded
		}
		if got.Status != want {
			t.Errorf("session %d of 12 is %s, want %s", i+1, got.Status, want)
		}
	}
	if _, err := h.Mint(t.Context(), cookie, started[0].ID, ""); !errors.Is(err, session.ErrNotActive) {
		t.Errorf("Mint of the oldest = %v, want ErrNotActive", err)
	}
	if n := len(h.mustClient(c.ID).SessionIDs); n != 10 {
		t.Errorf("the client lists %d sessions, want 10", n)
	}
}

func TestSessionsPerUser(t *testing.T) {
	h := open(t)
	_, cookie, oldest := h.signedIn(userA)
	var c session.Client
	for i := range 100 {
		h.clock.Advance(time.Second)
		if i%10 == 0 {
			c, _ = h.client()
		}
		h.start(c, userA)
	}
	got, err := h.Get(t.Context(), oldest.ID)
	if err != nil || got.Status != session.StatusEnded {
		t.Errorf("the oldest of 101 is %s, %v, want ended", got.Status, err)
	}
	if _, err := h.Mint(t.Context(), cookie, oldest.ID, ""); !errors.Is(err, session.ErrNotActive) {
		t.Errorf("Mint of the oldest = %v, want ErrNotActive", err)
	}
	sessions, err := h.OfUser(t.Context(), userA)
	if err != nil {
		t.Fatal(err)
	}
	live := 0
	for _, ss := range sessions {
		if ss.Live(h.clock.Now()) {
			live++
		}
	}
	if live != 100 {
		t.Errorf("%d live sessions, want 100", live)
	}
}

// A browser is known to whoever has proved a factor there, not to who came by a ticket or acts
// as somebody (E-03).
func TestKnownUsers(t *testing.T) {
	h := open(t)
	c, _ := h.client()
	for _, ns := range []session.NewSession{
		{UserID: userB, Strategy: session.StrategyTicket},
		{UserID: userA, Strategy: "password"},
	} {
		ns.ClientID, ns.AsOf = c.ID, h.clock.Now()
		if _, err := h.Start(t.Context(), ns); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.mustClient(c.ID).KnownUserIDs; !slices.Equal(got, []string{userA}) {
		t.Errorf("known users = %v, want %v", got, []string{userA})
	}
}
