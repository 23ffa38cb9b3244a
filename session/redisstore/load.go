package redisstore

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// Load implements session.SessionStore. ErrNotFound also for a cookie that is
// unknown or expired at now. On Cluster the parts go to their nodes at once.
func (s *Store) Load(ctx context.Context, cookieToken string, id session.ID, now time.Time, events ...session.Event) (cookie []byte, got session.Session, err error) {
	const op = "load session"
	bucket, rest, ok := splitID(id)
	known := ok && rules.CookieToken(cookieToken)
	keys := []string{s.sessionKey(bucket, rest), s.tombstonesKey(bucket)}
	var get *redis.StringCmd
	var load *redis.Cmd
	takes := make([]*redis.Cmd, len(events))
	_, _ = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, e := range events {
			takes[i] = p.EvalSha(ctx, takeEvent.Hash(), s.takeKeys(e), takeArgs(e, now)...)
		}
		if known {
			get = p.Get(ctx, s.cookieKey(cookieToken))
			load = p.EvalSha(ctx, loadSession.Hash(), keys)
		}
		return nil
	})
	if err := s.allTaken(ctx, events, takes, now); err != nil {
		return nil, session.Session{}, fail(op, err)
	}
	if !known {
		return nil, session.Session{}, fail(op, session.ErrNotFound)
	}
	b, err := get.Bytes()
	if err = answer(ctx, err); errors.Is(err, redis.Nil) {
		err = session.ErrNotFound
	}
	if err != nil {
		return nil, session.Session{}, fail(op, err)
	}
	if cookie, ok = unpackCookie(b, now); !ok {
		return nil, session.Session{}, fail(op, session.ErrNotFound)
	}
	if redis.HasErrorPrefix(load.Err(), "NOSCRIPT") { // Redis was restarted
		load = loadSession.Eval(ctx, s.scripts, keys)
	}
	reply, err := load.Slice()
	if got, err = loaded(id, reply, answer(ctx, err)); err != nil {
		return nil, session.Session{}, fail(op, err)
	}
	return cookie, got, nil
}

// allTaken returns a *session.LimitError if one of the events had no room. What cannot
// be told is an error too (E-04).
func (s *Store) allTaken(ctx context.Context, events []session.Event, takes []*redis.Cmd, now time.Time) error {
	var refused *session.LimitError
	for i, take := range takes {
		if redis.HasErrorPrefix(take.Err(), "NOSCRIPT") { // Redis was restarted
			take = takeEvent.Eval(ctx, s.scripts, s.takeKeys(events[i]), takeArgs(events[i], now)...)
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
