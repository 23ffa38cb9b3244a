package user_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/user"
)

// I-02: what other programs may read as another address is none.
func TestHostileAddresses(t *testing.T) {
	for _, address := range []string{
		"", "@", "a", "a@", "@example.com", "a@@example.com", "a@b@example.com", "a@example.com@evil.example",
		"a@example.com.", "a@.example.com", "a@example..com", "a@-example.com", "a@example-.com", "a@exam_ple.com",
		"a@[127.0.0.1]", "a@127.0.0.1", "a@localhost", `"a"@example.com`, `"a@evil.example"@example.com`, `a\@example.com`,
		"Ada <a@example.com>", "<a@example.com>", "a(comment)@example.com", "a@example.com(comment)", "a@example.com,b@example.com",
		"a@example.com;b@example.com", "=?utf-8?q?a?=@example.com", ".a@example.com", "a.@example.com", "a..b@example.com",
		"a b@example.com", " a@example.com", "a@example.com ", "a@exa mple.com", "a\x00@example.com", "a@example.com\x00",
		"a@example.com\r\nbcc:b@example.com", "a\r\n@example.com", "a\t@example.com", "a@example.com\n", "ä@example.com", "vıctim@example.com",
		"a\u202e@example.com", "a@exam\u200bple.com", "a@example\u3002com", "a@\uff45xample.com", "a\uff20example.com", "a@\u212aelvin.com",
		"a@exampl\u017f.com", "a@xn--.com", "a@xn--a.com", "a@\xff.com", "\xff@example.com", "a@example.com/../b",
		strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("a", 64) + ".com",
		"a@" + strings.Repeat("abcdefgh.", 28) + "com", strings.Repeat("a", 53) + "@" + strings.Repeat("abcdefgh.", 22) + "com" /* 255 bytes */, strings.Repeat("a@", 500_000), strings.Repeat("ä", 500_000) + "@example.com",
	} {
		shown, key, err := user.Canonical(user.KindEmailAddress, address)
		broken, ok := errors.AsType[*user.FieldError](err)
		if !ok || broken.Field != "email_address" || broken.Rule != user.RuleFormat {
			t.Errorf("Canonical(%.60q) = %.60q, %.60q, %v; want a FieldError", address, shown, key, err)
		}
	}
}

