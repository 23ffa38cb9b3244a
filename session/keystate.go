package session

import (
	"errors"
	"time"
)

// ErrKeyState means that a signing key may not go from its state to the one asked for;
// a *KeyStateError says why.
var ErrKeyState = errors.New("session: signing key is in another state")

// KeyStateError says why a signing key cannot be changed. errors.Is finds ErrKeyState.
type KeyStateError struct {
	KeyID string
	State KeyState
	// External: the key that signs comes from a configuration and has to be replaced there.
	External bool
	// Until is when the last token of a retiring key is dead, zero for every other key.
	Until time.Time
}

func (e *KeyStateError) Error() string {
	s := e.KeyID + ": " + ErrKeyState.Error() + ": "
	switch {
	case e.External:
		return s + "the active key comes from the configuration, replace it there first"
	case !e.Until.IsZero():
		return s + "tokens of it may live until " + e.Until.Format("15:04:05 MST")
	}
	return s + string(e.State)
}

// Is makes errors.Is(err, ErrKeyState) true.
func (e *KeyStateError) Is(target error) bool { return target == ErrKeyState }

// KeyByID returns a key as [Keys.All] does. ErrNotFound.
func (k *Keys) KeyByID(kid string) (StoredKey, error) {
	row := find(k.current.Load().stored, kid)
	if row == nil {
		return StoredKey{}, ErrNotFound
	}
	found := *row
	found.SealedPrivate = nil
	return found, nil
}

// Configured reports whether a key that is in the public set comes from a configuration:
// its private part lies in no store.
func (k *Keys) Configured(kid string) bool {
	row := find(k.current.Load().stored, kid)
	return row != nil && !row.removed() && len(row.SealedPrivate) == 0
}
