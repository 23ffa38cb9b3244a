package user

import "strings"

// Canonical checks an e-mail address, phone number or username and returns how it is
// shown and its key, which is one for all spellings. Limits, locks and lookups
// use the key. It returns a *FieldError for everything else.
func Canonical(kind Kind, value string) (shown, key string, err error) {
	switch kind {
	case KindEmailAddress:
		return canonicalEmail(value)
	case KindPhoneNumber:
		key, err = canonicalPhone(value)
		return key, key, err
	case KindUsername:
		key, err = canonicalUsername(value)
		if err != nil {
			return "", "", err
		}
		return value, key, nil
	}
	return "", "", &FieldError{Field: string(kind), Rule: RuleValue}
}

// ParseIdentifier tells which kind of identifier somebody typed, by its form alone,
// and returns its key. It returns a *FieldError about "identifier" if it can be none.
func ParseIdentifier(text string) (Kind, string, error) {
	kind := KindUsername
	switch {
	case strings.Contains(text, "@"):
		kind = KindEmailAddress
	case strings.HasPrefix(text, "+"):
		kind = KindPhoneNumber
	}
	_, key, err := Canonical(kind, text)
	// A reserved username is well-formed; it is only that nobody has it.
	if kind == KindUsername && reservedUsernames[lowerASCII(text)] {
		return kind, lowerASCII(text), nil
	}
	if err != nil {
		return "", "", &FieldError{Field: "identifier", Rule: RuleFormat}
	}
	return kind, key, nil
}
