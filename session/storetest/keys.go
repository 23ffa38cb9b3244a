package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// RunKeys checks the stores that open returns against session.KeyStore.
func RunKeys(t *testing.T, open func(*testing.T) session.KeyStore) {
	for name, check := range map[string]func(*testing.T, session.KeyStore){
		"returns what was added, oldest first":      keyRoundTrip,
		"an id is given once":                       keyDuplicate,
		"an active key only where there is none":    keyFirst,
		"of ten nodes that make the first one wins": keyFirstParallel,
		"parallel additions are all kept":           keyParallel,
		"the state of a key":                        keyState,
		"a key is changed as it was read or not":    keyCompared,
		"of ten nodes that change a key one wins":   keyUpdateParallel,
		"cancelled contexts":                        keyCancelled,
	} {
		t.Run(name, func(t *testing.T) { check(t, open(t)) })
	}
}

func newKey(id string, state session.KeyState) session.StoredKey {
	return session.StoredKey{
		ID: id, Algorithm: "RS256", State: state, SealedPrivate: []byte("\x00sealed\xff"), PublicDER: []byte("\x30\x00public"),
		CreatedAt: ms(base), StateAt: ms(base.Add(second)),
	}
}

func wantKeys(t *testing.T, s session.KeyStore, want ...session.StoredKey) {
	t.Helper()
	got, err := s.SigningKeys(t.Context())
	must(t, err)
	wantEqual(t, "SigningKeys", append([]session.StoredKey{}, got...), append([]session.StoredKey{}, want...))
}

func keyRoundTrip(t *testing.T, s session.KeyStore) {
	wantKeys(t, s)
	z, a := newKey("z", session.KeyActive), newKey("a", session.KeyNext)
	must(t, s.AddSigningKey(t.Context(), z))
	must(t, s.AddSigningKey(t.Context(), a))
	wantKeys(t, s, z, a)
}

func keyDuplicate(t *testing.T, s session.KeyStore) {
	k := newKey("k", session.KeyNext)
	must(t, s.AddSigningKey(t.Context(), k))
	again := k
	again.PublicDER = []byte("other")
	wantErr(t, "second AddSigningKey", s.AddSigningKey(t.Context(), again), session.ErrConflict)
	wantKeys(t, s, k)
}

func keyFirst(t *testing.T, s session.KeyStore) {
	for i, state := range []session.KeyState{session.KeyNext, session.KeyActive, session.KeyRetired} {
		k := newKey(fmt.Sprint("k", i), session.KeyNext)
		must(t, s.AddSigningKey(t.Context(), k))
		must(t, s.UpdateSigningKey(t.Context(), k, in(k, state, base)))
		wantErr(t, "AddSigningKey beside one that is "+string(state), s.AddSigningKey(t.Context(), newKey("active", session.KeyActive)), session.ErrConflict)
	}
}

func keyFirstParallel(t *testing.T, s session.KeyStore) {
	wins := 0
	for _, err := range parallel(10, func(i int) error {
		return s.AddSigningKey(t.Context(), newKey(fmt.Sprint("node", i), session.KeyActive))
	}) {
		if err == nil {
			wins++
		} else if !errors.Is(err, session.ErrConflict) {
			t.Errorf("AddSigningKey = %v, want ErrConflict", err)
		}
	}
	got, err := s.SigningKeys(t.Context())
	must(t, err)
	if wins != 1 || len(got) != 1 {
		t.Errorf("%d nodes won, %d keys; want one", wins, len(got))
	}
}

func keyParallel(t *testing.T, s session.KeyStore) {
	for _, err := range parallel(10, func(i int) error {
		return s.AddSigningKey(t.Context(), newKey(fmt.Sprint("k", i), session.KeyNext))
	}) {
		must(t, err)
	}
	got, err := s.SigningKeys(t.Context())
	must(t, err)
	if len(got) != 10 {
		t.Errorf("%d of 10 keys are there", len(got))
	}
}

// in is k in another state.
func in(k session.StoredKey, state session.KeyState, at time.Time) session.StoredKey {
	k.State, k.StateAt = state, ms(at)
	return k
}

func keyState(t *testing.T, s session.KeyStore) {
	a, b := newKey("a", session.KeyActive), newKey("b", session.KeyNext)
	must(t, s.AddSigningKey(t.Context(), a))
	must(t, s.AddSigningKey(t.Context(), b))
	at := base.Add(time.Hour + 300*time.Microsecond)
	must(t, s.UpdateSigningKey(t.Context(), b, in(b, session.KeyActive, at)))
	b = in(b, session.KeyActive, at)
	wantKeys(t, s, a, b) // for a moment both are active
	gone := in(a, session.KeyRevoked, at)
	gone.SealedPrivate = nil
	must(t, s.UpdateSigningKey(t.Context(), a, gone))
	wantKeys(t, s, gone, b)
	for _, id := range hostile {
		unknown := a
		unknown.ID = id
		wantErr(t, "UpdateSigningKey("+short(id)+")", s.UpdateSigningKey(t.Context(), unknown, unknown), session.ErrNotFound)
	}
	wantKeys(t, s, gone, b)
}

func keyCompared(t *testing.T, s session.KeyStore) {
	k := newKey("k", session.KeyNext)
	must(t, s.AddSigningKey(t.Context(), k))
	private := k
	private.SealedPrivate = []byte("sealed again")
	for name, was := range map[string]session.StoredKey{
		"state": in(k, session.KeyRetiring, k.StateAt), "time": in(k, k.State, k.StateAt.Add(time.Millisecond)), "private part": private,
	} {
		wantErr(t, "UpdateSigningKey with another "+name, s.UpdateSigningKey(t.Context(), was, in(was, session.KeyActive, base)), session.ErrConflict)
	}
	wantKeys(t, s, k)
	must(t, s.UpdateSigningKey(t.Context(), k, private))
	wantKeys(t, s, private)
}

func keyUpdateParallel(t *testing.T, s session.KeyStore) {
	k := newKey("k", session.KeyNext)
	must(t, s.AddSigningKey(t.Context(), k))
	wins := 0
	for _, err := range parallel(10, func(i int) error {
		return s.UpdateSigningKey(t.Context(), k, in(k, session.KeyActive, base.Add(time.Duration(i)*second)))
	}) {
		if err == nil {
			wins++
		} else if !errors.Is(err, session.ErrConflict) {
			t.Errorf("UpdateSigningKey = %v, want ErrConflict", err)
		}
	}
	if wins != 1 {
		t.Errorf("%d nodes won, want one", wins)
	}
}

func keyCancelled(t *testing.T, s session.KeyStore) {
	k := newKey("k", session.KeyActive)
	must(t, s.AddSigningKey(t.Context(), k))
	ctx := cancelled(t)
	_, read := s.SigningKeys(ctx)
	gaveUp(t, map[string]error{
		"SigningKeys":      read,
		"AddSigningKey":    s.AddSigningKey(ctx, newKey("other", session.KeyNext)),
		"UpdateSigningKey": s.UpdateSigningKey(ctx, k, in(k, session.KeyRetired, base)),
	})
	wantKeys(t, s, k)
}
