package sqlstore

import (
	"context"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// revocationQueries are those that read the clock of the database. It orders the log,
// since nobody's clock is nearer to it (see rules.LogStart).
type revocationQueries struct{ now, insert, insertMany, sweep string }

func newRevocationQueries(d sqldb.Dialect) revocationQueries {
	return revocationQueries{
		now: `select ` + d.NowMillis,
		insert: `
	insert into revocations (id, session_id, user_id, except_session_id, revoked_at, cause, arrived_at)
	values ($1, $2, $3, $4, $5, $6, ` + d.NowMillis + `)
	on conflict (id) do nothing`,
		insertMany: `
	insert into revocations (id, session_id, user_id, except_session_id, revoked_at, cause, arrived_at)
	values `,
		sweep: `
	delete from revocations where id in (
		select id from revocations where arrived_at <= ` + d.NowMillis + ` - $1 limit $2)`,
	}
}

const selectRevocations = `
	select id, session_id, user_id, except_session_id, revoked_at, cause
	from revocations where arrived_at >= $1 order by arrived_at`

// PublishRevocation implements session.RevocationStore.
func (s *Store) PublishRevocation(ctx context.Context, r session.RevocationRecord) error {
	const op = "publish revocation"
	if err := rules.Revocation(r); err != nil {
		return fail(op, err)
	}
	return fail(op, s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return s.publish(ctx, q, r)
	}))
}

// publish writes the log: as the last thing that a transaction does, so that records
// are seen in the order of their arrival, by and large.
func (s *Store) publish(ctx context.Context, q sqldb.Querier, records ...session.RevocationRecord) error {
	for _, r := range records {
		_, err := q.ExecContext(ctx, s.revocations.insert,
			r.ID, string(r.SessionID), r.UserID, string(r.Except), sqldb.Millis(r.At), rules.Text(r.Cause))
		if err != nil {
			return err
		}
	}
	return nil
}

// RevocationsSince implements session.RevocationStore.
func (s *Store) RevocationsSince(ctx context.Context, cursor session.RevocationCursor) (found []session.RevocationRecord, next session.RevocationCursor, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		var now int64
		if err := q.QueryRowContext(ctx, s.revocations.now).Scan(&now); err != nil {
			return err
		}
		next = session.RevocationCursor(now)
		found, err = readRevocations(ctx, q, rules.LogStart(cursor, now))
		return err
	})
	if err != nil {
		return nil, 0, fail("read revocations", err)
	}
	return found, next, nil
}

func readRevocations(ctx context.Context, q sqldb.Querier, since int64) (found []session.RevocationRecord, err error) {
	rows, err := q.QueryContext(ctx, selectRevocations, since)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r session.RevocationRecord
		var at int64
		if err := rows.Scan(&r.ID, &r.SessionID, &r.UserID, &r.Except, &at, &r.Cause); err != nil {
			return nil, err
		}
		r.At = sqldb.Time(at)
		found = append(found, r)
	}
	return found, rows.Err()
}
