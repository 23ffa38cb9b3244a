package session

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// ID is a session's id: "sess_" and 27 base62 characters, the first three of
// which name the bucket that its user's keys share.
type ID string

// ClientID is a client's id: "client_" and 27 base62 characters.
type ClientID string

const (
	idPrefix     = "sess"
	clientPrefix = "client"
	bucketBits   = 12
	bucketLength = 3 // base62 characters: 62² < 2¹² < 62³
	idLength     = 27
	digits       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewSessionID returns an id for a session of the user: the user's bucket and 24
// random characters (142 bits).
func NewSessionID(userID string) ID {
	return ID(idPrefix + "_" + Bucket(userID) + random.Base62(idLength-bucketLength))
}

// Bucket returns the bucket of a user: one of 4096 names of three base62
// characters. Records that change together with the user's sessions carry it as
// their hash tag.
func Bucket(userID string) string {
	sum := sha256.Sum256([]byte(userID))
	n := binary.BigEndian.Uint16(sum[:]) >> (16 - bucketBits)
	return string([]byte{digits[n/(62*62)], digits[n/62%62], digits[n%62]})
}

// BucketOf returns the bucket that a session's id names. It is false for what is
// no session id.
func BucketOf(id ID) (string, bool) {
	if !id.valid() {
		return "", false
	}
	rest := string(id)[len(idPrefix)+1:]
	return rest[:bucketLength], true
}

// valid reports whether id has the form that it must have before it comes near a
// store (I-09).
func (id ID) valid() bool {
	return len(id) == len(idPrefix)+1+idLength && random.ValidID(idPrefix, string(id))
}

func (id ClientID) valid() bool {
	return random.ValidID(clientPrefix, string(id))
}
