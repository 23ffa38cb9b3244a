package sqlstore

import (
	"context"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

const (
	insertRevocation = `
	insert into revocations (id, session_id, user_id, except_session_id, revoked_at, cause)
	values ($1, $2, $3, $4, $5, $6)
	on conflict (id) do nothing`
	selectRevocations = `
	select id, session_id, user_id, except_session_id, revoked_at, cause
	from revocations where revoked_at >= $1 order by revoked_at, id`
)

// PublishRevocation implements session.RevocationStore. Publishing one again is no error.
func (s *Store) PublishRevocation(ctx context.Context, r session.RevocationRecord) error {
	const op = "publish revocation"
	if err := rules.Revocation(r); err != nil {
		return fail(op, err)
	}
	_, err := s.exec(ctx, insertRevocation, r.ID, string(r.SessionID), r.UserID, string(r.Except), sqldb.Millis(r.At), rules.Text(r.Cause))
	return fail(op, err)
}

// RevocationsSince implements session.RevocationStore. A record is published at its At.
func (s *Store) RevocationsSince(ctx context.Context, t time.Time) (found []session.RevocationRecord, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		rows, err := q.QueryContext(ctx, selectRevocations, sqldb.Millis(t))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r session.RevocationRecord
			var at int64
			if err := rows.Scan(&r.ID, &r.SessionID, &r.UserID, &r.Except, &at, &r.Cause); err != nil {
				return err
			}
			r.At = sqldb.Time(at)
			found = append(found, r)
		}
		return rows.Err()
	})
	return found, fail("read revocations", err)
}
