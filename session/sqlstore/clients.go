package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

const (
	insertClient = `
	insert into clients (id, session_ids, sign_in_id, sign_up_id, last_active_session_id,
		last_authentication_strategy, cookie_token, old_cookie_token, cookie_rotated_at, auth_changed_at, expire_at,
		created_at, updated_at, version, known_user_ids)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
	on conflict (id) do nothing`
	clientColumns = `c.id, c.session_ids, c.sign_in_id, c.sign_up_id, c.last_active_session_id,
		c.last_authentication_strategy, c.cookie_token, c.old_cookie_token, c.cookie_rotated_at, c.auth_changed_at,
		c.expire_at, c.created_at, c.updated_at, c.version, c.known_user_ids`
	selectClient = `select ` + clientColumns + ` from clients c where c.id = $1`
	updateClient = `
	update clients set session_ids = $2, sign_in_id = $3, sign_up_id = $4, last_active_session_id = $5,
		last_authentication_strategy = $6, cookie_token = $7, old_cookie_token = $8, cookie_rotated_at = $9,
		auth_changed_at = $10, expire_at = $11, created_at = $12, updated_at = $13, version = $14, known_user_ids = $15
	where id = $1 and version = $14 - 1`
	deleteClient = `delete from clients where id = $1`
)

// CreateClient stores c. ErrConflict if its id is taken.
func (s *Store) CreateClient(ctx context.Context, c session.Client) error {
	const op = "create client"
	if err := rules.NewClient(c); err != nil {
		return fail(op, err)
	}
	n, err := s.exec(ctx, insertClient, clientArgs(c)...)
	if err == nil && n == 0 {
		err = session.ErrConflict
	}
	return fail(op, err)
}

// Client implements session.ClientStore.
func (s *Store) Client(ctx context.Context, id session.ClientID) (session.Client, error) {
	c, err := s.client(ctx, id)
	return c, fail("get client", err)
}

func (s *Store) client(ctx context.Context, id session.ClientID) (c session.Client, err error) {
	if !rules.ClientID(id) {
		return session.Client{}, session.ErrNotFound
	}
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		c, err = scanClient(q.QueryRowContext(ctx, selectClient, string(id)))
		return err
	})
	return c, err
}

// UpdateClient implements session.ClientStore.
func (s *Store) UpdateClient(ctx context.Context, id session.ClientID, fn func(*session.Client) error) (session.Client, error) {
	var next session.Client
	err := tryAgain(func() error {
		current, err := s.client(ctx, id)
		if err != nil {
			return err
		}
		if next, err = rules.UpdateClient(current, fn); err != nil {
			return err
		}
		n, err := s.exec(ctx, updateClient, clientArgs(next)...)
		if err == nil && n == 0 {
			err = errLost
		}
		return err
	})
	if err != nil {
		return session.Client{}, fail("update client", err)
	}
	return storedClient(next), nil
}

// DeleteClient implements session.ClientStore. Deleting what is not there is no error.
func (s *Store) DeleteClient(ctx context.Context, id session.ClientID) error {
	if !rules.ClientID(id) {
		return nil
	}
	_, err := s.exec(ctx, deleteClient, string(id))
	return fail("delete client", err)
}

// exec runs one statement that writes and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		n, err = execIn(ctx, q, query, args...)
		return err
	})
	return n, err
}

func execIn(ctx context.Context, q sqldb.Querier, query string, args ...any) (int64, error) {
	res, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func clientArgs(c session.Client) []any {
	return []any{
		string(c.ID), joinIDs(c.SessionIDs), rules.Text(c.SignInID), rules.Text(c.SignUpID), rules.Text(string(c.LastActiveSessionID)),
		rules.Text(c.LastAuthenticationStrategy), rules.Text(c.CookieToken), rules.Text(c.OldCookieToken),
		sqldb.Millis(c.CookieRotatedAt), sqldb.Millis(c.AuthChangedAt), sqldb.Millis(c.ExpireAt),
		sqldb.Millis(c.CreatedAt), sqldb.Millis(c.UpdatedAt), c.Version, rules.Text(strings.Join(c.KnownUserIDs, " ")),
	}
}

// scanClient reads clientColumns, after the columns of before.
func scanClient(r row, before ...any) (session.Client, error) {
	var c session.Client
	var ids, known string
	var rotated, authChanged, expire, created, updated int64
	err := r.Scan(append(before, &c.ID, &ids, &c.SignInID, &c.SignUpID, &c.LastActiveSessionID, &c.LastAuthenticationStrategy,
		&c.CookieToken, &c.OldCookieToken, &rotated, &authChanged, &expire, &created, &updated, &c.Version, &known)...)
	if errors.Is(err, sql.ErrNoRows) {
		return session.Client{}, session.ErrNotFound
	}
	if err != nil {
		return session.Client{}, err
	}
	c.SessionIDs = splitIDs(ids)
	if known != "" {
		c.KnownUserIDs = strings.Fields(known)
	}
	c.CookieRotatedAt, c.AuthChangedAt, c.ExpireAt = sqldb.Time(rotated), sqldb.Time(authChanged), sqldb.Time(expire)
	c.CreatedAt, c.UpdatedAt = sqldb.Time(created), sqldb.Time(updated)
	return c, nil
}

// storedClient returns c as it is read back: times in whole milliseconds.
func storedClient(c session.Client) session.Client {
	for _, t := range []*time.Time{&c.CookieRotatedAt, &c.AuthChangedAt, &c.ExpireAt, &c.CreatedAt, &c.UpdatedAt} {
		*t = sqldb.Time(sqldb.Millis(*t))
	}
	return c
}

func joinIDs(ids []session.ID) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	return strings.Join(words, " ")
}

func splitIDs(s string) []session.ID {
	var ids []session.ID
	for word := range strings.FieldsSeq(s) {
		ids = append(ids, session.ID(word))
	}
	return ids
}
