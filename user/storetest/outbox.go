package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

func pending(t *testing.T, s user.Store) []user.Event {
	t.Helper()
	events, err := s.(user.Outbox).Pending(t.Context(), 1000)
	if err != nil {
		t.Fatalf("Pending: %v", err)
	}
	return events
}

func eventsInOrder(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	want := []user.Event{newEvent(user.EventCreated, u.ID)}
	if err := s.Create(t.Context(), u, want[0]); err != nil {
		t.Fatalf("Create: %v", err)
	}
	for range 10 {
		// Ids of one second are in no order; the time is the same for all.
		two := []user.Event{newEvent(user.EventUpdated, u.ID), newEvent(user.EventBanned, u.ID)}
		want = append(want, two...)
		if _, err := s.Update(t.Context(), u.ID, func(*user.User) ([]user.Event, error) { return two, nil }); err != nil {
			t.Fatalf("Update: %v", err)
		}
	}
	end := newEvent(user.EventSessionsEnd, u.ID)
	end.KeepSession = "sess_2AbCdEfGhIjKlMnOpQrStUvWxYz"
	want = append(want, end)
	if _, err := s.Update(t.Context(), u.ID, func(*user.User) ([]user.Event, error) { return want[len(want)-1:], nil }); err != nil {
		t.Fatalf("Update: %v", err)
	}
	want = append(want, newEvent(user.EventDeleted, u.ID))
	if err := s.Delete(t.Context(), u.ID, want[len(want)-1]); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	if got := pending(t, s); !slices.Equal(got, want) {
		t.Errorf("Pending = %v, want %v", got, want)
	}
	some, err := s.(user.Outbox).Pending(t.Context(), 3)
	if err != nil || !slices.Equal(some, want[:3]) {
		t.Errorf("Pending of 3 = %v, %v; want the three oldest", some, err)
	}
}

func eventsOfFailedWrites(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	late := newUser("ada@example.com")
	if err := s.Create(t.Context(), late, newEvent(user.EventCreated, late.ID)); !errors.Is(err, user.ErrIdentifierTaken) {
		t.Fatalf("Create = %v, want ErrIdentifierTaken", err)
	}
	_, err := s.Update(t.Context(), u.ID, func(*user.User) ([]user.Event, error) {
		return []user.Event{newEvent(user.EventUpdated, u.ID)}, errors.New("no")
	})
	if err == nil {
		t.Fatal("Update succeeded")
	}
	if got := pending(t, s); len(got) != 0 {
		t.Errorf("failed writes recorded %v", got)
	}

	// And the other way round: what cannot be recorded does not happen.
	e := newEvent(user.EventBanned, u.ID)
	ban := func(u *user.User) ([]user.Event, error) {
		u.Banned = true
		return []user.Event{e, e}, nil // twice the same id
	}
	if _, err := s.Update(t.Context(), u.ID, ban); err == nil {
		t.Error("Update recorded one event twice")
	}
	if got := byID(t, s, u.ID); got.Banned || len(pending(t, s)) != 0 {
		t.Errorf("an Update whose event was refused is stored: banned %v, events %v", got.Banned, pending(t, s))
	}
}

func eventsDoneAndPurged(t *testing.T, s user.Store) {
	outbox := s.(user.Outbox)
	var events []user.Event
	for n := range 3 {
		u := newUser(fmt.Sprintf("u%d@example.com", n))
		events = append(events, newEvent(user.EventCreated, u.ID))
		if err := s.Create(t.Context(), u, events[n]); err != nil {
			t.Fatalf("Create: %v", err)
		}
	}
	mark := func(at time.Time, ids ...string) {
		t.Helper()
		if err := outbox.Done(t.Context(), at, ids...); err != nil {
			t.Fatalf("Done: %v", err)
		}
	}
	// All are told of; what that changes about a purge is publishedAndPurged's.
	if err := outbox.Published(t.Context(), noon, events[0].ID, events[1].ID, events[2].ID); err != nil {
		t.Fatalf("Published: %v", err)
	}
	mark(noon, events[1].ID, "evt_unknown")
	mark(noon)
	if got := pending(t, s); !slices.Equal(got, []user.Event{events[0], events[2]}) {
		t.Errorf("Pending = %v, want the first and the third", got)
	}
	// A purge takes neither what is not done nor what was done at that time or later.
	mark(noon.Add(time.Hour), events[0].ID, events[1].ID)
	if err := outbox.Purge(t.Context(), noon.Add(time.Hour)); err != nil {
		t.Fatalf("Purge: %v", err)
	}
	if got := pending(t, s); !slices.Equal(got, events[2:]) {
		t.Errorf("Pending = %v, want the third", got)
	}
	reuse := func(e user.Event) error {
		u := newUser(e.ID + "@example.com")
		return s.Create(t.Context(), u, e)
	}
	if err := reuse(events[1]); err != nil {
		t.Errorf("the second event, done an hour before, was not purged: %v", err)
	}
	if err := reuse(events[0]); err == nil {
		t.Error("the first event was purged at the time it was done")
	}
}
