package user_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

func TestUpdate(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com")
	f.advance(time.Minute)
	got := f.mustUpdate(t, u.ID, user.Change{
		ExternalID: ptr("crm-7"), FirstName: ptr("Ada"), LastName: ptr("Lovelace"), Locale: ptr("en"), Username: ptr("Ada_L"),
		DeleteSelfEnabled: ptr(false), CreateOrganizationEnabled: ptr(false), CreateOrganizationsLimit: ptr(2), BypassClientTrust: ptr(true),
		LegalAcceptedAt: ptr(noon), LastSignInAt: ptr(noon), CreatedAt: ptr(noon.Add(-time.Hour)),
		LastActiveAt:   ptr(time.Date(2030, 6, 2, 1, 0, 0, 0, time.FixedZone("CEST", 7200))),
		UnsafeMetadata: []byte(`null`), PublicMetadata: []byte(`{"a": 1}`),
	})
	want := *u
	want.ExternalID, want.FirstName, want.LastName, want.Locale, want.Username = "crm-7", "Ada", "Lovelace", "en", "Ada_L"
	want.DeleteSelfEnabled, want.CreateOrganizationEnabled, want.CreateOrganizationsLimit, want.BypassClientTrust = false, false, 2, true
	want.LegalAcceptedAt, want.LastSignInAt, want.CreatedAt = noon, noon, noon.Add(-time.Hour)
	want.LastActiveAt = time.Date(2030, 6, 1, 0, 0, 0, 0, time.UTC) // the day, in UTC
	want.PublicMetadata = []byte(`{"a":1}`)
	want.UpdatedAt, want.Version = noon.Add(time.Minute), 2
	want.Identifications = got.Identifications
	if !reflect.DeepEqual(got, &want) {
		t.Errorf("Update = %+v\nwant %+v", got, &want)
	}
	if len(got.Identifications) != 2 || got.Identifications[1].Key != "ada_l" {
		t.Errorf("identifications: %+v", got.Identifications)
	}
	if _, err := f.Update(t.Context(), "user_unknown", user.Change{FirstName: ptr("Eve")}); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("Update of nobody = %v", err)
	}
}

func TestUpdateThatChangesNothing(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com", func(nu *user.NewUser) { nu.FirstName = "Ada" })
	f.advance(time.Minute)
	for name, c := range map[string]user.Change{"nothing": {}, "the same": {FirstName: ptr("Ada"), Username: ptr(""), CreateOrganizationsLimit: ptr(0)}} {
		if got := f.mustUpdate(t, u.ID, c); !reflect.DeepEqual(got, u) {
			t.Errorf("%s: Update = %+v, want %+v", name, got, u)
		}
	}
	f.mustUpdate(t, u.ID, user.Change{LastActiveAt: ptr(noon)})
	once, _ := f.ByID(t.Context(), u.ID)
	f.mustUpdate(t, u.ID, user.Change{LastActiveAt: ptr(noon.Add(time.Hour))}) // the same day
	if twice, _ := f.ByID(t.Context(), u.ID); twice.Version != once.Version || once.Version != 2 {
		t.Errorf("versions %d and %d, want 2 for a day", once.Version, twice.Version)
	}
	if got := f.pending(t); !slices.Equal(got, []user.EventType{user.EventCreated}) {
		t.Errorf("events %v, want none for no change", got)
	}
}

// UpdatedAt grows even if the clock does not.
func TestUpdatedAtGrows(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com")
	f.advance(-time.Hour)
	last := u.UpdatedAt
	for _, name := range []string{"A", "B", "C"} {
		got := f.mustUpdate(t, u.ID, user.Change{FirstName: &name})
		if !got.UpdatedAt.After(last) {
			t.Errorf("UpdatedAt %v after %v", got.UpdatedAt, last)
		}
		last = got.UpdatedAt
	}
}

