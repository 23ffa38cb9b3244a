package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	maxBcryptCost = 14
	bcryptLength  = 60 // bytes
)

var bcryptForm = regexp.MustCompile(`\A\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}\z`)

// readBcryptOf reads a bcrypt digest of what input makes of the password. bcrypt itself
// reads 72 bytes of that and no more (P-03), and compares in constant time.
func readBcryptOf(text string, input func(password []byte) []byte) (Digest, error) {
	if !bcryptForm.MatchString(text) {
		return Digest{}, ErrFormat
	}
	cost, err := bcrypt.Cost([]byte(text))
	if err != nil {
		return Digest{}, ErrFormat
	}
	if cost > maxBcryptCost {
		return Digest{}, ErrCost
	}
	return Digest{bcryptCost: cost, verify: func(password []byte) bool {
		return bcrypt.CompareHashAndPassword([]byte(text), input(password)) == nil
	}}, nil
}

func readBcrypt(text string) (Digest, error) {
	return readBcryptOf(text, func(password []byte) []byte { return password })
}

// readBcryptSHA256 reads Django's BCryptSHA256PasswordHasher: bcrypt of the SHA-256 in hex.
func readBcryptSHA256(text string) (Digest, error) {
	rest, ok := strings.CutPrefix(text, "bcrypt_sha256$")
	if !ok {
		return Digest{}, ErrFormat
	}
	return readBcryptOf(rest, func(password []byte) []byte {
		sum := sha256.Sum256(password)
		return hex.AppendEncode(nil, sum[:])
	})
}

// readBcryptPeppered reads a bcrypt digest that a pepper follows, which was put behind the
// password.
func readBcryptPeppered(text string) (Digest, error) {
	if len(text) < bcryptLength+2 || text[bcryptLength] != '$' {
		return Digest{}, ErrFormat
	}
	pepper := text[bcryptLength+1:]
	return readBcryptOf(text[:bcryptLength], func(password []byte) []byte {
		return append(password[:len(password):len(password)], pepper...)
	})
}
