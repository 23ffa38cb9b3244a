package session

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// revocationSlack is how much longer than a token lives its revocation is kept:
// leeway and the difference between the clocks of two nodes.
const revocationSlack = 30 * time.Second

// Revoked implements auth.Revocations: it looks only at memory and allocates nothing.
//
// A token is revoked with its session, or with its user if it was issued before the
// second of that revocation. Tokens of that very second are told apart by their
// sessions, so that one may sign in right after a password reset. All tokens issued up
// to the second in which a signing key was revoked are revoked, too.
func (s *Service) Revoked(sessionID, userID string, issuedAt time.Time) (auth.Revocation, bool) {
	if r := s.revoked.table.find(sessionID); r != nil {
		return auth.Revocation{At: r.at, Cause: r.cause}, true
	}
	if r := s.revoked.table.find(userID); r != nil && string(r.except) != sessionID && issuedAt.Unix() < r.at.Unix() {
		return auth.Revocation{At: r.at, Cause: r.cause}, true
	}
	if ended := s.cfg.Keys.sessionsEndedAt(); issuedAt.Unix() <= ended.Unix() {
		return auth.Revocation{At: ended, Cause: causeKeyRevoked}, true
	}
	return auth.Revocation{}, false
}

// Ask implements auth.Revocations: it reads the session itself, whose status already
// tells of a revocation of its user.
func (s *Service) Ask(ctx context.Context, sessionID, userID string, _ time.Time) (auth.Revocation, bool, error) {
	ss, err := s.Get(ctx, ID(sessionID))
	switch {
	case errors.Is(err, ErrNotFound):
		return auth.Revocation{At: s.now(), Cause: "session unknown"}, true, nil
	case err != nil:
		return auth.Revocation{}, false, err
	case ss.UserID != userID:
		return auth.Revocation{At: s.now(), Cause: "session of another user"}, true, nil
	case !ss.Live(s.now()):
		return auth.Revocation{At: ss.UpdatedAt, Cause: ss.Cause}, true, nil
	}
	return auth.Revocation{}, false, nil
}

// revocationSet holds what was revoked within the last life of a token. It is bounded:
// what does not fit makes Current false until it would have been dropped.
type revocationSet struct {
	keep      time.Duration
	lostUntil atomic.Int64 // Unix milliseconds
	table     *revocationTable
}

func newRevocationSet(keep time.Duration) *revocationSet {
	return &revocationSet{keep: keep, table: newRevocationTable()}
}

// add takes in a revocation that was heard of at seen. Tokens that it concerns may live
// on from then, however late or early the publisher's clock was.
func (set *revocationSet) add(r RevocationRecord, seen time.Time) {
	until := seen
	if r.At.After(seen) {
		until = r.At
	}
	set.put(r, until.Add(set.keep), seen)
}

// addOld takes in a revocation that may have been published long ago.
func (set *revocationSet) addOld(r RevocationRecord, now time.Time) {
	if until := r.At.Add(set.keep); now.Before(until) {
		set.put(r, until, now)
	}
}

func (set *revocationSet) put(r RevocationRecord, until, now time.Time) {
	id := string(r.SessionID)
	if id == "" {
		id = r.UserID
	}
	if id == "" {
		return
	}
	if !set.table.put(revocation{id: id, at: r.At, until: until, cause: r.Cause, except: r.Except}, now) {
		set.lose(until)
	}
}

// lose records that something which matters until then is not in the set.
func (set *revocationSet) lose(until time.Time) {
	for {
		old := set.lostUntil.Load()
		if old >= until.UnixMilli() || set.lostUntil.CompareAndSwap(old, until.UnixMilli()) {
			return
		}
	}
}
