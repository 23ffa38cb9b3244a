package sqldb_test

import (
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

// more is counters and later migrations, one text for both databases.
func more(files map[string]string) fstest.MapFS {
	all := maps.Clone(counters)
	for name, text := range files {
		all["schema/sqlite/"+name] = &fstest.MapFile{Data: []byte(text)}
		all["schema/postgres/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

func TestMigrate(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		next := more(map[string]string{
			"0003_fill.sql":   "insert into counters (name, n, note) values ('c', 3, 'x');",
			"0002_column.sql": "alter table counters add column note text; insert into counters (name, n) values ('b', 2);",
		})
		for range 2 { // the second time does nothing
			if err := db.Migrate(t.Context(), "test", next); err != nil {
				t.Fatal(err)
			}
		}
		// One that fails leaves nothing, and is tried again the next time.
		broken := more(map[string]string{"0004_broken.sql": "insert into counters (name, n) values ('d', 4); insert into nowhere values (1);"})
		if err := db.Migrate(t.Context(), "test", broken); err == nil {
			t.Error("a broken migration succeeded")
		}
		repaired := more(map[string]string{"0004_broken.sql": "insert into counters (name, n) values ('d', 4);"})
		if err := db.Migrate(t.Context(), "test", repaired); err != nil {
			t.Fatal(err)
		}
		// Another owner's names are its own.
		other := fstest.MapFS{
			"schema/sqlite/0001_counters.sql":   {Data: []byte("create table others (id text);")},
			"schema/postgres/0001_counters.sql": {Data: []byte("create table others (id text);")},
		}
		if err := db.Migrate(t.Context(), "other", other); err != nil {
			t.Fatal(err)
		}
		var rows, done int
		if err := db.Pool().QueryRowContext(t.Context(), "select count(*) from counters").Scan(&rows); err != nil || rows != 4 {
			t.Errorf("%d rows, %v; want 4", rows, err)
		}
		if err := db.Pool().QueryRowContext(t.Context(), "select count(*) from schema_migrations").Scan(&done); err != nil || done != 5 {
			t.Errorf("%d migrations recorded, %v; want 5", done, err)
		}
		if err := db.Migrate(t.Context(), "nobody", fstest.MapFS{}); err == nil {
			t.Error("Migrate without files succeeded")
		}
	})
}

// Nodes that start together migrate once.
func TestParallelMigrations(t *testing.T) {
	for name, url := range map[string]string{
		"sqlite":   "sqlite:" + filepath.Join(t.TempDir(), "test.db"),
		"postgres": testservers.Postgres(t),
	} {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for range 5 {
				db := open(t, url)
				wg.Go(func() {
					if err := db.Migrate(t.Context(), "test", counters); err != nil {
						t.Errorf("Migrate: %v", err)
					}
				})
			}
			wg.Wait()
		})
	}
}
