package sqlstore

import (
	"context"
	"database/sql"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

const (
	// The row lock lasts until the transaction ends, whether there was a tombstone or not.
	lockTombstoneRow = `
	insert into user_revocations (user_id, revoked_at, cause, except_session_id, keep_until)
	values ($1, 0, '', '', 0)
	on conflict (user_id) do update set user_id = excluded.user_id
	returning revoked_at, cause, except_session_id, keep_until`
	updateTombstone = `
	update user_revocations set revoked_at = $2, cause = $3, except_session_id = $4, keep_until = $5
	where user_id = $1`
	revokeSessions = `
	update sessions set status = 'revoked', cause = $2, updated_at = $3, version = version + 1
	where user_id = $1 and status in ('active', 'pending') and id <> $4
	returning id`
)

// tombstone is a row of user_revocations; at is 0 where there is none.
type tombstone struct {
	at, keepUntil int64
	cause, except string
}

// RevokeUser implements session.SessionStore.
func (s *Store) RevokeUser(ctx context.Context, userID string, r session.UserRevocation) (turned []session.ID, err error) {
	const op = "revoke sessions of user"
	if !rules.UserID(userID) || r.Except != "" && !rules.SessionID(r.Except) {
		return nil, fail(op, session.ErrNotFound)
	}
	err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		old, err := lockTombstone(ctx, q, userID)
		if err != nil {
			return err
		}
		t := old.replacedBy(r)
		if _, err := q.ExecContext(ctx, updateTombstone, userID, t.at, t.cause, t.except, t.keepUntil); err != nil {
			return err
		}
		if turned, err = revokeLive(ctx, q, userID, r); err != nil {
			return err
		}
		records := []session.RevocationRecord{rules.UserRevoked(userID, r)}
		for _, id := range turned {
			records = append(records, rules.SessionRevoked(id, r.At, r.Cause))
		}
		return s.publish(ctx, q, records...)
	})
	if err != nil {
		return nil, fail(op, err)
	}
	return turned, nil
}

func revokeLive(ctx context.Context, q sqldb.Querier, userID string, r session.UserRevocation) ([]session.ID, error) {
	rows, err := q.QueryContext(ctx, revokeSessions, userID, rules.Text(r.Cause), sqldb.Millis(r.At), string(r.Except))
	if err != nil {
		return nil, err
	}
	return sessionIDs(rows)
}

// sessionIDs reads all rows, of one column, and closes them.
func sessionIDs(rows *sql.Rows) (ids []session.ID, err error) {
	defer rows.Close()
	for rows.Next() {
		var id session.ID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// replacedBy returns the tombstone that stands after r. A later one stands, and of
// two of the same time the one that spares nobody.
func (t tombstone) replacedBy(r session.UserRevocation) tombstone {
	at := sqldb.Millis(rules.Through(r))
	if at > t.at || at == t.at && r.Except == "" {
		t.at, t.cause, t.except = at, rules.Text(r.Cause), string(r.Except)
	}
	t.keepUntil = max(t.keepUntil, sqldb.Millis(r.KeepUntil))
	return t
}

// lockTombstone locks the user's row until the transaction ends and returns it.
func lockTombstone(ctx context.Context, q sqldb.Querier, userID string) (t tombstone, err error) {
	err = q.QueryRowContext(ctx, lockTombstoneRow, userID).Scan(&t.at, &t.cause, &t.except, &t.keepUntil)
	return t, err
}
