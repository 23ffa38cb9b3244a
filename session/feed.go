package session

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// feed is how far Run has followed the revocation log.
//
// Two things bring a revocation here: the log, read every Config.RevocationPoll from
// where the last read stopped, and a RevocationWatcher, which tells of it at once but
// may miss some. Only the log makes Current true.
type feed struct {
	cursor RevocationCursor // used by Run alone
	last   atomic.Int64     // when the last read that succeeded began, Unix milliseconds; 0 means never
}

// Current implements auth.Revocations: whether the log was read within
// Config.StaleAfter and everything in it fitted into memory.
func (s *Service) Current(now time.Time) bool {
	last, at := s.feed.last.Load(), now.UnixMilli()
	return last != 0 && at-last <= s.cfg.StaleAfter.Milliseconds() && at > s.revoked.lostUntil.Load()
}

// publish makes a revocation count here at once and on other nodes when they hear of it.
func (s *Service) publish(ctx context.Context, r RevocationRecord) error {
	now := s.now()
	s.revoked.add(r, now)
	r.ID = random.ID("rev", now)
	return wrap("publish revocation", s.cfg.Revocations.PublishRevocation(ctx, r))
}

// poll reads what is new in the revocation log.
func (s *Service) poll(ctx context.Context) error {
	begun := s.now()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StaleAfter)
	defer cancel()
	records, next, err := s.cfg.Revocations.RevocationsSince(ctx, s.feed.cursor)
	if err != nil {
		return err
	}
	take := s.revoked.add
	if s.feed.cursor == 0 { // the whole log
		take = s.revoked.addOld
	}
	for _, r := range records {
		take(r, begun)
	}
	s.feed.cursor = next
	s.feed.last.Store(begun.UnixMilli())
	return nil
}

// watchAgain is how long watch waits before it tries again: meanwhile the log is read.
const watchAgain = 500 * time.Millisecond

// watch takes in what is published, the moment that it is.
func (s *Service) watch(ctx context.Context, w RevocationWatcher) {
	var down bool
	for ctx.Err() == nil {
		err := w.WatchRevocations(ctx,
			func() { s.report(ctx, "published revocations", nil, &down) },
			func(r RevocationRecord) { s.revoked.add(r, s.now()) })
		s.report(ctx, "published revocations", err, &down)
		select {
		case <-ctx.Done():
		case <-time.After(watchAgain):
		}
	}
}
