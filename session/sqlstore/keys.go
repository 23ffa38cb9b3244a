package sqlstore

import (
	"context"
	"time"

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
	updateKeyState = `update signing_keys set state = $2, state_at = $3 where id = $1`
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

// SetSigningKeyState implements session.KeyStore.
func (s *Store) SetSigningKeyState(ctx context.Context, id string, state session.KeyState, at time.Time) error {
	n, err := s.exec(ctx, updateKeyState, rules.Text(id), string(state), sqldb.Millis(at))
	if err == nil && n == 0 {
		err = session.ErrNotFound
	}
	return fail("set state of signing key", err)
}
