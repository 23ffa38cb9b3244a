package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

const (
	// The row lock lasts until the transaction ends, so that of parallel callers
	// each counts what the one before it did.
	lockEvents = `
	insert into limit_events (limit_key, events, expire_at) values ($1, $2, 0)
	on conflict (limit_key) do update set limit_key = excluded.limit_key
	returning events`
	updateEvents = `update limit_events set events = $2, expire_at = $3 where limit_key = $1`
	selectEvents = `select events from limit_events where limit_key = $1`
	deleteEvents = `delete from limit_events where limit_key = $1`
)

// Take implements session.LimitStore.
func (s *Store) Take(ctx context.Context, key string, limit int, window time.Duration, now time.Time) (ok bool, retryAfter time.Duration, err error) {
	id, at := limitKey(key), sqldb.Millis(now)
	err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		var packed []byte
		if err := q.QueryRowContext(ctx, lockEvents, id, []byte{}).Scan(&packed); err != nil {
			return err
		}
		events := within(unpackTimes(packed), at, window)
		if ok = len(events) < limit; !ok {
			retryAfter = window
			if limit > 0 {
				// The next may pass when no more than limit-1 are left in the window.
				retryAfter = time.Duration(events[len(events)-limit]-at)*time.Millisecond + window
			}
			return nil
		}
		retryAfter = 0
		events = append(events, at)
		slices.Sort(events) // clocks of nodes differ
		_, err := q.ExecContext(ctx, updateEvents, id, packTimes(events), events[len(events)-1]+window.Milliseconds())
		return err
	})
	if err != nil {
		return false, 0, fail("take from limit", err)
	}
	return ok, retryAfter, nil
}

// CountIn implements session.LimitStore. It sees events that Take still kept: a
// window no longer than Take's counts right.
func (s *Store) CountIn(ctx context.Context, key string, window time.Duration, now time.Time) (int, error) {
	var packed []byte
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, selectEvents, limitKey(key)).Scan(&packed)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fail("count in limit", err)
	}
	return len(within(unpackTimes(packed), sqldb.Millis(now), window)), nil
}

// Reset implements session.LimitStore.
func (s *Store) Reset(ctx context.Context, key string) error {
	_, err := s.exec(ctx, deleteEvents, limitKey(key))
	return fail("reset limit", err)
}

// limitKey keeps what a client typed out of the table and bounds its length (D-02).
func limitKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// within returns the events that lie less than window before at, in milliseconds. events is sorted.
func within(events []int64, at int64, window time.Duration) []int64 {
	first, _ := slices.BinarySearch(events, at-window.Milliseconds()+1)
	return events[first:]
}

// packTimes writes sorted times: the first, then differences.
func packTimes(times []int64) []byte {
	out := make([]byte, 0, 6+2*len(times))
	last := int64(0)
	for _, t := range times {
		out = binary.AppendUvarint(out, uint64(t-last))
		last = t
	}
	return out
}

// unpackTimes reverses packTimes. It stops where the bytes make no sense.
func unpackTimes(b []byte) []int64 {
	var times []int64
	last := int64(0)
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 || d > 1<<53 {
			break
		}
		last += int64(d)
		times = append(times, last)
		b = b[n:]
	}
	return times
}
