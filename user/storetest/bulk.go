package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/gatehouse-dev/gatehouse/user"
)

func bulk(t *testing.T, s user.Store) user.BulkStore {
	t.Helper()
	b, ok := s.(user.BulkStore)
	if !ok {
		t.Fatal("the store is no user.BulkStore")
	}
	return b
}

// createMany stores users in one call, of whom none may be refused.
func createMany(t *testing.T, s user.Store, users []*user.User) {
	t.Helper()
	refused, err := bulk(t, s).CreateMany(t.Context(), users, createdEvents(users))
	if err != nil {
		t.Fatalf("CreateMany: %v", err)
	}
	if i := slices.IndexFunc(refused, func(err error) bool { return err != nil }); i >= 0 {
		t.Fatalf("CreateMany refused user %d: %v", i, refused[i])
	}
}

func createdEvents(users []*user.User) []user.Event {
	events := make([]user.Event, len(users))
	for n, u := range users {
		events[n] = newEvent(user.EventCreated, u.ID)
	}
	return events
}

// Each of those who are refused is told why, and the others are stored whole.
func createManyRefusesSome(t *testing.T, s user.Store) {
	there := newUser("there@example.com")
	there.ExternalID = "there"
	create(t, s, there)
	var users []*user.User
	want := map[int]error{}
	for n := range 100 {
		u := newUser(fmt.Sprintf("new%d@example.com", n))
		identify(u, user.KindUsername, fmt.Sprintf("name_%d", n), true)
		u.FirstName = "Newcomer"
		users = append(users, u)
	}
	refuse := func(n int, err error, spoil func(u *user.User)) {
		spoil(users[n])
		want[n] = err
	}
	refuse(0, user.ErrIdentifierTaken, func(u *user.User) {
		u.Identifications[0].Value, u.Identifications[0].Key = "there@example.com", "there@example.com"
	})
	refuse(7, user.ErrExternalIDTaken, func(u *user.User) { u.ExternalID = "there" })
	refuse(50, user.ErrIDTaken, func(u *user.User) {
		u.ID = there.ID
		for n := range u.Identifications {
			u.Identifications[n].UserID = there.ID
		}
	})
	refuse(51, user.ErrIDTaken, func(u *user.User) { u.Identifications[0].ID = there.Identifications[0].ID })
	refuse(99, user.ErrIdentifierTaken, func(u *user.User) { // the second of two within the batch
		u.Identifications[1].Value, u.Identifications[1].Key = "name_5", "name_5"
	})
	refused, err := bulk(t, s).CreateMany(t.Context(), users, createdEvents(users))
	if err != nil {
		t.Fatal(err)
	}
	for n, got := range refused {
		if !errors.Is(got, want[n]) {
			t.Errorf("user %d: %v, want %v", n, got, want[n])
		}
	}
	if taken, ok := errors.AsType[*user.TakenError](refused[99]); !ok || taken.Kind != user.KindUsername {
		t.Errorf("user 99: %v, want a username that is taken", refused[99])
	}
	wantUser := *users[8]
	wantUser.Version = 1
	mustEqual(t, "CreateMany", byID(t, s, users[8].ID), &wantUser)
	if n, err := s.Count(t.Context(), user.Query{NameText: "newcomer"}); err != nil || n != 95 {
		t.Errorf("stored and searchable: %d, %v; want 95", n, err)
	}
	events, err := s.(user.Outbox).Pending(t.Context(), 1000)
	if err != nil || len(events) != 95 {
		t.Errorf("%d events, %v; want 95", len(events), err)
	}
}

func createManyFailsWhole(t *testing.T, s user.Store) {
	users := []*user.User{newUser("a@example.com"), newUser("b@example.com")}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := bulk(t, s).CreateMany(ctx, users, createdEvents(users)); !errors.Is(err, context.Canceled) {
		t.Errorf("CreateMany with a cancelled context: %v", err)
	}
	if got := find(t, s, user.Query{}); len(got) != 0 {
		t.Errorf("a cancelled CreateMany stored %d users", len(got))
	}
	if refused, err := bulk(t, s).CreateMany(t.Context(), nil, nil); err != nil || len(refused) != 0 {
		t.Errorf("CreateMany of nobody = %v, %v", refused, err)
	}
}

func deleteMany(t *testing.T, s user.Store) {
	a, b, c := newUser("a@example.com"), newUser("b@example.com"), newUser("c@example.com")
	create(t, s, a, b, c)
	event := func(id user.ID) user.Event { return newEvent(user.EventDeleted, id) }
	gone, err := bulk(t, s).DeleteMany(t.Context(), []user.ID{a.ID, newUser("x@example.com").ID, c.ID}, event)
	slices.Sort(gone)
	want := []user.ID{a.ID, c.ID}
	slices.Sort(want)
	if err != nil || !slices.Equal(gone, want) {
		t.Errorf("DeleteMany = %v, %v; want %v", gone, err, want)
	}
	for _, id := range want {
		if _, err := s.ByID(t.Context(), id); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("a deleted user: %v", err)
		}
	}
	byID(t, s, b.ID)
	if got := find(t, s, user.Query{Text: "example"}); len(got) != 1 {
		t.Errorf("found after DeleteMany: %v", got)
	}
	events, err := s.(user.Outbox).Pending(t.Context(), 10)
	if err != nil || len(events) != 2 || events[0].Type != user.EventDeleted {
		t.Errorf("events: %v, %v", events, err)
	}
	if gone, err := bulk(t, s).DeleteMany(t.Context(), nil, event); err != nil || len(gone) != 0 {
		t.Errorf("DeleteMany of nobody = %v, %v", gone, err)
	}
}

// A scan meets who was there at its start, and matches, once, in the order of storing.
func scan(t *testing.T, s user.Store) {
	b := bulk(t, s)
	if last, err := b.LastOrdinal(t.Context()); err != nil || last != 0 {
		t.Errorf("LastOrdinal of nobody = %d, %v", last, err)
	}
	var want []user.ID
	for n := range 9 {
		u := newUser(fmt.Sprintf("u%d@example.com", n))
		u.CreatedAt = noon.AddDate(0, 0, -n) // the other way round
		u.Banned = n%2 == 0
		create(t, s, u)
		if u.Banned {
			want = append(want, u.ID)
		}
	}
	last, err := b.LastOrdinal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	var got []user.ID
	for at := user.Ordinal(0); at < last; at += 2 {
		late := newUser(fmt.Sprintf("late%d@example.com", at))
		late.Banned = true
		create(t, s, late)
		ids, err := b.Scan(t.Context(), user.Query{Banned: &yes, Text: "u", OrderBy: "-created_at", Limit: 1}, at, min(at+2, last))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ids...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("Scan = %v, want %v", got, want)
	}
}
