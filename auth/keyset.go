package auth

import (
	"context"
	"errors"
	"fmt"
)

// Errors of key sets.
var (
	// ErrUnknownKey means that no key has the kid.
	ErrUnknownKey = errors.New("auth: unknown key")
	// ErrKeysUnavailable means that there is no key set to look into: none was
	// fetched yet, or the last good one is too old. Requests are refused.
	ErrKeysUnavailable = errors.New("auth: no usable key set")
)

// KeySet finds the key that a token names. Implementations must be safe for
// concurrent use and must not fetch once per unknown kid.
type KeySet interface {
	// Key returns the key with the given kid, ErrUnknownKey or ErrKeysUnavailable.
	Key(ctx context.Context, kid string) (Key, error)
}

// RemovalCounter is what a KeySet implements from which keys may be taken out. Who keeps
// what verified, as package middleware does, keeps the count from before with it, and
// looks again when that has changed.
type RemovalCounter interface {
	// Removals counts up each time that a key is no longer in the set, or is another
	// one under the same kid, once Key has ceased to return it. It never blocks or
	// allocates.
	Removals() uint64
}

type fixedKeys map[string]Key

// FixedKeys returns a set of exactly these keys. It fails without a key, for a
// key that [CheckKey] refuses, and for a kid that comes twice.
func FixedKeys(keys ...Key) (KeySet, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("fixed keys: %w", ErrKeysUnavailable)
	}
	set := make(fixedKeys, len(keys))
	for _, k := range keys {
		if err := CheckKey(k); err != nil {
			return nil, fmt.Errorf("fixed keys: %w", err)
		}
		if _, dup := set[k.ID]; dup {
			return nil, fmt.Errorf("fixed keys: kid %q comes twice", k.ID)
		}
		set[k.ID] = k
	}
	return set, nil
}

// Key implements KeySet.
func (s fixedKeys) Key(_ context.Context, kid string) (Key, error) {
	k, ok := s[kid]
	if !ok {
		return Key{}, ErrUnknownKey
	}
	return k, nil
}
