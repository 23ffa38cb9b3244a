package session

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

const (
	// revocationSlack is how much longer than a token lives its revocation is kept:
	// leeway and the difference between the clocks of two nodes.
	revocationSlack = 30 * time.Second
	// feedOverlap is how far back each poll looks again, for records that took long to
	// commit or came from a node whose clock is behind.
	feedOverlap = 5 * time.Second
)

// feedState is how far Run has followed the revocation log.
type feedState struct {
	last atomic.Int64 // when the last poll that succeeded began, Unix milliseconds; 0 means never
}

// publish makes a revocation count here at once and on other nodes when they poll.
func (s *Service) publish(ctx context.Context, r RevocationRecord) error {
	now := s.now()
	s.revoked.add(r, now)
	r.ID = random.ID("rev", now)
	return wrap("publish revocation", s.cfg.Revocations.PublishRevocation(ctx, r))
}

// poll reads what is new in the revocation log.
func (s *Service) poll(ctx context.Context) error {
	begun := s.now()
	since := begun.Add(-s.revoked.keep)
	if last := s.feed.last.Load(); last != 0 {
		since = time.UnixMilli(last).Add(-feedOverlap)
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StaleAfter)
	defer cancel()
	records, err := s.cfg.Revocations.RevocationsSince(ctx, since)
	if err != nil {
		return err
	}
	for _, r := range records {
		s.revoked.add(r, begun)
	}
	s.feed.last.Store(begun.UnixMilli())
	return nil
}

// Revoked implements auth.Revocations: it looks only at memory and allocates nothing.
//
// A token is revoked with its session, or with its user if it was issued before the
// second of that revocation. Tokens of that very second are told apart by their
// sessions, so that one may sign in right after a password reset.
func (s *Service) Revoked(sessionID, userID string, issuedAt time.Time) (auth.Revocation, bool) {
	if r := s.revoked.table.find(sessionID); r != nil {
		return auth.Revocation{At: r.at, Cause: r.cause}, true
	}
	if r := s.revoked.table.find(userID); r != nil && string(r.except) != sessionID && issuedAt.Unix() < r.at.Unix() {
		return auth.Revocation{At: r.at, Cause: r.cause}, true
	}
	return auth.Revocation{}, false
}

// Current implements auth.Revocations: whether the log was read within
// Config.StaleAfter and everything in it fitted into memory.
func (s *Service) Current(now time.Time) bool {
	last, at := s.feed.last.Load(), now.UnixMilli()
	return last != 0 && at-last <= s.cfg.StaleAfter.Milliseconds() && at > s.revoked.lostUntil.Load()
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

// keeps reports whether a revocation of that moment still matters.
func (set *revocationSet) keeps(at, now time.Time) bool { return now.Before(at.Add(set.keep)) }

func (set *revocationSet) add(r RevocationRecord, now time.Time) {
	id := string(r.SessionID)
	if id == "" {
		id = r.UserID
	}
	if id == "" || !set.keeps(r.At, now) {
		return
	}
	until := r.At.Add(set.keep)
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
