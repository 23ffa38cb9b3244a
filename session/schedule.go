package session

import (
	"context"
	"time"
)

// Rotate does what is due of the rotation that KeysConfig.RotateEvery asks for. Call it
// every minute or so, on any node or on all of them: it goes by what is stored, so that
// a step which was not finished is finished by the next call.
//
// When a key has signed for RotateEvery its successor is made, which signs PromoteAfter
// later; the old key leaves the public set RetireAfter after that. Keys that were added
// or promoted by hand are taken further in the same way. Where RotateEvery is 0 or the
// active key comes from a configuration, Rotate does nothing.
func (k *Keys) Rotate(ctx context.Context) error {
	if k.cfg.RotateEvery == 0 {
		return nil
	}
	return k.change(ctx, "rotate signing keys", k.rotate)
}

func (k *Keys) rotate(ctx context.Context, stored []StoredKey) error {
	now, active := k.now(), activeIn(stored)
	if active == nil || len(active.SealedPrivate) == 0 {
		return nil // another node has it from its configuration
	}
	if err := k.supersede(ctx, stored, *active, now); err != nil {
		return err
	}
	if err := k.retireDue(ctx, stored, now); err != nil {
		return err
	}
	next := nextIn(stored)
	switch due := active.StateAt.Add(k.cfg.RotateEvery); {
	case now.Before(due):
		return nil
	case next == nil:
		_, err := k.add(ctx, successorID(stored))
		return err
	case now.Before(next.StateAt.Add(PromoteAfter)):
		return nil
	}
	return k.promote(ctx, stored, next)
}

// retireDue takes out the keys whose tokens are all dead.
func (k *Keys) retireDue(ctx context.Context, stored []StoredKey, now time.Time) error {
	for i := range stored {
		row := &stored[i]
		if row.State != KeyRetiring || now.Before(row.StateAt.Add(RetireAfter)) {
			continue
		}
		if err := k.move(ctx, row, KeyRetired, now); err != nil {
			return err
		}
	}
	return nil
}

// NextRotation is when Rotate will begin to replace the active key, the zero time if it
// will not.
func (k *Keys) NextRotation() time.Time {
	active := activeIn(k.current.Load().stored)
	if k.cfg.RotateEvery == 0 || active == nil || len(active.SealedPrivate) == 0 {
		return time.Time{}
	}
	return active.StateAt.Add(k.cfg.RotateEvery)
}
