package sqlstore_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/user"
	"github.com/gatehouse-dev/gatehouse/user/sqlstore"
	"github.com/gatehouse-dev/gatehouse/user/storetest"
)

func openSQLite(t testing.TB) *sqlstore.Store {
	t.Helper()
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "users.db"))
}

// postgresSchema returns the URL of an empty schema of its own in a database: much
// quicker to make than a database.
func postgresSchema(t testing.TB, database string) string {
	t.Helper()
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := "s_" + strings.ToLower(random.Base62(20))
	if _, err := db.ExecContext(t.Context(), "create schema "+name); err != nil {
		t.Fatalf("create schema: %v", err)
	}
	return database + "&search_path=" + name
}

func open(t testing.TB, url string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), url)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) user.Store { return openSQLite(t) })
}

func TestPostgres(t *testing.T) {
	database := testservers.Postgres(t)
	storetest.Run(t, func(t *testing.T) user.Store { return open(t, postgresSchema(t, database)) })
}
