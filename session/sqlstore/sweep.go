package sqlstore

import (
	"context"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

const (
	// grace is how long what has expired is kept, for nodes whose clock is behind.
	grace = time.Hour
	// batch is how many rows one statement deletes, so that others can write in between.
	batch = 500
)

// sweeps delete up to $2 rows that were over at $1.
var sweeps = []string{
	`delete from clients where id in (select id from clients where expire_at <= $1 limit $2)`,
	`delete from client_cookies where token in (select token from client_cookies where expire_at <= $1 limit $2)`,
	`delete from sessions where id in (select id from sessions where expire_at <= $1 limit $2)`,
	`delete from user_revocations where user_id in (select user_id from user_revocations where keep_until <= $1 limit $2)`,
	`delete from attempts where id in (select id from attempts where expire_at <= $1 limit $2)`,
	`delete from limit_events where limit_key in (select limit_key from limit_events where expire_at <= $1 limit $2)`,
}

// Sweep deletes what expired an hour or more before now and nobody can find any more:
// a job to run every few minutes. It returns how many rows went. Of the revocation log
// that is what arrived an hour ago or earlier, by the clock of the database.
func (s *Store) Sweep(ctx context.Context, now time.Time) (deleted int64, err error) {
	for _, query := range sweeps {
		n, err := s.sweep(ctx, query, sqldb.Millis(now.Add(-grace)))
		deleted += n
		if err != nil {
			return deleted, fail("sweep", err)
		}
	}
	n, err := s.sweep(ctx, s.revocations.sweep, rules.KeepRevocations.Milliseconds())
	return deleted + n, fail("sweep", err)
}

func (s *Store) sweep(ctx context.Context, query string, arg int64) (deleted int64, err error) {
	for {
		n, err := s.exec(ctx, query, arg, batch)
		deleted += n
		if err != nil || n < batch {
			return deleted, err
		}
	}
}
