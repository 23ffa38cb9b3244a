package user

import (
	"github.com/nyaruka/phonenumbers"
)

// maxE164Digits is the most that an international number has (ITU-T E.164 §6.2.1).
const maxE164Digits = 15

// maxPhoneLength is in bytes, blanks and punctuation included.
const maxPhoneLength = 64

// canonicalPhone reads a phone number in international form, "+" first, with blanks
// and punctuation as people write them, and returns it in E.164 (I-05): the form
// that is shown is also the key.
func canonicalPhone(s string) (string, error) {
	malformed := &FieldError{Field: "phone_number", Rule: RuleFormat}
	if s == "" || s[0] != '+' || len(s) > maxPhoneLength || !isASCII(s) {
		return "", malformed
	}
	for i := 1; i < len(s); i++ {
		if (s[i] < '0' || s[i] > '9') && s[i] != ' ' && s[i] != '-' && s[i] != '.' && s[i] != '(' && s[i] != ')' {
			return "", malformed // letters, extensions and parameters would be read as well
		}
	}
	n, err := phonenumbers.Parse(s, "")
	if err != nil {
		return "", malformed
	}
	e164 := phonenumbers.Format(n, phonenumbers.E164)
	if len(e164) > len("+")+maxE164Digits {
		return "", malformed // some numbering plans hold longer ones, which nobody abroad can call
	}
	if !phonenumbers.IsValidNumber(n) && !IsFictionalPhone(e164) {
		return "", malformed
	}
	return e164, nil
}

// IsFictionalPhone reports whether an E.164 number is one of those kept free for fiction
// in North America, 555-0100 to 555-0199 of any area. Nobody can be called there.
func IsFictionalPhone(e164 string) bool {
	return len(e164) == 12 && e164[:2] == "+1" && e164[5:10] == "55501"
}

// PhoneRegion returns the ISO 3166 code of an E.164 number's region, "" if it has none.
func PhoneRegion(e164 string) string {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForNumber(n)
}
