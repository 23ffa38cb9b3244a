package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Cookie is a new value for the cookie __client.
type Cookie struct {
	Value   Secret
	Expires time.Time
}

// cookieGrace is for how long a rotated cookie may still be read (S-04).
const cookieGrace = 10 * time.Second

// newCookies sets scs up. Its session data only points at a client: scs commits
// without comparing, so whatever a parallel request must not bring back lives in
// records that are changed by compare-and-set (S-05).
func newCookies(store ClientStore, lifetime time.Duration, now func() time.Time) *scs.SessionManager {
	// Not scs.New: that starts a goroutine which nothing can stop for sure.
	return &scs.SessionManager{
		Store:            cookieStore{clients: store, now: now},
		Codec:            cookieCodec{},
		Lifetime:         lifetime,
		IdleTimeout:      0, // anything else makes every request a commit (S-05)
		HashTokenInStore: true,
	}
}

// loadCookie begins a change of a cookie's data; "" is a new one. Managers that were not made by
// scs.New share one key in contexts: what another one left there is not ours.
func (s *Service) loadCookie(ctx context.Context, value string) (context.Context, error) {
	loaded, err := s.cookies.Load(ctx, value)
	if err == nil && loaded == ctx {
		return nil, errors.New("session: the context holds the data of another scs.SessionManager")
	}
	return loaded, err
}

// cookieStore is the scs.CtxStore on a ClientStore. It goes by the service's clock.
type cookieStore struct {
	clients ClientStore
	now     func() time.Time
}

// FindCtx finds nothing past the deadline that the data itself names (S-06), and
// nothing in data of another form (S-14).
func (s cookieStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	now := s.now()
	data, found, err := s.clients.FindCookie(ctx, token, now)
	if err != nil || !found {
		return nil, false, err
	}
	if _, ok := decodeCookie(data, now); !ok {
		return nil, false, nil
	}
	return data, true, nil
}

// CommitCtx refuses a deadline that is not ahead: an expiry that is computed from it
// would be none at all in some stores (S-06).
func (s cookieStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	now := s.now()
	if !now.Before(expiry) {
		return fmt.Errorf("commit cookie: %w", ErrExpired)
	}
	return s.clients.CommitCookie(ctx, token, data, expiry, now)
}

// DeleteCtx is no error for an unknown token.
func (s cookieStore) DeleteCtx(ctx context.Context, token string) error {
	return s.clients.DeleteCookie(ctx, token)
}

// Find, Commit and Delete complete scs.Store; scs prefers the methods above.
func (s cookieStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s cookieStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

func (s cookieStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// cookieData is all that is stored for a cookie (S-14). Times are Unix milliseconds.
type cookieData struct {
	ClientID  ClientID `json:"client_id"`
	CreatedAt int64    `json:"created_at"`
	RotatedAt int64    `json:"rotated_at,omitempty"` // since when only reading is left
	Deadline  int64    `json:"deadline"`
}

// predates reports whether the value was rotated before the session began. Whoever
// holds no newer value has not signed in: a planted one never leads to what its
// victim signs in to (S-04).
func (c cookieData) predates(ss Session) bool {
	return c.RotatedAt != 0 && ss.CreatedAt.UnixMilli() >= c.RotatedAt
}

// decodeCookie reads what a store returned. It is false for anything that is not a
// live cookie's data.
func decodeCookie(data []byte, now time.Time) (cookieData, bool) {
	var c cookieData
	if err := json.Unmarshal(data, &c); err != nil || !c.ClientID.valid() {
		return cookieData{}, false
	}
	return c, now.UnixMilli() < c.Deadline
}

// Keys of the scs values.
const (
	valueClientID  = "client_id"
	valueCreatedAt = "created_at"
	valueRotatedAt = "rotated_at"
)

// cookieCodec is the scs.Codec with fixed fields.
type cookieCodec struct{}

func (cookieCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	id, _ := values[valueClientID].(string)
	created, _ := values[valueCreatedAt].(int64)
	rotated, _ := values[valueRotatedAt].(int64)
	return json.Marshal(cookieData{
		ClientID: ClientID(id), CreatedAt: created, RotatedAt: rotated, Deadline: deadline.UnixMilli(),
	})
}

func (cookieCodec) Decode(data []byte) (time.Time, map[string]any, error) {
	var c cookieData
	if err := json.Unmarshal(data, &c); err != nil {
		return time.Time{}, nil, errors.New("session: cookie data of another form")
	}
	return time.UnixMilli(c.Deadline).UTC(), map[string]any{
		valueClientID: string(c.ClientID), valueCreatedAt: c.CreatedAt, valueRotatedAt: c.RotatedAt,
	}, nil
}

// commitCookie stores a fresh random value for the client.
func (s *Service) commitCookie(ctx context.Context, id ClientID, now time.Time) (cookieValue, time.Time, error) {
	ctx, err := s.loadCookie(ctx, "")
	if err != nil {
		return cookieValue{}, time.Time{}, err
	}
	s.cookies.Put(ctx, valueClientID, string(id))
	s.cookies.Put(ctx, valueCreatedAt, now.UnixMilli())
	s.cookies.SetDeadline(ctx, now.Add(s.cfg.ClientLifetime))
	secret, expires, err := s.cookies.Commit(ctx)
	return cookieValue{secret: secret, client: id}, expires, err
}

// retireCookie makes a rotated value readable for the grace period, or dead at once.
func (s *Service) retireCookie(ctx context.Context, value cookieValue, grace bool, now time.Time) error {
	ctx, err := s.loadCookie(ctx, value.secret)
	if err != nil {
		return err
	}
	if !grace {
		return s.cookies.Destroy(ctx)
	}
	if s.cookies.Token(ctx) == "" { // gone already
		return nil
	}
	s.cookies.Put(ctx, valueRotatedAt, now.UnixMilli())
	s.cookies.SetDeadline(ctx, now.Add(cookieGrace))
	_, _, err = s.cookies.Commit(ctx)
	return err
}
