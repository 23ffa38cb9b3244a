package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// putTombstones is updateTombstone after lockTombstoneRow for many users, whose ids stand
// in %s: a later tombstone stands, and is kept for as long as either asks.
const putTombstones = `
	insert into user_revocations (user_id, revoked_at, cause, except_session_id, keep_until)
	values %s
	on conflict (user_id) do update set
		revoked_at = case when excluded.revoked_at >= user_revocations.revoked_at then excluded.revoked_at else user_revocations.revoked_at end,
		cause = case when excluded.revoked_at >= user_revocations.revoked_at then excluded.cause else user_revocations.cause end,
		except_session_id = case when excluded.revoked_at >= user_revocations.revoked_at then '' else user_revocations.except_session_id end,
		keep_until = case when excluded.keep_until > user_revocations.keep_until then excluded.keep_until else user_revocations.keep_until end`

const revokeSessionsOf = `
	update sessions set status = 'revoked', cause = $1, updated_at = $2, version = version + 1
	where user_id in (%s) and status in ('active', 'pending')
	returning id`

// RevokeUsers implements session.SessionStore.
func (s *Store) RevokeUsers(ctx context.Context, userIDs []string, r session.UserRevocation) (turned []session.ID, err error) {
	const op = "revoke sessions of users"
	for _, id := range userIDs {
		if !rules.UserID(id) {
			return nil, fail(op, session.ErrNotFound)
		}
	}
	// Whoever locks several rows does it in one order, so that no two wait for each other.
	users := slices.Compact(slices.Sorted(slices.Values(userIDs)))
	if len(users) == 0 {
		return nil, nil
	}
	r.Except = ""
	err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		turned = nil
		through, keep := sqldb.Millis(rules.Through(r)), sqldb.Millis(r.KeepUntil)
		args := []any{through, rules.Text(r.Cause), keep}
		rows := make([]string, len(users))
		for n, id := range users {
			args = append(args, id)
			rows[n] = fmt.Sprintf("($%d, $1, $2, '', $3)", len(args))
		}
		if _, err := q.ExecContext(ctx, fmt.Sprintf(putTombstones, strings.Join(rows, ", ")), args...); err != nil {
			return err
		}
		if turned, err = revokeAllLive(ctx, q, users, r); err != nil {
			return err
		}
		records := make([]session.RevocationRecord, 0, len(users)+len(turned))
		for _, id := range users {
			records = append(records, rules.UserRevoked(id, r))
		}
		for _, id := range turned {
			records = append(records, rules.SessionRevoked(id, r.At, r.Cause))
		}
		return s.publishMany(ctx, q, records)
	})
	if err != nil {
		return nil, fail(op, err)
	}
	return turned, nil
}

func revokeAllLive(ctx context.Context, q sqldb.Querier, users []string, r session.UserRevocation) ([]session.ID, error) {
	args := []any{rules.Text(r.Cause), sqldb.Millis(r.At)}
	places := make([]string, len(users))
	for n, id := range users {
		args = append(args, id)
		places[n] = fmt.Sprintf("$%d", len(args))
	}
	rows, err := q.QueryContext(ctx, fmt.Sprintf(revokeSessionsOf, strings.Join(places, ", ")), args...)
	if err != nil {
		return nil, err
	}
	return sessionIDs(rows)
}

// recordsAtOnce is how many records one statement writes.
const recordsAtOnce = 250

// publishMany is publish for many records. PostgreSQL is spared round trips; SQLite, which
// has none, the parsing of long statements.
func (s *Store) publishMany(ctx context.Context, q sqldb.Querier, records []session.RevocationRecord) error {
	if s.db.Dialect.Name == "sqlite" {
		return s.publishEach(ctx, q, records)
	}
	for some := range slices.Chunk(records, recordsAtOnce) {
		var args []any
		rows := make([]string, len(some))
		for n, r := range some {
			at := len(args)
			rows[n] = fmt.Sprintf("($%d, $%d, $%d, $%d, $%d, $%d, %s)", at+1, at+2, at+3, at+4, at+5, at+6, s.db.Dialect.NowMillis)
			args = append(args, r.ID, string(r.SessionID), r.UserID, string(r.Except), sqldb.Millis(r.At), rules.Text(r.Cause))
		}
		if _, err := q.ExecContext(ctx, s.revocations.insertMany+strings.Join(rows, ", "), args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) publishEach(ctx context.Context, q sqldb.Querier, records []session.RevocationRecord) error {
	insert, err := q.PrepareContext(ctx, s.revocations.insert)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, r := range records {
		if _, err := insert.ExecContext(ctx, r.ID, string(r.SessionID), r.UserID, string(r.Except), sqldb.Millis(r.At), rules.Text(r.Cause)); err != nil {
			return err
		}
	}
	return nil
}
