package sqldb_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

// A database that was opened to be read is not changed through the DB, whoever tries.
func TestOpenReadOnly(t *testing.T) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") },
		"postgres": func() string { return testservers.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			url := url()
			open(t, url)
			db, err := sqldb.OpenReadOnly(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := db.Migrate(t.Context(), "test", counters); !errors.Is(err, sqldb.ErrReadOnly) {
				t.Errorf("Migrate of an empty database = %v, want ErrReadOnly", err)
			}
			if err := open(t, url).Migrate(t.Context(), "test", counters); err != nil {
				t.Fatal(err)
			}
			if err := db.Migrate(t.Context(), "test", counters); err != nil {
				t.Errorf("Migrate with nothing to do = %v", err)
			}
			insert := func(ctx context.Context, q sqldb.Querier) error {
				_, err := q.ExecContext(ctx, `insert into counters (name, n) values ('b', 1)`)
				return err
			}
			if err := db.Write(t.Context(), insert); !errors.Is(err, sqldb.ErrReadOnly) {
				t.Errorf("Write = %v, want ErrReadOnly", err)
			}
			if err := db.InTx(t.Context(), insert); !errors.Is(err, sqldb.ErrReadOnly) {
				t.Errorf("InTx = %v, want ErrReadOnly", err)
			}
			var n int
			err = db.Read(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
				return q.QueryRowContext(ctx, `select count(*) from counters`).Scan(&n)
			})
			if err != nil || n != 0 {
				t.Errorf("%d rows, %v", n, err)
			}
			if now, err := db.Clock(t.Context()); err != nil || time.Since(now).Abs() > time.Minute {
				t.Errorf("Clock = %v, %v", now, err)
			}
		})
	}
}

func TestOpenReadOnlyMakesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "test.db")
	if _, err := sqldb.OpenReadOnly(t.Context(), "sqlite:"+path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenReadOnly = %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is there: %v", err)
	}
}
