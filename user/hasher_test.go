package user_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// P-01
func TestHasherFloor(t *testing.T) {
	for _, cfg := range []user.HasherConfig{
		{MemoryKiB: 19455}, {MemoryKiB: 262145}, {Iterations: 1}, {Iterations: 11}, {Parallelism: 9}, {MaxConcurrent: -1}, {QueueTimeout: -1},
	} {
		if _, err := user.NewHasher(cfg); err == nil {
			t.Errorf("NewHasher(%+v) succeeded", cfg)
		}
	}
	h, err := user.NewHasher(user.HasherConfig{})
	if err != nil {
		t.Fatal(err)
	}
	first, err := h.Hash(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(first), "$argon2id$v=19$m=47104,t=2,p=1$") {
		t.Errorf("digest begins %.32s", string(first))
	}
	parts := strings.Split(string(first), "$")
	if len(parts) != 6 || len(parts[4]) != 22 || len(parts[5]) != 43 {
		t.Errorf("salt has %d and key %d characters, want 22 and 43", len(parts[4]), len(parts[5]))
	}
	if second, err := h.Hash(t.Context(), good); err != nil || second == first {
		t.Errorf("two digests of one password are the same, %v", err)
	}
	if ok, outdated, err := h.Verify(t.Context(), good, first); !ok || outdated || err != nil {
		t.Errorf("Verify = %v, %v, %v", ok, outdated, err)
	}
}

func TestParseDigest(t *testing.T) {
	const salt, key = "c2FsdHNhbHRzYWx0c2FsdA", "aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
	bcryptTail := "$" + strings.Repeat("a", 53)
	for _, digest := range []string{
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=262144,t=10,p=8$" + salt + "$" + key,
		"$2a$10" + bcryptTail, "$2b$14" + bcryptTail, "$2y$04" + bcryptTail,
	} {
		if _, err := user.ParseDigest(digest); err != nil {
			t.Errorf("ParseDigest(%s): %v", digest, err)
		}
	}
	hashes := 0
	h := fastHasher(t)
	h.Observe(func(user.Work) { hashes++ })
	for _, digest := range []string{
		"plain", "$argon2id$", "$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=18$m=19456,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=4194304,t=2,p=1$" + salt + "$" + key, // 4 GiB
		"$argon2id$v=19$m=19456,t=11,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=2,p=9$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=0,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + key,
		"$argon2id$v=19$m=-1,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=2,p=1x$" + salt + "$" + key,
		"$argon2id$v=19$m=+19456,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$", // an empty key would be everybody's
		"$argon2id$v=19$m=19456,t=2,p=1$$" + key,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + strings.Repeat("a", 500),
		"$2a$31" + bcryptTail, "$2a$15" + bcryptTail, "$2x$10" + bcryptTail, "$2a$10$short", "$1$abc$" + key,
	} {
		if _, err := user.ParseDigest(digest); !errors.Is(err, user.ErrInvalid) {
			t.Errorf("ParseDigest(%s) = %v, want a FieldError", digest, err)
		}
		if ok, _, err := h.Verify(t.Context(), "", user.Digest(digest)); ok || !errors.Is(err, user.ErrInvalid) {
			t.Errorf("Verify(%s) = %v, %v", digest, ok, err)
		}
	}
	if hashes != 0 {
		t.Errorf("%d hashes for digests that are refused", hashes)
	}
}

// P-09: at most MaxConcurrent at once; who waits too long is told so.
func TestHasherQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := user.NewHasher(user.HasherConfig{MemoryKiB: 19456, MaxConcurrent: 3})
		if err != nil {
			t.Fatal(err)
		}
		var running, most atomic.Int32
		h.Observe(func(user.Work) {
			if n := running.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second) // of the bubble's clock
			running.Add(-1)
		})
		var wg sync.WaitGroup
		var busy, done atomic.Int32
		for range 30 {
			wg.Go(func() {
				switch _, _, err := h.Verify(t.Context(), "x", ""); {
				case err == nil:
					done.Add(1)
				case errors.Is(err, user.ErrBusy):
					busy.Add(1)
				default:
					t.Errorf("Verify: %v", err)
				}
			})
		}
		wg.Wait()
		if most.Load() != 3 {
			t.Errorf("%d hashes at once, want 3", most.Load())
		}
		// Three at a time for a second each: two seconds of waiting serve two rounds, and a
		// third where the slot frees as the time runs out.
		if done.Load() < 6 || done.Load() > 9 || done.Load()+busy.Load() != 30 {
			t.Errorf("%d served and %d busy of 30", done.Load(), busy.Load())
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.Hash(ctx, good); !errors.Is(err, context.Canceled) {
			t.Errorf("Hash = %v, want context.Canceled", err)
		}
	})
}

// P-10 and L-02: however a digest or a password is printed, it is not shown.
func TestSecretsAreNotPrinted(t *testing.T) {
	const canary = "canary-9f3a"
	digest := user.Digest(canary)
	var b strings.Builder
	values := map[string]any{
		"digest": digest, "pointer": &digest, "slice": []user.Digest{digest}, "map": map[string]user.Digest{"a": digest},
		"user": user.User{PasswordDigest: digest}, "user pointer": &user.User{PasswordDigest: digest},
		"new user": user.NewUser{Password: canary, PasswordDigest: digest}, "new user pointer": &user.NewUser{Password: canary},
		"change": user.Change{Password: ptr(canary), PasswordDigest: digest},
	}
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
			fmt.Fprintf(&b, verb+"\n", value)
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(encoded)
		slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", value)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", value)
	}
	for _, form := range []string{canary, fmt.Sprintf("%x", canary)} {
		if at := strings.Index(b.String(), form); at >= 0 {
			t.Errorf("printed: …%s", b.String()[max(0, at-80):min(b.Len(), at+40)])
		}
	}
	if !strings.Contains(b.String(), "[redacted]") {
		t.Error("nothing is redacted")
	}
}
