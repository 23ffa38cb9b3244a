package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

var counters = fstest.MapFS{
	"schema/sqlite/0001_counters.sql":   {Data: []byte("create table counters (name text not null primary key, n integer not null) strict;\ncreate unique index counters_n on counters (n) where n > 1000;")},
	"schema/postgres/0001_counters.sql": {Data: []byte("create table counters (name text not null primary key, n bigint not null);\ncreate unique index counters_n on counters (n) where n > 1000;")},
}

// each runs a test on both databases, with the table counters.
func each(t *testing.T, test func(*testing.T, *sqldb.DB)) {
	t.Helper()
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") },
		"postgres": func() string { return testservers.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, url())
			if err := db.Migrate(t.Context(), "test", counters); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Pool().ExecContext(t.Context(), `insert into counters (name, n) values ('a', 0)`); err != nil {
				t.Fatal(err)
			}
			test(t, db)
		})
	}
}

func open(t *testing.T, url string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func add(n int) func(context.Context, sqldb.Querier) error {
	return func(ctx context.Context, q sqldb.Querier) error {
		_, err := q.ExecContext(ctx, `update counters set n = n + $1 where name = 'a'`, n)
		return err
	}
}

func value(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	err := db.Read(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, `select n from counters where name = $1`, "a").Scan(&n)
	})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return n
}

func TestInTx(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		if err := db.InTx(t.Context(), add(1)); err != nil {
			t.Fatal(err)
		}
		broken := errors.New("broken")
		err := db.InTx(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
			return errors.Join(add(10)(ctx, q), broken)
		})
		if !errors.Is(err, broken) || errors.Is(err, sqldb.ErrUnavailable) {
			t.Errorf("InTx = %v, want the function's error", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = db.InTx(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
				_ = add(100)(ctx, q)
				panic("boom")
			})
		}()
		if got := value(t, db); got != 1 {
			t.Errorf("n = %d, want 1: only what was committed", got)
		}
		if err := db.Write(t.Context(), add(1)); err != nil { // the writer's turn came back after the panic
			t.Errorf("Write: %v", err)
		}
	})
}

// Readers that become writers, all at once: each is run again until it gets through.
func TestParallelTransactions(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				err := db.InTx(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
					var n int
					if err := q.QueryRowContext(ctx, `select n from counters where name = 'a'`+db.Dialect.LockRow).Scan(&n); err != nil {
						return err
					}
					_, err := q.ExecContext(ctx, `update counters set n = $1 where name = 'a'`, n+1)
					return err
				})
				if err != nil {
					t.Errorf("InTx: %v", err)
				}
			})
			wg.Go(func() {
				if err := db.Write(t.Context(), add(1)); err != nil {
					t.Errorf("Write: %v", err)
				}
			})
		}
		wg.Wait()
		if got := value(t, db); got != 40 {
			t.Errorf("n = %d, want 40", got)
		}
	})
}

// What the database asks to try again is tried again, a bounded number of times.
func TestRetry(t *testing.T) {
	db := open(t, testservers.Postgres(t))
	runs := 0
	fail := func(ctx context.Context, q sqldb.Querier) error {
		runs++
		_, err := q.ExecContext(ctx, `do $$ begin raise exception 'try again' using errcode = '40001'; end $$`)
		return err
	}
	if err := db.InTx(t.Context(), fail); !errors.Is(err, sqldb.ErrUnavailable) || runs != 6 {
		t.Errorf("InTx = %v after %d runs, want ErrUnavailable after 6", err, runs)
	}
	runs = 0
	err := db.InTx(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
		if runs == 2 {
			return nil
		}
		return fail(ctx, q)
	})
	if err != nil || runs != 2 {
		t.Errorf("InTx = %v after %d failures, want success after 2", err, runs)
	}
	// In a caller's transaction only the caller can.
	tx, err := db.Pool().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	runs = 0
	if err := db.WithTx(tx).InTx(t.Context(), fail); err == nil || runs != 1 {
		t.Errorf("InTx inside = %v after %d runs, want an error after 1", err, runs)
	}
}

