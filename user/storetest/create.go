package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

func notFound(t *testing.T, s user.Store) {
	nobody := newUser("nobody@example.com")
	if _, err := s.ByID(t.Context(), nobody.ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("ByID = %v, want ErrNotFound", err)
	}
	if _, err := s.ByKey(t.Context(), user.KindEmailAddress, "nobody@example.com"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("ByKey = %v, want ErrNotFound", err)
	}
	_, err := s.Update(t.Context(), nobody.ID, func(*user.User) ([]user.Event, error) {
		t.Error("Update called its function without a user")
		return nil, nil
	})
	if !errors.Is(err, user.ErrNotFound) {
		t.Errorf("Update = %v, want ErrNotFound", err)
	}
}

// fullUser has something in every field.
func fullUser() *user.User {
	u := newUser("ada@example.com")
	u.ExternalID, u.FirstName, u.LastName, u.Locale, u.ImageID = "crm-7", "Ada", "Лавлейс 👩‍💻", "en-GB", "img_7"
	u.PrimaryPhoneNumberID = identify(u, user.KindPhoneNumber, "+442071838750", true)
	identify(u, user.KindUsername, "ada_l", true)
	identify(u, user.KindExternalAccount, "oauth_google:1", true)
	second := &u.Identifications[1]
	second.Reserved, second.ReservedForSecondFactor, second.DefaultSecondFactor = true, true, true
	u.Identifications[0].LinkedTo = []user.Link{{ID: u.Identifications[3].ID, Type: "oauth_google"}}
	u.Identifications[0].Verification = &user.Verification{
		Status: "unverified", Strategy: "email_code", Attempts: 3, ExpireAt: noon.Add(10 * time.Minute),
	}
	u.Identifications[3].Details = json.RawMessage(`{"provider":"oauth_google"}`)
	u.PublicMetadata = json.RawMessage(`{"z":1.50,"a":12345678901234567890,"nul":"\u0000"}`)
	u.PrivateMetadata = json.RawMessage(`{"plan":{"seats":[1,2]}}`)
	u.UnsafeMetadata = json.RawMessage(`{"theme":null}`)
	u.PasswordDigest = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
	for n, at := range []*time.Time{
		&u.PasswordUpdatedAt, &u.MFAEnabledAt, &u.MFADisabledAt, &u.LockedUntil, &u.LegalAcceptedAt, &u.LastSignInAt, &u.LastActiveAt,
	} {
		*at = noon.Add(time.Duration(n+1) * time.Hour)
	}
	u.Timezone, u.PasswordCompromised, u.TOTPSecret, u.TOTPUsedStep = "Europe/London", true, "c2VhbGVk", 1<<40
	u.BackupCodes = []user.Digest{u.PasswordDigest, "$2b$12$abcdefghijklmnopqrstuvabcdefghijklmnopqrstuvabcdefghi"}
	u.TOTPEnabled, u.BackupCodeEnabled, u.Banned, u.Locked, u.BypassClientTrust = true, true, true, true, true
	u.DeleteSelfEnabled, u.CreateOrganizationEnabled, u.CreateOrganizationsLimit = false, false, 1<<40
	return u
}

func returnsWhatCreateStored(t *testing.T, s user.Store) {
	full, plain := fullUser(), newUser("grace@example.com")
	bare := newUser("")
	bare.Identifications, bare.PrimaryEmailAddressID = nil, ""
	create(t, s, full, plain, bare)
	for _, want := range []*user.User{full, plain, bare} {
		want.Version = 1
		mustEqual(t, "ByID", byID(t, s, want.ID), want)
	}
	for _, i := range full.Identifications {
		got, err := s.ByKey(t.Context(), i.Kind, i.Key)
		if err != nil {
			t.Fatalf("ByKey(%s): %v", i.Kind, err)
		}
		mustEqual(t, "ByKey", got, full)
	}
	for _, i := range full.Identifications { // those that claim nothing, too
		got, err := s.ByIdentification(t.Context(), i.ID)
		if err != nil {
			t.Fatalf("ByIdentification(%s): %v", i.Kind, err)
		}
		mustEqual(t, "ByIdentification", got, full)
	}
	if _, err := s.ByIdentification(t.Context(), "idn_nobody"); !errors.Is(err, user.ErrNoIdentification) {
		t.Errorf("ByIdentification of nobody's: %v", err)
	}
}

func timesAreMilliseconds(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	berlin := time.FixedZone("CEST", 2*60*60)
	u.CreatedAt = time.Date(2030, 6, 1, 14, 0, 0, 999_999_999, berlin)
	create(t, s, u)
	got := byID(t, s, u.ID)
	if want := time.Date(2030, 6, 1, 12, 0, 0, 999_000_000, time.UTC); got.CreatedAt != want {
		t.Errorf("CreatedAt = %v, want %v", got.CreatedAt, want)
	}
	if !got.LastSignInAt.IsZero() {
		t.Errorf("LastSignInAt = %v, want the zero time", got.LastSignInAt)
	}
}

