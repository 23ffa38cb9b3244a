package session_test

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/session"
)

// A revoked key is gone at once: nothing that it signed is accepted, sessions begun so
// far have ended on every node, and whoever signs in again is let in.
func TestRevokeKey(t *testing.T) {
	h := open(t)
	c, cookie, ss := h.signedIn(userA)
	token := h.mustMint(cookie, ss.ID)
	claims := h.verify(token).Claims
	otherKeys := h.openKeys(session.KeysConfig{})
	other := h.node(func(cfg *session.Config) { cfg.Keys = otherKeys })
	before := otherKeys.Removals()
	kid := h.keys.All()[0].ID

	if err := h.keys.Revoke(t.Context(), kid); err != nil {
		t.Fatal(err)
	}
	if err := h.keys.Revoke(t.Context(), kid); err != nil {
		t.Errorf("Revoke again = %v", err)
	}
	h.wantStates(otherKeys, "revoked active")
	if otherKeys.Removals() == before {
		t.Error("a node that followed does not tell that a key is gone")
	}
	for i, node := range []*session.Service{h.Service, other} {
		keys := []*session.Keys{h.keys, otherKeys}[i]
		if _, err := keys.Key(t.Context(), kid); !errors.Is(err, auth.ErrUnknownKey) {
			t.Errorf("Key(revoked) = %v, want ErrUnknownKey", err)
		}
		if _, err := node.Mint(t.Context(), cookie, ss.ID, ""); !errors.Is(err, session.ErrNotActive) {
			t.Errorf("Mint from an old session = %v, want ErrNotActive", err)
		}
		got, err := node.Get(t.Context(), ss.ID)
		if err != nil || got.Status != session.StatusRevoked || got.Cause != "signing key revoked" {
			t.Errorf("old session = %s (%s), %v, want revoked", got.Status, got.Cause, err)
		}
		if _, revoked := node.Revoked(string(ss.ID), userA, time.Unix(claims.IssuedAt, 0)); !revoked {
			t.Error("a token of before is not revoked")
		}
		if _, err := node.Renew(t.Context(), cookie, string(ss.ID), ""); !errors.Is(err, auth.ErrNoSession) {
			t.Errorf("Renew = %v, want ErrNoSession", err)
		}
	}

	h.clock.Advance(time.Millisecond) // still in the second of the revocation
	again := h.start(c, userA)
	fresh := h.verify(h.mustMint(cookie, again.ID))
	if _, revoked := h.Revoked(fresh.SessionID, userA, time.Unix(fresh.Claims.IssuedAt, 0)); revoked {
		t.Error("a token of a new session is revoked")
	}
}

// A revoked key that did not sign leaves the active one.
func TestRevokeOtherKeys(t *testing.T) {
	h := open(t)
	next, err := h.keys.Add(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	spare, err := h.keys.Add(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.keys.Revoke(t.Context(), spare); err != nil {
		t.Fatal(err)
	}
	h.wantStates(h.keys, "active next revoked")
	if err := h.keys.Revoke(t.Context(), h.keys.All()[0].ID); err != nil {
		t.Fatal(err)
	}
	h.wantStates(h.keys, "revoked active revoked")
	if h.keys.All()[1].ID != next {
		t.Error("the key that was next does not sign")
	}
}

// Wherever a revocation breaks off a key signs, and doing it again ends it.
func TestRevokeSurvivesACrash(t *testing.T) {
	for writes := range 4 {
		h := open(t)
		kid := h.keys.All()[0].ID
		store := &crashingKeys{KeyStore: h.store, left: writes}
		keys, err := session.ManageKeys(t.Context(), session.KeysConfig{Store: store, Sealer: h.ring, Now: h.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		if err := keys.Revoke(t.Context(), kid); (err == nil) == (writes < 4) && !errors.Is(err, errCrash) {
			t.Errorf("after %d writes Revoke = %v", writes, err)
		}
		if err := h.keys.Reload(t.Context()); err != nil {
			t.Errorf("after %d writes: %v", writes, err)
		}
		store.left = 1000
		if err := keys.Revoke(t.Context(), kid); err != nil {
			t.Fatal(err)
		}
		h.wantStates(h.keys, "revoked active")
	}
}

// A key that was revoked comes back by no configuration.
func TestRevokedExternalKey(t *testing.T) {
	h := open(t)
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	h.openKeys(session.KeysConfig{External: private})
	h.clock.Advance(time.Second)
	keys := h.openKeys(session.KeysConfig{Algorithm: session.EdDSA}) // replaced
	h.wantStates(keys, "retiring retiring active")
	if err := keys.Revoke(t.Context(), keys.All()[1].ID); err != nil {
		t.Fatal(err)
	}
	h.wantStates(keys, "retiring revoked active")
	_, err := session.OpenKeys(t.Context(), session.KeysConfig{Store: h.store, Sealer: h.ring, External: private, Now: h.clock.Now})
	if !errors.Is(err, session.ErrKeyState) {
		t.Errorf("OpenKeys with a revoked key = %v, want ErrKeyState", err)
	}
}
