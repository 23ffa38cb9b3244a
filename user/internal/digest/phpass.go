package digest

import (
	"crypto/md5"
	"encoding/hex"
	"strings"
)

// phpassAlphabet are the digits of PHPass, worth 0 to 63.
const phpassAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const (
	phpassLength = 34 // bytes: "$P$", a digit for the rounds, 8 of salt, 22 of sum
	phpassHead   = 12
	minPHPassLog = 7 // as PHPass itself
	maxPHPassLog = 20
)

// readPHPassOf reads a portable digest of PHPass ("$P$", or "$H$" as phpBB writes it) of
// what input makes of the password.
func readPHPassOf(text string, input func(password []byte) []byte) (Digest, error) {
	if len(text) != phpassLength || !strings.HasPrefix(text, "$P$") && !strings.HasPrefix(text, "$H$") ||
		strings.Trim(text[3:], phpassAlphabet) != "" {
		return Digest{}, ErrFormat
	}
	log := strings.IndexByte(phpassAlphabet, text[3])
	switch {
	case log < minPHPassLog:
		return Digest{}, ErrFormat
	case log > maxPHPassLog:
		return Digest{}, ErrCost
	}
	salt := []byte(text[4:phpassHead])
	return derived([]byte(text[phpassHead:]), func(password []byte) []byte {
		in := input(password)
		sum := md5.Sum(append(salt[:len(salt):len(salt)], in...))
		next := append(sum[:], in...)
		for range 1 << log {
			sum = md5.Sum(next)
			copy(next, sum[:])
		}
		return phpassEncode(sum[:])
	}), nil
}

func readPHPass(text string) (Digest, error) {
	return readPHPassOf(text, func(password []byte) []byte { return password })
}

// readMD5PHPass reads a PHPass digest of the password's MD5 in hex.
func readMD5PHPass(text string) (Digest, error) {
	return readPHPassOf(text, func(password []byte) []byte {
		sum := md5.Sum(password)
		return hex.AppendEncode(nil, sum[:])
	})
}

// phpassEncode writes three bytes, the least significant first, as four digits, the least
// significant first.
func phpassEncode(b []byte) []byte {
	var out []byte
	for len(b) > 0 {
		n := min(len(b), 3)
		var v uint
		for i, c := range b[:n] {
			v |= uint(c) << (8 * i)
		}
		for range n + 1 {
			out = append(out, phpassAlphabet[v&63])
			v >>= 6
		}
		b = b[n:]
	}
	return out
}
