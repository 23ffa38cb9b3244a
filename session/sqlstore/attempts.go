package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

const (
	insertAttempt = `
	insert into attempts (id, data, expire_at, version) values ($1, $2, $3, $4)
	on conflict (id) do nothing`
	selectAttempt = `select id, data, expire_at, version from attempts where id = $1 and expire_at > $2`
	updateAttempt = `
	update attempts set data = $2, expire_at = $3, version = version + 1
	where id = $1 and version = $4 and expire_at > $5`
	deleteAttempt = `delete from attempts where id = $1`
	countTry      = `
	insert into attempt_tries (attempt_id, name, tries)
	select id, cast($2 as text), 1 from attempts where id = $1 and expire_at > $3
	on conflict (attempt_id, name) do update set tries = attempt_tries.tries + 1
	returning tries`
)

// CreateAttempt stores a with the version it has. ErrConflict if its id is taken.
func (s *Store) CreateAttempt(ctx context.Context, a session.Attempt) error {
	const op = "create attempt"
	if !rules.AttemptID(a.ID) {
		return fail(op, session.ErrNotFound)
	}
	n, err := s.exec(ctx, insertAttempt, a.ID, notNil(a.Data), sqldb.Millis(a.ExpireAt), a.Version)
	if err == nil && n == 0 {
		err = session.ErrConflict
	}
	return fail(op, err)
}

// Attempt implements session.AttemptStore.
func (s *Store) Attempt(ctx context.Context, id string, now time.Time) (session.Attempt, error) {
	a, err := s.attempt(ctx, id, now)
	return a, fail("get attempt", err)
}

func (s *Store) attempt(ctx context.Context, id string, now time.Time) (a session.Attempt, err error) {
	if !rules.AttemptID(id) {
		return session.Attempt{}, session.ErrNotFound
	}
	var expire int64
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, selectAttempt, id, sqldb.Millis(now)).Scan(&a.ID, &a.Data, &expire, &a.Version)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = session.ErrNotFound
	}
	if err != nil {
		return session.Attempt{}, err
	}
	a.ExpireAt = sqldb.Time(expire)
	return a, nil
}

// ReplaceAttempt implements session.AttemptStore. ErrNotFound for an unknown and for
// an expired one.
func (s *Store) ReplaceAttempt(ctx context.Context, a session.Attempt, now time.Time) (int64, error) {
	const op = "replace attempt"
	if !rules.AttemptID(a.ID) {
		return 0, fail(op, session.ErrNotFound)
	}
	n, err := s.exec(ctx, updateAttempt, a.ID, notNil(a.Data), sqldb.Millis(a.ExpireAt), a.Version, sqldb.Millis(now))
	if err == nil && n == 0 {
		if _, err = s.attempt(ctx, a.ID, now); err == nil {
			err = session.ErrConflict
		}
	}
	if err != nil {
		return 0, fail(op, err)
	}
	return a.Version + 1, nil
}

// DeleteAttempt implements session.AttemptStore. Deleting what is not there is no error.
func (s *Store) DeleteAttempt(ctx context.Context, id string) error {
	if !rules.AttemptID(id) {
		return nil
	}
	_, err := s.exec(ctx, deleteAttempt, id)
	return fail("delete attempt", err)
}

// Try implements session.AttemptStore.
func (s *Store) Try(ctx context.Context, id, name string, now time.Time) (tries int, err error) {
	const op = "count a try"
	if !rules.AttemptID(id) {
		return 0, fail(op, session.ErrNotFound)
	}
	// C-05: one statement, committed by itself.
	err = s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, countTry, id, rules.Text(name), sqldb.Millis(now)).Scan(&tries)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = session.ErrNotFound
	}
	return tries, fail(op, err)
}
