package gatehouse

import (
	"bytes"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

// K-04, K-07: codes and decoys have a key of their own, which no change of the
// encryption key changes.
func TestPepper(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "db") },
		"PostgreSQL": func(t *testing.T) string { return testservers.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			db, err := sqldb.Open(t.Context(), url(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			if err := db.Migrate(t.Context(), "instance", schema); err != nil {
				t.Fatal(err)
			}
			older, newer := keyring.New(), keyring.New()
			open := func(list string) ([]byte, error) {
				ring, err := keyring.Parse(list)
				if err != nil {
					t.Error(err)
					return nil, err
				}
				return openPepper(t.Context(), db, ring)
			}
			var first [6][]byte
			var nodes sync.WaitGroup
			for i := range first { // that start at once
				nodes.Go(func() {
					var err error
					if first[i], err = open(older); err != nil {
						t.Error(err)
					}
				})
			}
			nodes.Wait()
			if len(first[0]) != pepperSize {
				t.Fatalf("pepper has %d bytes", len(first[0]))
			}
			for _, list := range []string{older, older + "," + newer, newer + "," + older, newer} {
				if got, err := open(list); err != nil || !bytes.Equal(got, first[0]) {
					t.Errorf("pepper = %x, %v, want %x as at first", got, err, first[0])
				}
			}
			for _, other := range first {
				if !bytes.Equal(other, first[0]) {
					t.Error("two nodes have two peppers")
				}
			}
			if _, err := open(older); !isUnknownKey(err) { // it was sealed again
				t.Errorf("with the older key alone: %v, want *keyring.UnknownKeyError", err)
			}
		})
	}
}

func isUnknownKey(err error) bool {
	_, ok := errors.AsType[*keyring.UnknownKeyError](err)
	return ok
}
