package rules

import (
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

const (
	// KeepRevocations is how long the revocation log keeps a record: longer than any
	// session token lives.
	KeepRevocations = time.Hour
	// RevocationOverlap is how far before its cursor the log is read again: longer than
	// a record takes from its place in the log to the end of its transaction.
	RevocationOverlap = 5 * time.Second
)

// Revocation checks a record that is about to be published: it names a session or a user.
func Revocation(r session.RevocationRecord) error {
	ofSession, user := r.SessionID != "", r.UserID != ""
	if !RevocationID(r.ID) || ofSession == user ||
		ofSession && !SessionID(r.SessionID) || user && !UserID(r.UserID) || r.Except != "" && !SessionID(r.Except) {
		return fmt.Errorf("malformed revocation: %w", session.ErrNotFound)
	}
	return nil
}

// Ended returns what is to be published of an update: a revocation if it ended the
// session, else nothing.
func Ended(before, after session.Session) []session.RevocationRecord {
	if !Live(before.Status) || Live(after.Status) {
		return nil
	}
	return []session.RevocationRecord{SessionRevoked(after.ID, after.UpdatedAt, after.Cause)}
}

// SessionRevoked returns the revocation of one session.
func SessionRevoked(id session.ID, at time.Time, cause string) session.RevocationRecord {
	return session.RevocationRecord{ID: random.ID("rev", at), SessionID: id, At: at, Cause: cause}
}

// UserRevoked returns the revocation of a user. It does not stand for those of the
// user's sessions: a token of the very second is told by its session.
func UserRevoked(userID string, r session.UserRevocation) session.RevocationRecord {
	return session.RevocationRecord{ID: random.ID("rev", r.At), UserID: userID, Except: r.Except, At: r.At, Cause: r.Cause}
}

// LogStart returns from where on a log that is at now, by the store's own clock, is
// read for a cursor, both in Unix milliseconds. A clock that went back makes it all.
func LogStart(cursor session.RevocationCursor, now int64) int64 {
	if int64(cursor) > now {
		return 0
	}
	return max(0, int64(cursor)-RevocationOverlap.Milliseconds())
}
