package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// loading is what one round trip brings. On Cluster its parts go to their nodes at once.
// Errors stay with their commands.
type loading struct {
	store  *Store
	now    time.Time
	events []session.Event
	takes  []*redis.Cmd

	// nil for what was malformed, or not asked for
	cookie, client *redis.StringCmd
	session        *redis.Cmd
	sessionKeys    []string
}

// load counts the events and asks for the cookie's data and the records that are named.
// Without a cookie it asks for nothing.
func (s *Store) load(ctx context.Context, cookieToken string, client session.ClientID, id session.ID, now time.Time, events []session.Event) *loading {
	l := &loading{store: s, now: now, events: events, takes: make([]*redis.Cmd, len(events))}
	_, _ = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, e := range events {
			l.takes[i] = p.EvalSha(ctx, takeEvent.Hash(), s.takeKeys(e), takeArgs(e, now)...)
		}
		if !rules.CookieToken(cookieToken) {
			return nil
		}
		l.cookie = p.Get(ctx, s.cookieKey(cookieToken))
		if rules.ClientID(client) {
			l.client = p.Get(ctx, s.clientKey(client))
		}
		if bucket, rest, ok := splitID(id); ok {
			l.sessionKeys = []string{s.sessionKey(bucket, rest), s.tombstonesKey(bucket)}
			l.session = p.EvalSha(ctx, loadSession.Hash(), l.sessionKeys)
		}
		return nil
	})
	return l
}

// Load implements session.SessionStore. ErrNotFound also for a cookie that is
// unknown or expired at now.
func (s *Store) Load(ctx context.Context, cookieToken string, id session.ID, now time.Time, events ...session.Event) (cookie []byte, got session.Session, err error) {
	const op = "load session"
	l := s.load(ctx, cookieToken, "", id, now, events)
	if cookie, err = l.cookieData(ctx); err != nil {
		return nil, session.Session{}, fail(op, err)
	}
	if got, err = l.sessionRecord(ctx, id); err != nil {
		return nil, session.Session{}, fail(op, err)
	}
	return cookie, got, nil
}

// LoadClient implements session.SessionStore.
func (s *Store) LoadClient(ctx context.Context, cookieToken string, client session.ClientID, id session.ID, now time.Time, events ...session.Event) (cookie []byte, c session.Client, got session.Session, err error) {
	const op = "load client"
	l := s.load(ctx, cookieToken, client, id, now, events)
	if cookie, err = l.cookieData(ctx); err == nil {
		c, err = clientIn(ctx, client, l.client)
	}
	if err == nil {
		if got, err = l.sessionRecord(ctx, id); errors.Is(err, session.ErrNotFound) {
			err = nil
		}
	}
	if err != nil {
		return nil, session.Client{}, session.Session{}, fail(op, err)
	}
	return cookie, c, got, nil
}

// cookieData returns the cookie's data if every event was counted.
func (l *loading) cookieData(ctx context.Context) ([]byte, error) {
	if err := l.allTaken(ctx); err != nil {
		return nil, err
	}
	if l.cookie == nil {
		return nil, session.ErrNotFound
	}
	b, err := l.cookie.Bytes()
	if err = answer(ctx, err); errors.Is(err, redis.Nil) {
		return nil, session.ErrNotFound
	} else if err != nil {
		return nil, err
	}
	data, ok := unpackCookie(b, l.now)
	if !ok {
		return nil, session.ErrNotFound
	}
	return data, nil
}

// sessionRecord returns the session id, which was asked for.
func (l *loading) sessionRecord(ctx context.Context, id session.ID) (session.Session, error) {
	if l.session == nil {
		return session.Session{}, session.ErrNotFound
	}
	if redis.HasErrorPrefix(l.session.Err(), "NOSCRIPT") { // Redis was restarted
		l.session = loadSession.Eval(ctx, l.store.scripts, l.sessionKeys)
	}
	reply, err := l.session.Slice()
	return loaded(id, reply, answer(ctx, err))
}

// allTaken returns a *session.LimitError if one of the events had no room. What cannot
// be told is an error too (E-04).
func (l *loading) allTaken(ctx context.Context) error {
	var refused *session.LimitError
	for i, take := range l.takes {
		if redis.HasErrorPrefix(take.Err(), "NOSCRIPT") { // Redis was restarted
			e := l.events[i]
			take = takeEvent.Eval(ctx, l.store.scripts, l.store.takeKeys(e), takeArgs(e, l.now)...)
		}
		ok, retryAfter, err := taken(ctx, take)
		if err != nil {
			return err
		}
		if !ok && (refused == nil || retryAfter > refused.RetryAfter) {
			refused = &session.LimitError{RetryAfter: retryAfter}
		}
	}
	if refused != nil {
		return refused
	}
	return nil
}
