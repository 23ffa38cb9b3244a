package user

import (
	"strings"

	"golang.org/x/net/idna"
)

// RFC 5321 §4.5.3.1 gives the lengths, in bytes.
const (
	maxEmailLength = 254
	maxLocalLength = 64
)

// domains is how clients look names up (RFC 5891 §5), with the rules that keep a
// name a host name: letters, digits and hyphens, lengths, direction of writing.
var domains = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.BidiRule(),
	idna.StrictDomainName(true),
	idna.VerifyDNSLength(true),
)

// canonicalEmail reads an e-mail address: a dot-atom (RFC 5322 §3.2.3) in ASCII, "@",
// and a domain of at least two labels. shown keeps the local part as it was typed,
// since its case is the receiving host's business; key is one for all spellings.
// Both hold the domain in ASCII. There are no quotes, comments, literals, display
// names, encoded words or trailing dots, on which programs disagree (I-02).
func canonicalEmail(s string) (shown, key string, err error) {
	malformed := &FieldError{Field: "email_address", Rule: RuleFormat}
	local, domain, found := strings.Cut(s, "@")
	if !found || len(s) > 4*maxEmailLength || !isDotAtom(local) {
		return "", "", malformed
	}
	domain, ok := canonicalDomain(domain)
	if !ok || len(local)+1+len(domain) > maxEmailLength {
		return "", "", malformed
	}
	return local + "@" + domain, lowerASCII(local) + "@" + domain, nil
}

func isDotAtom(s string) bool {
	if s == "" || len(s) > maxLocalLength || strings.Contains(s, "=?") { // RFC 2047 §2: an encoded word
		return false
	}
	dot := true // before the first character as good as after a dot
	for _, c := range []byte(s) {
		switch {
		case c == '.':
			if dot {
				return false
			}
			dot = true
			continue
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0:
		default:
			return false
		}
		dot = false
	}
	return !dot
}

// canonicalDomain returns the domain in ASCII and lower case. A name that would be
// mapped to another one, such as a fullwidth spelling, is refused: who typed it meant
// to look like somebody else, or will not see which mailbox gets the mail.
func canonicalDomain(s string) (string, bool) {
	s = lowerASCII(s)
	ascii, err := domains.ToASCII(s)
	if err != nil {
		return "", false
	}
	if ascii != s {
		back, err := domains.ToUnicode(ascii)
		if err != nil || back != s {
			return "", false
		}
	}
	labels := strings.Split(ascii, ".")
	if len(labels) < 2 {
		return "", false
	}
	for _, label := range labels {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return "", false
		}
	}
	// A last label of digits makes an address of IPv4 (RFC 3696 §2).
	return ascii, strings.Trim(labels[len(labels)-1], "0123456789") != ""
}
