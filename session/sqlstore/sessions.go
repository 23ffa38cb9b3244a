package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

const (
	sessionColumns = `s.id, s.client_id, s.user_id, s.status, s.cause, s.actor, s.first_factor_at, s.second_factor_at,
		s.activity_id, s.device_type, s.is_mobile, s.browser_name, s.browser_version, s.ip_address, s.city, s.country,
		s.expire_at, s.abandon_at, s.last_active_at, s.created_at, s.updated_at, s.version`

	insertSession = `
	insert into sessions (id, client_id, user_id, status, cause, actor, first_factor_at, second_factor_at,
		activity_id, device_type, is_mobile, browser_name, browser_version, ip_address, city, country,
		expire_at, abandon_at, last_active_at, created_at, updated_at, version)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
	on conflict (id) do nothing`

	updateSession = `
	update sessions set client_id = $2, user_id = $3, status = $4, cause = $5, actor = $6, first_factor_at = $7,
		second_factor_at = $8, activity_id = $9, device_type = $10, is_mobile = $11, browser_name = $12,
		browser_version = $13, ip_address = $14, city = $15, country = $16, expire_at = $17, abandon_at = $18,
		last_active_at = $19, created_at = $20, updated_at = $21, version = $22
	where id = $1 and version = $22 - 1`

	selectSession = `select ` + sessionColumns + ` from sessions s where s.id = $1`

	// The sessions of a user that have not ended are the user's index.
	selectSessionsOfUser = `select ` + sessionColumns + ` from sessions s
	where s.user_id = $1 and s.status in ('active', 'pending')
	order by s.created_at desc, s.id desc`

	selectForMint = `
	select c.data, coalesce(r.revoked_at, 0), coalesce(r.cause, ''), coalesce(r.except_session_id, ''), ` + sessionColumns + `
	from client_cookies c, sessions s left join user_revocations r on r.user_id = s.user_id
	where c.token = $1 and c.expire_at > $2 and s.id = $3`
)

// Create implements session.SessionStore. ErrConflict if the id is taken.
func (s *Store) Create(ctx context.Context, ns session.Session, asOf time.Time) error {
	const op = "create session"
	if err := rules.NewSession(ns); err != nil {
		return fail(op, err)
	}
	return fail(op, s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		// S-08: from here to the commit no RevokeUser of this user runs. It either
		// came before, and its tombstone is seen, or comes after and sees the session.
		t, err := lockTombstone(ctx, q, ns.UserID)
		if err != nil {
			return err
		}
		if t.at != 0 && t.at >= sqldb.Millis(asOf) && t.except != string(ns.ID) {
			return session.ErrUserRevoked
		}
		n, err := execIn(ctx, q, insertSession, sessionArgs(ns)...)
		if err == nil && n == 0 {
			err = session.ErrConflict
		}
		return err
	}))
}

// Get implements session.SessionStore.
func (s *Store) Get(ctx context.Context, id session.ID) (session.Session, error) {
	got, err := s.get(ctx, id)
	return got, fail("get session", err)
}

func (s *Store) get(ctx context.Context, id session.ID) (got session.Session, err error) {
	if !rules.SessionID(id) {
		return session.Session{}, session.ErrNotFound
	}
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		got, err = scanSession(q.QueryRowContext(ctx, selectSession, string(id)))
		return err
	})
	return got, err
}

// GetMany implements session.SessionStore.
func (s *Store) GetMany(ctx context.Context, ids []session.ID) ([]session.Session, error) {
	var places []string
	var args []any
	for _, id := range ids {
		if rules.SessionID(id) {
			args = append(args, string(id))
			places = append(places, fmt.Sprintf("$%d", len(args)))
		}
	}
	if len(args) == 0 {
		return nil, nil
	}
	found, err := s.query(ctx, `select `+sessionColumns+` from sessions s where s.id in (`+strings.Join(places, ", ")+`)`, args...)
	if err != nil {
		return nil, fail("get sessions", err)
	}
	byID := make(map[session.ID]session.Session, len(found))
	for _, one := range found {
		byID[one.ID] = one
	}
	var ordered []session.Session
	for _, id := range ids {
		if one, ok := byID[id]; ok {
			ordered = append(ordered, one)
		}
	}
	return ordered, nil
}

// OfUser implements session.SessionStore.
func (s *Store) OfUser(ctx context.Context, userID string) ([]session.Session, error) {
	if !rules.UserID(userID) {
		return nil, nil
	}
	found, err := s.query(ctx, selectSessionsOfUser, userID)
	return found, fail("list sessions of user", err)
}

// Update implements session.SessionStore.
func (s *Store) Update(ctx context.Context, id session.ID, fn func(*session.Session) error) (session.Session, error) {
	var next session.Session
	err := tryAgain(func() error {
		current, err := s.get(ctx, id)
		if err != nil {
			return err
		}
		if next, err = rules.UpdateSession(current, fn); err != nil {
			return err
		}
		return s.replace(ctx, next, rules.Ended(current, next))
	})
	if err != nil {
		return session.Session{}, fail("update session", err)
	}
	return storedSession(next), nil
}

