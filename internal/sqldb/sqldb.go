// Package sqldb opens the SQL database that the stores share, SQLite or
// PostgreSQL, and hides what differs between them.
//
// Queries are one text for both: lower case, columns listed, placeholders $1, $2, …
// Times are integer Unix milliseconds (see [Millis]), 0 where unset. Reads go
// through [DB.Read], single statements that write through [DB.Write], everything
// else through [DB.InTx]; each bounds the time a call may take, tries again what
// the database asks to try again, and reports a database that is away as
// [ErrUnavailable]. [DB.WithTx] runs all of them inside a transaction of the
// caller's, as savepoints.
package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Timeout bounds one Read, Write or InTx, retries included.
const Timeout = 5 * time.Second

var (
	// ErrUnavailable is a database that cannot be reached, is shutting down, is out
	// of room, or did not answer within Timeout. It wraps the cause.
	ErrUnavailable = errors.New("sqldb: database unavailable")
	// ErrURL is a database URL that Open does not understand.
	ErrURL = errors.New("sqldb: the database URL must be sqlite:PATH or postgres://…")
	// ErrReadOnly is a change of a database that OpenReadOnly opened.
	ErrReadOnly = errors.New("sqldb: the database was opened to be read")
)

// Querier is what *sql.DB, *sql.Tx and *sql.Conn have in common.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// DB is a pool of connections to one database, or one transaction of it (WithTx).
// It is safe for concurrent use; a DB of WithTx is as safe as its transaction.
type DB struct {
	// Dialect is all that differs between the databases, besides their schema files.
	Dialect Dialect

	pool *sql.DB
	tx   *sql.Tx // set by WithTx
	// readOnly makes Write, InTx and a Migrate with something to do return ErrReadOnly.
	readOnly bool
	// writer holds a token while nobody writes. SQLite takes one writer at a time and
	// lets the others poll, with pauses of up to 100 ms; queueing here is fair and
	// fast. It is nil for PostgreSQL.
	writer chan struct{}
}

// Open opens the database at url and checks that it answers.
//
//   - sqlite:PATH is a file, created with mode 0600 in a folder created with mode
//     0700 where missing; the mode of an existing file is narrowed to 0600 (D-05).
//     Transactions are durable when they return (journal in WAL mode, synchronous).
//   - postgres://… and postgresql://… are as libpq has them. A host that is not this
//     machine is only spoken to with TLS and a verified name, unless the URL's
//     sslmode says otherwise.
//
// Errors: ErrURL, ErrUnavailable. They never contain the URL, which may hold a password.
func Open(ctx context.Context, url string) (*DB, error) { return open(ctx, url, prepareFile, direct) }

func direct(c driver.Connector) driver.Connector { return c }

// OpenThrough is Open with something between the pool and the driver, as tests put it
// there that count what is sent.
func OpenThrough(ctx context.Context, url string, wrap func(driver.Connector) driver.Connector) (*DB, error) {
	return open(ctx, url, prepareFile, wrap)
}

// OpenReadOnly opens a database to look at it: it makes no file and changes no mode,
// and whatever would change the database through the DB returns ErrReadOnly. A file
// that is not there is fs.ErrNotExist; for the rest see Open.
func OpenReadOnly(ctx context.Context, url string) (*DB, error) {
	db, err := open(ctx, url, func(path string) error {
		_, err := os.Stat(path)
		return err
	}, direct)
	if err == nil {
		db.readOnly = true
	}
	return db, err
}

// open opens the database at url; prepare looks after a file before that.
func open(ctx context.Context, url string, prepare func(path string) error, wrap func(driver.Connector) driver.Connector) (*DB, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	var db *DB
	var err error
	switch scheme {
	case "sqlite":
		db, err = openSQLite(rest, prepare, wrap)
	case "postgres", "postgresql":
		db, err = openPostgres(url, wrap)
	default:
		return nil, ErrURL
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if err := db.pool.PingContext(ctx); err != nil {
		_ = db.pool.Close()
		return nil, fmt.Errorf("open database: %w", db.classify(ctx, err))
	}
	return db, nil
}

// Pool returns the pool itself: for an app that begins its own transactions, and
// for statistics.
func (db *DB) Pool() *sql.DB { return db.pool }

// Close closes the pool.
func (db *DB) Close() error { return db.pool.Close() }

// WithTx returns a DB whose every call is part of tx, which must have been begun
// on Pool: Read runs in it, Write and InTx are savepoints of it. Nothing is tried
// again, since only the owner of tx can.
func (db *DB) WithTx(tx *sql.Tx) *DB {
	return &DB{Dialect: db.Dialect, pool: db.pool, tx: tx}
}

// Millis is how times are stored: Unix milliseconds, rounded down; 0 for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time reverses Millis: UTC, and the zero time for 0.
func Time(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}
