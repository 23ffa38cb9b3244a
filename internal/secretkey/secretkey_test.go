package secretkey_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/secretkey"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

const configured = "sk_live_012345678901234567890123456789012345678901234567"

var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// node is one process of an instance.
type node struct {
	*secretkey.Keys
	now time.Time
}

func open(t *testing.T, db *sqldb.DB) *node {
	t.Helper()
	store, err := secretkey.NewStore(t.Context(), db)
	must(t, err)
	n := &node{now: start}
	n.Keys, err = secretkey.Open(t.Context(), secretkey.Config{Store: store, Configured: []string{configured}, Now: func() time.Time { return n.now }})
	must(t, err)
	return n
}

func database(t *testing.T, url string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestRotation(t *testing.T) {
	for name, url := range map[string]string{
		"SQLite": "sqlite:" + filepath.Join(t.TempDir(), "test.db"), "PostgreSQL": testservers.Postgres(t),
	} {
		t.Run(name, func(t *testing.T) {
			db := database(t, url)
			a, b := open(t, db), open(t, db)
			first, err := a.Create(t.Context(), "first", 0)
			must(t, err)
			checks(t, a, string(first.Secret), nil)
			checks(t, b, string(first.Secret), secretkey.ErrUnknown)
			must(t, b.Refresh(t.Context()))
			checks(t, b, string(first.Secret), nil)

			b.now = b.now.Add(time.Second)
			second, err := b.Create(t.Context(), "second", time.Hour)
			must(t, err)
			must(t, a.Refresh(t.Context()))
			for _, n := range []*node{a, b} { // the time between add and revoke
				checks(t, n, string(first.Secret), nil)
				checks(t, n, string(second.Secret), nil)
			}
			_, err = b.Revoke(t.Context(), first.ID)
			must(t, err)
			checks(t, b, string(first.Secret), secretkey.ErrUnknown)
			must(t, a.Refresh(t.Context()))
			checks(t, a, string(first.Secret), secretkey.ErrUnknown)
			checks(t, a, configured, nil)
			a.now = second.ExpiresAt.Add(-time.Millisecond)
			must(t, a.Refresh(t.Context()))
			checks(t, a, string(second.Secret), nil)
			a.now = second.ExpiresAt
			checks(t, a, string(second.Secret), secretkey.ErrUnknown)

			all, err := b.All(t.Context())
			must(t, err)
			var got []string
			for _, k := range all {
				got = append(got, fmt.Sprintf("%s %s %v", k.Label, k.StatusAt(a.now), k.LastUsedAt.IsZero()))
			}
			if want := "configuration active false, second expired false, first revoked false"; strings.Join(got, ", ") != want {
				t.Errorf("keys: %s, want %s", strings.Join(got, ", "), want)
			}
		})
	}
}

// K-03: the database holds no key.
func TestDatabaseHoldsHashes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	db := database(t, "sqlite:"+path)
	n := open(t, db)
	made, err := n.Create(t.Context(), "x", 0)
	must(t, err)
	checks(t, n, configured, nil)
	must(t, n.Refresh(t.Context()))
	var dump strings.Builder
	for _, file := range []string{path, path + "-wal"} {
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		dump.Write(text)
	}
	sum := sha256.Sum256([]byte(made.Secret))
	if !strings.Contains(dump.String(), hex.EncodeToString(sum[:])) {
		t.Fatal("the hash is not there: this looks at the wrong bytes")
	}
	for _, key := range []string{string(made.Secret), configured} {
		if strings.Contains(dump.String(), key[len("sk_live_"):]) {
			t.Error("the database holds a key")
		}
	}
}

// B-01: a node that cannot follow the database takes no key that may be revoked.
func TestStaleNodeRefuses(t *testing.T) {
	db := database(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	n := open(t, db)
	made, err := n.Create(t.Context(), "", 0)
	must(t, err)
	must(t, db.Close())
	n.now = n.now.Add(30 * time.Second)
	if err := n.Refresh(t.Context()); err == nil {
		t.Fatal("Refresh of a closed database succeeds")
	}
	checks(t, n, string(made.Secret), nil)
	n.now = n.now.Add(time.Second)
	checks(t, n, string(made.Secret), secretkey.ErrStale)
	checks(t, n, "sk_live_nobody", secretkey.ErrUnknown)
	checks(t, n, configured, nil)
}

// The use of a key is written once an hour, not with each request.
func TestLastUse(t *testing.T) {
	n := open(t, database(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db")))
	use := func(after time.Duration) {
		n.now = n.now.Add(after)
		checks(t, n, configured, nil)
		must(t, n.Refresh(t.Context()))
	}
	at := func() time.Duration {
		all, err := n.All(t.Context())
		must(t, err)
		return all[0].LastUsedAt.Sub(start)
	}
	use(0)
	use(59 * time.Minute)
	if got := at(); got != 0 {
		t.Errorf("used at %v, want what was noted first", got)
	}
	use(time.Minute)
	if got := at(); got != time.Hour {
		t.Errorf("used at %v, want an hour later", got)
	}
}

func TestRefusals(t *testing.T) {
	n := open(t, database(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db")))
	ctx := t.Context()
	create := func(label string, life time.Duration) error { _, err := n.Create(ctx, label, life); return err }
	revoke := func(id string) error { _, err := n.Revoke(ctx, id); return err }
	all, err := n.All(ctx)
	must(t, err)
	for _, c := range []struct {
		name      string
		got, want error
	}{
		{"long label", create(strings.Repeat("x", 101), 0), secretkey.ErrLabel},
		{"line break", create("a\rb", 0), secretkey.ErrLabel},
		{"no UTF-8", create("\xff", 0), secretkey.ErrLabel},
		{"too short", create("", secretkey.MinLife-1), secretkey.ErrLife},
		{"too long", create("", secretkey.MaxLife+1), secretkey.ErrLife},
		{"unknown", revoke("skey_nobody"), secretkey.ErrNotFound},
		{"configured", revoke(all[0].ID), secretkey.ErrConfigured},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	made, err := n.Create(ctx, "", 0)
	must(t, err)
	// L-02: however it is printed, it does not show.
	if text := fmt.Sprintf("%v %+v %#v %s", made, made, made, made.Secret); strings.Contains(text, string(made.Secret)) {
		t.Errorf("printed: %s", text)
	}
	if _, err := secretkey.Open(ctx, secretkey.Config{}); err == nil {
		t.Error("Open without a store")
	}
}

func checks(t *testing.T, n *node, shown string, want error) {
	t.Helper()
	if _, err := n.Check(shown); !errors.Is(err, want) {
		t.Errorf("Check = %v, want %v", err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
