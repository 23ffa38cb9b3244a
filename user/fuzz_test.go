package user_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/gatehouse-dev/gatehouse/user"
)

// I-05: what is accepted is E.164, and its own canonical form.
func FuzzPhone(f *testing.F) {
	for _, seed := range []string{
		"+1 (415) 555-2671", "+14155552671", "+44 20 7183 8750", "+1 555 555 0123", "+49.30.1234567", "+1415555CALL", "+14155552671;ext=5",
		"+٤٤٢٠٧١٨٣٨٧٥٠", "+", "++1", "+0014155552671", "+390612345678", "+1" + strings.Repeat(" ", 60),
	} {
		f.Add(seed)
	}
	e164 := regexp.MustCompile(`\A\+[1-9][0-9]{4,14}\z`)
	f.Fuzz(func(t *testing.T, number string) {
		shown, key, err := user.Canonical(user.KindPhoneNumber, number)
		if err != nil {
			return
		}
		if shown != key || !e164.MatchString(key) {
			t.Fatalf("%q became %q and %q", number, shown, key)
		}
		if _, again, err := user.Canonical(user.KindPhoneNumber, key); err != nil || again != key {
			t.Fatalf("%q became %q, then %q, %v", number, key, again, err)
		}
	})
}

// I-03, I-04: whatever is typed to sign in has one key of one kind, and the key of a key is
// itself.
func FuzzIdentifier(f *testing.F) {
	for _, seed := range []string{
		"Jane@Example.com", "janedoe", "JANE_doe-1", "+14155552671", "admin", "1234", "jane@", "@", "+jane@example.com", "jаne", "jane\u200bdoe",
		"ſoftware", "Kelvin", "jane@EXAMPLE。com", "jane\x00", "jane@example.com\r\nBcc: x@y.zz", strings.Repeat("a", 65),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		kind, key, err := user.ParseIdentifier(text)
		if err != nil {
			return
		}
		if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f || r >= 'A' && r <= 'Z' }) {
			t.Fatalf("%q has the key %q", text, key)
		}
		if again, same, err := user.ParseIdentifier(key); err != nil || again != kind || same != key {
			t.Fatalf("%q has the key %q, which is %s %q, %v", text, key, again, same, err)
		}
	})
}

// I-01: a name that is accepted is NFC, bounded, and shows all that it is made of.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"Jane", "Zoe\u0308", "علی\u200cرضا", "👩‍👩‍👧", "a\u202eb", "a\x00b", "\xff", "a\u200bb", "a\r\nb", "\u1b5b", strings.Repeat("ﬁ", 256), strings.Repeat("e\u0301", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean, err := user.CleanText("first_name", text, 256)
		if err != nil {
			return
		}
		if !utf8.ValidString(clean) || !norm.NFC.IsNormalString(clean) || utf8.RuneCountInString(clean) > 256 {
			t.Fatalf("%q became %q", text, clean)
		}
		if strings.ContainsFunc(clean, unicode.IsControl) || strings.ContainsAny(clean, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff") {
			t.Fatalf("%q became %q", text, clean)
		}
		if again, err := user.CleanText("first_name", clean, 256); err != nil || again != clean {
			t.Fatalf("%q became %q, then %q, %v", text, clean, again, err)
		}
	})
}

// P-01: a digest that is accepted is short, printable and of a known kind.
func FuzzDigest(f *testing.F) {
	for _, seed := range []string{
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI",
		"$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=+19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI",
		"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$2y$", "",
		"md5:1$$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI",
		"pbkdf2_sha256_django:pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY=",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := user.ParseDigest(text)
		if err != nil {
			return
		}
		hasher, _, named := strings.Cut(text, ":")
		known := strings.HasPrefix(text, "$argon2id$v=19$m=") || strings.HasPrefix(text, "$2") && len(text) == 60 ||
			named && regexp.MustCompile(`\A[a-z0-9_]+\z`).MatchString(hasher)
		if string(d) != text || len(text) > 1024 || !known {
			t.Fatalf("%q is accepted", text)
		}
	})
}
