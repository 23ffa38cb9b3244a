package sqldb

import (
	"context"
	"time"
)

const selectClock = `select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`

// Clock returns the time that the database has, for comparing clocks; nothing is
// decided by it. SQLite has the clock of this process.
func (db *DB) Clock(ctx context.Context) (time.Time, error) {
	if db.Dialect.Name != postgresDialect.Name {
		return time.Now(), nil
	}
	var millis int64
	err := db.Read(ctx, func(ctx context.Context, q Querier) error {
		return q.QueryRowContext(ctx, selectClock).Scan(&millis)
	})
	return Time(millis), err
}
