package user

import (
	"errors"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

const (
	maxNameLength   = 256 // code points
	maxLocaleLength = 64  // bytes
)

// cleanText returns s in Unicode's normal form C, or a *FieldError if it is longer
// than maxLength code points, is not UTF-8, or holds what no name needs and a
// reader cannot see (I-01).
func cleanText(field, s string, maxLength int) (string, error) {
	if !utf8.ValidString(s) {
		return "", &FieldError{Field: field, Rule: RuleFormat}
	}
	// A code point in normal form C has at most four bytes. Asked before the work of
	// normalizing, which may make a text shorter, but not by more than a third.
	if len(s) > 3*4*maxLength {
		return "", &FieldError{Field: field, Rule: RuleTooLong, Limit: maxLength}
	}
	s = norm.NFC.String(s)
	if utf8.RuneCountInString(s) > maxLength {
		return "", &FieldError{Field: field, Rule: RuleTooLong, Limit: maxLength}
	}
	for _, r := range s {
		if unicode.IsControl(r) || deceives(r) {
			return "", &FieldError{Field: field, Rule: RuleFormat}
		}
	}
	return s, nil
}

// deceives reports whether r changes the order of the text around it, breaks its
// line, or is an invisible blank. The joiners U+200C and U+200D are not among them:
// Persian and emoji need them.
func deceives(r rune) bool {
	switch {
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // embeddings, overrides, isolates
		return true
	case r == 0x2028, r == 0x2029: // separators of lines and paragraphs
		return true
	case r == 0x200B, r == 0x2060, r == 0xFEFF: // zero-width space, word joiner, byte order mark
		return true
	}
	return false
}

// checkLocale accepts well-formed BCP 47 tags, known or not, and "".
func checkLocale(s string) error {
	if s == "" {
		return nil
	}
	if len(s) > maxLocaleLength {
		return &FieldError{Field: "locale", Rule: RuleFormat}
	}
	if _, err := language.Parse(s); err != nil {
		if _, unknown := errors.AsType[language.ValueError](err); !unknown {
			return &FieldError{Field: "locale", Rule: RuleFormat}
		}
	}
	return nil
}

// lowerASCII maps A-Z to a-z and leaves everything else alone. Unicode's case mapping
// would turn K (U+212A) and ſ (U+017F) into letters of somebody else's address (I-03).
func lowerASCII(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if b[j] >= 'A' && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
