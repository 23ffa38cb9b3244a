package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

const (
	// A session with its user's tombstone.
	coveredColumns = `coalesce(r.revoked_at, 0), coalesce(r.cause, ''), coalesce(r.except_session_id, ''), ` + sessionColumns
	coveredSession = `sessions s left join user_revocations r on r.user_id = s.user_id`

	selectForMint = `
	select c.data, ` + coveredColumns + `
	from client_cookies c, ` + coveredSession + `
	where c.token = $1 and c.expire_at > $2 and s.id = $3`

	selectCovered = `select ` + coveredColumns + ` from ` + coveredSession + ` where s.id = $1`

	selectCookieAndClient = `
	select k.data, ` + clientColumns + `
	from client_cookies k, clients c
	where k.token = $1 and k.expire_at > $2 and c.id = $3`
)

// Load implements session.SessionStore. ErrNotFound also for a cookie that is
// unknown or expired at now.
func (s *Store) Load(ctx context.Context, cookieToken string, id session.ID, now time.Time, events ...session.Event) (cookie []byte, got session.Session, err error) {
	const op = "load session"
	if err := s.takeAll(ctx, events, now); err != nil {
		return nil, session.Session{}, fail(op, err)
	}
	if !rules.CookieToken(cookieToken) || !rules.SessionID(id) {
		return nil, session.Session{}, fail(op, session.ErrNotFound)
	}
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		got, err = scanCovered(q.QueryRowContext(ctx, selectForMint, cookieToken, sqldb.Millis(now), string(id)), &cookie)
		return err
	})
	if err != nil {
		return nil, session.Session{}, fail(op, err)
	}
	return cookie, got, nil
}

// LoadClient implements session.SessionStore.
func (s *Store) LoadClient(ctx context.Context, cookieToken string, client session.ClientID, id session.ID, now time.Time, events ...session.Event) (cookie []byte, c session.Client, got session.Session, err error) {
	const op = "load client"
	if err := s.takeAll(ctx, events, now); err != nil {
		return nil, session.Client{}, session.Session{}, fail(op, err)
	}
	if !rules.CookieToken(cookieToken) || !rules.ClientID(client) {
		return nil, session.Client{}, session.Session{}, fail(op, session.ErrNotFound)
	}
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		c, err = scanClient(q.QueryRowContext(ctx, selectCookieAndClient, cookieToken, sqldb.Millis(now), string(client)), &cookie)
		if err != nil || !rules.SessionID(id) {
			return err
		}
		got, err = scanCovered(q.QueryRowContext(ctx, selectCovered, string(id)))
		if errors.Is(err, session.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, session.Client{}, session.Session{}, fail(op, err)
	}
	return cookie, c, got, nil
}

// takeAll counts the events one after the other.
func (s *Store) takeAll(ctx context.Context, events []session.Event, now time.Time) error {
	for _, e := range events {
		ok, retryAfter, err := s.Take(ctx, e.Key, e.Limit, e.Window, now)
		if err == nil && !ok {
			err = &session.LimitError{RetryAfter: retryAfter}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// scanCovered reads coveredColumns, after the columns of before: a session whose status
// says so if the tombstone covers it.
func scanCovered(r row, before ...any) (session.Session, error) {
	var t tombstone
	got, err := scanSession(r, append(before, &t.at, &t.cause, &t.except)...)
	if err != nil {
		return session.Session{}, err
	}
	if t.at != 0 && rules.Covers(session.UserRevocation{At: sqldb.Time(t.at), Except: session.ID(t.except)}, got) {
		got.Status, got.Cause = session.StatusRevoked, t.cause
	}
	return got, nil
}
