package session

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// cookieValue is a value of the cookie __client, taken apart:
//
//	43 characters   256 random bits in unpadded base64url, which scs made
//	"."
//	27 characters   the id of the client, without its prefix
//
// The random bits alone are the credential, and what is stored for them says whose they
// are. The id is a claim, good for one thing: the client's record can be read in the same
// round trip as what decides whether it may be shown.
type cookieValue struct {
	secret string
	client ClientID
}

const (
	secretLength = 43
	cookieLength = secretLength + 1 + idLength
)

// parseCookie is false for a value that has not the shape of one that this package made.
// Nothing else is looked up (S-01): no session token, no pattern, no 7 kB.
func parseCookie(value string) (cookieValue, bool) {
	if len(value) != cookieLength || value[secretLength] != '.' || !validSecret(value[:secretLength]) {
		return cookieValue{}, false
	}
	v := cookieValue{secret: value[:secretLength], client: clientPrefix + "_" + ClientID(value[secretLength+1:])}
	if !v.client.valid() {
		return cookieValue{}, false
	}
	return v, true
}

func validSecret(secret string) bool {
	for _, c := range []byte(secret) { // base64's own decoder skips line breaks
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	var bits [sha256.Size]byte
	_, err := base64.RawURLEncoding.Strict().Decode(bits[:], []byte(secret))
	return err == nil
}

// String is the value as browsers have it.
func (v cookieValue) String() string {
	return v.secret + "." + string(v.client[len(clientPrefix)+1:])
}

// token is the name under which stores know the cookie; scs hashes alike.
func (v cookieValue) token() string {
	sum := sha256.Sum256([]byte(v.secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// sameToken compares the hashes of two cookies in constant time (K-02).
func sameToken(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
