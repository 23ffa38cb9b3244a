// Package rules holds what every store of package session checks in the same
// words: the form of ids and tokens before they come near a key or a query
// (D-02, I-09), and what an update may make of a record (S-05).
package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

// cookieTokenLength is that of SHA-256 in unpadded base64url.
const cookieTokenLength = 43

// ClientID reports whether id has the form of a client's id.
func ClientID(id session.ClientID) bool { return random.ValidID("client", string(id)) }

// SessionID reports whether id has the form of a session's id.
func SessionID(id session.ID) bool {
	_, ok := session.BucketOf(id)
	return ok
}

// UserID reports whether id has the form of a user's id.
func UserID(id string) bool { return random.ValidID("user", id) }

// AttemptID reports whether id is some lower-case letters, "_" and 1 to 64 base62
// characters.
func AttemptID(id string) bool {
	prefix, _, _ := strings.Cut(id, "_")
	if prefix == "" || len(prefix) > 16 || strings.Trim(prefix, "abcdefghijklmnopqrstuvwxyz") != "" {
		return false
	}
	return random.ValidID(prefix, id)
}

// RevocationID reports whether id has the form of a revocation's id.
func RevocationID(id string) bool { return random.ValidID("rev", id) }

// CookieToken reports whether token has the form of a hashed cookie.
func CookieToken(token string) bool {
	if len(token) != cookieTokenLength {
		return false
	}
	for _, c := range []byte(token) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// Live reports whether status is one of a session that goes on.
func Live(status session.Status) bool {
	return status == session.StatusActive || status == session.StatusPending
}

// NewSession checks a session that is about to be stored: its ids belong together
// and its status is known.
func NewSession(s session.Session) error {
	bucket, ok := session.BucketOf(s.ID)
	switch {
	case !ok || !UserID(s.UserID) || !ClientID(s.ClientID):
		return fmt.Errorf("malformed id: %w", session.ErrNotFound)
	case bucket != session.Bucket(s.UserID):
		return fmt.Errorf("the session's id is not one for its user: %w", session.ErrNotFound)
	}
	return checkSession(s)
}

func checkSession(s session.Session) error {
	if len(s.Actor) > 0 && !json.Valid(s.Actor) {
		return errors.New("the session's actor is no JSON")
	}
	return knownStatus(s.Status)
}

// UpdateSession returns what fn makes of current. It keeps the ids and the time of
// creation, counts the version up, and returns ErrNotActive where fn would revive
// a session that ended.
func UpdateSession(current session.Session, fn func(*session.Session) error) (session.Session, error) {
	next := current
	if err := fn(&next); err != nil {
		return session.Session{}, err
	}
	next.ID, next.ClientID, next.UserID = current.ID, current.ClientID, current.UserID
	next.CreatedAt, next.Version = current.CreatedAt, current.Version+1
	if Live(next.Status) && !Live(current.Status) {
		return session.Session{}, session.ErrNotActive
	}
	return next, checkSession(next)
}

// UpdateClient returns what fn makes of current, with the id and the time of
// creation kept and the version counted up.
func UpdateClient(current session.Client, fn func(*session.Client) error) (session.Client, error) {
	next := current
	if err := fn(&next); err != nil {
		return session.Client{}, err
	}
	next.ID, next.CreatedAt, next.Version = current.ID, current.CreatedAt, current.Version+1
	return next, checkClient(next)
}

// NewClient checks a client that is about to be stored.
func NewClient(c session.Client) error {
	if !ClientID(c.ID) {
		return fmt.Errorf("malformed id: %w", session.ErrNotFound)
	}
	return checkClient(c)
}

func checkClient(c session.Client) error {
	for _, id := range c.SessionIDs {
		if !SessionID(id) {
			return fmt.Errorf("client has a malformed session id: %w", session.ErrNotFound)
		}
	}
	return nil
}

func knownStatus(status session.Status) error {
	switch status {
	case session.StatusActive, session.StatusPending, session.StatusEnded, session.StatusRemoved,
		session.StatusRevoked, session.StatusExpired, session.StatusReplaced, session.StatusAbandoned:
		return nil
	}
	return fmt.Errorf("unknown session status %q", status)
}

// Covers reports whether a user's tombstone ends s, which its record may not say yet.
func Covers(r session.UserRevocation, s session.Session) bool {
	return Live(s.Status) && s.ID != r.Except && !s.CreatedAt.After(Through(r))
}

// Through returns the moment through which r covers what begins.
func Through(r session.UserRevocation) time.Time {
	if r.Through.After(r.At) {
		return r.Through
	}
	return r.At
}

// Text returns s as every backend can store it: UTF-8 without NUL.
func Text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
