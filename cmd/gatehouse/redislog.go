package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// redisLog hears what the Redis client says beside the errors that it returns, such as
// a connection that was tried again: for whoever looks closely.
type redisLog struct{ log *slog.Logger }

// Printf implements the logger of package redis.
func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	if l.log.Enabled(ctx, slog.LevelDebug) {
		l.log.DebugContext(ctx, "redis client", "said", fmt.Sprintf(format, args...))
	}
}

// logRedis takes the place of the client's own logger, which writes to the standard
// error. It is one for the whole process, so only a program may choose it, no package.
func logRedis(log *slog.Logger) { redis.SetLogger(redisLog{log}) }