func TestSavepoints(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		tx, err := db.Pool().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		inside := db.WithTx(tx)
		if err := inside.InTx(t.Context(), add(1)); err != nil {
			t.Fatal(err)
		}
		// A statement that fails would end a transaction of PostgreSQL's.
		err = inside.Write(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
			if err := add(10)(ctx, q); err != nil {
				return err
			}
			_, err := q.ExecContext(ctx, `insert into counters (name, n) values ('a', 7)`)
			return err
		})
		if !(sqldb.Unique{Index: "counters_pkey", Columns: "counters.name"}).Is(err) {
			t.Errorf("Write = %v, want a duplicate", err)
		}
		// Nor does a caller that gives up in the middle.
		ctx, cancel := context.WithCancel(t.Context())
		err = inside.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
			err := add(100)(ctx, q)
			cancel()
			return errors.Join(err, ctx.Err())
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("InTx = %v, want context.Canceled", err)
		}
		if err := inside.InTx(t.Context(), add(1000)); err != nil {
			t.Fatal(err)
		}
		if got := value(t, inside); got != 1001 {
			t.Errorf("inside n = %d, want 1001", got)
		}
		if got := value(t, db); got != 0 {
			t.Errorf("outside n = %d, want 0 before the commit", got)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if got := value(t, db); got != 1001 {
			t.Errorf("n = %d, want 1001", got)
		}
	})
}

func TestUnique(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		insert := func(name string, n int) error {
			return db.Write(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
				_, err := q.ExecContext(ctx, `insert into counters (name, n) values ($1, $2)`, name, n)
				return err
			})
		}
		if err := insert("b", 2000); err != nil {
			t.Fatal(err)
		}
		names := sqldb.Unique{Index: "counters_pkey", Columns: "counters.name"}
		numbers := sqldb.Unique{Index: "counters_n", Columns: "counters.n"}
		byName, byNumber := insert("a", 1), insert("c", 2000)
		if !names.Is(byName) || numbers.Is(byName) || !numbers.Is(byNumber) || names.Is(byNumber) || names.Is(nil) {
			t.Errorf("duplicates are not told apart: %v and %v", byName, byNumber)
		}
		if !names.Is(fmt.Errorf("wrapped: %w", byName)) {
			t.Error("a wrapped error is not recognised")
		}
	})
}

func TestCancelled(t *testing.T) {
	each(t, func(t *testing.T, db *sqldb.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for name, call := range map[string]func(context.Context, func(context.Context, sqldb.Querier) error) error{
			"Read": db.Read, "Write": db.Write, "InTx": db.InTx,
		} {
			err := call(ctx, add(1))
			if !errors.Is(err, context.Canceled) || errors.Is(err, sqldb.ErrUnavailable) {
				t.Errorf("%s = %v, want context.Canceled", name, err)
			}
		}
	})
}

func TestUnavailable(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		_, err := sqldb.Open(t.Context(), "postgres://u:hunter2@127.0.0.1:1/db")
		if !errors.Is(err, sqldb.ErrUnavailable) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open = %v, want ErrUnavailable without the password", err)
		}
	})
	t.Run("no folder", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := sqldb.Open(t.Context(), "sqlite:"+file+"/users.db"); err == nil {
			t.Error("Open below a file succeeded")
		}
	})
	t.Run("ended by the server", func(t *testing.T) {
		db := open(t, testservers.Postgres(t))
		err := db.Read(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
			_, err := q.ExecContext(ctx, `select pg_terminate_backend(pg_backend_pid())`)
			return err
		})
		if !errors.Is(err, sqldb.ErrUnavailable) {
			t.Errorf("Read = %v, want ErrUnavailable", err)
		}
		if err := db.Read(t.Context(), func(context.Context, sqldb.Querier) error { return nil }); err != nil {
			t.Errorf("Read afterwards: %v", err)
		}
	})
	t.Run("closed", func(t *testing.T) {
		db := open(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
		db.Close()
		if err := db.InTx(t.Context(), add(1)); err == nil {
			t.Error("InTx on a closed pool succeeded")
		}
	})
	t.Run("out of time", func(t *testing.T) {
		db := open(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		if err := db.InTx(ctx, add(1)); !errors.Is(err, sqldb.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("InTx = %v, want ErrUnavailable and DeadlineExceeded", err)
		}
	})
}

func TestMalformedURLs(t *testing.T) {
	for _, url := range []string{
		"", "sqlite", "sqlite:", "sqlite::memory:", "mysql://u:hunter2@h/db", "/var/lib/users.db",
		"postgres://u:hunter2@h:port/db", "postgres://u:hunter2@h/db?sslmode=never", "postgresql://u:hunter2%zz@h/db",
	} {
		_, err := sqldb.Open(t.Context(), url)
		if !errors.Is(err, sqldb.ErrURL) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q) = %v, want ErrURL without the password", url, err)
		}
	}
}

