// Package sqlstore keeps users in SQLite or PostgreSQL.
//
// [Open] a database for users alone, or [New] on one that is shared. The tables are
// users, identifications, tickets, user_images and user_events; an app may add its own to the same
// database, with foreign keys to users(id), and change both in one transaction:
// begin it on [Store.DB] and pass it to user.Service.WithTx. In SQLite begin it as
// late and commit it as soon as possible: until then nobody else writes.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

//go:embed schema
var schema embed.FS

// Store is a user.Store, user.Outbox, user.Transactor and user.TicketStore. It is safe for
// concurrent use.
type Store struct{ db *sqldb.DB }

var (
	_ user.Store       = (*Store)(nil)
	_ user.Outbox      = (*Store)(nil)
	_ user.Transactor  = (*Store)(nil)
	_ user.TicketStore = (*Store)(nil)
)

// Open opens the database at url, "sqlite:PATH" or "postgres://…", and brings its
// tables up to date. Close it after use.
//
// An SQLite file is made with mode 0600, in a folder of mode 0700, where it is missing.
// A PostgreSQL server on another host is spoken to with TLS and a verified name,
// unless the URL's sslmode says otherwise. A transaction that has returned is durable.
func Open(ctx context.Context, url string) (*Store, error) {
	db, err := sqldb.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	s, err := New(ctx, db)
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return s, nil
}

// New returns a Store on db, after it has brought its tables up to date.
func New(ctx context.Context, db *sqldb.DB) (*Store, error) {
	if err := db.Migrate(ctx, "user", schema); err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// DB returns the pool, on which an app begins its own transactions.
func (s *Store) DB() *sql.DB { return s.db.Pool() }

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// WithTx returns a Store whose every call is a savepoint of tx, which must have been
// begun on DB.
func (s *Store) WithTx(tx *sql.Tx) user.Store { return &Store{db: s.db.WithTx(tx)} }
