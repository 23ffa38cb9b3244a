package session_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/session"
)

func jwksOf(t *testing.T, keys *session.Keys) (set []map[string]any) {
	t.Helper()
	var doc struct{ Keys []map[string]any }
	if err := json.Unmarshal(keys.JWKS(), &doc); err != nil {
		t.Fatalf("JWKS %s: %v", keys.JWKS(), err)
	}
	return doc.Keys
}

// K-05: every algorithm signs what the verifier takes, and the set has public parts
// only, with kid, use and alg.
func TestAlgorithms(t *testing.T) {
	public := map[string]string{session.RS256: "n e", session.ES256: "crv x y", session.EdDSA: "crv x"}
	for algorithm, members := range public {
		t.Run(algorithm, func(t *testing.T) {
			h := open(t)
			h.reset(t)
			h.keys = h.openKeys(session.KeysConfig{Algorithm: algorithm})
			h.Service = h.node(func(cfg *session.Config) { cfg.Keys = h.keys })
			_, cookie, ss := h.signedIn(userA)
			if a := h.verify(h.mustMint(cookie, ss.ID)); a.UserID != userA {
				t.Errorf("verified as %+v", a)
			}
			set := jwksOf(t, h.keys)
			if len(set) != 1 {
				t.Fatalf("JWKS = %v", set)
			}
			allowed := map[string]bool{"kty": true, "kid": true, "use": true, "alg": true}
			for _, name := range bytes.Fields([]byte(members)) {
				allowed[string(name)] = true
			}
			for name := range set[0] {
				if !allowed[name] {
					t.Errorf("JWKS has %q", name)
				}
			}
			if set[0]["kid"] != h.keys.All()[0].ID || set[0]["use"] != "sig" || set[0]["alg"] != algorithm {
				t.Errorf("JWKS = %v", set[0])
			}
		})
	}
}

// reset forgets the keys that open made: there is no way to delete one, so the
// service moves to a fresh database.
func (h *harness) reset(t *testing.T) {
	t.Helper()
	fresh := openEmpty(t)
	h.store, h.cfg.Clients, h.cfg.Sessions, h.cfg.Revocations = fresh, fresh, fresh, fresh
}

// K-05: what lies in the store is neither PKCS #8 nor anything that opens elsewhere.
func TestPrivateKeysAreSealed(t *testing.T) {
	h := open(t)
	stored, err := h.store.SigningKeys(t.Context())
	if err != nil || len(stored) != 1 {
		t.Fatalf("SigningKeys = %v, %v", stored, err)
	}
	if _, err := x509.ParsePKCS8PrivateKey(stored[0].SealedPrivate); err == nil {
		t.Error("the private key lies open in the store")
	}
	der, err := h.ring.Open("signing_keys", "private", stored[0].ID, stored[0].SealedPrivate)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParsePKCS8PrivateKey(der); err != nil {
		t.Errorf("sealed: %v, want PKCS #8", err)
	}
	if _, err := h.ring.Open("signing_keys", "private", "ins_other", stored[0].SealedPrivate); err == nil {
		t.Error("it opens as another key's")
	}
	if h.keys.All()[0].SealedPrivate != nil {
		t.Error("All returns private parts")
	}
}

// K-07: a data-encryption key that is missing stops the start and is named; one that
// was added in front does not.
func TestOpenKeysNeedsTheEncryptionKey(t *testing.T) {
	h := open(t)
	const fresh = "fresh:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
	other, err := keyring.Parse(fresh)
	if err != nil {
		t.Fatal(err)
	}
	_, err = session.OpenKeys(t.Context(), session.KeysConfig{Store: h.store, Sealer: other})
	if _, ok := errors.AsType[*keyring.UnknownKeyError](err); !ok {
		t.Errorf("OpenKeys = %v, want *keyring.UnknownKeyError", err)
	}
	if _, err := session.OpenKeys(t.Context(), session.KeysConfig{Store: h.store, Sealer: h.ring}); err != nil {
		t.Errorf("OpenKeys with the key = %v", err)
	}
}

// swappedKeys has the public half of another key.
type swappedKeys struct {
	session.KeyStore
	spki []byte
}

func (s swappedKeys) SigningKeys(ctx context.Context) ([]session.StoredKey, error) {
	stored, err := s.KeyStore.SigningKeys(ctx)
	for i := range stored {
		stored[i].PublicDER = s.spki
	}
	return stored, err
}

