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
	selectCookie = `select data from client_cookies where token = $1 and expire_at > $2`
	upsertCookie = `
	insert into client_cookies (token, data, expire_at) values ($1, $2, $3)
	on conflict (token) do update set data = excluded.data, expire_at = excluded.expire_at`
	deleteCookie = `delete from client_cookies where token = $1`
)

// FindCookie implements session.ClientStore.
func (s *Store) FindCookie(ctx context.Context, token string, now time.Time) (data []byte, found bool, err error) {
	if !rules.CookieToken(token) {
		return nil, false, nil // not looked up
	}
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, selectCookie, token, sqldb.Millis(now)).Scan(&data)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, fail("find cookie", err)
}

// CommitCookie implements session.ClientStore.
func (s *Store) CommitCookie(ctx context.Context, token string, data []byte, expiry, now time.Time) error {
	const op = "commit cookie"
	if !rules.CookieToken(token) {
		return fail(op, session.ErrNotFound)
	}
	// S-06: a commit that comes after the deadline must not bring the cookie back.
	if sqldb.Millis(expiry) <= sqldb.Millis(now) {
		return fail(op, session.ErrExpired)
	}
	_, err := s.exec(ctx, upsertCookie, token, notNil(data), sqldb.Millis(expiry))
	return fail(op, err)
}

// DeleteCookie implements session.ClientStore. Deleting what is not there is no error.
func (s *Store) DeleteCookie(ctx context.Context, token string) error {
	if !rules.CookieToken(token) {
		return nil
	}
	_, err := s.exec(ctx, deleteCookie, token)
	return fail("delete cookie", err)
}

// notNil keeps an empty value from being stored as null.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
