package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

func updateStores(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	full := fullUser()
	got, err := s.Update(t.Context(), u.ID, func(stored *user.User) ([]user.Event, error) {
		if stored.ID != u.ID || stored.Version != 1 {
			t.Errorf("Update was given %s of version %d", stored.ID, stored.Version)
		}
		identifications := stored.Identifications
		*stored = *full
		stored.Identifications = identifications
		stored.UpdatedAt = noon.Add(1500 * time.Microsecond)
		stored.Version = 99 // the store's own
		return nil, nil
	})
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	want := *full
	want.ID, want.Version, want.Username, want.Identifications = u.ID, 2, "", u.Identifications
	want.UpdatedAt = noon.Add(time.Millisecond)
	mustEqual(t, "Update", got, &want)
	mustEqual(t, "ByID", byID(t, s, u.ID), &want)
}

func updateOfIdentifications(t *testing.T, s user.Store) {
	u := newUser("old@example.com")
	identify(u, user.KindPhoneNumber, "+442071838750", true)
	create(t, s, u)
	got, err := s.Update(t.Context(), u.ID, func(u *user.User) ([]user.Event, error) {
		u.Identifications[1].DefaultSecondFactor = true
		u.Identifications[1].Details = json.RawMessage(`{"a":1}`)
		u.Identifications = u.Identifications[1:]
		identify(u, user.KindEmailAddress, "new@example.com", true)
		identify(u, user.KindUsername, "ada_l", true)
		return nil, nil
	})
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	if got.Username != "ada_l" || len(got.Identifications) != 3 || !got.Identifications[0].DefaultSecondFactor {
		t.Errorf("Update = %+v", got)
	}
	mustEqual(t, "ByID", byID(t, s, u.ID), got)
	create(t, s, newUser("old@example.com")) // is free again
	if err := s.Create(t.Context(), newUser("new@example.com")); !errors.Is(err, user.ErrIdentifierTaken) {
		t.Errorf("Create = %v, want ErrIdentifierTaken", err)
	}

	// A key may move from one identification to another in one update.
	_, err = s.Update(t.Context(), u.ID, func(u *user.User) ([]user.Event, error) {
		u.Identifications = slices.Delete(u.Identifications, 1, 2)
		identify(u, user.KindEmailAddress, "new@example.com", true)
		return nil, nil
	})
	if err != nil {
		t.Errorf("Update that moves a key: %v", err)
	}
}

func updateFailsWhole(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	want := byID(t, s, u.ID)
	broken := errors.New("broken rule")
	for name, fail := range map[string]func(*user.User) ([]user.Event, error){
		"error": func(u *user.User) ([]user.Event, error) {
			u.FirstName, u.Identifications = "Eve", nil
			return []user.Event{newEvent(user.EventUpdated, u.ID)}, broken
		},
	} {
		if _, err := s.Update(t.Context(), u.ID, fail); !errors.Is(err, broken) {
			t.Errorf("%s: Update = %v, want the function's error", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Update(ctx, u.ID, func(u *user.User) ([]user.Event, error) {
		u.FirstName = "Eve"
		cancel()
		return nil, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update = %v, want context.Canceled", err)
	}
	mustEqual(t, "ByID", byID(t, s, u.ID), want)
}

func updateTaken(t *testing.T, s user.Store) {
	u, v := newUser("u@example.com"), newUser("v@example.com")
	create(t, s, u, v)
	_, err := s.Update(t.Context(), v.ID, func(v *user.User) ([]user.Event, error) {
		v.FirstName = "Eve"
		identify(v, user.KindEmailAddress, "u@example.com", true)
		return nil, nil
	})
	if taken, ok := errors.AsType[*user.TakenError](err); !ok || taken.Kind != user.KindEmailAddress {
		t.Errorf("Update = %v, want a TakenError", err)
	}
	if got := byID(t, s, v.ID); got.FirstName != "" || len(got.Identifications) != 1 {
		t.Errorf("a failed Update left %+v", got)
	}
}

func updateKeepsOthers(t *testing.T, s user.Store) {
	u, v := newUser("u@example.com"), newUser("v@example.com")
	create(t, s, u, v)
	_, err := s.Update(t.Context(), v.ID, func(v *user.User) ([]user.Event, error) {
		foreign := u.Identifications[0]
		foreign.Key, foreign.UserID = "moved@example.com", v.ID
		v.Identifications = append(v.Identifications, foreign)
		return nil, nil
	})
	if err == nil {
		t.Error("Update took over an identification of another user")
	}
	if got := byID(t, s, u.ID); len(got.Identifications) != 1 || got.Identifications[0].Key != "u@example.com" {
		t.Errorf("the other user is left with %+v", got.Identifications)
	}
}

func parallelUpdates(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := s.Update(t.Context(), u.ID, func(u *user.User) ([]user.Event, error) {
				u.CreateOrganizationsLimit++
				return nil, nil
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		})
	}
	wg.Wait()
	if got := byID(t, s, u.ID); got.CreateOrganizationsLimit != 20 || got.Version != 21 {
		t.Errorf("%d of 20 updates kept, version %d, want 21", got.CreateOrganizationsLimit, got.Version)
	}
}

func parallelIdentifications(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			_, err := s.Update(t.Context(), u.ID, func(u *user.User) ([]user.Event, error) {
				identify(u, user.KindEmailAddress, fmt.Sprintf("ada%d@example.com", n), true)
				return nil, nil
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		})
	}
	wg.Wait()
	if got := byID(t, s, u.ID); len(got.Identifications) != 21 {
		t.Errorf("%d of 20 identifications kept", len(got.Identifications)-1)
	}
}

func deleteFreesIdentifiers(t *testing.T, s user.Store) {
	u, other := fullUser(), newUser("other@example.com")
	create(t, s, u, other)
	if err := s.Delete(t.Context(), u.ID); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	if _, err := s.ByID(t.Context(), u.ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("ByID = %v, want ErrNotFound", err)
	}
	for _, i := range u.Identifications {
		if _, err := s.ByKey(t.Context(), i.Kind, i.Key); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("ByKey(%s) = %v, want ErrNotFound", i.Kind, err)
		}
	}
	// whoever comes next with the same address and id outside starts empty.
	next := newUser("ada@example.com")
	next.ExternalID = u.ExternalID
	create(t, s, next)
	next.Version = 1
	mustEqual(t, "next user", byID(t, s, next.ID), next)
	if n, err := s.Count(t.Context(), user.Query{}); err != nil || n != 2 {
		t.Errorf("Count = %d, %v; want 2", n, err)
	}
}

func deleteOfUnknown(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	if err := s.Delete(t.Context(), u.ID, newEvent(user.EventDeleted, u.ID)); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("Delete = %v, want ErrNotFound", err)
	}
	if events := pending(t, s); len(events) != 0 {
		t.Errorf("Delete of nobody recorded %v", events)
	}
}
