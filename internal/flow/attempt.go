package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

// attempt is one stored attempt of which T is the state.
type attempt[T any] struct {
	id       string
	expireAt time.Time
	version  int64
	state    T
}

// changes bounds how often a change is tried again when others change the same
// attempt.
const changes = 8

// errAttemptBusy is what happens when it was not enough.
var errAttemptBusy = &Error{Code: "resource_locked"}

// create stores a new attempt.
func create[T any](ctx context.Context, e *Engine, a *attempt[T]) error {
	data, err := json.Marshal(a.state)
	if err != nil {
		return fmt.Errorf("encode attempt: %w", err)
	}
	a.version = 1
	if err := e.attempts.CreateAttempt(ctx, session.Attempt{ID: a.id, Data: data, ExpireAt: a.expireAt, Version: a.version}); err != nil {
		return fmt.Errorf("create attempt: %w", err)
	}
	return nil
}

// load reads an attempt: resource_not_found for unknown, expired and malformed ids.
func load[T any](ctx context.Context, e *Engine, id string) (*attempt[T], error) {
	got, err := e.attempts.Attempt(ctx, id, e.now())
	if errors.Is(err, session.ErrNotFound) {
		return nil, errNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read attempt: %w", err)
	}
	a := &attempt[T]{id: id, expireAt: got.ExpireAt, version: got.Version}
	if err := json.Unmarshal(got.Data, &a.state); err != nil {
		return nil, fmt.Errorf("decode attempt: %w", err)
	}
	return a, nil
}

// change stores what fn makes of the attempt, by compare-and-set. When somebody else
// was first it reads again and asks fn again, which decides on what is true then.
func change[T any](ctx context.Context, e *Engine, a *attempt[T], fn func(*attempt[T]) error) error {
	for range changes {
		next := *a // fn replaces what state points to, it never writes through
		if err := fn(&next); err != nil {
			return err
		}
		data, err := json.Marshal(next.state)
		if err != nil {
			return fmt.Errorf("encode attempt: %w", err)
		}
		v, err := e.attempts.ReplaceAttempt(ctx, session.Attempt{
			ID: next.id, Data: data, ExpireAt: next.expireAt, Version: next.version,
		}, e.now())
		switch {
		case err == nil:
			next.version = v
			*a = next
			return nil
		case errors.Is(err, session.ErrNotFound):
			return errNotFound
		case !errors.Is(err, session.ErrConflict):
			return fmt.Errorf("store attempt: %w", err)
		}
		now, err := load[T](ctx, e, a.id)
		if err != nil {
			return err
		}
		*a = *now
	}
	return errAttemptBusy
}

// ids of attempts, by kind.
const (
	prefixSignIn         = "sia"
	prefixSignUp         = "sua"
	prefixReverification = "rvf"
	prefixAddress        = "iva"
)

// knownID guards the store against text that is no id (I-09).
func knownID(prefix, id string) error {
	if !random.ValidID(prefix, id) {
		return errNotFound
	}
	return nil
}

// replaceChallenge puts ch where old was. If another challenge came in meanwhile it
// stays, and the caller is told what anybody is told who asks again too soon.
func replaceChallenge(slot **challenge, old, ch *challenge, now time.Time) error {
	was := *slot
	switch {
	case was == nil && old == nil, was != nil && old != nil && was.ID == old.ID && !was.Verified:
		*slot = ch
		return nil
	case was != nil && was.Verified:
		return errVerified
	}
	if err := resendable(was, now); err != nil {
		return err
	}
	return errAttemptBusy
}

// consume marks a challenge as proved. Of parallel callers exactly one succeeds (C-04).
func consume(slot **challenge, ch *challenge) error {
	was := *slot
	switch {
	case was != nil && was.Verified:
		return errVerified
	case len(ch.MAC) > 0 && (was == nil || was.ID != ch.ID):
		return errFailed // a newer code killed this one
	}
	done := *ch
	done.Verified, done.MAC = true, nil
	*slot = &done
	return nil
}

// noteTries keeps the number of tries for display.
func noteTries(slot **challenge, id string, n int) {
	if was := *slot; was != nil && was.ID == id && n > was.Attempts {
		noted := *was
		noted.Attempts = n
		*slot = &noted
	}
}
