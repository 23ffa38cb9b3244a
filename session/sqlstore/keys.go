package sqlstore

import (
	"context"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

const (
	selectKeys = `
	select id, algorithm, state, sealed_private, public_der, created_at, state_at
	from signing_keys order by ordinal`
	// An active key is only added where there is none of any state. Two nodes that
	// add at once reckon the same ordinal, and the index tells the second.
	insertKey = `
	insert into signing_keys (id, ordinal, algorithm, state, sealed_private, public_der, created_at, state_at)
	select cast($1 as text), count(*) + 1, cast($2 as text), cast($3 as text), $4, $5, cast($6 as bigint), cast($7 as bigint)
	from signing_keys
	having cast($3 as text) <> 'active' or count(*) = 0`
	updateKey = `
	update signing_keys set state = $5, state_at = $6, sealed_private = $7
	where id = $1 and state = $2 and state_at = $3 and sealed_private = $4`
	countKey = `select count(*) from signing_keys where id = $1`
)

var (
	keyOrdinal = sqldb.Unique{Index: "signing_keys_ordinal", Columns: "signing_keys.ordinal"}
	keyID      = sqldb.Unique{Index: "signing_keys_pkey", Columns: "signing_keys.id"}
)

// SigningKeys implements session.KeyStore: all of them, the oldest first.
func (s *Store) SigningKeys(ctx context.Context) (found []session.StoredKey, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		rows, err := q.QueryContext(ctx, selectKeys)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k session.StoredKey
			var created, stateAt int64
			if err := rows.Scan(&k.ID, &k.Algorithm, &k.State, &k.SealedPrivate, &k.PublicDER, &created, &stateAt); err != nil {
				return err
			}
			if len(k.SealedPrivate) == 0 {
				k.SealedPrivate = nil
			}
			k.CreatedAt, k.StateAt = sqldb.Time(created), sqldb.Time(stateAt)
			found = append(found, k)
		}
		return rows.Err()
	})
	return found, fail("read signing keys", err)
}

// AddSigningKey implements session.KeyStore.
func (s *Store) AddSigningKey(ctx context.Context, k session.StoredKey) error {
	err := tryAgain(func() error {
		n, err := s.exec(ctx, insertKey, rules.Text(k.ID), rules.Text(k.Algorithm), string(k.State), notNil(k.SealedPrivate), notNil(k.PublicDER),
			sqldb.Millis(k.CreatedAt), sqldb.Millis(k.StateAt))
		switch {
		case keyOrdinal.Is(err):
			return errLost
		case keyID.Is(err), err == nil && n == 0:
			return session.ErrConflict
		}
		return err
	})
	return fail("add signing key", err)
}

// UpdateSigningKey implements session.KeyStore.
func (s *Store) UpdateSigningKey(ctx context.Context, was, is session.StoredKey) error {
	const op = "update signing key"
	id := rules.Text(was.ID)
	n, err := s.exec(ctx, updateKey, id, string(was.State), sqldb.Millis(was.StateAt), notNil(was.SealedPrivate),
		string(is.State), sqldb.Millis(is.StateAt), notNil(is.SealedPrivate))
	if err != nil || n == 1 {
		return fail(op, err)
	}
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, countKey, id).Scan(&n)
	})
	switch {
	case err != nil:
		return fail(op, err)
	case n == 0:
		return fail(op, session.ErrNotFound)
	}
	return fail(op, session.ErrConflict)
}
