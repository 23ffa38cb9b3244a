package user_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

func TestCreate(t *testing.T) {
	f := newFixture(t)
	accepted := noon.Add(-time.Hour)
	u, err := f.Create(t.Context(), user.NewUser{
		ExternalID: "crm-7", FirstName: "Ada", LastName: "Lovelace", Locale: "en-GB",
		EmailAddresses: []user.NewIdentifier{{Value: "reserved@example.com"}, {Value: "Ada@example.com", Strategy: "email_code"}, {Value: "two@example.com", Strategy: "admin"}},
		PhoneNumbers:   []user.NewIdentifier{{Value: "+44 20 7183 8750", Strategy: "admin"}},
		Username:       "ada_l", Password: good,
		PublicMetadata: json.RawMessage(`{ "plan": "pro" }`), LegalAcceptedAt: accepted, CreateOrganizationsLimit: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !u.ID.Valid() || u.CreatedAt != noon || u.UpdatedAt != noon || u.Version != 1 || u.PasswordUpdatedAt != noon || u.LegalAcceptedAt != accepted {
		t.Errorf("Create = %+v", u)
	}
	if !u.DeleteSelfEnabled || !u.CreateOrganizationEnabled || string(u.PublicMetadata) != `{"plan":"pro"}` || string(u.PrivateMetadata) != `{}` {
		t.Errorf("defaults: %+v", u)
	}
	if len(u.Identifications) != 5 || u.Username != "ada_l" {
		t.Fatalf("identifications: %+v", u.Identifications)
	}
	reserved, verified, phone := u.Identifications[0], u.Identifications[1], u.Identifications[3]
	if !reserved.Claimed || !reserved.Reserved || reserved.Verified() || reserved.Verification != nil {
		t.Errorf("the reserved address: %+v", reserved)
	}
	if !verified.Claimed || verified.Reserved || !verified.Verified() || verified.Verification.Strategy != "email_code" || verified.UserID != u.ID {
		t.Errorf("the verified address: %+v", verified)
	}
	// the first one is not verified, so the second is primary.
	if u.PrimaryEmailAddressID != verified.ID || u.PrimaryPhoneNumberID != phone.ID {
		t.Errorf("primary %s and %s, want %s and %s", u.PrimaryEmailAddressID, u.PrimaryPhoneNumberID, verified.ID, phone.ID)
	}
	stored, err := f.ByID(t.Context(), u.ID)
	if err != nil || !reflect.DeepEqual(stored, u) {
		t.Errorf("ByID = %+v, %v; want what Create returned, %+v", stored, err, u)
	}
}

// what only a proof can set is not among the fields of a form.
func TestReservedIsNotVerified(t *testing.T) {
	f := newFixture(t)
	u, err := f.Create(t.Context(), user.NewUser{EmailAddresses: []user.NewIdentifier{{Value: "ada@example.com"}}})
	if err != nil || u.PrimaryEmailAddressID != "" {
		t.Fatalf("primary %q, %v; want none", u.PrimaryEmailAddressID, err)
	}
	_, err = f.Update(t.Context(), u.ID, user.Change{PrimaryEmailAddressID: &u.Identifications[0].ID})
	wantRule(t, err, "primary_email_address_id", user.RuleUnverified)
}

func TestCreateRules(t *testing.T) {
	f := newFixture(t)
	email := func(addresses ...string) []user.NewIdentifier {
		var list []user.NewIdentifier
		for _, a := range addresses {
			list = append(list, user.NewIdentifier{Value: a, Strategy: "admin"})
		}
		return list
	}
	many := make([]string, 101)
	for _, test := range []struct {
		name  string
		nu    user.NewUser
		field string
		rule  user.Rule
	}{
		{"nothing", user.NewUser{}, "identifier", user.RuleMissing},
		{"only a name", user.NewUser{FirstName: "Ada", Password: good}, "identifier", user.RuleMissing},
		{"address", user.NewUser{EmailAddresses: email("ada")}, "email_address", user.RuleFormat},
		{"too many addresses", user.NewUser{EmailAddresses: email(many...)}, "email_address", user.RuleTooLong},
		{"long name", user.NewUser{Username: "ada_l", FirstName: strings.Repeat("ä", 257)}, "first_name", user.RuleTooLong},
		{"locale", user.NewUser{Username: "ada_l", Locale: "english please"}, "locale", user.RuleFormat},
		{"long locale", user.NewUser{Username: "ada_l", Locale: strings.Repeat("en-", 100_000)}, "locale", user.RuleFormat},
		{"limit", user.NewUser{Username: "ada_l", CreateOrganizationsLimit: -1}, "create_organizations_limit", user.RuleValue},
		{"digest", user.NewUser{Username: "ada_l", PasswordDigest: "md5"}, "password_digest", user.RuleDigest},
		{"two passwords", user.NewUser{Username: "ada_l", PasswordDigest: "x", Password: good}, "password_digest", user.RuleValue},
		{"short password", user.NewUser{Username: "ada_l", Password: "short"}, "password", user.RulePasswordTooShort},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := f.Create(t.Context(), test.nu)
			wantRule(t, err, test.field, test.rule)
		})
	}
	if n, err := f.Count(t.Context(), user.Query{}); err != nil || n != 0 {
		t.Errorf("Count = %d, %v; want nobody", n, err)
	}
	for _, locale := range []string{"de", "de-CH-1996", "zh-Hant", "xx-YY"} { // unknown is not malformed
		if err := f.Check(user.NewUser{Locale: locale}); err != nil {
			t.Errorf("locale %s: %v", locale, err)
		}
	}
	_, err := f.Create(t.Context(), user.NewUser{EmailAddresses: email("ada@example.com", "ADA@example.com")})
	if !errors.Is(err, user.ErrIdentifierTaken) {
		t.Errorf("one address twice = %v, want taken", err)
	}
}

