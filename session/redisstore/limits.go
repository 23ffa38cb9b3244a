package redisstore

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

// takeEvent: KEYS the events; ARGV now, window, limit, nonce, ttl. {1, 0} taken,
// {0, ms} refused, and when the next passes. It never keeps more than limit events.
var takeEvent = redis.NewScript(extend + `
local now, window, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local count = redis.call('ZCARD', KEYS[1])
if count < limit then
	redis.call('ZADD', KEYS[1], now, ARGV[4])
	extend(KEYS[1], ARGV[5])
	return {1, 0}
end
if limit < 1 then return {0, window} end
local event = redis.call('ZRANGE', KEYS[1], count - limit, count - limit, 'WITHSCORES')
return {0, tonumber(event[2]) + window - now}`)

// Take implements session.LimitStore.
func (s *Store) Take(ctx context.Context, key string, limit int, window time.Duration, now time.Time) (ok bool, retryAfter time.Duration, err error) {
	const op = "take from limit"
	e := session.Event{Key: key, Limit: limit, Window: window}
	ok, retryAfter, err = taken(ctx, takeEvent.Run(ctx, s.scripts, s.takeKeys(e), takeArgs(e, now)...))
	return ok, retryAfter, fail(op, err)
}

func (s *Store) takeKeys(e session.Event) []string { return []string{s.limitKey(e.Key)} }

func takeArgs(e session.Event, now time.Time) []any {
	return []any{millis(now), e.Window.Milliseconds(), e.Limit, random.Bytes(8), (e.Window + grace).Milliseconds()}
}

// taken reads what the script takeEvent answered.
func taken(ctx context.Context, cmd *redis.Cmd) (ok bool, retryAfter time.Duration, err error) {
	reply, err := cmd.Int64Slice()
	if err := answer(ctx, err); err != nil {
		return false, 0, err
	}
	if len(reply) != 2 {
		return false, 0, session.ErrUnavailable
	}
	return reply[0] == 1, time.Duration(reply[1]) * time.Millisecond, nil
}

// CountIn implements session.LimitStore. It sees events that Take still kept: a
// window no longer than Take's counts right.
func (s *Store) CountIn(ctx context.Context, key string, window time.Duration, now time.Time) (int, error) {
	after := "(" + strconv.FormatInt(millis(now)-window.Milliseconds(), 10)
	n, err := s.client.ZCount(ctx, s.limitKey(key), after, "+inf").Result()
	return int(n), fail("count in limit", answer(ctx, err))
}

// Reset implements session.LimitStore.
func (s *Store) Reset(ctx context.Context, key string) error {
	return fail("reset limit", answer(ctx, s.client.Del(ctx, s.limitKey(key)).Err()))
}