func TestPrimary(t *testing.T) {
	f := newFixture(t)
	u, err := f.Create(t.Context(), user.NewUser{
		EmailAddresses: []user.NewIdentifier{{Value: "one@example.com", Strategy: "admin"}, {Value: "two@example.com", Strategy: "admin"}, {Value: "three@example.com"}},
		PhoneNumbers:   []user.NewIdentifier{{Value: "+442071838750", Strategy: "admin"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	other := f.add(t, "other@example.com")
	one, two, three, phone := u.Identifications[0].ID, u.Identifications[1].ID, u.Identifications[2].ID, u.Identifications[3].ID
	if u.PrimaryEmailAddressID != one || u.PrimaryPhoneNumberID != phone {
		t.Fatalf("primary %s, %s", u.PrimaryEmailAddressID, u.PrimaryPhoneNumberID)
	}
	if got := f.mustUpdate(t, u.ID, user.Change{PrimaryEmailAddressID: &two}); got.PrimaryEmailAddressID != two {
		t.Errorf("primary %s, want %s", got.PrimaryEmailAddressID, two)
	}
	for id, rule := range map[user.IdentificationID]user.Rule{
		three: user.RuleUnverified, other.PrimaryEmailAddressID: user.RuleNotOwned, phone: user.RuleNotOwned, "": user.RuleNotOwned, "idn_unknown": user.RuleNotOwned,
	} {
		_, err := f.Update(t.Context(), u.ID, user.Change{PrimaryEmailAddressID: &id, FirstName: ptr("Eve")})
		wantRule(t, err, "primary_email_address_id", rule)
	}
	_, err = f.Update(t.Context(), u.ID, user.Change{PrimaryPhoneNumberID: &two})
	wantRule(t, err, "primary_phone_number_id", user.RuleNotOwned)
	if got, _ := f.ByID(t.Context(), u.ID); got.PrimaryEmailAddressID != two || got.FirstName != "" {
		t.Errorf("a refused update left %+v", got)
	}
}

func TestUsernameChange(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com", func(nu *user.NewUser) { nu.Username = "ada_l" })
	f.add(t, "bob@example.com", func(nu *user.NewUser) { nu.Username = "bob_b" })
	id := u.Identifications[1].ID
	if got := f.mustUpdate(t, u.ID, user.Change{Username: ptr("Countess")}); got.Username != "Countess" || got.Identifications[1].ID != id || got.Identifications[1].Key != "countess" {
		t.Errorf("Update = %+v", got)
	}
	_, err := f.Update(t.Context(), u.ID, user.Change{Username: ptr("BOB_B")})
	if taken, ok := errors.AsType[*user.TakenError](err); !ok || taken.Kind != user.KindUsername {
		t.Errorf("Update = %v, want taken", err)
	}
	if got := f.mustUpdate(t, u.ID, user.Change{Username: ptr("")}); got.Username != "" || len(got.Identifications) != 1 {
		t.Errorf("Update = %+v, want no username", got)
	}
	f.add(t, "cem@example.com", func(nu *user.NewUser) { nu.Username = "ada_l" }) // is free
	only, err := f.Create(t.Context(), user.NewUser{Username: "only_name"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Update(t.Context(), only.ID, user.Change{Username: ptr("")})
	wantRule(t, err, "username", user.RuleLastIdentification)
}

// A later lock never shortens one that holds, such as an operator's own: only Unlock
// ends it.
func TestLockIsNeverShortened(t *testing.T) {
	f := newFixture(t)
	for name, tt := range map[string]struct{ held, asked, want time.Time }{
		"indefinite":  {time.Time{}, noon.Add(time.Hour), time.Time{}},
		"longer":      {noon.Add(2 * time.Hour), noon.Add(time.Hour), noon.Add(2 * time.Hour)},
		"shorter":     {noon.Add(time.Hour), noon.Add(2 * time.Hour), noon.Add(2 * time.Hour)},
		"to_unlock":   {noon.Add(time.Hour), time.Time{}, time.Time{}},
		"that_is_out": {noon.Add(-time.Hour), noon.Add(time.Hour), noon.Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := f.Create(t.Context(), user.NewUser{Username: "lock_" + name})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Lock(t.Context(), u.ID, tt.held); err != nil {
				t.Fatal(err)
			}
			got, err := f.Lock(t.Context(), u.ID, tt.asked)
			if err != nil || !got.Locked || !got.LockedUntil.Equal(tt.want) {
				t.Errorf("Lock = %v until %v, %v; want locked until %v", got.Locked, got.LockedUntil, err, tt.want)
			}
		})
	}
}

func TestLock(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com", withPassword(good))
	locked, err := f.Lock(t.Context(), u.ID, noon.Add(time.Hour))
	if err != nil || !locked.Locked || locked.LockedUntil != noon.Add(time.Hour) {
		t.Fatalf("Lock = %+v, %v", locked, err)
	}
	f.advance(time.Hour - time.Millisecond)
	if err := f.VerifyPassword(t.Context(), locked, good); !errors.Is(err, user.ErrPasswordWrong) {
		t.Errorf("the right password of a locked user: %v", err)
	}
	if got, _ := f.ByID(t.Context(), u.ID); !got.Locked {
		t.Error("unlocked before its time")
	}
	f.advance(time.Millisecond)
	got, _ := f.ByID(t.Context(), u.ID)
	found, _ := f.Find(t.Context(), user.Query{})
	byAddress, _, _ := f.ByIdentifier(t.Context(), "ada@example.com")
	for call, u := range map[string]*user.User{"ByID": got, "Find": found[0], "ByIdentifier": byAddress} {
		if u.Locked || !u.LockedUntil.IsZero() {
			t.Errorf("%s: still locked at the hour", call)
		}
	}
	if err := f.VerifyPassword(t.Context(), locked, good); err != nil { // a value read before
		t.Errorf("the right password after the lock: %v", err)
	}
	forever, err := f.Lock(t.Context(), u.ID, time.Time{})
	f.advance(10_000 * time.Hour)
	if got, _ := f.ByID(t.Context(), u.ID); err != nil || !forever.Locked || !got.Locked {
		t.Errorf("Lock without an end: %v, %v, %v", forever.Locked, got.Locked, err)
	}
	if got, err := f.Unlock(t.Context(), u.ID); err != nil || got.Locked {
		t.Errorf("Unlock = %v, %v", got.Locked, err)
	}
	if got, err := f.Lock(t.Context(), u.ID, noon); err != nil || got.Locked {
		t.Errorf("Lock until a time that has passed = %v, %v", got.Locked, err)
	}
}
