package sqlstore_test

import (
	"database/sql"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

// Both databases, migrated from nothing, have the same tables, columns and indexes.
func TestSchemasAgree(t *testing.T) {
	sqlite := names(t, openSQLite(t).DB(), `
		select m.name || '.' || c.name || ' ' || lower(c.type) || case when c."notnull" then ' not null' else '' end
		from sqlite_schema m, pragma_table_info(m.name) c
		where m.type = 'table' and m.name not like 'sqlite_%'
		union all
		select 'index ' || name from sqlite_schema where type = 'index' and name not like 'sqlite_%'`)
	postgres := names(t, open(t, testservers.Postgres(t)).DB(), `
		select table_name || '.' || column_name || ' ' || data_type || case is_nullable when 'NO' then ' not null' else '' end
		from information_schema.columns where table_schema = 'public'
		union all
		select 'index ' || indexname from pg_indexes where schemaname = 'public' and indexname not like '%_pkey'`)

	// What a type of PostgreSQL is in SQLite.
	types := strings.NewReplacer(" bigint", " integer", " boolean", " integer", " json", " text", " bytea", " blob")
	translated := map[string]bool{}
	for name := range postgres {
		// SQLite's key of integers cannot be null either, but does not say so.
		translated[strings.Replace(types.Replace(name), "seq integer not null", "seq integer", 1)] = true
	}
	// The table of migrations is one text for both, so SQLite keeps the type as written.
	if sqlite["schema_migrations.applied_at bigint not null"] {
		delete(sqlite, "schema_migrations.applied_at bigint not null")
		sqlite["schema_migrations.applied_at integer not null"] = true
	}
	// Substrings have an index of the database's own kind: a table in SQLite.
	for _, all := range []map[string]bool{sqlite, translated} {
		maps.DeleteFunc(all, func(name string, _ bool) bool { return strings.Contains(name, "user_search_trigrams") })
	}
	for name := range sqlite {
		if !translated[name] {
			t.Errorf("only SQLite has %q", name)
		}
	}
	for name := range translated {
		if !sqlite[name] {
			t.Errorf("only PostgreSQL has %q", name)
		}
	}
	if len(sqlite) < 50 {
		t.Errorf("only %d names: %v", len(sqlite), slices.Collect(maps.Keys(sqlite)))
	}
}

func names(t *testing.T, db *sql.DB, query string) map[string]bool {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		all[name] = true
	}
	return all
}

// D-05: only the owner reads the file, and the journal beside it.
func TestFileModes(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data", "users")
	open(t, "sqlite:"+filepath.Join(folder, "users.db"))
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) < 2 {
		t.Fatalf("folder holds %v, %v; want the file and its journal", entries, err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v; want 0600", entry.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder has mode %v, %v; want 0700", info.Mode(), err)
	}
}

func TestOpenTwice(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "users.db")
	open(t, url)
	open(t, url) // finds the tables there
	if _, err := sqlstore.Open(t.Context(), "mysql://localhost"); err == nil {
		t.Error("Open of an unknown database succeeded")
	}
}
