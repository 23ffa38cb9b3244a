package user_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

const (
	ada   = "ada@example.com"
	other = "ada@example.org"
)

func (f *fixture) person(t *testing.T, nu user.NewUser) *user.User {
	t.Helper()
	u, err := f.Create(t.Context(), nu)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func verifiedAddress(value string) user.NewUser {
	return user.NewUser{EmailAddresses: []user.NewIdentifier{{Value: value, Strategy: "admin"}}}
}

// an address that was added claims nothing until it is proved, and then it is
// its owner's alone.
func TestAddAndVerify(t *testing.T) {
	f := newFixture(t)
	u := f.person(t, user.NewUser{Username: "ada_l"})
	u, added, err := f.AddIdentification(t.Context(), u.ID, user.KindEmailAddress, "Ada@Example.com")
	if err != nil {
		t.Fatal(err)
	}
	if added.Value != "Ada@example.com" || added.Key != ada || added.Claimed || added.Verified() || u.PrimaryEmailAddressID != "" {
		t.Errorf("added = %+v, primary %q", added, u.PrimaryEmailAddressID)
	}
	if _, _, err := f.ByIdentifier(t.Context(), ada); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("an unverified address finds somebody: %v", err)
	}
	if _, err := f.Update(t.Context(), u.ID, user.Change{PrimaryEmailAddressID: &added.ID}); !errors.Is(err, user.ErrInvalid) {
		t.Errorf("an unverified address as primary: %v", err)
	}
	u, err = f.NoteVerification(t.Context(), u.ID, added.ID, user.Verification{Status: "unverified", Strategy: "email_code", Attempts: 1, ExpireAt: noon.Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	if i, _ := u.Identification(added.ID); i.Verified() || i.Verification.Attempts != 1 || i.Claimed {
		t.Errorf("noted = %+v", i)
	}
	if _, err := f.NoteVerification(t.Context(), u.ID, added.ID, user.Verification{Status: "verified"}); err == nil {
		t.Error("NoteVerification verifies")
	}
	u, err = f.VerifyIdentification(t.Context(), u.ID, added.ID, "email_code")
	if err != nil {
		t.Fatal(err)
	}
	if i, _ := u.Identification(added.ID); !i.Verified() || !i.Claimed || i.Verification.Strategy != "email_code" || u.PrimaryEmailAddressID != i.ID {
		t.Errorf("verified = %+v, primary %q", i, u.PrimaryEmailAddressID)
	}
	if got, _, err := f.ByIdentifier(t.Context(), ada); err != nil || got.ID != u.ID {
		t.Errorf("ByIdentifier = %v, %v", got, err)
	}
	again, err := f.NoteVerification(t.Context(), u.ID, added.ID, user.Verification{Status: "expired"})
	if i, _ := again.Identification(added.ID); err != nil || !i.Verified() {
		t.Errorf("NoteVerification of a verified one: %+v, %v", i, err)
	}
}

// Of two people who add one address whoever proves it first has it.
func TestWhoProvesFirst(t *testing.T) {
	f := newFixture(t)
	a, b := f.person(t, user.NewUser{Username: "first"}), f.person(t, user.NewUser{Username: "second"})
	_, ofA, err := f.AddIdentification(t.Context(), a.ID, user.KindEmailAddress, ada)
	if err != nil {
		t.Fatal(err)
	}
	_, ofB, err := f.AddIdentification(t.Context(), b.ID, user.KindEmailAddress, ada)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.VerifyIdentification(t.Context(), b.ID, ofB.ID, "email_code"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.VerifyIdentification(t.Context(), a.ID, ofA.ID, "email_code"); !errors.Is(err, user.ErrIdentifierTaken) {
		t.Errorf("the second to prove it: %v, want ErrIdentifierTaken", err)
	}
	if _, err := f.VerifyIdentification(t.Context(), a.ID, ofB.ID, "email_code"); !errors.Is(err, user.ErrNoIdentification) {
		t.Errorf("another's id: %v, want ErrNoIdentification", err)
	}
}

func TestAddRefusals(t *testing.T) {
	f := newFixture(t)
	u := f.person(t, verifiedAddress(ada))
	for name, tt := range map[string]struct {
		kind  user.Kind
		value string
		want  error
	}{
		"their_own":   {user.KindEmailAddress, "ADA@example.com", user.ErrIdentifierTaken},
		"malformed":   {user.KindEmailAddress, "ada@", user.ErrInvalid},
		"no_number":   {user.KindPhoneNumber, "123", user.ErrInvalid},
		"other_kinds": {user.KindUsername, "ada_l", user.ErrInvalid},
	} {
		if _, _, err := f.AddIdentification(t.Context(), u.ID, tt.kind, tt.value); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	for n := range 6 {
		_, _, err := f.AddIdentification(t.Context(), u.ID, user.KindEmailAddress, "ada"+strconv.Itoa(n)+"@example.com")
		if (err == nil) != (n < 5) || err != nil && !errors.Is(err, user.ErrTooManyIdentifications) {
			t.Errorf("unverified address %d: %v", n+1, err)
		}
	}
}

func TestRemoveIdentification(t *testing.T) {
	f := newFixture(t)
	u := f.person(t, user.NewUser{EmailAddresses: []user.NewIdentifier{
		{Value: ada, Strategy: "admin"}, {Value: other, Strategy: "admin"},
	}, PhoneNumbers: []user.NewIdentifier{{Value: "+12015550123", Strategy: "admin"}}})
	first, second, phone := u.Identifications[0].ID, u.Identifications[1].ID, u.Identifications[2].ID
	_, unverified, err := f.AddIdentification(t.Context(), u.ID, user.KindEmailAddress, "ada@example.net")
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	keepsEmail := func(after *user.User) error {
		if after.PrimaryEmailAddressID == "" {
			return refused
		}
		return nil
	}
	remove := func(id user.IdentificationID, want error, check user.Check) {
		t.Helper()
		got, err := f.RemoveIdentification(t.Context(), u.ID, id, check)
		if !errors.Is(err, want) {
			t.Fatalf("RemoveIdentification = %v, want %v", err, want)
		}
		if err == nil {
			u = got
		}
	}
	remove("idn_2AbCdEfGhIjKlMnOpQrStUvWxYz", user.ErrNoIdentification, nil)
	remove(first, nil, keepsEmail)
	if u.PrimaryEmailAddressID != second { // the verified one, not the unverified
		t.Errorf("primary = %q, want %q", u.PrimaryEmailAddressID, second)
	}
	remove(second, refused, keepsEmail)
	remove(second, nil, nil)
	if u.PrimaryEmailAddressID != "" {
		t.Errorf("primary = %q, want none", u.PrimaryEmailAddressID)
	}
	remove(phone, user.ErrLastIdentification, nil) // the unverified one signs nobody in
	remove(unverified.ID, nil, keepsEmail)         // nobody is asked about what was not theirs
	if len(u.Identifications) != 1 || u.PrimaryPhoneNumberID != phone {
		t.Errorf("left = %+v, primary %q", u.Identifications, u.PrimaryPhoneNumberID)
	}
	// The address is free again.
	if _, err := f.Create(t.Context(), verifiedAddress(ada)); err != nil {
		t.Errorf("the address that was removed: %v", err)
	}
	named := f.person(t, user.NewUser{Username: "grace"})
	i := slices.IndexFunc(named.Identifications, func(i user.Identification) bool { return i.Kind == user.KindUsername })
	if _, err := f.RemoveIdentification(t.Context(), named.ID, named.Identifications[i].ID, nil); !errors.Is(err, user.ErrNoIdentification) {
		t.Errorf("a username: %v, want ErrNoIdentification", err)
	}
}
