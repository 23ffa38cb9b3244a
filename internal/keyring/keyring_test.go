package keyring_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
)

const (
	keyA = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	keyB = "new:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
)

func ring(t *testing.T, list string) *keyring.Ring {
	t.Helper()
	r, err := keyring.Parse(list)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return r
}

func seal(t *testing.T, r *keyring.Ring, row, plain string) []byte {
	t.Helper()
	sealed, err := r.Seal("users", "totp", row, []byte(plain))
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	return sealed
}

func TestNewParses(t *testing.T) {
	a, b := keyring.New(), keyring.New()
	if a == b {
		t.Errorf("New returned %q twice", a)
	}
	ring(t, a+", "+b)
}

// K-07: the errors say what is wrong and hold nothing of the secret.
func TestParseRefuses(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	for _, tc := range []struct{ name, list, want string }{
		{"empty", "", "entry 1"},
		{"no_id", secret, "entry 1"},
		{"empty_id", ":" + secret, "entry 1"},
		{"id_and_key_swapped", secret + ":k1", "entry 1"},
		{"id_too_long", strings.Repeat("k", 33) + ":" + secret, "entry 1"},
		{"second_entry_empty", keyA + ",", "entry 2"},
		{"id_twice", keyA + ",old:" + secret, "entry 2: id old is used twice"},
		{"short_key", "k1:" + secret[:40], "entry 1: the key has 30 bytes, want 32"},
		{"url_alphabet", "k1:" + strings.Repeat("_-", 21) + "_=", "not standard base64"},
		{"stray_bits", "k1:" + secret[:42] + "n=", "not standard base64"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := keyring.Parse(tc.list)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("Parse = %v, want an error with %q", err, tc.want)
			}
			if strings.Contains(err.Error(), secret[:20]) {
				t.Errorf("error holds the key: %v", err)
			}
		})
	}
}

// K-06: what was sealed for one place opens nowhere else.
func TestOpenNeedsTheSamePlace(t *testing.T) {
	r := ring(t, keyA)
	sealed, err := r.Seal("users", "totp", "user_1", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := r.Open("users", "totp", "user_1", sealed); err != nil || string(plain) != "secret" {
		t.Fatalf("Open = %q, %v", plain, err)
	}
	for _, place := range [][3]string{
		{"user", "totp", "user_1"},
		{"users", "oauth", "user_1"},
		{"users", "totp", "user_2"},
		{"users", "totpuser", "_1"}, // the same letters, cut elsewhere
		{"userst", "otp", "user_1"},
	} {
		if plain, err := r.Open(place[0], place[1], place[2], sealed); !errors.Is(err, keyring.ErrSealed) {
			t.Errorf("Open(%q) = %q, %v, want ErrSealed", place, plain, err)
		}
	}
}

// K-06: every bit is authenticated, and no input makes Open panic.
func TestOpenRefusesChangedBytes(t *testing.T) {
	r := ring(t, keyA)
	sealed := seal(t, r, "user_1", "secret")
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if plain, err := r.Open("users", "totp", "user_1", changed); err == nil {
			t.Errorf("byte %d changed: Open = %q", i, plain)
		}
		if plain, err := r.Open("users", "totp", "user_1", sealed[:i]); !errors.Is(err, keyring.ErrSealed) {
			t.Errorf("cut to %d bytes: Open = %q, %v", i, plain, err)
		}
	}
}

// K-06: a nonce is never used twice.
func TestSealIsRandom(t *testing.T) {
	r := ring(t, keyA)
	seen := map[string]bool{}
	for range 1000 {
		sealed := string(seal(t, r, "user_1", "secret"))
		nonce := sealed[len("??old") : len("??old")+12]
		if seen[nonce] {
			t.Fatal("a nonce came twice")
		}
		seen[nonce] = true
	}
}

// K-07: the first key encrypts, all decrypt; a row of a key that is gone says which.
func TestRotation(t *testing.T) {
	before := seal(t, ring(t, keyA), "user_1", "secret")

	both := ring(t, keyB+","+keyA)
	plain, err := both.Open("users", "totp", "user_1", before)
	if err != nil || string(plain) != "secret" {
		t.Fatalf("Open with both keys = %q, %v", plain, err)
	}
	if !both.Outdated(before) {
		t.Error("Outdated = false for a row of the old key")
	}
	after := seal(t, both, "user_1", string(plain))
	if both.Outdated(after) {
		t.Error("Outdated = true for a row of the new key")
	}

	alone := ring(t, keyB)
	if plain, err := alone.Open("users", "totp", "user_1", after); err != nil || string(plain) != "secret" {
		t.Errorf("Open of the rewritten row = %q, %v", plain, err)
	}
	_, err = alone.Open("users", "totp", "user_1", before)
	if unknown, ok := errors.AsType[*keyring.UnknownKeyError](err); !ok || unknown.KeyID != "old" {
		t.Errorf("Open of a row of the dropped key = %v, want UnknownKeyError for old", err)
	}
}

// L-02: a ring that ends up in a log shows nothing.
func TestPrintsRedacted(t *testing.T) {
	r := ring(t, keyA)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "ring", r)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "ring", *r)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&log, verb+" "+verb+"\n", r, *r)
	}
	fmt.Fprintf(&log, "%+v\n", struct{ R *keyring.Ring }{r})
	for line := range strings.Lines(log.String()) {
		if strings.Count(line, "[redacted]") == 0 || strings.ContainsAny(line, "{&") && !strings.Contains(line, "R:") && !strings.Contains(line, `"ring"`) {
			t.Errorf("printed %q", line)
		}
	}
	if strings.Contains(log.String(), "old") || strings.Contains(log.String(), "AAECAwQF") {
		t.Errorf("the ring leaked into %q", log.String())
	}
}
