//go:build !race

package e2e_test

import (
	"path/filepath"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	sessionsql "github.com/gatehouse-dev/gatehouse/session/sqlstore"
)

// TestBulkDeleteSurvivesKill with five times the users, on one file. With the race detector
// SQLite takes ten times as long to store them, and longer than a store may; `make test` runs
// this apart, without.
func TestBulkDeleteOfACrowdSurvivesKill(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")
	bulkDeleteSurvivesKill(t, 50_000, url, func(t *testing.T) session.SessionStore {
		db, err := sqldb.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		s, err := sessionsql.New(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
