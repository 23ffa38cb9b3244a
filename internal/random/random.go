// Package random makes every id, secret and code of the module, all from
// crypto/rand (K-01).
package random

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"time"
)

const (
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	// idLength is the length of a KSUID in base62: 20 bytes.
	idLength = 27
	// epoch is the KSUID epoch, 2014-05-13 16:53:20 UTC, in Unix seconds.
	epoch = 1400000000
)

// ID returns prefix, "_" and a KSUID made at now: 32 bits of seconds, so that ids
// sort by time of creation, and 128 random bits.
func ID(prefix string, now time.Time) string {
	var b [20]byte
	binary.BigEndian.PutUint32(b[:4], uint32(now.Unix()-epoch))
	fill(b[4:])
	return prefix + "_" + base62(b[:], idLength)
}

// Token returns 256 random bits in unpadded base64url, 43 characters.
func Token() string {
	var b [32]byte
	fill(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Code returns digits decimal digits, uniformly distributed (C-01). digits is 1…18.
func Code(digits int) string {
	limit := uint64(1)
	for range digits {
		limit *= 10
	}
	// Values at and above the largest multiple of limit would favour small codes.
	top := ^uint64(0) - ^uint64(0)%limit
	var b [8]byte
	for {
		fill(b[:])
		if n := binary.BigEndian.Uint64(b[:]); n < top {
			n %= limit
			out := make([]byte, digits)
			for i := digits - 1; i >= 0; i-- {
				out[i] = byte('0' + n%10)
				n /= 10
			}
			return string(out)
		}
	}
}

// Bytes returns n random bytes.
func Bytes(n int) []byte {
	b := make([]byte, n)
	fill(b)
	return b
}

// Base62 returns n characters, each uniformly one of 62.
func Base62(n int) string {
	out := make([]byte, 0, n)
	var b [1]byte
	for len(out) < n {
		fill(b[:])
		if b[0] < 248 { // 4×62: the rest would favour the first characters
			out = append(out, alphabet[b[0]%62])
		}
	}
	return string(out)
}

// fill reads from the system's generator, which since Go 1.24 never fails.
func fill(b []byte) { _, _ = rand.Read(b) }

// base62 writes b as a big-endian number of width digits.
func base62(b []byte, width int) string {
	n := new(big.Int).SetBytes(b)
	base, digit := big.NewInt(int64(len(alphabet))), new(big.Int)
	out := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		out[i] = alphabet[digit.Int64()]
	}
	return string(out)
}

// ValidID reports whether s is prefix, "_" and 1 to 64 base62 characters: the form
// that every id must have before it comes near a query, a key, a file or a URL (I-09).
func ValidID(prefix, s string) bool {
	if len(s) <= len(prefix)+1 || len(s) > len(prefix)+1+64 || s[:len(prefix)] != prefix || s[len(prefix)] != '_' {
		return false
	}
	for _, c := range []byte(s[len(prefix)+1:]) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