// replace stores next in place of the version before it, and publishes the records.
func (s *Store) replace(ctx context.Context, next session.Session, records []session.RevocationRecord) error {
	write := s.db.Write
	if len(records) > 0 {
		write = s.db.InTx
	}
	return write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		n, err := execIn(ctx, q, updateSession, sessionArgs(next)...)
		if err == nil && n == 0 {
			err = errLost
		}
		if err != nil {
			return err
		}
		return s.publish(ctx, q, records...)
	})
}

// Load implements session.SessionStore. ErrNotFound also for a cookie that is
// unknown or expired at now.
func (s *Store) Load(ctx context.Context, cookieToken string, id session.ID, now time.Time, events ...session.Event) (cookie []byte, got session.Session, err error) {
	const op = "load session"
	for _, e := range events {
		ok, retryAfter, err := s.Take(ctx, e.Key, e.Limit, e.Window, now)
		if err == nil && !ok {
			err = &session.LimitError{RetryAfter: retryAfter}
		}
		if err != nil {
			return nil, session.Session{}, fail(op, err)
		}
	}
	if !rules.CookieToken(cookieToken) || !rules.SessionID(id) {
		return nil, session.Session{}, fail(op, session.ErrNotFound)
	}
	var t tombstone
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		r := q.QueryRowContext(ctx, selectForMint, cookieToken, sqldb.Millis(now), string(id))
		got, err = scanSession(r, &cookie, &t.at, &t.cause, &t.except)
		return err
	})
	if err != nil {
		return nil, session.Session{}, fail(op, err)
	}
	r := session.UserRevocation{At: sqldb.Time(t.at), Except: session.ID(t.except)}
	if t.at != 0 && rules.Covers(r, got) {
		got.Status, got.Cause = session.StatusRevoked, t.cause
	}
	return cookie, got, nil
}

func (s *Store) query(ctx context.Context, query string, args ...any) (found []session.Session, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		rows, err := q.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			one, err := scanSession(rows)
			if err != nil {
				return err
			}
			found = append(found, one)
		}
		return rows.Err()
	})
	return found, err
}

func sessionArgs(s session.Session) []any {
	a := s.Activity
	return []any{
		string(s.ID), string(s.ClientID), s.UserID, string(s.Status), rules.Text(s.Cause), notNil(s.Actor),
		sqldb.Millis(s.FirstFactorAt), sqldb.Millis(s.SecondFactorAt),
		rules.Text(a.ID), rules.Text(a.DeviceType), a.IsMobile, rules.Text(a.BrowserName), rules.Text(a.BrowserVersion),
		rules.Text(a.IPAddress), rules.Text(a.City), rules.Text(a.Country),
		sqldb.Millis(s.ExpireAt), sqldb.Millis(s.AbandonAt), sqldb.Millis(s.LastActiveAt),
		sqldb.Millis(s.CreatedAt), sqldb.Millis(s.UpdatedAt), s.Version,
	}
}

// scanSession reads sessionColumns, after the columns of before.
func scanSession(r row, before ...any) (session.Session, error) {
	var s session.Session
	var actor []byte
	var first, second, expire, abandon, active, created, updated int64
	a := &s.Activity
	err := r.Scan(append(before, &s.ID, &s.ClientID, &s.UserID, &s.Status, &s.Cause, &actor, &first, &second,
		&a.ID, &a.DeviceType, &a.IsMobile, &a.BrowserName, &a.BrowserVersion, &a.IPAddress, &a.City, &a.Country,
		&expire, &abandon, &active, &created, &updated, &s.Version)...)
	if errors.Is(err, sql.ErrNoRows) {
		return session.Session{}, session.ErrNotFound
	}
	if err != nil {
		return session.Session{}, err
	}
	if len(actor) > 0 {
		s.Actor = actor
	}
	s.FirstFactorAt, s.SecondFactorAt = sqldb.Time(first), sqldb.Time(second)
	s.ExpireAt, s.AbandonAt, s.LastActiveAt = sqldb.Time(expire), sqldb.Time(abandon), sqldb.Time(active)
	s.CreatedAt, s.UpdatedAt = sqldb.Time(created), sqldb.Time(updated)
	return s, nil
}

// storedSession returns s as it is read back: times in whole milliseconds.
func storedSession(s session.Session) session.Session {
	for _, t := range []*time.Time{&s.FirstFactorAt, &s.SecondFactorAt, &s.ExpireAt, &s.AbandonAt, &s.LastActiveAt, &s.CreatedAt, &s.UpdatedAt} {
		*t = sqldb.Time(sqldb.Millis(*t))
	}
	return s
}
