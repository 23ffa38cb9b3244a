package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// Client is one browser or device.
type Client struct {
	ID                         ClientID
	SessionIDs                 []ID     // newest last, those removed are gone
	KnownUserIDs               []string // who signed in here, signed out or not: the last eight, newest last
	CookieToken                string   // SHA-256 of the one current cookie, as stores name it
	OldCookieToken             string   // of the one before, "" if that died at once
	CookieRotatedAt            time.Time
	SignInID, SignUpID         string
	LastActiveSessionID        ID
	LastAuthenticationStrategy string
	// AuthChangedAt is what __client_uat says while a session of the client is live:
	// when one was last added, removed or switched to, never after the iat of that
	// session's newest token. Zero means signed out.
	AuthChangedAt time.Time
	ExpireAt      time.Time
	CreatedAt     time.Time
	UpdatedAt     time.Time // grows with every change
	Version       int64     // compare-and-set
}

// ClientByCookie returns the client that a __client cookie belongs to. ErrNotFound
// for a value of another shape (not looked up), an unknown, expired or rotated one. A
// value rotated less than 10 s ago is found when readOnly, and shows the client without
// the sessions that began since (S-04).
//
// It counts the events against their limits in the round trip that reads the client,
// whatever that comes to: *LimitError if one has no room.
func (s *Service) ClientByCookie(ctx context.Context, value string, readOnly bool, events ...Event) (Client, error) {
	c, _, err := s.ClientAndSession(ctx, value, "", readOnly, events...)
	return c, err
}

// ClientAndSession is ClientByCookie that reads one of the client's sessions in the same
// round trip, its status brought up to date: the zero Session if the client has none of
// that id, or not yet when the cookie was rotated.
func (s *Service) ClientAndSession(ctx context.Context, value string, id ID, readOnly bool, events ...Event) (Client, Session, error) {
	c, ss, err := s.byCookie(ctx, value, id, readOnly, events)
	if err != nil {
		return Client{}, Session{}, wrap("client by cookie", err)
	}
	return c, ss, nil
}

func (s *Service) byCookie(ctx context.Context, value string, id ID, readOnly bool, events []Event) (Client, Session, error) {
	var token string
	v, ok := parseCookie(value)
	switch {
	case ok:
		token = v.token()
	case len(events) == 0:
		return Client{}, Session{}, ErrNotFound // the store would say so
	}
	now := s.now()
	data, c, ss, err := s.cfg.Sessions.LoadClient(ctx, token, v.client, id, now, events...)
	if err != nil {
		return Client{}, Session{}, err
	}
	// What is stored for the cookie says whose it is: the id that came with it may be
	// anybody's (S-01).
	d, ok := decodeCookie(data, now)
	if !ok || d.ClientID != c.ID || !now.Before(c.ExpireAt) {
		return Client{}, Session{}, ErrNotFound
	}
	if ss.ClientID != c.ID || d.predates(ss) {
		ss = Session{}
	}
	ss = s.upToDate(ss, now)
	// The client's record decides which value is current: the cookie's own data is
	// written without comparing (S-05).
	switch {
	case sameToken(c.CookieToken, token):
		return c, ss, nil
	case readOnly && sameToken(c.OldCookieToken, token) && now.Before(c.CookieRotatedAt.Add(cookieGrace)):
		c, err = s.beforeRotation(ctx, c)
		return c, ss, err
	}
	return Client{}, Session{}, fmt.Errorf("%w: rotated", ErrNotFound)
}

// beforeRotation returns the client without the sessions that began since its cookie
// was rotated.
func (s *Service) beforeRotation(ctx context.Context, c Client) (Client, error) {
	sessions, err := s.OfClient(ctx, c)
	if err != nil {
		return Client{}, err
	}
	sessions = slices.DeleteFunc(sessions, func(ss Session) bool { return !ss.CreatedAt.Before(c.CookieRotatedAt) })
	c.SessionIDs = nil
	for _, ss := range sessions {
		c.SessionIDs = append(c.SessionIDs, ss.ID)
	}
	if !slices.Contains(c.SessionIDs, c.LastActiveSessionID) {
		c.LastActiveSessionID = lastActive(c, sessions, s.now()).ID
	}
	return c, nil
}

