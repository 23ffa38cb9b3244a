package digest

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"
)

const maxPBKDF2 = 2_000_000 // iterations

// decoder reads the text of a salt or a sum.
type decoder func(string) ([]byte, error)

// raw is a salt that was used as it is written.
func raw(text string) ([]byte, error) { return []byte(text), nil }

// readPBKDF2 reads "prefix$iterations$salt$sum" (RFC 8018 §5.2).
func readPBKDF2[H hash.Hash](text, prefix string, h func() H, salt, sum decoder) (Digest, error) {
	f, err := fields(text, 4)
	if err != nil || f[0] != prefix {
		return Digest{}, ErrFormat
	}
	return pbkdf2Digest(h, f[1:], salt, sum)
}

// pbkdf2Digest makes a digest of iterations, salt and sum.
func pbkdf2Digest[H hash.Hash](h func() H, f []string, readSalt, readSum decoder) (Digest, error) {
	iterations, err := count(f[0], maxPBKDF2)
	if err != nil {
		return Digest{}, err
	}
	salt, err := readSalt(f[1])
	if err != nil {
		return Digest{}, err
	}
	sum, err := sumOf(readSum, f[2])
	if err != nil {
		return Digest{}, err
	}
	return derived(sum, func(password []byte) []byte {
		made, err := pbkdf2.Key(h, string(password), salt, iterations, len(sum))
		if err != nil { // in FIPS 140 mode alone
			return nil
		}
		return made
	}), nil
}

// readPBKDF2SHA1 reads a sum in hex, which the length of the sum in bytes may follow. A
// salt that can be hex is.
func readPBKDF2SHA1(text string) (Digest, error) {
	f := strings.Split(text, "$")
	if len(f) != 4 && len(f) != 5 || f[0] != "pbkdf2_sha1" || f[2] == "" {
		return Digest{}, ErrFormat
	}
	if len(f) == 5 {
		if n, err := count(f[4], maxSum); err != nil || 2*n != len(f[3]) {
			return Digest{}, ErrFormat
		}
	}
	hexOrRaw := func(text string) ([]byte, error) {
		if b, err := unhex(text); err == nil {
			return b, nil
		}
		return raw(text)
	}
	return pbkdf2Digest(sha1.New, f[1:4], hexOrRaw, unhex)
}

func readPBKDF2SHA256(text string) (Digest, error) {
	return readPBKDF2(text, "pbkdf2_sha256", sha256.New, unbase64, unbase64)
}

// readPBKDF2Django reads Django's PBKDF2PasswordHasher, whose salt is used as it is written.
func readPBKDF2Django(text string) (Digest, error) {
	return readPBKDF2(text, "pbkdf2_sha256", sha256.New, raw, unbase64)
}

func readPBKDF2SHA512(text string) (Digest, error) {
	return readPBKDF2(text, "pbkdf2_sha512", sha512.New, raw, unhex)
}

func readPBKDF2SHA512Hex(text string) (Digest, error) {
	return readPBKDF2(text, "pbkdf2_sha512_hex", sha512.New, unhex, unhex)
}
