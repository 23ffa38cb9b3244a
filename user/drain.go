package user

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	drainBatch   = 500
	purgeEvery   = time.Hour
	keepDone     = 24 * time.Hour
	settleWithin = 5 * time.Second
)

// Drain handles events that were recorded but not handled yet: at start before the
// listener opens, and every 200 ms by every node. It returns how many it handled. Events
// of one user are handled in order: after one that fails, the user's later ones wait
// for the next call. The error joins all failures. Then it publishes what is public.
//
// Events that were handled are kept for a day, sign-in tokens that expired for 30; about
// once an hour Drain also removes older ones.
func (s *Service) Drain(ctx context.Context) (int, error) {
	// Two at once in one process would do the same twice.
	select {
	case s.draining <- struct{}{}:
		defer func() { <-s.draining }()
	case <-ctx.Done():
		return 0, fmt.Errorf("drain events: %w", ctx.Err())
	}
	handled := 0
	for {
		events, err := s.outbox.Pending(ctx, drainBatch)
		if err != nil {
			return handled, fmt.Errorf("drain events: %w", err)
		}
		n, err := s.handleAll(ctx, events)
		handled += n
		if err != nil {
			// Who waits to be told does not wait for what cannot be handled.
			return handled, fmt.Errorf("drain events: %w", errors.Join(err, s.publish(ctx)))
		}
		if len(events) < drainBatch {
			break
		}
	}
	if err := s.publish(ctx); err != nil {
		return handled, err
	}
	return handled, s.purge(ctx)
}

// handleAll handles the events and marks those done that succeeded.
func (s *Service) handleAll(ctx context.Context, events []Event) (int, error) {
	if len(events) == 0 {
		return 0, nil
	}
	var failures []error
	var done []string
	waiting := map[ID]bool{}
	for len(events) > 0 {
		if run := s.batchable(events, waiting); len(run) > 1 && ctx.Err() == nil {
			events = events[len(run):]
			if err := s.handleRun(ctx, run); err != nil {
				failures = append(failures, fmt.Errorf("%d × %s: %w", len(run), run[0].Type, err))
				for _, e := range run {
					waiting[e.UserID] = true
				}
				continue
			}
			for _, e := range run {
				done = append(done, e.ID)
			}
			continue
		}
		e := events[0]
		events = events[1:]
		if waiting[e.UserID] || ctx.Err() != nil {
			continue
		}
		if err := s.cfg.Events.HandleUserEvent(ctx, e); err != nil {
			waiting[e.UserID] = true
			failures = append(failures, fmt.Errorf("%s of %s: %w", e.Type, e.UserID, err))
			continue
		}
		done = append(done, e.ID)
	}
	if len(done) > 0 {
		if err := s.outbox.Done(ctx, s.now(), done...); err != nil {
			failures = append(failures, err)
		}
	}
	return len(done), errors.Join(append(failures, ctx.Err())...)
}

func (s *Service) purge(ctx context.Context) error {
	now := s.now()
	last := s.purged.Load()
	if now.Unix()-last < int64(purgeEvery/time.Second) || !s.purged.CompareAndSwap(last, now.Unix()) {
		return nil
	}
	if err := s.outbox.Purge(ctx, now.Add(-keepDone)); err != nil {
		return fmt.Errorf("purge events: %w", err)
	}
	if err := s.tickets.PurgeTokens(ctx, now.Add(-keepTokens)); err != nil {
		return fmt.Errorf("purge sign-in tokens: %w", err)
	}
	return nil
}

// settle handles urgent events at once. The change they tell of is committed, so a
// caller that gives up must not stop it, and a failure is only logged: Drain tries again.
func (s *Service) settle(ctx context.Context, events []Event) {
	if s.inTx {
		return // nothing is committed yet
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	for _, e := range events {
		if !e.Type.urgent() {
			continue
		}
		err := s.cfg.Events.HandleUserEvent(ctx, e)
		if err == nil {
			err = s.outbox.Done(ctx, s.now(), e.ID)
		}
		if err != nil {
			s.cfg.Logger.WarnContext(ctx, "event left for later", "event", string(e.Type), "user_id", string(e.UserID), "err", err)
		}
	}
}