// D-05: TLS with a verified name for a server elsewhere, unless the URL says otherwise.
func TestPostgresTLS(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	for url, want := range map[string][2]bool{
		"postgres://db.example.com/app":                    {true, true},
		"postgres://db.example.com/app?application_name=x": {true, true},
		"postgres://localhost,db.example.com/app":          {true, true},
		"postgresql://10.0.0.7/app":                        {true, true},
		"postgres://db.example.com/app?sslmode=disable":    {false, false},
		"postgres://127.0.0.1/app":                         {false, false},
		"postgres://[::1]/app":                             {false, false},
		"postgres://localhost/app":                         {false, false},
		"postgres:///app?host=/var/run/postgresql":         {false, false},
	} {
		secured, verified, err := sqldb.PostgresTLS(url)
		if err != nil || secured != want[0] || verified != want[1] {
			t.Errorf("%s: secured %v, verified %v, %v; want %v", url, secured, verified, err, want)
		}
	}
}

// D-05
func TestSQLiteSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd name?x=1#%41", "test.db")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil { // as another tool would leave it
		t.Fatal(err)
	}
	db := open(t, "sqlite:"+path)
	var wg sync.WaitGroup
	for range 4 { // as many connections
		conn, err := db.Pool().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		wg.Go(func() {
			for pragma, want := range map[string]string{"foreign_keys": "1", "busy_timeout": "5000", "journal_mode": "wal", "synchronous": "2"} {
				var got string
				if err := conn.QueryRowContext(t.Context(), "pragma "+pragma).Scan(&got); err != nil || got != want {
					t.Errorf("%s = %s, %v; want %s", pragma, got, err, want)
				}
			}
		})
	}
	wg.Wait()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func TestTimes(t *testing.T) {
	berlin := time.FixedZone("CEST", 7200)
	at := time.Date(2030, 6, 1, 14, 0, 0, 1_999_999, berlin)
	if got := sqldb.Time(sqldb.Millis(at)); got != time.Date(2030, 6, 1, 12, 0, 0, 1_000_000, time.UTC) {
		t.Errorf("Time(Millis) = %v", got)
	}
	if sqldb.Millis(time.Time{}) != 0 || !sqldb.Time(0).IsZero() {
		t.Error("the zero time is not 0")
	}
}

var _ = []sqldb.Querier{(*sql.DB)(nil), (*sql.Tx)(nil), (*sql.Conn)(nil)}

// A connection that is cut while the server answers.
func TestConnectionCut(t *testing.T) {
	target, err := url.Parse(testservers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	server := target.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	connections := make(chan net.Conn, 10)
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", server)
			if err != nil {
				near.Close()
				return
			}
			connections <- near
			go func() { _, _ = io.Copy(far, near); far.Close() }()
			go func() { _, _ = io.Copy(near, far); near.Close() }()
		}
	}()
	target.Host = listener.Addr().String()
	db := open(t, target.String())
	// In a transaction: elsewhere database/sql would try again on a new connection
	// if the cut comes before the statement is sent.
	err = db.InTx(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
		time.AfterFunc(500*time.Millisecond, func() { _ = (<-connections).(*net.TCPConn).CloseWrite() })
		var n int
		return q.QueryRowContext(ctx, `select 1 from pg_sleep(3)`).Scan(&n)
	})
	if !errors.Is(err, sqldb.ErrUnavailable) {
		t.Errorf("InTx = %v, want ErrUnavailable", err)
	}
}
