package redisstore

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// publishRevocation: KEYS the log; ARGV time, record, the time before which records
// are dropped, ttl.
var publishRevocation = redis.NewScript(extend + `
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3])
extend(KEYS[1], ARGV[4])
return 1`)

// Fields of a revocation.
const (
	revocationID = iota + 1
	revocationSessionID
	revocationUserID
	revocationExcept
	revocationAt
	revocationCause
)

// PublishRevocation implements session.RevocationStore. Publishing one again is no error.
func (s *Store) PublishRevocation(ctx context.Context, r session.RevocationRecord) error {
	const op = "publish revocation"
	if err := rules.Revocation(r); err != nil {
		return fail(op, err)
	}
	var w fieldWriter
	w.text(revocationID, r.ID)
	w.text(revocationSessionID, string(r.SessionID))
	w.text(revocationUserID, r.UserID)
	w.text(revocationExcept, string(r.Except))
	w.time(revocationAt, r.At)
	w.text(revocationCause, r.Cause)
	until := r.At.Add(rules.KeepRevocations)
	err := publishRevocation.Run(ctx, s.client, []string{s.logKey()}, millis(r.At), []byte(w),
		millis(r.At.Add(-rules.KeepRevocations)), ttl(until).Milliseconds()).Err()
	return fail(op, answer(ctx, err))
}

// RevocationsSince implements session.RevocationStore. A record is published at its
// At. A log with a record that makes no sense is an error: to pass it over could let
// a revoked token through.
func (s *Store) RevocationsSince(ctx context.Context, t time.Time) ([]session.RevocationRecord, error) {
	const op = "read revocations"
	members, err := s.client.ZRangeByScore(ctx, s.logKey(), &redis.ZRangeBy{Min: strconv.FormatInt(millis(t), 10), Max: "+inf"}).Result()
	if err := answer(ctx, err); err != nil {
		return nil, fail(op, err)
	}
	var found []session.RevocationRecord
	for _, member := range members {
		f, err := readFields([]byte(member))
		if err != nil {
			return nil, fail(op, err)
		}
		r := session.RevocationRecord{
			ID:        f.texts[revocationID],
			SessionID: session.ID(f.texts[revocationSessionID]),
			UserID:    f.texts[revocationUserID],
			Except:    session.ID(f.texts[revocationExcept]),
			At:        f.time(revocationAt),
			Cause:     f.texts[revocationCause],
		}
		if rules.Revocation(r) != nil {
			return nil, fail(op, errMalformed)
		}
		found = append(found, r)
	}
	slices.SortFunc(found, func(a, b session.RevocationRecord) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	return found, nil
}
