package document

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

//go:embed schema
var schema embed.FS

const (
	selectDocument = `select body, version from instance_documents where name = $1 and version <> $2`
	insertDocument = `
		insert into instance_documents (name, version, body, updated_at)
		values ($1, 1, $2, $3)
		on conflict (name) do nothing`
	updateDocument = `
		update instance_documents set version = version + 1, body = $3, updated_at = $4
		where name = $1 and version = $2`
)

// Store keeps documents in SQLite or PostgreSQL.
type Store struct{ db *sqldb.DB }

// NewStore returns a Store on db and brings its table up to date.
func NewStore(ctx context.Context, db *sqldb.DB) (*Store, error) {
	if err := db.Migrate(ctx, "document", schema); err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// read returns a document's row, unless it is at the version that is known; changed is
// false then, and where there is no row.
func (s *Store) read(ctx context.Context, name string, known int64) (body []byte, version int64, changed bool, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		err := q.QueryRowContext(ctx, selectDocument, name, known).Scan(&body, &version)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		changed = err == nil
		return err
	})
	if err != nil {
		return nil, 0, false, fmt.Errorf("read %s: %w", name, err)
	}
	return body, version, changed, nil
}

// replace stores the next version of a document, unless it is not at version any more.
func (s *Store) replace(ctx context.Context, name string, version int64, body []byte, now time.Time) (done bool, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		var result sql.Result
		var err error
		if version == 0 {
			result, err = q.ExecContext(ctx, insertDocument, name, string(body), sqldb.Millis(now))
		} else {
			result, err = q.ExecContext(ctx, updateDocument, name, version, string(body), sqldb.Millis(now))
		}
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		done = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("store %s: %w", name, err)
	}
	return done, nil
}
