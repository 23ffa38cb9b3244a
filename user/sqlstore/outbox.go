package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

const (
	eventColumns  = `id, type, user_id, recorded_at, keep_session, changes, origin, snapshot, external_id, published_at, done_at`
	pendingEvents = `
	select id, type, user_id, recorded_at, keep_session, changes
	from user_events
	where done_at = 0
	order by seq
	limit $1`
)

var insertEvent = insertStatement(`user_events (`+eventColumns+`)`, 1, 11)

// subject is whom events tell of.
type subject struct {
	user       *user.User // as stored; nil for one who is gone
	externalID string     // of one who is gone
}

// record adds events to the outbox, in the transaction of what they tell of.
func record(ctx context.Context, q sqldb.Querier, events []user.Event, of subject) error {
	for _, e := range events {
		row, err := eventRow(ctx, e, of)
		if err == nil {
			_, err = q.ExecContext(ctx, insertEvent, row...)
		}
		if err != nil {
			return fmt.Errorf("record event: %w", err)
		}
	}
	return nil
}

// eventRow is an event as a row of eventColumns.
func eventRow(ctx context.Context, e user.Event, of subject) ([]any, error) {
	var behind, snapshot string
	published := max(1, sqldb.Millis(e.At)) // there is nothing to publish
	if e.Type.Public() {
		published = 0
		var err error
		if behind, err = newOrigin(ctx); err == nil {
			snapshot, err = newSnapshot(of.user)
		}
		if err != nil {
			return nil, err
		}
	}
	return []any{
		e.ID, string(e.Type), string(e.UserID), sqldb.Millis(e.At), e.KeepSession, e.Changes,
		behind, snapshot, of.externalID, published, 0,
	}, nil
}

// Pending implements user.Outbox. Events of one user are in the order of their
// changes, since a change holds the user's lock until it commits; those of several
// users may be in another order than their commits.
func (s *Store) Pending(ctx context.Context, limit int) ([]user.Event, error) {
	var events []user.Event
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		rows, err := q.QueryContext(ctx, pendingEvents, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e user.Event
			var at int64
			if err := rows.Scan(&e.ID, &e.Type, &e.UserID, &at, &e.KeepSession, &e.Changes); err != nil {
				return err
			}
			e.At = sqldb.Time(at)
			events = append(events, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("pending events: %w", err)
	}
	return events, nil
}

// Done implements user.Outbox.
func (s *Store) Done(ctx context.Context, at time.Time, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	query := `update user_events set done_at = $1 where done_at = 0 and id in (` + placeholders(2, len(ids)) + `)`
	return s.exec(ctx, "events done", query, marked(at, ids)...)
}

// marked are the arguments of a statement that marks events at a time.
func marked(at time.Time, ids []string) []any {
	args := []any{max(1, sqldb.Millis(at))} // 0 means not yet
	for _, id := range ids {
		args = append(args, id)
	}
	return args
}

// Purge implements user.Outbox.
func (s *Store) Purge(ctx context.Context, before time.Time) error {
	return s.exec(ctx, "purge events", `delete from user_events where done_at > 0 and done_at < $1 and published_at > 0`, sqldb.Millis(before))
}

func (s *Store) exec(ctx context.Context, what, query string, args ...any) error {
	err := s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		_, err := q.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
