package redisstore

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// FindCookie implements session.ClientStore.
func (s *Store) FindCookie(ctx context.Context, token string, now time.Time) (data []byte, found bool, err error) {
	if !rules.CookieToken(token) {
		return nil, false, nil // not looked up
	}
	b, err := s.client.Get(ctx, s.cookieKey(token)).Bytes()
	if err := answer(ctx, err); errors.Is(err, redis.Nil) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, fail("find cookie", err)
	}
	data, found = unpackCookie(b, now)
	return data, found, nil
}

// CommitCookie implements session.ClientStore.
func (s *Store) CommitCookie(ctx context.Context, token string, data []byte, expiry, now time.Time) error {
	const op = "commit cookie"
	if !rules.CookieToken(token) {
		return fail(op, session.ErrNotFound)
	}
	// S-06: a commit that comes after the deadline must not bring the cookie back.
	if millis(expiry) <= millis(now) {
		return fail(op, session.ErrExpired)
	}
	b := append(binary.BigEndian.AppendUint64(nil, uint64(millis(expiry))), data...)
	return fail(op, answer(ctx, s.client.Set(ctx, s.cookieKey(token), b, ttl(expiry)).Err()))
}

// DeleteCookie implements session.ClientStore. Deleting what is not there is no error.
func (s *Store) DeleteCookie(ctx context.Context, token string) error {
	if !rules.CookieToken(token) {
		return nil
	}
	return fail("delete cookie", answer(ctx, s.client.Del(ctx, s.cookieKey(token)).Err()))
}

// unpackCookie returns the data of a cookie that is good at now.
func unpackCookie(b []byte, now time.Time) (data []byte, found bool) {
	if len(b) < 8 || int64(binary.BigEndian.Uint64(b)) <= millis(now) {
		return nil, false
	}
	return b[8:], true
}
