package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// PromoteAfter is how long a key is next before it should sign: twice as long as
	// verifiers hold the public set.
	PromoteAfter = 10 * time.Minute
	// RetireAfter is how long a key stays retiring before Retire takes it out: longer
	// than any token that it signed lives.
	RetireAfter = maxTokenLifetime + 5*time.Minute
)

// Add makes a key in state next: it is in the public set and signs nothing yet.
func (k *Keys) Add(ctx context.Context) (kid string, err error) {
	err = k.change(ctx, "add signing key", func(ctx context.Context, _ []StoredKey) error {
		next, err := k.add(ctx, newKeyID(k.now()))
		kid = next.ID
		return err
	})
	return kid, err
}

func (k *Keys) add(ctx context.Context, kid string) (StoredKey, error) {
	next, err := k.generate(kid, KeyNext)
	if err != nil {
		return StoredKey{}, err
	}
	if err := k.cfg.Store.AddSigningKey(ctx, next); err != nil {
		return StoredKey{}, err
	}
	k.cfg.Logger.InfoContext(ctx, "signing key added", "key_id", next.ID)
	return next, nil
}

// Promote makes a key that is next, or retiring again, the active one, and the one
// active so far retiring. Again for the active key it finishes what a crash left half
// done. ErrNotFound for an unknown key, ErrKeyState for one that was taken out and where
// the active key is external. Wait PromoteAfter after Add: verifiers may hold the
// public set for that long.
func (k *Keys) Promote(ctx context.Context, kid string) error {
	return k.change(ctx, "promote signing key", func(ctx context.Context, stored []StoredKey) error {
		row, active := find(stored, kid), activeIn(stored)
		switch {
		case row == nil:
			return fmt.Errorf("%s: %w", kid, ErrNotFound)
		case active != nil && len(active.SealedPrivate) == 0 && row != active:
			return &KeyStateError{KeyID: kid, State: row.State, External: true}
		case row.removed() || len(row.SealedPrivate) == 0 && row != active:
			return &KeyStateError{KeyID: kid, State: row.State}
		}
		return k.promote(ctx, stored, row)
	})
}

// promote makes row, which is one of stored, active first and the others retiring then,
// so that at no moment none is. Where two nodes promote at once, each leaves alone a key
// that became active after its own.
func (k *Keys) promote(ctx context.Context, stored []StoredKey, row *StoredKey) error {
	now := k.now()
	if active := activeIn(stored); active != row {
		if active != nil && !now.After(active.StateAt) {
			now = active.StateAt.Add(time.Millisecond)
		}
		if err := k.move(ctx, row, KeyActive, now); err != nil {
			return err
		}
	}
	return k.supersede(ctx, stored, *row, now)
}

// supersede makes the keys retiring that were active before the active one.
func (k *Keys) supersede(ctx context.Context, stored []StoredKey, active StoredKey, now time.Time) error {
	for i := range stored {
		row := &stored[i]
		if row.State != KeyActive || row.ID == active.ID || later(*row, active) {
			continue
		}
		if err := k.move(ctx, row, KeyRetiring, now); err != nil {
			return err
		}
	}
	return nil
}

// promoteNext promotes the key that is next, and makes one where none is.
func (k *Keys) promoteNext(ctx context.Context, stored []StoredKey) error {
	if next := nextIn(stored); next != nil {
		return k.promote(ctx, stored, next)
	}
	next, err := k.add(ctx, successorID(stored))
	if err != nil {
		return err
	}
	stored = append(stored, next)
	return k.promote(ctx, stored, &stored[len(stored)-1])
}

// Retire takes a key out of the public set: tokens that it signed are refused.
// ErrNotFound for an unknown key; ErrKeyState for the active one, and for one that
// has been retiring for less than RetireAfter.
func (k *Keys) Retire(ctx context.Context, kid string) error {
	return k.change(ctx, "retire signing key", func(ctx context.Context, stored []StoredKey) error {
		row := find(stored, kid)
		switch now := k.now(); {
		case row == nil:
			return fmt.Errorf("%s: %w", kid, ErrNotFound)
		case row.State == KeyActive:
			return &KeyStateError{KeyID: kid, State: row.State}
		case row.State == KeyRetiring && now.Before(row.StateAt.Add(RetireAfter)):
			return &KeyStateError{KeyID: kid, State: row.State, Until: row.StateAt.Add(RetireAfter)}
		case row.removed():
			return nil
		default:
			return k.move(ctx, row, KeyRetired, now)
		}
	})
}