// Who can write to the store cannot put another public key under a kid.
func TestHalvesOfAKeyBelongTogether(t *testing.T) {
	h := open(t)
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.OpenKeys(t.Context(), session.KeysConfig{Store: swappedKeys{h.store, spki}, Sealer: h.ring}); err == nil {
		t.Error("OpenKeys took the halves of two keys")
	}
}

// Two nodes that start on an empty store end up with one key.
func TestParallelFirstStart(t *testing.T) {
	store, ring := openEmpty(t), mustRing(t)
	const n = 6
	kids := make(chan string, n)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			keys, err := session.OpenKeys(t.Context(), session.KeysConfig{Store: store, Sealer: ring, Algorithm: session.ES256})
			if err != nil {
				t.Errorf("OpenKeys: %v", err)
				return
			}
			kids <- fmt.Sprint(len(keys.All()), keys.All()[0].ID)
		})
	}
	wg.Wait()
	close(kids)
	first := ""
	for kid := range kids {
		if first == "" {
			first = kid
		}
		if kid != first || kid[0] != '1' {
			t.Errorf("nodes have keys %s and %s, want one alike", first, kid)
		}
	}
}

// A key from the configuration signs on every node under one kid; when it is taken
// out again, what it signed is still verified.
func TestExternalKey(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	made := h.mustMint(cookie, ss.ID)

	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(time.Second)
	h.keys = h.openKeys(session.KeysConfig{External: private})
	again := h.openKeys(session.KeysConfig{External: private})
	if len(again.All()) != 2 || len(h.keys.All()) != 2 {
		t.Errorf("%d keys are stored, want 2", len(again.All()))
	}
	h.Service = h.node(func(cfg *session.Config) { cfg.Keys = h.keys })
	external := h.mustMint(cookie, ss.ID)
	header, _ := parts(t, external)
	if header["alg"] != "ES256" {
		t.Errorf("header = %v, want the external key's", header)
	}
	h.verify(made)
	h.verify(external)
	stored, err := h.store.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range stored {
		if row.ID == header["kid"] && len(row.SealedPrivate) != 0 {
			t.Error("the external private key was stored")
		}
	}
	next, err := h.keys.Add(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.keys.Promote(t.Context(), next); !errors.Is(err, session.ErrKeyState) {
		t.Errorf("Promote beside an external key = %v, want ErrKeyState", err)
	}

	h.clock.Advance(time.Second)
	h.keys = h.openKeys(session.KeysConfig{Algorithm: session.EdDSA})
	h.Service = h.node(func(cfg *session.Config) { cfg.Keys = h.keys })
	after := h.mustMint(cookie, ss.ID)
	if header, _ := parts(t, after); header["kid"] != next {
		t.Errorf("header = %v, want the key that was next, %s", header, next)
	}
	h.verify(external)
	h.verify(after)
}

// T-10 on our side: a key that verifiers would refuse is not taken in.
func TestExternalKeyIsChecked(t *testing.T) {
	h := open(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	lowExponent := *good
	lowExponent.E = 3
	for name, key := range map[string]crypto.Signer{
		"P-384": p384, "exponent_3": &lowExponent, "opaque_RSA": opaque{good},
	} {
		if _, err := session.OpenKeys(t.Context(), session.KeysConfig{Store: h.store, Sealer: h.ring, External: key}); err == nil {
			t.Errorf("%s was taken in", name)
		}
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.OpenKeys(t.Context(), session.KeysConfig{Store: h.store, Sealer: h.ring, External: opaque{edwards}}); err != nil {
		t.Errorf("an opaque Ed25519 signer: %v", err)
	}
}

// opaque hides what kind of key signs.
type opaque struct{ crypto.Signer }

func TestOpenKeysNamesTheBadField(t *testing.T) {
	h := open(t)
	for _, tc := range []struct {
		field string
		cfg   session.KeysConfig
	}{
		{"Store", session.KeysConfig{Sealer: h.ring}},
		{"Sealer", session.KeysConfig{Store: h.store}},
		{"Algorithm", session.KeysConfig{Store: h.store, Sealer: h.ring, Algorithm: "HS256"}},
	} {
		if _, err := session.OpenKeys(t.Context(), tc.cfg); err == nil || !bytes.Contains([]byte(err.Error()), []byte("KeysConfig."+tc.field)) {
			t.Errorf("OpenKeys = %v, want an error that names %s", err, tc.field)
		}
	}
}
