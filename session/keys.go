package session

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// ErrKeyState means that a signing key may not go from its state to the one asked for.
var ErrKeyState = errors.New("session: signing key is in another state")

// RetireAfter is how long a key stays retiring before Retire takes it out: longer
// than any token that it signed lives.
const RetireAfter = 10 * time.Minute

// Sealer encrypts what lies in a store, bound to its place there.
type Sealer interface {
	Seal(table, column, row string, plain []byte) ([]byte, error)
	Open(table, column, row string, sealed []byte) ([]byte, error)
}

// KeysConfig sets up Keys.
type KeysConfig struct {
	Store     KeyStore // required
	Sealer    Sealer   // required
	Algorithm string   // of new keys: RS256 (the default, 2048 bits), ES256 or EdDSA
	// External is the active key instead of one from the store: an *rsa.PrivateKey of
	// 2048 to 8192 bits, an *ecdsa.PrivateKey on P-256, or a signer of Ed25519. Its
	// public half is recorded in the store, so that it stays in the set for a while
	// after it was taken out of the configuration.
	External crypto.Signer
	Now      func() time.Time // nil means time.Now
}

// Keys holds the signing keys of an instance and implements auth.KeySet. It is safe
// for concurrent use.
//
// A key is next (in the public set, not signing), active (signing), retiring (in the
// set until what it signed is dead) and retired. To rotate: Add, wait until every
// verifier has seen the new key (10 minutes), Promote, wait RetireAfter, Retire.
type Keys struct {
	cfg     KeysConfig
	mu      sync.Mutex // one change or reload at a time
	current atomic.Pointer[keySet]
}

// keySet is one reading of the store; it never changes.
type keySet struct {
	stored []StoredKey
	active *signer
	byID   map[string]auth.Key
	jwks   []byte
}

// OpenKeys loads the keys and makes the first one where there is none. It fails if a
// key that signs, or will, cannot be decrypted.
func OpenKeys(ctx context.Context, cfg KeysConfig) (*Keys, error) {
	switch {
	case cfg.Store == nil:
		return nil, errors.New("session: KeysConfig.Store is required")
	case cfg.Sealer == nil:
		return nil, errors.New("session: KeysConfig.Sealer is required")
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
	k := &Keys{cfg: cfg}
	if err := k.ensureActive(ctx); err != nil {
		return nil, fmt.Errorf("open signing keys: %w", err)
	}
	if err := k.Reload(ctx); err != nil {
		return nil, err
	}
	return k, nil
}

// ensureActive leaves the store with an active key that this process can sign with.
func (k *Keys) ensureActive(ctx context.Context) error {
	stored, err := k.cfg.Store.SigningKeys(ctx)
	if err != nil {
		return err
	}
	if k.cfg.External != nil {
		return k.adopt(ctx, stored)
	}
	active, found := activeOf(stored)
	switch {
	case found && len(active.SealedPrivate) > 0:
		return nil
	case len(stored) == 0:
		first, err := k.generate(KeyActive)
		if err != nil {
			return err
		}
		err = k.cfg.Store.AddSigningKey(ctx, first)
		if errors.Is(err, ErrConflict) { // another node was first: its key is loaded next
			return nil
		}
		return err
	default: // the active key was external and is configured no more
		next, err := k.generate(KeyNext)
		if err != nil {
			return err
		}
		if err := k.cfg.Store.AddSigningKey(ctx, next); err != nil {
			return err
		}
		return k.promote(ctx, stored, next.ID)
	}
}

// adopt records the external key in the store and makes it the active one there.
func (k *Keys) adopt(ctx context.Context, stored []StoredKey) error {
	external, err := newSigner("", k.cfg.External)
	if err != nil {
		return fmt.Errorf("KeysConfig.External: %w", err)
	}
	if active, ok := activeOf(stored); ok && active.ID == external.key.ID {
		return nil
	}
	if !slices.ContainsFunc(stored, func(s StoredKey) bool { return s.ID == external.key.ID }) {
		now := k.now()
		err := k.cfg.Store.AddSigningKey(ctx, StoredKey{
			ID: external.key.ID, Algorithm: external.key.Algorithm, State: KeyNext,
			PublicDER: external.spki, CreatedAt: now, StateAt: now,
		})
		if err != nil && !errors.Is(err, ErrConflict) { // in conflict another node took it in just now
			return err
		}
	}
	return k.promote(ctx, stored, external.key.ID)
}

// Key implements auth.KeySet.
func (k *Keys) Key(_ context.Context, kid string) (auth.Key, error) {
	if key, ok := k.current.Load().byID[kid]; ok {
		return key, nil
	}
	return auth.Key{}, auth.ErrUnknownKey
}

// JWKS returns the public set (RFC 7517): next, active and retiring keys. Read-only.
func (k *Keys) JWKS() []byte { return k.current.Load().jwks }

// SigningKey is the kid of the key that signs now.
func (k *Keys) SigningKey() string { return k.current.Load().active.key.ID }

// All returns the keys as they lie in the store, retired ones included, without
// their private parts.
func (k *Keys) All() []StoredKey {
	all := slices.Clone(k.current.Load().stored)
	for i := range all {
		all[i].SealedPrivate = nil
	}
	return all
}

// Reload reads the store again: rotations by other nodes. On an error the keys stay
// as they were.
func (k *Keys) Reload(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reload(ctx)
}

func (k *Keys) reload(ctx context.Context) error {
	stored, err := k.cfg.Store.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	if old := k.current.Load(); old != nil && slices.EqualFunc(old.stored, stored, sameState) {
		return nil
	}
	set, err := k.read(stored)
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	k.current.Store(set)
	return nil
}

func sameState(a, b StoredKey) bool {
	return a.ID == b.ID && a.State == b.State && a.StateAt.Equal(b.StateAt)
}

// read builds a key set out of what is stored.
func (k *Keys) read(stored []StoredKey) (*keySet, error) {
	set := &keySet{stored: stored, byID: make(map[string]auth.Key, len(stored))}
	active, _ := activeOf(stored)
	var public []auth.Key
	for _, row := range stored {
		if row.State == KeyRetired {
			continue
		}
		key, err := publicKey(row)
		if err != nil {
			return nil, err
		}
		set.byID[key.ID] = key
		public = append(public, key)
		if len(row.SealedPrivate) == 0 || row.State == KeyRetiring {
			continue
		}
		s, err := k.unseal(row)
		if err != nil {
			return nil, err
		}
		if row.ID == active.ID {
			set.active = s
		}
	}
	if k.cfg.External != nil {
		s, err := newSigner("", k.cfg.External)
		if err != nil {
			return nil, err
		}
		set.active = s
	}
	if set.active == nil {
		return nil, errors.New("no active key that this server can sign with")
	}
	var err error
	set.jwks, err = jwks.Marshal(public)
	return set, err
}

// activeOf returns the key that signs: of several active ones the one that became so last.
func activeOf(stored []StoredKey) (StoredKey, bool) {
	var active StoredKey
	for _, row := range stored {
		if row.State == KeyActive && (active.ID == "" || later(row, active)) {
			active = row
		}
	}
	return active, active.ID != ""
}

// later orders keys by when they got their state, and those of one moment by id.
func later(a, b StoredKey) bool {
	return a.StateAt.After(b.StateAt) || a.StateAt.Equal(b.StateAt) && a.ID > b.ID
}

func (k *Keys) now() time.Time { return k.cfg.Now().UTC().Truncate(time.Millisecond) }

// newKeyID returns a kid.
func newKeyID(now time.Time) string { return random.ID(keyPrefix, now) }