// Revoke takes a key out of the public set at once, for when somebody else may have it.
// Nothing that it signed is accepted any more, and every session begun so far has ended,
// since a forged token may have been used for anything: nodes follow within the second
// that they take to read the keys again. Where the key was the active one, the next one
// signs, or a new one. ErrNotFound for an unknown key, ErrKeyState for the active one if
// it is external: replace it in the configuration first. Revoking again does nothing.
//
// Verifiers elsewhere accept the key for as long as they hold the public set: package
// auth/jwks for up to 5 minutes, and those with a copy in their configuration until
// that is changed.
func (k *Keys) Revoke(ctx context.Context, kid string) error {
	return k.change(ctx, "revoke signing key", func(ctx context.Context, stored []StoredKey) error {
		row, active := find(stored, kid), activeIn(stored)
		switch {
		case row == nil:
			return fmt.Errorf("%s: %w", kid, ErrNotFound)
		case row.State == KeyRevoked:
			return nil
		case row == active && len(row.SealedPrivate) == 0:
			return &KeyStateError{KeyID: kid, State: row.State, External: true}
		case row == active:
			// Another key signs before this one is gone: at no moment none does.
			if err := k.promoteNext(ctx, stored); err != nil {
				return err
			}
			return errAgain
		}
		return k.move(ctx, row, KeyRevoked, k.now())
	})
}

// move gives a key another state. A key that is taken out loses its private part.
func (k *Keys) move(ctx context.Context, row *StoredKey, state KeyState, at time.Time) error {
	is := *row
	is.State, is.StateAt = state, at
	if is.removed() {
		is.SealedPrivate = nil
	}
	if err := k.cfg.Store.UpdateSigningKey(ctx, *row, is); err != nil {
		return fmt.Errorf("%s: %w", row.ID, err)
	}
	k.cfg.Logger.InfoContext(ctx, "signing key changed", "key_id", row.ID, "from", row.State, "to", state)
	*row = is
	return nil
}

// errAgain ends one step of a change that takes several.
var errAgain = errors.New("session: read the signing keys again")

// changeTries bounds how often a change begins again.
const changeTries = 10

// change lets fn change what the store holds, again where another node was faster
// (ErrConflict), and then reads the keys again.
func (k *Keys) change(ctx context.Context, what string, fn func(ctx context.Context, stored []StoredKey) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for try := 1; ; try++ {
		stored, err := k.cfg.Store.SigningKeys(ctx)
		if err == nil {
			err = fn(ctx, stored)
		}
		switch {
		case err == nil:
			return k.reload(ctx)
		case !errors.Is(err, ErrConflict) && !errors.Is(err, errAgain) || try == changeTries:
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}

// find returns the key with the id in stored, nil if there is none.
func find(stored []StoredKey, kid string) *StoredKey {
	return pick(stored, func(s StoredKey) bool { return s.ID == kid })
}

// nextIn returns the oldest key that is next, nil if none is.
func nextIn(stored []StoredKey) *StoredKey {
	return pick(stored, func(s StoredKey) bool { return s.State == KeyNext && len(s.SealedPrivate) > 0 })
}

func pick(stored []StoredKey, fits func(StoredKey) bool) *StoredKey {
	if i := slices.IndexFunc(stored, fits); i >= 0 {
		return &stored[i]
	}
	return nil
}

// activeIn returns the key that signs, nil if none does: of several active ones the one
// that became so last.
func activeIn(stored []StoredKey) (active *StoredKey) {
	for i := range stored {
		if row := &stored[i]; row.State == KeyActive && (active == nil || later(*row, *active)) {
			active = row
		}
	}
	return active
}

// later orders keys by when they got their state, and those of one moment by id.
func later(a, b StoredKey) bool {
	return a.StateAt.After(b.StateAt) || a.StateAt.Equal(b.StateAt) && a.ID > b.ID
}

// successorID names the key that comes next by those there are: of several nodes that
// make one at once, all but the first are told.
func successorID(stored []StoredKey) string {
	seed := "successor of"
	for _, row := range stored {
		seed += " " + row.ID
	}
	return derivedKeyID([]byte(seed))
}
