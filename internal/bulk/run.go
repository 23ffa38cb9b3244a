package bulk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

const (
	// idsAtOnce is how many named users one step takes, and ordinalsAtOnce how many stored
	// ones it looks at: each a transaction of some tenths of a second at most. Users are
	// changed one by one where they are not deleted, so then a step takes fewer.
	idsAtOnce       = 500
	ordinalsAtOnce  = user.MaxBatch
	changedAtOnce   = 200
	maxStepHalvings = 6
	// holdFor is how long a node that is not heard of keeps its job.
	holdFor = 3 * time.Second
	// maxFailures is how often in a row a step may fail before the job does; a store that
	// is away does not count.
	maxFailures = 10
)

// errLost means that the job is not this node's to run any more, or was cancelled.
var errLost = errors.New("bulk: job lost")

// Run does what there is to do, as far as the pace allows, and returns nil. What another
// node has begun it leaves to it. Call it again and again.
func (s *Service) Run(ctx context.Context) error {
	for s.pace.free() {
		w, err := s.claim(ctx)
		if err != nil {
			return err
		}
		if w == nil {
			return nil
		}
		err = s.work(ctx, w)
		switch {
		case err == nil, errors.Is(err, errLost):
			s.failures = 0
		case ctx.Err() != nil, errors.Is(err, sqldb.ErrUnavailable):
			return err
		default:
			if err := s.failed(ctx, w, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// failed gives a job up whose steps fail again and again, or whose filter is refused.
func (s *Service) failed(ctx context.Context, w *work, err error) error {
	s.failures++
	if !errors.Is(err, user.ErrInvalid) && s.failures < maxFailures {
		return fmt.Errorf("%s: %w", w.ID, err)
	}
	s.failures = 0
	s.log.ErrorContext(ctx, "bulk job failed", "job_id", w.ID, "err", err)
	return s.finish(ctx, w, Failed, "Stopped after repeated errors. The server's log has them.")
}

// work does steps until the job is done or the pace is reached.
func (s *Service) work(ctx context.Context, w *work) error {
	// Whoever had the job before may have died between a step and its events.
	if err := s.settle(ctx); err != nil {
		return err
	}
	for w.position < w.through {
		if !s.pace.free() {
			return nil
		}
		err := s.step(ctx, w)
		if s.halves(ctx, err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.settle(ctx); err != nil {
			return err
		}
	}
	if err := s.finish(ctx, w, Completed, ""); err != nil {
		return err
	}
	s.halvings = 0
	s.log.InfoContext(ctx, "bulk job done", "job_id", w.ID, "done", w.Done, "failed", w.Failed)
	return nil
}

// halves reports whether a step that ended with err is to be tried with half the users: a
// machine under load may not do in time what it usually does, and would fail for ever.
func (s *Service) halves(ctx context.Context, err error) bool {
	if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil || s.halvings == maxStepHalvings {
		return false
	}
	s.halvings++
	s.log.WarnContext(ctx, "step of a bulk job took too long", "halvings", s.halvings)
	return true
}

// settle has the events handled that the steps recorded: no session of a user survives it
// who was deleted or banned.
func (s *Service) settle(ctx context.Context) error {
	if _, err := s.users.Drain(ctx); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// step changes the next users and moves the job on, in one transaction.
func (s *Service) step(ctx context.Context, w *work) error {
	next, touched := *w, 0
	err := s.db.InOwnTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		next = *w
		// This locks the job until the commit: a cancellation waits, so that nobody is
		// touched once it has been answered.
		if err := s.advance(ctx, tx, &next); err != nil {
			return err
		}
		users := s.users.WithTx(tx)
		ids, err := w.turn(ctx, users, next.position)
		if err != nil {
			return err
		}
		there, err := apply(ctx, users, w.Type, ids)
		if err != nil {
			return err
		}
		touched = len(there)
		next.Done += touched
		if w.filter == nil {
			next.Failed += len(ids) - touched
		}
		return s.count(ctx, tx, &next)
	})
	if err != nil {
		return err
	}
	s.pace.spend(touched)
	*w = next
	return nil
}

// turn returns whose turn it is between the job's position and the next one.
func (w *work) turn(ctx context.Context, users *user.Service, next int64) ([]user.ID, error) {
	if w.filter == nil {
		return w.ids[w.position:next], nil
	}
	return users.Scan(ctx, *w.filter, user.Ordinal(w.position), user.Ordinal(next))
}

// apply does what the job is for, and returns who was there.
func apply(ctx context.Context, users *user.Service, t Type, ids []user.ID) ([]user.ID, error) {
	switch t {
	case Delete:
		return users.DeleteMany(ctx, ids)
	case Ban, Unban:
		return users.SetBanned(ctx, ids, t == Ban)
	}
	return nil, fmt.Errorf("bulk: unknown type %q", t)
}
