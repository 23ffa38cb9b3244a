package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// leastRotation keeps the overlaps of two rotations apart.
const leastRotation = time.Hour

// OpenKeys loads the keys and makes the first one where there is none. It fails if a
// key that signs, or will, cannot be decrypted, and if the external one was revoked.
// What another encryption key than the Sealer's first sealed is sealed again (K-07).
func OpenKeys(ctx context.Context, cfg KeysConfig) (*Keys, error) {
	k, err := newKeys(cfg)
	if err != nil {
		return nil, err
	}
	if err := k.change(ctx, "open signing keys", k.ensureActive); err != nil {
		return nil, err
	}
	if err := k.change(ctx, "seal signing keys again", k.reseal); err != nil {
		return nil, err
	}
	return k, nil
}

// ManageKeys loads the keys for a tool that changes what servers follow. It makes no
// key and leaves the external one, which servers may have from a configuration that
// the tool does not see. A Service with these keys can sign nothing.
func ManageKeys(ctx context.Context, cfg KeysConfig) (*Keys, error) {
	k, err := newKeys(cfg)
	if err != nil {
		return nil, err
	}
	k.manage = true
	return k, k.Reload(ctx)
}

// newKeys checks cfg; the error names the bad field.
func newKeys(cfg KeysConfig) (*Keys, error) {
	switch {
	case cfg.Store == nil:
		return nil, errors.New("session: KeysConfig.Store is required")
	case cfg.Sealer == nil:
		return nil, errors.New("session: KeysConfig.Sealer is required")
	case cfg.RotateEvery != 0 && cfg.RotateEvery < leastRotation:
		return nil, fmt.Errorf("session: KeysConfig.RotateEvery is %v, want at least %v", cfg.RotateEvery, leastRotation)
	}
	if cfg.Algorithm == "" {
		cfg.Algorithm = RS256
	}
	if _, ok := methods[cfg.Algorithm]; !ok {
		return nil, fmt.Errorf("session: KeysConfig.Algorithm %q: want RS256, ES256 or EdDSA", cfg.Algorithm)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Keys{cfg: cfg}, nil
}

// ensureActive leaves the store with an active key that this process can sign with.
func (k *Keys) ensureActive(ctx context.Context, stored []StoredKey) error {
	if k.cfg.External != nil {
		return k.adopt(ctx, stored)
	}
	active := activeIn(stored)
	switch {
	case active != nil && len(active.SealedPrivate) > 0:
		return nil
	case len(stored) == 0:
		first, err := k.generate(newKeyID(k.now()), KeyActive)
		if err != nil {
			return err
		}
		return k.cfg.Store.AddSigningKey(ctx, first)
	default: // the active key was external and is configured no more
		return k.promoteNext(ctx, stored)
	}
}

// adopt records the external key in the store and makes it the active one there.
func (k *Keys) adopt(ctx context.Context, stored []StoredKey) error {
	external, err := newSigner("", k.cfg.External)
	if err != nil {
		return fmt.Errorf("KeysConfig.External: %w", err)
	}
	row := find(stored, external.key.ID)
	if row == nil {
		now := k.now()
		stored = append(stored, StoredKey{
			ID: external.key.ID, Algorithm: external.key.Algorithm, State: KeyNext,
			PublicDER: external.spki, CreatedAt: now, StateAt: now,
		})
		row = &stored[len(stored)-1]
		if err := k.cfg.Store.AddSigningKey(ctx, *row); err != nil {
			return err
		}
	}
	if row.State == KeyRevoked {
		return fmt.Errorf("KeysConfig.External: %w", &KeyStateError{KeyID: row.ID, State: row.State})
	}
	return k.promote(ctx, stored, row)
}

// reseal seals the private parts again that an older encryption key sealed, and drops
// those that nobody needs. A key that cannot be opened is left for read to judge.
func (k *Keys) reseal(ctx context.Context, stored []StoredKey) error {
	for _, was := range stored {
		if len(was.SealedPrivate) == 0 || !was.removed() && !k.cfg.Sealer.Outdated(was.SealedPrivate) {
			continue
		}
		is := was
		is.SealedPrivate = nil
		if !was.removed() {
			plain, err := k.cfg.Sealer.Open(keyTable, keyColumn, was.ID, was.SealedPrivate)
			if err != nil {
				continue
			}
			if is.SealedPrivate, err = k.cfg.Sealer.Seal(keyTable, keyColumn, was.ID, plain); err != nil {
				return err
			}
		}
		if err := k.cfg.Store.UpdateSigningKey(ctx, was, is); err != nil {
			return err
		}
		k.cfg.Logger.InfoContext(ctx, "signing key sealed again", "key_id", was.ID)
	}
	return nil
}
