package session_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/origin"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/sqlstore"
)

// told keeps what a Publisher is told.
type told struct {
	events []session.SessionEvent
	fail   error
}

func (p *told) PublishSessionEvents(_ context.Context, events []session.SessionEvent) error {
	if p.fail != nil {
		return p.fail
	}
	p.events = append(p.events, events...)
	return nil
}

func (p *told) take() (types []session.EventType) {
	for _, e := range p.events {
		types = append(types, e.Type)
	}
	p.events = nil
	return types
}

// telling opens a service that tells p.
func telling(t *testing.T, p *told) *harness {
	return open(t, func(c *session.Config) {
		c.Intents, c.Publisher = c.Sessions.(*sqlstore.Store), p
	})
}

func publish(t *testing.T, s *session.Service) {
	t.Helper()
	if err := s.PublishEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// intents returns those that are kept, whatever their age.
func (h *harness) intents() []session.Intent {
	h.t.Helper()
	all, err := h.store.Intents(h.t.Context(), h.clock.Now().Add(time.Hour), 100)
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// L-04: every beginning and end of a session is told once, with who was behind it, and
// leaves no intent behind.
func TestSessionEvents(t *testing.T) {
	p := &told{}
	h := telling(t, p)
	behind := origin.Origin{Kind: origin.KindUser, Address: "192.0.2.1"}
	ctx := origin.With(t.Context(), behind)
	start := func() (session.Client, session.Session) {
		c, _ := h.client()
		ss, err := h.Start(ctx, session.NewSession{ClientID: c.ID, UserID: userA, AsOf: h.clock.Now(), Strategy: "password"})
		if err != nil {
			t.Fatal(err)
		}
		return c, ss
	}
	c, ss := start()
	publish(t, h.Service)
	if len(p.events) != 1 || p.events[0].Type != session.EventCreated || p.events[0].Session.ID != ss.ID ||
		p.events[0].Origin != behind || p.events[0].Strategy != "password" {
		t.Fatalf("told %+v", p.events)
	}
	p.take()
	for _, tc := range []struct {
		name string
		do   func() error
		want []session.EventType
	}{
		{"sign-out", func() error { _, err := h.End(ctx, c.ID, ss.ID, session.StatusEnded); return err }, []session.EventType{session.EventEnded}},
		{"sign-out again", func() error { _, err := h.End(ctx, c.ID, ss.ID, session.StatusEnded); return err }, nil},
		{"sign-out of all", func() error { _, err := h.EndAll(ctx, c.ID); return err }, []session.EventType{session.EventRemoved}},
		{
			"revoked", func() error { _, ss := start(); _, err := h.Revoke(ctx, ss.ID, "test"); return err },
			[]session.EventType{session.EventCreated, session.EventRevoked},
		},
		{
			"user revoked", func() error { start(); start(); return h.RevokeUser(ctx, userA, "test", "") },
			[]session.EventType{session.EventCreated, session.EventCreated, session.EventRevoked, session.EventRevoked},
		},
		{"user revoked again", func() error { return h.RevokeUser(ctx, userA, "test", "") }, nil},
	} {
		if err := tc.do(); err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		h.clock.Advance(time.Second)
		publish(t, h.Service)
		if got := p.take(); !slices.Equal(got, tc.want) {
			t.Errorf("%s: told %v, want %v", tc.name, got, tc.want)
		}
		if left := h.intents(); len(left) != 0 {
			t.Errorf("%s: left %+v", tc.name, left)
		}
	}
	if _, err := h.Start(ctx, session.NewSession{ClientID: c.ID, UserID: userA, AsOf: h.clock.Now().Add(-time.Hour), Strategy: "password"}); !errors.Is(err, session.ErrUserRevoked) {
		t.Fatalf("Start = %v, want ErrUserRevoked", err)
	}
	publish(t, h.Service)
	if got := p.take(); got != nil || len(h.intents()) != 0 {
		t.Errorf("a sign-in that failed: told %v, left %v", got, h.intents())
	}
}

// What cannot be told now is told later.
func TestSessionEventsOfFailingPublisher(t *testing.T) {
	p := &told{fail: errors.New("queue is full")}
	h := telling(t, p)
	h.signedIn(userA)
	if err := h.PublishEvents(t.Context()); err == nil || len(h.intents()) != 1 {
		t.Fatalf("PublishEvents = %v with %d intents left, want the failure and one", err, len(h.intents()))
	}
	p.fail = nil
	publish(t, h.Service)
	if got := p.take(); !slices.Equal(got, []session.EventType{session.EventCreated}) {
		t.Errorf("told %v", got)
	}
}

// A process that dies at any moment loses no event of a session, and invents none.
func TestSessionEventsAfterCrash(t *testing.T) {
	p := &told{}
	h := telling(t, p)
	_, _, ended := h.signedIn(userA)
	publish(t, h.Service)
	p.take()
	// This process dies before it tells of anything that it does from here on.
	h.signedIn(userA)
	if _, err := h.Revoke(t.Context(), ended.ID, "test"); err != nil {
		t.Fatal(err)
	}
	_, _, untouched := h.signedIn(userB)
	for _, i := range []session.Intent{ // and before the change itself
		{ID: "int_1", Begins: true, SessionID: session.NewSessionID(userB), UserID: userB, At: h.clock.Now()},
		{ID: "int_2", SessionID: untouched.ID, At: h.clock.Now()},
		{ID: "int_3", UserID: userB, At: h.clock.Now()},
	} {
		if err := h.store.AddIntent(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	other := h.node()
	publish(t, other)
	if got := p.take(); got != nil {
		t.Errorf("told of changes that may be under way: %v", got)
	}
	h.clock.Advance(time.Minute + time.Second)
	publish(t, other)
	got := p.take()
	slices.Sort(got)
	if want := []session.EventType{session.EventCreated, session.EventCreated, session.EventRevoked}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if left := h.intents(); len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}
