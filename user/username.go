package user

import "strings"

// The length of a username in characters.
const (
	minUsernameLength = 4
	maxUsernameLength = 64
)

// reservedUsernames look like they speak for the site, or stand for nobody.
var reservedUsernames = map[string]bool{
	"abuse": true, "account": true, "accounts": true, "admin": true, "administrator": true,
	"anonymous": true, "billing": true, "daemon": true, "everyone": true, "helpdesk": true,
	"hostmaster": true, "info": true, "mail": true, "mailer-daemon": true, "moderator": true,
	"nobody": true, "noreply": true, "no-reply": true, "null": true, "official": true,
	"operator": true, "owner": true, "postmaster": true, "privacy": true, "root": true,
	"security": true, "settings": true, "staff": true, "superuser": true, "support": true,
	"sysadmin": true, "system": true, "undefined": true, "webmaster": true,
}

// canonicalUsername returns the key of a username: ASCII letters, digits, "_" and "-",
// not only digits (that would be a phone number), in lower case (I-04).
func canonicalUsername(s string) (key string, err error) {
	if len(s) < minUsernameLength || len(s) > maxUsernameLength {
		limit := minUsernameLength
		if len(s) > maxUsernameLength {
			limit = maxUsernameLength
		}
		return "", &FieldError{Field: "username", Rule: RuleUsernameLength, Limit: limit}
	}
	key = lowerASCII(s)
	for _, c := range []byte(key) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return "", &FieldError{Field: "username", Rule: RuleUsernameCharacter}
		}
	}
	if strings.Trim(key, "0123456789") == "" {
		return "", &FieldError{Field: "username", Rule: RuleUsernameDigits}
	}
	if reservedUsernames[key] {
		return "", &FieldError{Field: "username", Rule: RuleValue}
	}
	return key, nil
}
