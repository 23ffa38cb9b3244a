// Package secretkey keeps the keys that app servers show to the Backend API: those of
// the configuration, and those that operators make and revoke while servers run.
//
// Of a key that was made nothing is kept but its SHA-256 (B-01, K-03): it is shown once.
// [Keys.Check] looks at memory alone, in constant time. [Keys.Refresh], called every
// second, follows what other nodes made and revoked; a node that could not for 30 s
// takes no key for good that it knows from the database, since it may be revoked.
package secretkey

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// Errors of Keys; test with errors.Is.
var (
	ErrNotFound    = errors.New("secretkey: not found")
	ErrUnknown     = errors.New("secretkey: no good key")                    // unknown, expired or revoked
	ErrStale       = errors.New("secretkey: cannot tell whether it is good") // the database is away
	ErrConfigured  = errors.New("secretkey: the key is the configuration's")
	ErrTooMany     = errors.New("secretkey: too many keys")
	ErrLabel       = errors.New("secretkey: the label is too long or has control characters")
	ErrLife        = errors.New("secretkey: the life is out of bounds")
	errNoneIsGiven = errors.New("secretkey: Config.Configured needs at least one key")
)

// What keys are held to.
const (
	maxKeys  = 100 // that are not revoked
	maxLabel = 100 // bytes
	MinLife  = time.Minute
	MaxLife  = 10 * 365 * 24 * time.Hour

	secretLength = 48 // characters after the prefix: 285 bits
	hintLength   = 4
	idPrefix     = "skey"
	// keepRevoked is how long a key that was revoked is listed.
	keepRevoked = 90 * 24 * time.Hour
	// usePrecision is how exact it is known when a key was last used.
	usePrecision = time.Hour
	// staleAfter is how long a reading of the database is trusted.
	staleAfter = 30 * time.Second
)

// Prefix is how keys of a mode begin (B-04).
func Prefix(development bool) string {
	if development {
		return "sk_test_"
	}
	return "sk_live_"
}

// New returns a new key: its prefix and 48 random characters.
func New(development bool) string { return Prefix(development) + random.Base62(secretLength) }

// Status is whether a key is good.
type Status string

// The statuses of keys.
const (
	StatusActive  Status = "active"
	StatusExpired Status = "expired"
	StatusRevoked Status = "revoked"
)

// Key is a secret key as operators see it: all but the key.
type Key struct {
	ID    string // "skey_…"
	Label string // what operators call it
	// Hint is how the key begins and ends, for people to tell keys apart.
	Hint       string
	Configured bool      // it comes from the configuration, and goes only there
	CreatedAt  time.Time // zero for one of the configuration
	ExpiresAt  time.Time // zero: never
	RevokedAt  time.Time // zero: not revoked
	LastUsedAt time.Time // to the hour; zero: not known to be used
}

// StatusAt says whether the key is good at the given time.
func (k Key) StatusAt(now time.Time) Status {
	switch {
	case !k.RevokedAt.IsZero():
		return StatusRevoked
	case !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt):
		return StatusExpired
	}
	return StatusActive
}

// Secret is a whole key. It prints, marshals and logs as "[redacted]" (L-02); convert it
// to string to hand it out.
type Secret string

const redacted = "[redacted]"

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// Format writes "[redacted]" whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns "[redacted]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Issued is a new key, which nobody can read again.
type Issued struct {
	Key
	Secret Secret
}

// hintOf shows how a key begins and ends, unless that were much of it.
func hintOf(key string) string {
	begin := key[:min(len("sk_live_"), len(key))]
	if len(key) < 32+len(begin) {
		return begin + "…"
	}
	return begin + "…" + key[len(key)-hintLength:]
}

// configuredID names a key of the configuration alike on every node. It is a hash of the
// hash, so that it says nothing about what would be accepted.
func configuredID(hash [sha256.Size]byte) string {
	sum := sha256.Sum256(append([]byte("secret key id"), hash[:]...))
	text := strings.NewReplacer("-", "x", "_", "y").Replace(base64.RawURLEncoding.EncodeToString(sum[:]))
	return idPrefix + "_" + text[:27]
}
