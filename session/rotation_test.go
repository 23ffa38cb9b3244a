package session_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/session"
)

const year = 365 * 24 * time.Hour

// states says which states the keys are in, oldest key first.
func states(keys *session.Keys) string {
	var all []string
	for _, k := range keys.All() {
		all = append(all, string(k.State))
	}
	return strings.Join(all, " ")
}

func (h *harness) wantStates(keys *session.Keys, want string) {
	h.t.Helper()
	if err := keys.Reload(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	if got := states(keys); got != want {
		h.t.Fatalf("keys are %s, want %s", got, want)
	}
}

func TestRotationRefuses(t *testing.T) {
	h := open(t)
	active := h.keys.All()[0].ID
	for name, err := range map[string]error{
		"Promote": h.keys.Promote(t.Context(), "ins_unknown"),
		"Retire":  h.keys.Retire(t.Context(), "ins_unknown"),
		"Revoke":  h.keys.Revoke(t.Context(), "ins_unknown"),
	} {
		if !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s of an unknown key = %v, want ErrNotFound", name, err)
		}
	}
	if err := h.keys.Retire(t.Context(), active); !errors.Is(err, session.ErrKeyState) {
		t.Errorf("Retire of the active key = %v, want ErrKeyState", err)
	}
	if err := h.keys.Promote(t.Context(), active); err != nil {
		t.Errorf("Promote of the active key = %v", err)
	}
	next, err := h.keys.Add(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.keys.Retire(t.Context(), next); err != nil { // it never signed
		t.Errorf("Retire of a next key = %v", err)
	}
	if err := h.keys.Promote(t.Context(), next); !errors.Is(err, session.ErrKeyState) {
		t.Errorf("Promote of a retired key = %v, want ErrKeyState", err)
	}
	other, err := h.keys.Add(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(session.PromoteAfter)
	if err := h.keys.Promote(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(session.RetireAfter - time.Millisecond)
	if err := h.keys.Retire(t.Context(), active); !errors.Is(err, session.ErrKeyState) {
		t.Errorf("Retire of a key whose tokens live = %v, want ErrKeyState", err)
	}
	h.clock.Advance(time.Millisecond)
	if err := h.keys.Retire(t.Context(), active); err != nil {
		t.Errorf("Retire after RetireAfter = %v", err)
	}
	stored, err := h.store.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if stored[0].SealedPrivate != nil {
		t.Error("the private part of a retired key is kept")
	}
}

// K-08: what the schedule does and when, a year and the overlaps.
func TestRotate(t *testing.T) {
	h := open(t)
	keys := h.openKeys(session.KeysConfig{Algorithm: session.EdDSA, RotateEvery: year})
	rotate := func(want string) {
		t.Helper()
		for range 3 { // again changes nothing
			if err := keys.Rotate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		h.wantStates(keys, want)
	}
	begun := h.clock.Now()
	if at := keys.NextRotation(); !at.Equal(begun.Add(year)) {
		t.Errorf("NextRotation = %v, want in a year", at)
	}
	h.clock.Advance(year - time.Millisecond)
	rotate("active")
	h.clock.Advance(time.Millisecond)
	rotate("active next")
	h.clock.Advance(session.PromoteAfter - time.Millisecond)
	rotate("active next")
	h.clock.Advance(time.Millisecond)
	rotate("retiring active")
	h.clock.Advance(session.RetireAfter - time.Millisecond)
	rotate("retiring active")
	h.clock.Advance(time.Millisecond)
	rotate("retired active")
	h.clock.Advance(year)
	rotate("retired active next")

	// The other Keys follow no schedule.
	if err := h.keys.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.wantStates(h.keys, "retired active next")
	if at := h.keys.NextRotation(); !at.IsZero() {
		t.Errorf("NextRotation without a schedule = %v", at)
	}
}

// A key that was added by hand is the next one; the schedule makes no other.
func TestRotateTakesWhatIsNext(t *testing.T) {
	h := open(t)
	keys := h.openKeys(session.KeysConfig{RotateEvery: year})
	kid, err := keys.Add(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(year)
	if err := keys.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.wantStates(keys, "retiring active")
	if keys.All()[1].ID != kid {
		t.Error("another key was made")
	}
}

// K-08: a key from the configuration is no business of the schedule, neither on the
// nodes that have it nor on one that lacks it for now.
func TestRotateLeavesExternalKeys(t *testing.T) {
	h := open(t)
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	keys := h.openKeys(session.KeysConfig{External: private, RotateEvery: year})
	h.clock.Advance(2 * year)
	tool, err := session.ManageKeys(t.Context(), session.KeysConfig{Store: h.store, Sealer: h.ring, RotateEvery: year, Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, keys := range []*session.Keys{keys, tool} {
		if err := keys.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.wantStates(keys, "retiring active")
		if at := keys.NextRotation(); !at.IsZero() {
			t.Errorf("NextRotation = %v, want none", at)
		}
		external := keys.All()[1].ID
		if err := keys.Revoke(t.Context(), external); !errors.Is(err, session.ErrKeyState) {
			t.Errorf("Revoke of the external key = %v, want ErrKeyState", err)
		}
		if err := keys.Promote(t.Context(), keys.All()[0].ID); !errors.Is(err, session.ErrKeyState) {
			t.Errorf("Promote beside the external key = %v, want ErrKeyState", err)
		}
	}
}

// errCrash is where a process ends.
var errCrash = errors.New("crash")

// crashingKeys is a store whose process ends before the write that left counts down to.
type crashingKeys struct {
	session.KeyStore
	left int
}

func (c *crashingKeys) write() error {
	if c.left--; c.left < 0 {
		return errCrash
	}
	return nil
}

func (c *crashingKeys) AddSigningKey(ctx context.Context, k session.StoredKey) error {
	if err := c.write(); err != nil {
		return err
	}
	return c.KeyStore.AddSigningKey(ctx, k)
}

func (c *crashingKeys) UpdateSigningKey(ctx context.Context, was, is session.StoredKey) error {
	if err := c.write(); err != nil {
		return err
	}
	return c.KeyStore.UpdateSigningKey(ctx, was, is)
}

// K-08: wherever a node dies, there is a key that signs, and another node goes on to
// the same end.
func TestRotateSurvivesACrash(t *testing.T) {
	for writes := range 8 {
		t.Run(fmt.Sprint(writes), func(t *testing.T) {
			h := open(t)
			_, cookie, ss := h.signedIn(userA)
			store := &crashingKeys{KeyStore: h.store, left: writes}
			cfg := session.KeysConfig{Store: store, Sealer: h.ring, Algorithm: session.EdDSA, RotateEvery: 24 * time.Hour, Now: h.clock.Now}
			keys, err := session.OpenKeys(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			h.clock.Advance(24 * time.Hour)
			for range 70 {
				err := keys.Rotate(t.Context())
				switch {
				case errors.Is(err, errCrash): // the next node starts
					store.left = 1000
					if keys, err = session.OpenKeys(t.Context(), cfg); err != nil {
						t.Fatal(err)
					}
				case err != nil:
					t.Fatal(err)
				}
				node := h.node(func(cfg *session.Config) { cfg.Keys = keys })
				token, err := node.Mint(t.Context(), cookie, ss.ID, "")
				if err != nil {
					t.Fatal(err)
				}
				if err := h.keys.Reload(t.Context()); err != nil {
					t.Fatal(err)
				}
				h.verify(token)
				h.clock.Advance(time.Minute)
			}
			h.wantStates(keys, "retired active")
		})
	}
}

// K-08: nodes that rotate at once, lease or not, make one key and keep one active.
func TestRotateOnManyNodes(t *testing.T) {
	h := open(t)
	var nodes []*session.Keys
	for range 5 {
		nodes = append(nodes, h.openKeys(session.KeysConfig{Algorithm: session.EdDSA, RotateEvery: year}))
	}
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{year, "active next"}, {session.PromoteAfter, "retiring active"}, {session.RetireAfter, "retired active"}} {
		h.clock.Advance(step.after)
		var wg sync.WaitGroup
		for _, keys := range nodes {
			wg.Go(func() {
				if err := keys.Rotate(t.Context()); err != nil {
					t.Errorf("Rotate: %v", err)
				}
			})
		}
		wg.Wait()
		h.wantStates(h.keys, step.want)
	}
}

// A tool that manages keys makes none and takes none over.
func TestManageKeys(t *testing.T) {
	store, ring := openEmpty(t), mustRing(t)
	keys, err := session.ManageKeys(t.Context(), session.KeysConfig{Store: store, Sealer: ring})
	if err != nil {
		t.Fatal(err)
	}
	if all := keys.All(); len(all) != 0 {
		t.Errorf("%v was made", all)
	}
}

// K-07: a new encryption key takes over what an older one sealed, and the older one can go.
func TestKeysAreSealedAgain(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	h.mustMint(cookie, ss.ID)
	if _, err := h.keys.Add(t.Context()); err != nil {
		t.Fatal(err)
	}
	const fresh = "fresh:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
	both, err := keyring.Parse(fresh + "," + h.secrets)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.OpenKeys(t.Context(), session.KeysConfig{Store: h.store, Sealer: both, Now: h.clock.Now}); err != nil {
		t.Fatal(err)
	}
	alone, err := keyring.Parse(fresh)
	if err != nil {
		t.Fatal(err)
	}
	before := h.keys.All()
	keys, err := session.OpenKeys(t.Context(), session.KeysConfig{Store: h.store, Sealer: alone, Now: h.clock.Now})
	if err != nil {
		t.Fatalf("without the old encryption key: %v", err)
	}
	if !slices.EqualFunc(before, keys.All(), func(a, b session.StoredKey) bool {
		return a.ID == b.ID && a.State == b.State && a.StateAt.Equal(b.StateAt)
	}) {
		t.Errorf("keys are %v, want them as before, %v", keys.All(), before)
	}
	h.Service = h.node(func(cfg *session.Config) { cfg.Keys = keys })
	h.verify(h.mustMint(cookie, ss.ID))
}
