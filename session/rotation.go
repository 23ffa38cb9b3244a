package session

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Add makes a key in state next: it is in the public set and signs nothing yet.
func (k *Keys) Add(ctx context.Context) (kid string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	next, err := k.generate(KeyNext)
	if err != nil {
		return "", fmt.Errorf("add signing key: %w", err)
	}
	if err := k.cfg.Store.AddSigningKey(ctx, next); err != nil {
		return "", fmt.Errorf("add signing key: %w", err)
	}
	return next.ID, k.reload(ctx)
}

// Promote makes a key that is next, or retiring again, the active one, and the one
// active so far retiring. ErrNotFound for an unknown key, ErrKeyState for a retired
// one and where the active key is external. Wait 10 minutes after Add: verifiers may
// hold the public set for that long.
func (k *Keys) Promote(ctx context.Context, kid string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	row, stored, err := k.find(ctx, kid)
	switch {
	case err != nil:
		return fmt.Errorf("promote signing key: %w", err)
	case k.cfg.External != nil:
		return fmt.Errorf("promote signing key: %w: the active key comes from the configuration", ErrKeyState)
	case row.State == KeyRetired || len(row.SealedPrivate) == 0:
		return fmt.Errorf("promote signing key %s: %w: %s", kid, ErrKeyState, row.State)
	case row.State == KeyActive:
		return nil
	}
	if err := k.promote(ctx, stored, kid); err != nil {
		return fmt.Errorf("promote signing key %s: %w", kid, err)
	}
	return k.reload(ctx)
}

// promote makes kid active first and the others retiring then, so that at no moment
// none is. Where two nodes promote at once, each leaves alone a key that became
// active after its own.
func (k *Keys) promote(ctx context.Context, stored []StoredKey, kid string) error {
	now := k.now()
	if active, ok := activeOf(stored); ok && !now.After(active.StateAt) {
		now = active.StateAt.Add(time.Millisecond)
	}
	if err := k.cfg.Store.SetSigningKeyState(ctx, kid, KeyActive, now); err != nil {
		return err
	}
	mine := StoredKey{ID: kid, StateAt: now}
	for _, row := range stored {
		if row.State != KeyActive || row.ID == kid || later(row, mine) {
			continue
		}
		if err := k.cfg.Store.SetSigningKeyState(ctx, row.ID, KeyRetiring, now); err != nil {
			return err
		}
	}
	return nil
}

// Retire takes a key out of the public set: tokens that it signed are refused.
// ErrNotFound for an unknown key; ErrKeyState for the active one, and for one that
// has been retiring for less than RetireAfter.
func (k *Keys) Retire(ctx context.Context, kid string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	row, _, err := k.find(ctx, kid)
	switch now := k.now(); {
	case err != nil:
		return fmt.Errorf("retire signing key: %w", err)
	case row.State == KeyActive:
		return fmt.Errorf("retire signing key %s: %w: active", kid, ErrKeyState)
	case row.State == KeyRetiring && now.Before(row.StateAt.Add(RetireAfter)):
		return fmt.Errorf("retire signing key %s: %w: tokens of it live until %s",
			kid, ErrKeyState, row.StateAt.Add(RetireAfter).Format("15:04:05 MST"))
	case row.State == KeyRetired:
		return nil
	default:
		if err := k.cfg.Store.SetSigningKeyState(ctx, kid, KeyRetired, now); err != nil {
			return fmt.Errorf("retire signing key %s: %w", kid, err)
		}
	}
	return k.reload(ctx)
}

// find reads the store and returns the key with the id, and all keys.
func (k *Keys) find(ctx context.Context, kid string) (StoredKey, []StoredKey, error) {
	stored, err := k.cfg.Store.SigningKeys(ctx)
	if err != nil {
		return StoredKey{}, nil, err
	}
	i := slices.IndexFunc(stored, func(s StoredKey) bool { return s.ID == kid })
	if i < 0 {
		return StoredKey{}, nil, fmt.Errorf("%s: %w", kid, ErrNotFound)
	}
	return stored[i], stored, nil
}
