package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/sqlstore"
	"github.com/gatehouse-dev/gatehouse/session/storetest"
)

// tables are all of the schema.
var tables = []string{
	"clients", "client_cookies", "sessions", "user_revocations", "attempts", "attempt_tries", "limit_events", "revocations", "signing_keys",
}

// databases opens an empty one of each kind.
var databases = map[string]func(*testing.T) *sqldb.DB{
	"SQLite": func(t *testing.T) *sqldb.DB {
		return openDB(t, "sqlite:"+filepath.Join(t.TempDir(), "gatehouse.db"))
	},
	"PostgreSQL": func(t *testing.T) *sqldb.DB { return openDB(t, testservers.Postgres(t)) },
}

func openDB(t *testing.T, url string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func open(t *testing.T, db *sqldb.DB) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// each runs fn on every kind of database. The stores that it opens share one
// database, emptied for each.
func each(t *testing.T, fn func(t *testing.T, open func(*testing.T) *sqlstore.Store)) {
	for name, openEmpty := range databases {
		t.Run(name, func(t *testing.T) {
			db := openEmpty(t)
			store := open(t, db)
			fn(t, func(t *testing.T) *sqlstore.Store {
				empty(t, db)
				return store
			})
		})
	}
}

func empty(t *testing.T, db *sqldb.DB) {
	t.Helper()
	for _, table := range tables {
		if _, err := db.Pool().ExecContext(t.Context(), "delete from "+table); err != nil {
			t.Fatal(err)
		}
	}
}

func TestClients(t *testing.T) {
	each(t, func(t *testing.T, open func(*testing.T) *sqlstore.Store) {
		storetest.RunClients(t, func(t *testing.T) session.ClientStore { return open(t) })
	})
}

func TestSessions(t *testing.T) {
	each(t, func(t *testing.T, open func(*testing.T) *sqlstore.Store) {
		storetest.RunSessions(t, func(t *testing.T) storetest.SessionStore { return open(t) })
	})
}

func TestAttempts(t *testing.T) {
	each(t, func(t *testing.T, open func(*testing.T) *sqlstore.Store) {
		storetest.RunAttempts(t, func(t *testing.T) session.AttemptStore { return open(t) })
	})
}

func TestLimits(t *testing.T) {
	each(t, func(t *testing.T, open func(*testing.T) *sqlstore.Store) {
		storetest.RunLimits(t, func(t *testing.T) session.LimitStore { return open(t) })
	})
}

func TestRevocations(t *testing.T) {
	each(t, func(t *testing.T, open func(*testing.T) *sqlstore.Store) {
		storetest.RunRevocations(t, func(t *testing.T) session.RevocationStore { return open(t) })
	})
}

func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, open func(*testing.T) *sqlstore.Store) {
		storetest.RunKeys(t, func(t *testing.T) session.KeyStore { return open(t) })
	})
}
