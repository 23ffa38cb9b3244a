package user_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

func (f *fixture) drain(t *testing.T) int {
	t.Helper()
	n, err := f.Drain(t.Context())
	if err != nil {
		t.Fatalf("Drain: %v", err)
	}
	return n
}

// What ends sessions is handled before the answer, the rest by Drain, each once.
func TestEvents(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com")
	f.mustUpdate(t, u.ID, user.Change{FirstName: ptr("Ada")})
	if got := f.handled(); len(got) != 0 {
		t.Errorf("handled at once: %v", got)
	}
	if n := f.drain(t); n != 2 {
		t.Errorf("Drain = %d, want 2", n)
	}
	if got := f.handled(); !slices.Equal(got, []user.EventType{user.EventCreated, user.EventUpdated}) {
		t.Errorf("drained: %v", got)
	}
	if _, err := f.Ban(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if got := f.handled(); !slices.Equal(got, []user.EventType{user.EventBanned}) {
		t.Errorf("a ban: %v", got)
	}
	if _, err := f.Ban(t.Context(), u.ID); err != nil || len(f.handled()) != 0 {
		t.Errorf("a second ban has events, %v", err)
	}
	if got, err := f.Unban(t.Context(), u.ID); err != nil || got.Banned {
		t.Errorf("Unban = %v, %v", got.Banned, err)
	}
	f.mustUpdate(t, u.ID, user.Change{LastSignInAt: ptr(noon), LastActiveAt: ptr(noon)}) // none
	if err := f.Delete(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if got := f.handled(); !slices.Equal(got, []user.EventType{user.EventDeleted}) {
		t.Errorf("a deletion: %v", got)
	}
	if n := f.drain(t); n != 2 { // updated by the ban and by the unban
		t.Errorf("Drain = %d, want 2", n)
	}
	if n := f.drain(t); n != 0 {
		t.Errorf("Drain again = %d, want 0", n)
	}
}

// The change stands when the handler fails; Drain tries until it succeeds, in order.
func TestHandlerFails(t *testing.T) {
	f := newFixture(t)
	u, v := f.add(t, "ada@example.com"), f.add(t, "bob@example.com")
	f.drain(t)
	f.handled()
	f.setFail(errors.New("sessions are away"))
	if banned, err := f.Ban(t.Context(), u.ID); err != nil || !banned.Banned {
		t.Errorf("Ban = %v", err)
	}
	if err := f.Delete(t.Context(), u.ID); err != nil {
		t.Errorf("Delete = %v", err)
	}
	f.mustUpdate(t, v.ID, user.Change{FirstName: ptr("Bob")})
	if !strings.Contains(f.log.String(), "event left for later") || !strings.Contains(f.log.String(), "sessions are away") {
		t.Errorf("log = %s", f.log)
	}
	if n, err := f.Drain(t.Context()); n != 0 || err == nil || !strings.Contains(err.Error(), "sessions are away") {
		t.Errorf("Drain = %d, %v; want the handler's error", n, err)
	}
	f.setFail(nil)
	if n := f.drain(t); n != 4 {
		t.Errorf("Drain = %d, want 4", n)
	}
	want := []user.EventType{user.EventUpdated, user.EventBanned, user.EventDeleted, user.EventUpdated}
	if got := f.handled(); !slices.Equal(got, want) {
		t.Errorf("drained %v, want %v", got, want)
	}
}

// A user whose event fails waits; the others do not.
func TestDrainOrder(t *testing.T) {
	var f *fixture
	var bad user.ID
	f = newFixture(t, func(c *user.Config) {
		handle := c.Events
		c.Events = user.EventHandlerFunc(func(ctx context.Context, e user.Event) error {
			if e.UserID == bad && e.Type == user.EventUpdated {
				return errors.New("no")
			}
			return handle.HandleUserEvent(ctx, e)
		})
	})
	u, v := f.add(t, "ada@example.com"), f.add(t, "bob@example.com")
	bad = u.ID
	f.mustUpdate(t, u.ID, user.Change{FirstName: ptr("Ada")})
	f.mustUpdate(t, v.ID, user.Change{FirstName: ptr("Bob")})
	for range 120 { // more than one batch
		f.mustUpdate(t, v.ID, user.Change{FirstName: ptr("B"), LastName: ptr(time.Now().String())})
	}
	if n, err := f.Drain(t.Context()); err == nil || n == 0 {
		t.Errorf("Drain = %d, %v; want some handled and an error", n, err)
	}
	for range 3 {
		_, _ = f.Drain(t.Context())
	}
	if got := f.pending(t); !slices.Equal(got, []user.EventType{user.EventUpdated}) {
		t.Errorf("waiting: %v, want the one that fails", got)
	}
}

// A caller that hangs up does not stop what must follow.
func TestSettleOutlivesTheCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var f *fixture
	f = newFixture(t, func(c *user.Config) {
		c.Events = user.EventHandlerFunc(func(inner context.Context, e user.Event) error {
			cancel()
			if err := inner.Err(); err != nil {
				return err
			}
			return f.handle(inner, e)
		})
	})
	u := f.add(t, "ada@example.com")
	if err := f.Delete(ctx, u.ID); err != nil {
		t.Fatal(err)
	}
	if got := f.handled(); !slices.Equal(got, []user.EventType{user.EventDeleted}) {
		t.Errorf("handled %v", got)
	}
	if got := f.pending(t); !slices.Equal(got, []user.EventType{user.EventCreated}) {
		t.Errorf("waiting: %v, want only the creation", got)
	}
}

func TestDrainPurges(t *testing.T) {
	f := newFixture(t)
	rows := func() (n int) {
		if err := f.store.DB().QueryRowContext(t.Context(), `select count(*) from user_events`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	f.add(t, "ada@example.com")
	f.drain(t)
	f.advance(24 * time.Hour)
	f.drain(t)
	if rows() != 1 {
		t.Errorf("%d rows after a day, want 1", rows())
	}
	f.advance(time.Hour)
	f.add(t, "bob@example.com")
	f.drain(t)
	if rows() != 1 {
		t.Errorf("%d rows, want only the new one", rows())
	}
}
