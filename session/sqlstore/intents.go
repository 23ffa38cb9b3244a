package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
)

var _ session.IntentStore = (*Store)(nil)

const (
	insertIntent = `
	insert into session_intents (id, begins, session_id, user_id, made_at, origin)
	values ($1, $2, $3, $4, $5, $6)`
	selectIntents = `
	select id, begins, session_id, user_id, made_at, origin from session_intents
	where made_at < $1
	order by made_at, id
	limit $2`
)

// AddIntent implements session.IntentStore.
func (s *Store) AddIntent(ctx context.Context, i session.Intent) error {
	origin, err := json.Marshal(i.Origin)
	if err != nil {
		return fail("add intent", err)
	}
	begins := 0
	if i.Begins {
		begins = 1
	}
	_, err = s.exec(ctx, insertIntent, i.ID, begins, string(i.SessionID), i.UserID, sqldb.Millis(i.At), string(origin))
	return fail("add intent", err)
}

// Intents implements session.IntentStore.
func (s *Store) Intents(ctx context.Context, before time.Time, limit int) ([]session.Intent, error) {
	var all []session.Intent
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		all = nil
		rows, err := q.QueryContext(ctx, selectIntents, sqldb.Millis(before), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var i session.Intent
			var begins, at int64
			var origin string
			if err := rows.Scan(&i.ID, &begins, &i.SessionID, &i.UserID, &at, &origin); err != nil {
				return err
			}
			i.Begins, i.At = begins == 1, sqldb.Time(at)
			if err := json.Unmarshal([]byte(origin), &i.Origin); err != nil {
				return err
			}
			all = append(all, i)
		}
		return rows.Err()
	})
	return all, fail("intents", err)
}

// DropIntents implements session.IntentStore.
func (s *Store) DropIntents(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	args := make([]any, len(ids))
	names := make([]string, len(ids))
	for n, id := range ids {
		args[n], names[n] = id, fmt.Sprintf("$%d", n+1)
	}
	_, err := s.exec(ctx, `delete from session_intents where id in (`+strings.Join(names, ", ")+`)`, args...)
	return fail("drop intents", err)
}