func TestCheckAcceptsPartOfAUser(t *testing.T) {
	f := newFixture(t)
	if err := f.Check(user.NewUser{}); err != nil {
		t.Errorf("Check of nothing: %v", err)
	}
	if err := f.Check(user.NewUser{FirstName: "Ada", Password: "short"}); err != nil {
		t.Errorf("Check: %v", err)
	}
	wantRule(t, f.Check(user.NewUser{Username: "a"}), "username", user.RuleUsernameLength)
	wantRule(t, f.Check(user.NewUser{UnsafeMetadata: json.RawMessage(`[]`)}), "unsafe_metadata", user.RuleValue)
}

// I-01: refused here, and not by the database.
func TestHostileText(t *testing.T) {
	f := newFixture(t)
	for _, text := range []string{
		"a\x00b", "\xff", "a\u202eb", "\u2066a", "\x1b[31m", "a\r\nb", "a\tb", "\u0085", "\x7f", "a\u2028b", "a\u200bb", "\ufeffa", "a\u2060b", "\xc0\x80", "\xed\xa0\x80",
	} {
		for field, nu := range map[string]user.NewUser{
			"first_name": {FirstName: text}, "last_name": {LastName: text}, "external_id": {ExternalID: text},
		} {
			nu.Username = "ada_l"
			_, err := f.Create(t.Context(), nu)
			wantRule(t, err, field, user.RuleFormat)
		}
		if err := f.Check(user.NewUser{Locale: text}); !errors.Is(err, user.ErrInvalid) {
			t.Errorf("locale %q: %v", text, err)
		}
		_, err := f.Find(t.Context(), user.Query{Text: text})
		wantRule(t, err, "query", user.RuleFormat)
		_, err = f.Find(t.Context(), user.Query{ExternalIDs: []string{text}})
		wantRule(t, err, "external_id", user.RuleFormat)
	}
	for _, name := range []string{"Åsa", "می\u200cخواهم", "👩\u200d💻", "O'Neil", "山田", strings.Repeat("ä", 256), "\u200fשלום"} {
		if got, err := user.CleanText("first_name", name, 256); err != nil || got != name {
			t.Errorf("CleanText(%q) = %q, %v", name, got, err)
		}
	}
	// One form for what looks the same, counted in that form.
	if got, err := user.CleanText("first_name", strings.Repeat("A\u030a", 256), 256); err != nil || got != strings.Repeat("\u00c5", 256) {
		t.Errorf("CleanText = %.12q, %v; want normal form C", got, err)
	}
}

// D-05: twenty at once for one address.
func TestParallelSignUps(t *testing.T) {
	f := newFixture(t)
	var wg sync.WaitGroup
	var created atomic.Int32
	for range 20 {
		wg.Go(func() {
			_, err := f.Create(t.Context(), user.NewUser{EmailAddresses: []user.NewIdentifier{{Value: "ada@example.com", Strategy: "email_code"}}})
			if err == nil {
				created.Add(1)
			} else if !errors.Is(err, user.ErrIdentifierTaken) {
				t.Errorf("Create: %v", err)
			}
		})
	}
	wg.Wait()
	if created.Load() != 1 {
		t.Errorf("%d users of one address", created.Load())
	}
}
