package gatehouse_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

// managed opens the keys of a development server as a tool does.
func managed(t *testing.T, cfg gatehouse.Config) (states string, next time.Time) {
	t.Helper()
	err := gatehouse.Manage(t.Context(), cfg, func(api *client.Client) error {
		keys, err := api.SigningKeys.List(t.Context())
		for _, k := range keys {
			states += k.Status + " "
			if k.Status == "active" {
				next = k.RotatesAt.Time
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(states), next
}

// K-08: a server rotates its keys every year unless told otherwise.
func TestKeyRotation(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	cfg := gatehouse.Config{Development: true, Dir: filepath.Join(t.TempDir(), "gatehouse"), Now: func() time.Time { return now }}
	open := func() *gatehouse.Server {
		t.Helper()
		server, err := gatehouse.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return server
	}
	open().Close()
	for every, want := range map[time.Duration]time.Time{0: now.AddDate(0, 0, 365), time.Hour: now.Add(time.Hour), -1: {}} {
		cfg.KeyRotation = every
		if _, next := managed(t, cfg); !next.Equal(want) {
			t.Errorf("with KeyRotation %v the next rotation is at %v, want %v", every, next, want)
		}
	}
	cfg.KeyRotation = time.Hour - 1
	if _, err := gatehouse.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "KeyRotation") {
		t.Errorf("Open = %v, want an error that names KeyRotation", err)
	}

	cfg.KeyRotation, now = 0, now.AddDate(0, 0, 365)
	defer open().Close() // jobs run at once
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		states, _ := managed(t, cfg)
		if states == "active next" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("keys are %s after a year, want active next", states)
		}
	}
}

// A key that a tool revokes is refused by the running server, tokens that it has
// verified before included.
func TestRevokedKey(t *testing.T) {
	var cfg gatehouse.Config
	s := gatehousetest.New(t, gatehousetest.WithApp(newKeysApp), gatehousetest.WithConfig(func(c *gatehouse.Config) {
		c.SigningKeyPEM = ""
		cfg = *c
	}))
	browser := s.SignIn(s.CreateUser())
	status := func() int {
		t.Helper()
		res, err := browser.Get(s.URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if got := status(); got != 200 {
		t.Fatalf("signed in: %d", got)
	}
	err := gatehouse.Manage(t.Context(), cfg, func(api *client.Client) error {
		keys, err := api.SigningKeys.List(t.Context())
		if err != nil {
			return err
		}
		_, err = api.SigningKeys.Revoke(t.Context(), keys[0].KeyID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); status() != 401; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a token of a revoked key is accepted")
		}
	}
	if got := status(); got != 401 { // and not renewed
		t.Errorf("after the revocation: %d", got)
	}
}

func newKeysApp(s *gatehouse.Server) http.Handler {
	return s.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
}
