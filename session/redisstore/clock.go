package redisstore

import (
	"context"
	"time"
)

// Clock returns the time that Redis has, for comparing clocks; nothing is decided by it.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	now, err := s.client.Time(ctx).Result()
	return now, fail("read clock", answer(ctx, err))
}
