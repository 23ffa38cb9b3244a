package session

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// Sealer encrypts what lies in a store, bound to its place there.
type Sealer interface {
	Seal(table, column, row string, plain []byte) ([]byte, error)
	Open(table, column, row string, sealed []byte) ([]byte, error)
	// Outdated reports whether sealed should be opened and sealed again, since Seal has
	// a newer key by now.
	Outdated(sealed []byte) bool
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
	// RotateEvery is how long a key signs before Rotate begins to replace it: an hour
	// or more, and 365 days are a good choice; 0 means for ever. A key that is External
	// is never replaced.
	RotateEvery time.Duration
	Now         func() time.Time // nil means time.Now
	Logger      *slog.Logger     // gets every change of a key; nil means discard
}

// Keys holds the signing keys of an instance and implements auth.KeySet. It is safe
// for concurrent use.
//
// A key is next (in the public set, not signing), active (signing), retiring (in the
// set until what it signed is dead) and retired. [Keys.Rotate] takes it from one to the
// other when it is time, [Keys.Add], [Keys.Promote] and [Keys.Retire] do by hand, and
// [Keys.Revoke] takes out a key that somebody else may have.
type Keys struct {
	cfg      KeysConfig
	manage   bool       // see ManageKeys
	mu       sync.Mutex // one change or reload at a time
	current  atomic.Pointer[keySet]
	removals atomic.Uint64
}

// keySet is one reading of the store; it never changes.
type keySet struct {
	stored []StoredKey
	active *signer // nil only for ManageKeys
	byID   map[string]auth.Key
	jwks   []byte
	// endedAt is when a key was revoked last, the zero time if none was. Sessions that
	// are not younger have ended.
	endedAt time.Time
}

// Key implements auth.KeySet.
func (k *Keys) Key(_ context.Context, kid string) (auth.Key, error) {
	if key, ok := k.current.Load().byID[kid]; ok {
		return key, nil
	}
	return auth.Key{}, auth.ErrUnknownKey
}

// Removals implements auth.RemovalCounter.
func (k *Keys) Removals() uint64 { return k.removals.Load() }

// JWKS returns the public set (RFC 7517): next, active and retiring keys. Read-only.
func (k *Keys) JWKS() []byte { return k.current.Load().jwks }

// SigningKey is the kid of the key that signs now; "" for ManageKeys where servers have
// it from their configuration.
func (k *Keys) SigningKey() string {
	if active := k.current.Load().active; active != nil {
		return active.key.ID
	}
	return ""
}

// All returns the keys as they lie in the store, oldest first, those taken out
// included, without their private parts.
func (k *Keys) All() []StoredKey {
	all := slices.Clone(k.current.Load().stored)
	for i := range all {
		all[i].SealedPrivate = nil
	}
	return all
}

// sessionsEndedAt is the moment that sessions have to be younger than.
func (k *Keys) sessionsEndedAt() time.Time { return k.current.Load().endedAt }

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
	old := k.current.Load()
	if old != nil && slices.EqualFunc(old.stored, stored, sameState) {
		return nil
	}
	set, err := k.read(stored)
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	k.current.Store(set)
	if old != nil && set.lacks(old) { // counted once Key says so, see auth.RemovalCounter
		k.removals.Add(1)
	}
	return nil
}

// lacks reports whether a key of old is not in the set.
func (set *keySet) lacks(old *keySet) bool {
	for kid := range old.byID {
		if _, ok := set.byID[kid]; !ok {
			return true
		}
	}
	return false
}

func sameState(a, b StoredKey) bool {
	return a.ID == b.ID && a.State == b.State && a.StateAt.Equal(b.StateAt)
}

// read builds a key set out of what is stored.
func (k *Keys) read(stored []StoredKey) (*keySet, error) {
	set := &keySet{stored: stored, byID: make(map[string]auth.Key, len(stored))}
	active := activeIn(stored)
	var public []auth.Key
	for _, row := range stored {
		if row.State == KeyRevoked && row.StateAt.After(set.endedAt) {
			set.endedAt = row.StateAt
		}
		if row.removed() {
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
		if active != nil && row.ID == active.ID {
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
	if set.active == nil && !k.manage {
		return nil, errors.New("no active key that this server can sign with")
	}
	var err error
	set.jwks, err = jwks.Marshal(public)
	return set, err
}

// removed reports whether the key is in the public set no more, for good.
func (s StoredKey) removed() bool { return s.State == KeyRetired || s.State == KeyRevoked }

func (k *Keys) now() time.Time { return k.cfg.Now().UTC().Truncate(time.Millisecond) }

// newKeyID returns a kid.
func newKeyID(now time.Time) string { return random.ID(keyPrefix, now) }