// I-03: one key for all spellings of an address.
func TestAddressKeys(t *testing.T) {
	longest := strings.Repeat("a", 52) + "@" + strings.Repeat("abcdefgh.", 22) + "com" // 254 bytes
	for _, test := range []struct{ address, shown, key string }{
		{"ada@example.com", "ada@example.com", "ada@example.com"},
		{"Ada.L@EXAMPLE.com", "Ada.L@example.com", "ada.l@example.com"},
		{"ada+tag@example.com", "ada+tag@example.com", "ada+tag@example.com"},
		{"O'Brien@example.ie", "O'Brien@example.ie", "o'brien@example.ie"},
		{"a@b.co", "a@b.co", "a@b.co"},
		{"a@bücher.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
		{"a@XN--BCHER-kva.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
		{"a@straße.example", "a@xn--strae-oqa.example", "a@xn--strae-oqa.example"},
		{"a@1-2.example", "a@1-2.example", "a@1-2.example"},
		{longest, longest, longest},
		{strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com"},
	} {
		shown, key, err := user.Canonical(user.KindEmailAddress, test.address)
		if err != nil || shown != test.shown || key != test.key {
			t.Errorf("Canonical(%q) = %q, %q, %v; want %q, %q", test.address, shown, key, err, test.shown, test.key)
		}
	}
}

// I-03: another spelling of a claimed address is taken, or no address.
func TestSpellingsOfOneAddress(t *testing.T) {
	f := newFixture(t)
	f.add(t, "kim@kelvin.example")
	for _, address := range []string{
		"KIM@kelvin.example", "kim@KELVIN.EXAMPLE", "kim@kelvin.example.", "kim@\uff4belvin.example",
		"\u212aim@kelvin.example", "kim@\u212aelvin.example", "kım@kelvin.example", "ｋim@kelvin.example",
	} {
		_, err := f.Create(t.Context(), user.NewUser{EmailAddresses: []user.NewIdentifier{{Value: address, Strategy: "admin"}}})
		if !errors.Is(err, user.ErrIdentifierTaken) && !errors.Is(err, user.ErrInvalid) {
			t.Errorf("Create(%q) = %v, want taken or invalid", address, err)
		}
	}
}

// I-04
func TestUsernames(t *testing.T) {
	f := newFixture(t)
	for name, rule := range map[string]user.Rule{
		"abc": user.RuleUsernameLength, strings.Repeat("a", 65): user.RuleUsernameLength,
		"pаypal": user.RuleUsernameCharacter, // with a Cyrillic а
		"a@b.c":  user.RuleUsernameCharacter, "ada l": user.RuleUsernameCharacter, "ada\u200bl": user.RuleUsernameCharacter,
		"ada.l": user.RuleUsernameCharacter, "ada\x00l": user.RuleUsernameCharacter, "ada\u202el": user.RuleUsernameCharacter, "\u212aelvin": user.RuleUsernameCharacter,
		"12345678": user.RuleUsernameDigits,
		"admin":    user.RuleValue, "Support": user.RuleValue, "ROOT": user.RuleValue,
	} {
		_, err := f.Create(t.Context(), user.NewUser{Username: name})
		wantRule(t, err, "username", rule)
	}
	u, err := f.Create(t.Context(), user.NewUser{Username: "Ada-Lovelace_1"})
	if err != nil || u.Username != "Ada-Lovelace_1" {
		t.Fatalf("Create = %+v, %v", u, err)
	}
	_, err = f.Create(t.Context(), user.NewUser{Username: "ada-lovelace_1"})
	if taken, ok := errors.AsType[*user.TakenError](err); !ok || taken.Kind != user.KindUsername {
		t.Errorf("Create with the same name in lower case = %v, want taken", err)
	}
}

// I-05
func TestPhoneNumbers(t *testing.T) {
	for _, number := range []string{
		"+14155552671", "+1 415 555 2671", "+1 (415) 555-2671", "+1.415.555.2671", "+1-415-555-2671",
	} {
		if shown, key, err := user.Canonical(user.KindPhoneNumber, number); err != nil || shown != "+14155552671" || key != shown {
			t.Errorf("Canonical(%q) = %q, %q, %v", number, shown, key, err)
		}
	}
	if _, key, err := user.Canonical(user.KindPhoneNumber, "+1 555 555 0123"); err != nil || key != "+15555550123" {
		t.Errorf("a number kept for fiction = %q, %v", key, err)
	}
	for _, number := range []string{
		"", "+", "+1", "14155552671", "0014155552671", "+1415555267", "+141555526711234", "+1415555CALL", "+14155552671;ext=5",
		"+14155552671 x5", "+٤٤٢٠٧١٨٣٨٧٥٠", "+１４１５５５５２６７１", "+1415555\x002671", "+9991234567", "tel:+14155552671", "+1415555267\r\n1", strings.Repeat("+1", 100_000),
	} {
		_, _, err := user.Canonical(user.KindPhoneNumber, number)
		wantRule(t, err, "phone_number", user.RuleFormat)
	}
	f := newFixture(t, func(c *user.Config) { c.PhoneRegions = []string{"DE", "US"} })
	if _, err := f.Create(t.Context(), user.NewUser{PhoneNumbers: []user.NewIdentifier{{Value: "+14155552671", Strategy: "admin"}}}); err != nil {
		t.Errorf("a number of a region on the list: %v", err)
	}
	_, err := f.Create(t.Context(), user.NewUser{PhoneNumbers: []user.NewIdentifier{{Value: "+442071838750", Strategy: "admin"}}})
	wantRule(t, err, "phone_number", user.RuleValue)
}

// FuzzAddress: what is accepted is its own canonical form, and plain ASCII with one "@".
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"ada@example.com", "A@bücher.example", "a@xn--bcher-kva.example", "a..b@x.y", "=?q?@x.y", "a@ｅ.com"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		shown, key, err := user.Canonical(user.KindEmailAddress, address)
		if err != nil {
			return
		}
		if len(key) > 254 || strings.Count(key, "@") != 1 || strings.ContainsFunc(shown, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Fatalf("%q became %q", address, shown)
		}
		for _, again := range []string{shown, key} {
			if _, k, err := user.Canonical(user.KindEmailAddress, again); err != nil || k != key {
				t.Fatalf("%q became %q, then %q, %v", address, key, k, err)
			}
		}
	})
}
