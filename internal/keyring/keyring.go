// Package keyring encrypts secrets that lie in a store.
//
// A Ring holds data-encryption keys, given as a list "id:base64,id2:base64": the
// first encrypts, all decrypt, so that a key is replaced by putting a new one in
// front, writing the rows again where [Ring.Outdated] says so, and dropping the old
// one. Sealed bytes are bound to the table, column and row they were made for.
package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// keySize is the size of a data-encryption key and of the key derived from it, in bytes.
const keySize = 32

// maxIDLength bounds key ids. It is below the length of any 256-bit key in text, so
// that an id which passes is no key that was put in the wrong place and may be named.
const maxIDLength = 32

// sealLabel is what the encrypting key is derived under (K-04): the key of the
// configuration itself encrypts nothing.
const sealLabel = "gatehouse seal AES-256-GCM"

// Ring holds the data-encryption keys of an instance. It is safe for concurrent
// use and prints as "[redacted]".
type Ring struct {
	keys []key // the first encrypts
}

type key struct {
	id     string
	secret []byte
	aead   cipher.AEAD
}

// New returns a fresh list of one key for Parse. Keep it as a secret.
func New() string {
	return "k" + random.Base62(8) + ":" + base64.StdEncoding.EncodeToString(random.Bytes(keySize))
}

// Parse reads a list "id:base64,id2:base64". Ids are 1 to 32 characters of
// A–Z a–z 0–9 _ -, each used once; keys are 32 bytes in padded standard base64.
// Blanks around entries are ignored. Errors name the entry by number and never
// hold what was given, since any part of it may be a secret.
func Parse(list string) (*Ring, error) {
	var r Ring
	for i, entry := range strings.Split(list, ",") {
		id, encoded, ok := strings.Cut(strings.TrimSpace(entry), ":")
		if !ok || !validID(id) {
			return nil, fmt.Errorf(`keyring: entry %d: want "id:base64" with an id of 1 to %d characters A-Z a-z 0-9 _ -`, i+1, maxIDLength)
		}
		if r.find(id) != nil {
			return nil, fmt.Errorf("keyring: entry %d: id %s is used twice", i+1, id)
		}
		secret, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("keyring: entry %d: the key is not standard base64", i+1)
		}
		if len(secret) != keySize {
			return nil, fmt.Errorf("keyring: entry %d: the key has %d bytes, want %d", i+1, len(secret), keySize)
		}
		aead, err := newAEAD(secret)
		if err != nil {
			return nil, fmt.Errorf("keyring: entry %d: %w", i+1, err)
		}
		r.keys = append(r.keys, key{id: id, secret: secret, aead: aead})
	}
	return &r, nil
}

func newAEAD(secret []byte) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, secret, nil, sealLabel, keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func validID(id string) bool {
	if id == "" || len(id) > maxIDLength {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// find returns the key with the id, or nil.
func (r *Ring) find(id string) *key {
	for i := range r.keys {
		if r.keys[i].id == id {
			return &r.keys[i]
		}
	}
	return nil
}

// ErrSealed means that bytes cannot be opened: they were changed, cut, or made for
// another table, column or row.
var ErrSealed = errors.New("keyring: cannot decrypt")

// UnknownKeyError says that something was sealed with a key that the list no
// longer holds (K-07). Add the key again behind the first.
type UnknownKeyError struct{ KeyID string }

func (e *UnknownKeyError) Error() string {
	return "keyring: sealed with key " + e.KeyID + ", which is not in the list"
}

const redacted = "[redacted]"

// String returns "[redacted]".
func (Ring) String() string { return redacted }

// GoString returns "[redacted]".
func (Ring) GoString() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Ring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "[redacted]".
func (Ring) LogValue() slog.Value { return slog.StringValue(redacted) }