// Client returns ErrNotFound for unknown, expired and malformed ids.
func (s *Service) Client(ctx context.Context, id ClientID) (Client, error) {
	if !id.valid() {
		return Client{}, ErrNotFound
	}
	c, err := s.cfg.Clients.Client(ctx, id)
	if err != nil {
		return Client{}, wrap("client", err)
	}
	if !s.now().Before(c.ExpireAt) {
		return Client{}, ErrNotFound
	}
	return c, nil
}

// NewClient makes a client and its first cookie.
func (s *Service) NewClient(ctx context.Context) (Client, Cookie, error) {
	now := s.now()
	id := ClientID(random.ID(clientPrefix, now))
	value, expires, err := s.commitCookie(ctx, id, now)
	if err != nil {
		return Client{}, Cookie{}, wrap("new client", err)
	}
	c := Client{
		ID: id, CookieToken: value.token(), ExpireAt: expires,
		CreatedAt: now, UpdatedAt: now,
	}
	if err := s.cfg.Clients.CreateClient(ctx, c); err != nil {
		return Client{}, Cookie{}, wrap("new client", err)
	}
	return c, Cookie{Value: Secret(value.String()), Expires: expires}, nil
}

// RotateCookie gives the client a new cookie, stored before old goes, and prolongs
// the client's life. With grace, old may still be read for 10 s; without, it is dead
// at once: rotate so before the first sign-in of a client, and only then call Start,
// so that a planted cookie never belongs to a signed-in client (S-04).
//
// Of parallel rotations of one cookie exactly one succeeds, the others return
// ErrConflict and leave things as they are: without grace that must end the sign-in,
// with grace the browser keeps what the other answer brings.
func (s *Service) RotateCookie(ctx context.Context, id ClientID, old string, grace bool) (Cookie, error) {
	from, ok := parseCookie(old)
	if !id.valid() || !ok {
		return Cookie{}, ErrNotFound
	}
	now := s.now()
	to, expires, err := s.commitCookie(ctx, id, now)
	if err != nil {
		return Cookie{}, wrap("rotate cookie", err)
	}
	_, err = s.updateClient(ctx, id, now, func(c *Client) error {
		if !sameToken(c.CookieToken, from.token()) {
			return ErrConflict
		}
		c.CookieToken, c.OldCookieToken = to.token(), ""
		if grace {
			c.OldCookieToken = from.token()
		}
		c.CookieRotatedAt = now
		c.ExpireAt = expires
		return nil
	})
	if err != nil {
		lost := s.retireCookie(context.WithoutCancel(ctx), to, false, now)
		return Cookie{}, wrap("rotate cookie", errors.Join(err, lost))
	}
	// Also for a caller who has gone: the record names the new value, but minting looks
	// only at what is stored for the old one.
	if err := s.retireCookie(context.WithoutCancel(ctx), from, grace, now); err != nil {
		return Cookie{}, wrap("rotate cookie", err)
	}
	return Cookie{Value: Secret(to.String()), Expires: expires}, nil
}

// UpdateClient stores what fn makes of the client, by compare-and-set. fn may run
// more than once. ErrNotFound, and fn's errors.
func (s *Service) UpdateClient(ctx context.Context, id ClientID, fn func(*Client) error) (Client, error) {
	if !id.valid() {
		return Client{}, ErrNotFound
	}
	c, err := s.updateClient(ctx, id, s.now(), fn)
	return c, wrap("update client", err)
}

func (s *Service) updateClient(ctx context.Context, id ClientID, now time.Time, fn func(*Client) error) (Client, error) {
	return s.cfg.Clients.UpdateClient(ctx, id, func(c *Client) error {
		if !now.Before(c.ExpireAt) {
			return ErrNotFound
		}
		before := c.UpdatedAt
		if err := fn(c); err != nil {
			return err
		}
		c.UpdatedAt = now
		if !now.After(before) {
			c.UpdatedAt = before.Add(time.Millisecond)
		}
		return nil
	})
}

// DeleteClient ends all sessions of the client and forgets it and its cookie.
func (s *Service) DeleteClient(ctx context.Context, id ClientID, cookie string) error {
	if _, err := s.EndAll(ctx, id); err != nil {
		return wrap("delete client", err)
	}
	if v, ok := parseCookie(cookie); ok {
		if err := s.cfg.Clients.DeleteCookie(ctx, v.token()); err != nil {
			return wrap("delete client", err)
		}
	}
	return wrap("delete client", s.cfg.Clients.DeleteClient(ctx, id))
}

// wrap adds what was being done to err; nil stays nil.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
