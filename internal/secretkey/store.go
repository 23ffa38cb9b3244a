package secretkey

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

//go:embed schema
var schema embed.FS

const (
	columns   = `k.id, k.hash, k.label, k.hint, k.created_at, k.expires_at, k.revoked_at`
	selectAll = `
		select ` + columns + `, coalesce(u.used_at, 0)
		from secret_keys k left join secret_key_uses u on u.id = k.id
		order by k.created_at desc, k.id desc`
	selectGood = `
		select ` + columns + `, 0
		from secret_keys k where k.revoked_at = 0`
	insertKey = `
		insert into secret_keys (id, hash, label, hint, created_at, expires_at, revoked_at)
		values ($1, $2, $3, $4, $5, $6, 0)`
	countGood = `select count(*) from secret_keys where revoked_at = 0 and (expires_at = 0 or expires_at > $1)`
	revokeKey = `update secret_keys set revoked_at = $2 where id = $1 and revoked_at = 0`
	purgeUses = `delete from secret_key_uses where id in (select id from secret_keys where revoked_at > 0 and revoked_at < $1)`
	purgeKeys = `delete from secret_keys where revoked_at > 0 and revoked_at < $1`
	selectUse = `select used_at from secret_key_uses where id = $1`
	insertUse = `
		insert into secret_key_uses (id, used_at) values ($1, $2)
		on conflict (id) do update set used_at = excluded.used_at
		where secret_key_uses.used_at < excluded.used_at`
)

// Store keeps keys in SQLite or PostgreSQL.
type Store struct{ db *sqldb.DB }

// NewStore returns a Store on db and brings its tables up to date.
func NewStore(ctx context.Context, db *sqldb.DB) (*Store, error) {
	if err := db.Migrate(ctx, "secretkey", schema); err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// row is a key and its hash.
type row struct {
	Key
	hash [sha256.Size]byte
}

// good reads the keys that are not revoked.
func (s *Store) good(ctx context.Context) ([]row, error) { return s.rows(ctx, selectGood) }

// all reads every key, newest first, with its last use.
func (s *Store) all(ctx context.Context) ([]row, error) { return s.rows(ctx, selectAll) }

func (s *Store) rows(ctx context.Context, query string) (found []row, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		found = nil
		rows, err := q.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scan(rows)
			if err != nil {
				return err
			}
			found = append(found, r)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read secret keys: %w", err)
	}
	return found, nil
}

func scan(rows *sql.Rows) (row, error) {
	var r row
	var hash string
	var created, expires, revoked, used int64
	if err := rows.Scan(&r.ID, &hash, &r.Label, &r.Hint, &created, &expires, &revoked, &used); err != nil {
		return row{}, err
	}
	if n, err := hex.Decode(r.hash[:], []byte(hash)); err != nil || n != len(r.hash) {
		return row{}, fmt.Errorf("secret key %s: its hash cannot be read", r.ID)
	}
	r.CreatedAt, r.ExpiresAt, r.RevokedAt, r.LastUsedAt = sqldb.Time(created), sqldb.Time(expires), sqldb.Time(revoked), sqldb.Time(used)
	return r, nil
}

// create adds a key, unless there are maxKeys good ones, and forgets those revoked long ago.
func (s *Store) create(ctx context.Context, r row) error {
	now, old := sqldb.Millis(r.CreatedAt), sqldb.Millis(r.CreatedAt.Add(-keepRevoked))
	err := s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		for _, purge := range []string{purgeUses, purgeKeys} {
			if _, err := q.ExecContext(ctx, purge, old); err != nil {
				return err
			}
		}
		var n int
		if err := q.QueryRowContext(ctx, countGood, now).Scan(&n); err != nil {
			return err
		}
		if n >= maxKeys {
			return ErrTooMany
		}
		_, err := q.ExecContext(ctx, insertKey, r.ID, hex.EncodeToString(r.hash[:]), r.Label, r.Hint, now, sqldb.Millis(r.ExpiresAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("create secret key: %w", err)
	}
	return nil
}

// revoke marks a key. Again for a revoked one it changes nothing.
func (s *Store) revoke(ctx context.Context, id string, now time.Time) error {
	err := s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		_, err := q.ExecContext(ctx, revokeKey, id, sqldb.Millis(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("revoke secret key: %w", err)
	}
	return nil
}

// used notes when a key was last used.
func (s *Store) used(ctx context.Context, id string, at time.Time) error {
	err := s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		_, err := q.ExecContext(ctx, insertUse, id, sqldb.Millis(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("note use of secret key: %w", err)
	}
	return nil
}

// lastUse is when a key was last used, the zero time if that is not known.
func (s *Store) lastUse(ctx context.Context, id string) (at time.Time, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		var used int64
		err := q.QueryRowContext(ctx, selectUse, id).Scan(&used)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		at = sqldb.Time(used)
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("read use of secret key: %w", err)
	}
	return at, nil
}
