package redisstore

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

var (
	// createAttempt: ARGV version, expiry, data, ttl. 1 done, 0 the id is taken.
	createAttempt = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'e', ARGV[2], 'd', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`)

	// replaceAttempt: ARGV now, version, new version, expiry, data, ttl. 1 done, 0
	// another version, -1 unknown or expired.
	replaceAttempt = redis.NewScript(`
local found = redis.call('HMGET', KEYS[1], 'v', 'e')
local expiry = tonumber(found[2])
if not (expiry and expiry > tonumber(ARGV[1]) and expiry < 9007199254740992) then return -1 end
if found[1] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[3], 'e', ARGV[4], 'd', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1`)

	// countTry: ARGV now, field. The new count, or -1 for unknown or expired.
	countTry = redis.NewScript(`
local expiry = tonumber(redis.call('HGET', KEYS[1], 'e'))
if not (expiry and expiry > tonumber(ARGV[1]) and expiry < 9007199254740992) then return -1 end
return redis.call('HINCRBY', KEYS[1], ARGV[2], 1)`)
)

// CreateAttempt stores a with the version it has. ErrConflict if its id is taken.
func (s *Store) CreateAttempt(ctx context.Context, a session.Attempt) error {
	const op = "create attempt"
	if !rules.AttemptID(a.ID) {
		return fail(op, session.ErrNotFound)
	}
	done, err := createAttempt.Run(ctx, s.scripts, []string{s.attemptKey(a.ID)},
		a.Version, millis(a.ExpireAt), a.Data, ttl(a.ExpireAt).Milliseconds()).Int()
	if err = answer(ctx, err); err == nil && done == 0 {
		err = session.ErrConflict
	}
	return fail(op, err)
}

// Attempt implements session.AttemptStore.
func (s *Store) Attempt(ctx context.Context, id string, now time.Time) (session.Attempt, error) {
	const op = "get attempt"
	if !rules.AttemptID(id) {
		return session.Attempt{}, fail(op, session.ErrNotFound)
	}
	found, err := s.client.HMGet(ctx, s.attemptKey(id), "v", "e", "d").Result()
	if err := answer(ctx, err); err != nil {
		return session.Attempt{}, fail(op, err)
	}
	a, err := unpackAttempt(id, found)
	if err == nil && millis(a.ExpireAt) <= millis(now) {
		err = session.ErrNotFound
	}
	if err != nil {
		return session.Attempt{}, fail(op, err)
	}
	return a, nil
}

func unpackAttempt(id string, found []any) (session.Attempt, error) {
	var texts [3]string
	for i := range texts {
		if i >= len(found) || found[i] == nil {
			return session.Attempt{}, session.ErrNotFound
		}
		texts[i], _ = found[i].(string)
	}
	version, err := strconv.ParseInt(texts[0], 10, 64)
	expiry, expiryErr := strconv.ParseInt(texts[1], 10, 64)
	if err != nil || expiryErr != nil {
		return session.Attempt{}, errors.Join(session.ErrNotFound, errMalformed)
	}
	return session.Attempt{ID: id, Data: []byte(texts[2]), ExpireAt: fromMillis(expiry), Version: version}, nil
}

// ReplaceAttempt implements session.AttemptStore. ErrNotFound for an unknown and for
// an expired one.
func (s *Store) ReplaceAttempt(ctx context.Context, a session.Attempt, now time.Time) (int64, error) {
	const op = "replace attempt"
	if !rules.AttemptID(a.ID) {
		return 0, fail(op, session.ErrNotFound)
	}
	next := a.Version + 1
	// C-04: comparing and setting are one step.
	done, err := replaceAttempt.Run(ctx, s.scripts, []string{s.attemptKey(a.ID)},
		millis(now), a.Version, next, millis(a.ExpireAt), a.Data, ttl(a.ExpireAt).Milliseconds()).Int()
	if err = replaced(done, answer(ctx, err)); err == errLost {
		err = session.ErrConflict
	}
	if err != nil {
		return 0, fail(op, err)
	}
	return next, nil
}

// DeleteAttempt implements session.AttemptStore. Deleting what is not there is no error.
func (s *Store) DeleteAttempt(ctx context.Context, id string) error {
	if !rules.AttemptID(id) {
		return nil
	}
	return fail("delete attempt", answer(ctx, s.client.Del(ctx, s.attemptKey(id)).Err()))
}

// Try implements session.AttemptStore.
func (s *Store) Try(ctx context.Context, id, name string, now time.Time) (int, error) {
	const op = "count a try"
	if !rules.AttemptID(id) {
		return 0, fail(op, session.ErrNotFound)
	}
	// C-05: Redis has no transaction that could take it back.
	n, err := countTry.Run(ctx, s.scripts, []string{s.attemptKey(id)}, millis(now), "t:"+name).Int()
	if err = answer(ctx, err); err == nil && n < 0 {
		err = session.ErrNotFound
	}
	if err != nil {
		return 0, fail(op, err)
	}
	return n, nil
}
