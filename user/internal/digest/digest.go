// Package digest reads and verifies the password digests that a user may have: our own
// argon2id, and those of the systems that users come from.
//
// [Import] turns what another system has stored into what this one stores, which [Parse]
// reads. Stored digests tell their family without ambiguity:
//
//	$argon2id$v=19$…             our own scheme (PHC string format), or imported as such
//	$2b$12$…                     bcrypt
//	HASHER:DIGEST                any other family, the digest as it was given
//	HASHER:ROUNDS$SALT$argon2id$… a family that is quick to guess, inside argon2id; the salt in base64
//
// Every parameter is read strictly and held against a cap before anything is computed
// (P-08): bcrypt cost 14, argon2 256 MiB, 10 passes and 8 lanes, PBKDF2 2,000,000
// iterations, scrypt 256 MiB, 2^20 rounds for the rest.
package digest

import (
	"crypto/subtle"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
)

// The errors of Import and Parse.
var (
	ErrHasher = errors.New("digest: no such hasher")
	ErrFormat = errors.New("digest: malformed")
	ErrCost   = errors.New("digest: costs too much to verify")
)

// MaxLength bounds a digest that is imported, in bytes.
const MaxLength = 512

// maxStored bounds what Import makes of one: its salt in base64, and argon2id around it.
const maxStored = 1024

// Digest is a stored digest that can be verified at a bearable cost.
type Digest struct {
	verify     func(password []byte) bool
	own        *argon2Text // of our own scheme
	bcryptCost int
}

// Verify reports whether d is the password's. Sums are compared in constant time (P-10).
func (d Digest) Verify(password string) bool { return d.verify([]byte(password)) }

// Argon2id returns the parameters of a digest of our own scheme, nil for every other.
func (d Digest) Argon2id() *argon2id.Params {
	if d.own == nil {
		return nil
	}
	return &d.own.Params
}

// BcryptCost returns the cost of a bcrypt digest, 0 for every other.
func (d Digest) BcryptCost() int { return d.bcryptCost }

// family is one kind of foreign digest whose guesses are slow by themselves.
type family struct {
	// bare digests begin with "$" and name their family themselves: they are stored as
	// they are, all others behind the hasher's name.
	bare bool
	read func(text string) (Digest, error)
}

// families are the hashers whose digests are kept as they are until the next good sign-in.
var families = map[string]family{
	"argon2id":             {bare: true, read: readArgon2id},
	"argon2i":              {read: readArgon2i},
	"bcrypt":               {bare: true, read: readBcrypt},
	"bcrypt_sha256_django": {read: readBcryptSHA256},
	"bcrypt_peppered":      {read: readBcryptPeppered},
	"pbkdf2_sha1":          {read: readPBKDF2SHA1},
	"pbkdf2_sha256":        {read: readPBKDF2SHA256},
	"pbkdf2_sha256_django": {read: readPBKDF2Django},
	"pbkdf2_sha512":        {read: readPBKDF2SHA512},
	"pbkdf2_sha512_hex":    {read: readPBKDF2SHA512Hex},
	"phpass":               {read: readPHPass},
	"md5_phpass":           {read: readMD5PHPass},
	"scrypt_firebase":      {read: readFirebase},
	"scrypt_werkzeug":      {read: readWerkzeug},
}

// Imported is a digest of another system that was found good.
type Imported struct {
	stored string
	inner  string // what argon2id is still to be put around, "" for none
}

// Import reads a digest that hasher has made. Nothing is computed.
func Import(hasher, text string) (Imported, error) {
	if !printable(text) || len(text) > MaxLength {
		return Imported{}, ErrFormat
	}
	if f, ok := quickFamilies[hasher]; ok {
		return f.wrap(hasher, text)
	}
	f, ok := families[hasher]
	if !ok {
		return Imported{}, ErrHasher
	}
	if _, err := f.read(text); err != nil {
		return Imported{}, err
	}
	if f.bare {
		return Imported{stored: text}, nil
	}
	return Imported{stored: hasher + ":" + text}, nil
}

// Inner is what a hash of our own is still to be made of, "" if there is none to make.
func (i Imported) Inner() string { return i.inner }

// Stored returns what is kept. own is the argon2id digest of Inner, if there is one.
func (i Imported) Stored(own string) string { return i.stored + own }

// Parse reads a stored digest.
func Parse(stored string) (Digest, error) {
	if !printable(stored) || len(stored) > maxStored {
		return Digest{}, ErrFormat
	}
	if strings.HasPrefix(stored, argon2idPrefix) {
		return readArgon2id(stored)
	}
	if strings.HasPrefix(stored, "$") {
		return readBcrypt(stored)
	}
	hasher, text, ok := strings.Cut(stored, ":")
	if !ok {
		return Digest{}, ErrFormat
	}
	if f, ok := quickFamilies[hasher]; ok {
		return f.unwrap(text)
	}
	f, ok := families[hasher]
	if !ok || f.bare || len(text) > MaxLength {
		return Digest{}, ErrFormat
	}
	return f.read(text)
}

// printable reports whether a text is one that every store keeps.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// derived is a digest that is a sum of the password, made by derive.
func derived(sum []byte, derive func(password []byte) []byte) Digest {
	return Digest{verify: func(password []byte) bool { return same(derive(password), sum) }}
}

// same compares two sums in constant time. One that could not be made is nobody's.
func same(made, want []byte) bool {
	return len(made) > 0 && subtle.ConstantTimeCompare(made, want) == 1
}

// Hashers returns the names that Import knows, sorted.
func Hashers() []string {
	return slices.Sorted(slices.Values(slices.AppendSeq(slices.Collect(maps.Keys(families)), maps.Keys(quickFamilies))))
}