// Keys arrive canonical; a store must not add a spelling of its own.
func textsAreBytes(t *testing.T, s user.Store) {
	lower, upper := newUser("ada@example.com"), newUser("ADA@example.com")
	lower.ExternalID, upper.ExternalID = "id", "ID"
	create(t, s, lower, upper)
	for key, want := range map[string]user.ID{"ada@example.com": lower.ID, "ADA@example.com": upper.ID} {
		if got, err := s.ByKey(t.Context(), user.KindEmailAddress, key); err != nil || got.ID != want {
			t.Errorf("ByKey(%q) = %v, %v; want another user", key, got, err)
		}
	}
	if _, err := s.ByKey(t.Context(), user.KindEmailAddress, "Ada@example.com"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("ByKey in a third case = %v, want ErrNotFound", err)
	}
}

func claimedKeyIsTaken(t *testing.T, s user.Store) {
	create(t, s, newUser("ada@example.com"))
	late := newUser("late@example.com")
	identify(late, user.KindUsername, "late", true)
	identify(late, user.KindEmailAddress, "ada@example.com", true)
	err := s.Create(t.Context(), late)
	if taken, ok := errors.AsType[*user.TakenError](err); !ok || taken.Kind != user.KindEmailAddress {
		t.Fatalf("Create = %v, want a TakenError about the address", err)
	}
	// Nothing of the late one is there.
	if _, err := s.ByID(t.Context(), late.ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("ByID = %v, want ErrNotFound", err)
	}
	create(t, s, newUser("late@example.com"))
}

func unclaimedKeyIsFree(t *testing.T, s user.Store) {
	squatter, other := newUser("squatter@example.com"), newUser("other@example.com")
	identify(squatter, user.KindEmailAddress, "ada@example.com", false)
	identify(other, user.KindEmailAddress, "ada@example.com", false)
	create(t, s, squatter, other)
	if _, err := s.ByKey(t.Context(), user.KindEmailAddress, "ada@example.com"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("ByKey of an unclaimed address = %v, want ErrNotFound", err)
	}
	owner := newUser("ada@example.com")
	create(t, s, owner)
	if got, err := s.ByKey(t.Context(), user.KindEmailAddress, "ada@example.com"); err != nil || got.ID != owner.ID {
		t.Errorf("ByKey = %v, %v; want the one who claims it", got, err)
	}
}

func sameKeyOfAnotherKind(t *testing.T, s user.Store) {
	u, v := newUser("ada@example.com"), newUser("bob@example.com")
	identify(u, user.KindUsername, "same", true)
	identify(v, user.KindExternalAccount, "same", true)
	create(t, s, u, v)
	if got, err := s.ByKey(t.Context(), user.KindExternalAccount, "same"); err != nil || got.ID != v.ID {
		t.Errorf("ByKey = %v, %v; want the user of that kind", got, err)
	}
}

func externalIDTaken(t *testing.T, s user.Store) {
	u, v, w := newUser("u@example.com"), newUser("v@example.com"), newUser("w@example.com")
	u.ExternalID, v.ExternalID = "crm-1", "crm-1"
	create(t, s, u)
	if err := s.Create(t.Context(), v); !errors.Is(err, user.ErrExternalIDTaken) {
		t.Errorf("Create = %v, want ErrExternalIDTaken", err)
	}
	v.ExternalID = "" // and none is nobody's
	create(t, s, v, w)
	_, err := s.Update(t.Context(), w.ID, func(w *user.User) ([]user.Event, error) {
		w.ExternalID = "crm-1"
		return nil, nil
	})
	if !errors.Is(err, user.ErrExternalIDTaken) {
		t.Errorf("Update = %v, want ErrExternalIDTaken", err)
	}
}

// D-05: the unique index decides, not a look before.
func parallelCreates(t *testing.T, s user.Store) {
	var wg sync.WaitGroup
	var created, taken atomic.Int32
	for range 20 {
		wg.Go(func() {
			switch err := s.Create(t.Context(), newUser("ada@example.com")); {
			case err == nil:
				created.Add(1)
			case errors.Is(err, user.ErrIdentifierTaken):
				taken.Add(1)
			default:
				t.Errorf("Create: %v", err)
			}
		})
	}
	wg.Wait()
	if created.Load() != 1 || taken.Load() != 19 {
		t.Errorf("%d created and %d taken, want 1 and 19", created.Load(), taken.Load())
	}
	if n, err := s.Count(t.Context(), user.Query{}); err != nil || n != 1 {
		t.Errorf("Count = %d, %v; want 1", n, err)
	}
}

func createIsCancelled(t *testing.T, s user.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	u := newUser("ada@example.com")
	if err := s.Create(ctx, u, newEvent(user.EventCreated, u.ID)); !errors.Is(err, context.Canceled) {
		t.Errorf("Create = %v, want context.Canceled", err)
	}
	if _, err := s.ByID(ctx, u.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("ByID = %v, want context.Canceled", err)
	}
	if _, err := s.ByID(t.Context(), u.ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("ByID afterwards = %v, want ErrNotFound", err)
	}
}
