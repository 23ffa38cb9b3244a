package user

import (
	"strings"
	"unicode/utf8"
)

const (
	minPasswordLength = 8    // code points
	maxPasswordLength = 256  // code points
	maxPasswordBytes  = 1024 // also bounds what is hashed
)

// PasswordRules are what may differ between instances, and change while one runs.
type PasswordRules struct {
	MinLength int    // in code points, 8 to 256; what lies outside counts as the bound (P-04)
	AppName   string // a password may not be it; "" skips the rule
}

// passwordPolicy is what a new password has to obey. There are no rules about
// kinds of characters, and nothing is trimmed, folded or cut (P-03, P-04).
type passwordPolicy struct{ rules func() PasswordRules }

// checkEncoding holds even where the policy is skipped: passwords are text that can
// be typed again, of bounded length.
func (p passwordPolicy) checkEncoding(password string) error {
	switch {
	case password == "":
		return &FieldError{Field: "password", Rule: RuleMissing}
	case len(password) > maxPasswordBytes:
		return &FieldError{Field: "password", Rule: RulePasswordBytes, Limit: maxPasswordBytes}
	case !utf8.ValidString(password):
		return &FieldError{Field: "password", Rule: RuleFormat}
	}
	return nil
}

// check returns a *FieldError unless the password may be a user's with these
// identifiers. A breach is the last rule looked at, so that RulePasswordPwned means
// that all others are kept.
func (p passwordPolicy) check(password string, identifiers []string) error {
	if err := p.checkEncoding(password); err != nil {
		return err
	}
	rules := p.rules()
	least := min(max(rules.MinLength, minPasswordLength), maxPasswordLength)
	length := utf8.RuneCountInString(password)
	switch {
	case length < least:
		return &FieldError{Field: "password", Rule: RulePasswordTooShort, Limit: least}
	case length > maxPasswordLength:
		return &FieldError{Field: "password", Rule: RulePasswordTooLong, Limit: maxPasswordLength}
	case isKnown(password, identifiers, rules.AppName):
		return &FieldError{Field: "password", Rule: RulePasswordIdentifier}
	case isBreached(password):
		return &FieldError{Field: "password", Rule: RulePasswordPwned}
	}
	return nil
}

// isKnown reports whether the password is what everybody can know of the user: an
// identifier, the local part of an address, or the app's name (P-05).
func isKnown(password string, identifiers []string, appName string) bool {
	if appName != "" && strings.EqualFold(password, appName) {
		return true
	}
	for _, identifier := range identifiers {
		local, _, isAddress := strings.Cut(identifier, "@")
		if strings.EqualFold(password, identifier) || isAddress && strings.EqualFold(password, local) {
			return true
		}
	}
	return false
}
