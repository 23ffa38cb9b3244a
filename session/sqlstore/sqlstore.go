// Package sqlstore keeps clients, sessions, attempts, limits, revocations and
// signing keys in SQLite or PostgreSQL.
//
//	db, err := sqldb.Open(ctx, "sqlite:gatehouse.db")
//	store, err := sqlstore.New(ctx, db)
//
// A [Store] implements every store that package session declares. Changes of
// sessions and clients are compare-and-set on a version (S-05); what creates a
// session and what revokes a user's sessions meet at a row lock on the user's
// tombstone, so that neither slips past the other (S-08). What ends a session writes
// the revocation log in the same transaction. Expiry is decided by the
// caller's clock; [Store.Sweep] only removes what has expired.
package sqlstore

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
)

//go:embed schema
var schema embed.FS

// Store is safe for concurrent use.
type Store struct {
	db          *sqldb.DB
	revocations revocationQueries
}

var (
	_ session.ClientStore     = (*Store)(nil)
	_ session.SessionStore    = (*Store)(nil)
	_ session.AttemptStore    = (*Store)(nil)
	_ session.LimitStore      = (*Store)(nil)
	_ session.RevocationStore = (*Store)(nil)
	_ session.KeyStore        = (*Store)(nil)
)

// New brings the tables up to date and returns a store on them. The store does not
// close db.
func New(ctx context.Context, db *sqldb.DB) (*Store, error) {
	if err := db.Migrate(ctx, "session", schema); err != nil {
		return nil, fail("open session store", err)
	}
	return &Store{db: db, revocations: newRevocationQueries(db.Dialect)}, nil
}

// maxTries bounds how often a compare-and-set is tried. Each time it loses, another
// has won, so this is far beyond what a record sees at once.
const maxTries = 200

// errLost is a compare-and-set that has to be tried again.
var errLost = errors.New("lost")

// tryAgain runs fn until it returns something other than errLost.
func tryAgain(fn func() error) error {
	for range maxTries {
		if err := fn(); err != errLost {
			return err
		}
	}
	return session.ErrConflict
}

// fail adds op to err and turns a database that is away into session.ErrUnavailable.
func fail(op string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sqldb.ErrUnavailable) {
		return fmt.Errorf("%s: %w: %w", op, session.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}

// row is what *sql.Row and *sql.Rows have in common.
type row interface{ Scan(dest ...any) error }
