package digest

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

// maxRounds bounds how often a quick hash is repeated.
const maxRounds = 1 << 20

// quickFamily is a family of which a thief of the database could guess billions a second.
// Its sums are not stored: argon2id of them is (P-08).
type quickFamily struct {
	read func(text string) (quick, error)
	// sums lists what the sum of a password may be.
	sums func(q quick, password []byte) [][]byte
}

// quick is a quick digest that was read.
type quick struct {
	rounds    int
	salt, sum []byte
}

var quickFamilies = map[string]quickFamily{
	"md5":           {read: plainSum(md5.Size), sums: hashed(md5Sum)},
	"sha256":        {read: plainSum(sha256.Size), sums: hashed(sha256Sum)},
	"md5_salted":    {read: saltedSum(md5.Size), sums: hashed(md5Sum)},
	"sha256_salted": {read: saltedSum(sha256.Size), sums: hashed(sha256Sum)},
	"ldap_ssha":     {read: readSSHA, sums: hashedBefore(sha1Sum)},

	"sha512_symfony": {read: readSymfony, sums: symfonySums},
}

func md5Sum(b []byte) []byte    { sum := md5.Sum(b); return sum[:] }
func sha1Sum(b []byte) []byte   { sum := sha1.Sum(b); return sum[:] }
func sha256Sum(b []byte) []byte { sum := sha256.Sum256(b); return sum[:] }

// wrap checks a digest of the family and returns what is stored but for argon2id.
func (f quickFamily) wrap(hasher, text string) (Imported, error) {
	q, err := f.read(text)
	if err != nil {
		return Imported{}, err
	}
	return Imported{
		stored: hasher + ":" + strconv.Itoa(q.rounds) + "$" + base64.RawStdEncoding.EncodeToString(q.salt),
		inner:  hex.EncodeToString(q.sum),
	}, nil
}

// unwrap reads what wrap and argon2id have made.
func (f quickFamily) unwrap(text string) (Digest, error) {
	head, own, ok := strings.Cut(text, argon2idPrefix)
	rounds, salt, found := strings.Cut(head, "$")
	if !ok || !found {
		return Digest{}, ErrFormat
	}
	a, err := readPHC(argon2idPrefix+own, argon2idPrefix)
	if err != nil {
		return Digest{}, err
	}
	var q quick
	if q.rounds, err = count(rounds, maxRounds); err != nil {
		return Digest{}, err
	}
	if q.salt, err = base64.RawStdEncoding.Strict().DecodeString(salt); err != nil {
		return Digest{}, ErrFormat
	}
	return Digest{verify: func(password []byte) bool {
		right := false
		for _, sum := range f.sums(q, password) {
			right = same(a.derive(hex.AppendEncode(nil, sum)), a.sum) || right
		}
		return right
	}}, nil
}

// plainSum reads a sum in hex.
func plainSum(size int) func(string) (quick, error) {
	return func(text string) (quick, error) {
		sum, err := unhex(text)
		if err == nil && len(sum) != size {
			err = ErrFormat
		}
		return quick{rounds: 1, sum: sum}, err
	}
}

// saltedSum reads "salt$sum", the sum in hex.
func saltedSum(size int) func(string) (quick, error) {
	return func(text string) (quick, error) {
		salt, hexSum, ok := strings.Cut(text, "$")
		if !ok || salt == "" {
			return quick{}, ErrFormat
		}
		q, err := plainSum(size)(hexSum)
		q.salt = []byte(salt)
		return q, err
	}
}

// hashed are the sums of salt and password, in both orders: the form does not tell which
// was used.
func hashed(sum func([]byte) []byte) func(quick, []byte) [][]byte {
	return func(q quick, password []byte) [][]byte {
		if len(q.salt) == 0 {
			return [][]byte{sum(password)}
		}
		return [][]byte{
			sum(append(q.salt[:len(q.salt):len(q.salt)], password...)),
			sum(append(password[:len(password):len(password)], q.salt...)),
		}
	}
}

// hashedBefore is the sum of password and salt.
func hashedBefore(sum func([]byte) []byte) func(quick, []byte) [][]byte {
	return func(q quick, password []byte) [][]byte {
		return [][]byte{sum(append(password[:len(password):len(password)], q.salt...))}
	}
}

// readSSHA reads "{SSHA}" and base64 of a SHA-1 and its salt.
func readSSHA(text string) (quick, error) {
	encoded, ok := strings.CutPrefix(text, "{SSHA}")
	if !ok {
		return quick{}, ErrFormat
	}
	b, err := unbase64(encoded)
	if err != nil || len(b) <= sha1.Size {
		return quick{}, ErrFormat
	}
	return quick{rounds: 1, sum: b[:sha1.Size], salt: b[sha1.Size:]}, nil
}

// readSymfony reads "sha512_symfony$rounds$salt$sum" with the sum in base64.
func readSymfony(text string) (quick, error) {
	f := strings.Split(text, "$")
	if len(f) != 4 || f[0] != "sha512_symfony" {
		return quick{}, ErrFormat
	}
	rounds, err := count(f[1], maxRounds)
	if err != nil {
		return quick{}, err
	}
	sum, err := unbase64(f[3])
	if err != nil || len(sum) != sha512.Size {
		return quick{}, ErrFormat
	}
	return quick{rounds: rounds, salt: []byte(f[2]), sum: sum}, nil
}

// symfonySums is the sum of Symfony's MessageDigestPasswordEncoder: the salt stands in
// braces behind the password, and both behind the sum of the round before.
func symfonySums(q quick, password []byte) [][]byte {
	salted := password
	if len(q.salt) > 0 {
		salted = []byte(string(password) + "{" + string(q.salt) + "}")
	}
	sum := sha512.Sum512(salted)
	next := append(sum[:], salted...)
	for range q.rounds - 1 {
		sum = sha512.Sum512(next)
		copy(next, sum[:])
	}
	return [][]byte{sum[:]}
}
