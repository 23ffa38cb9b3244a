package redisstore

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// errTooLarge is a session that no one can mean.
var errTooLarge = errors.New("session has more than 64 KiB of data")

var (
	// createSession: KEYS session, index, tombstones; ARGV record, ttl, rest of the id,
	// expiry ("" if it is not live), asOf, user. 1 done, 0 the id is taken, -1 the
	// user's tombstone goes through asOf and does not spare the session (S-08). Of sessions that had expired at
	// asOf the index is relieved.
	createSession = redis.NewScript(extend + `
local tombstone = redis.call('HGET', KEYS[3], ARGV[6])
if tombstone then
	local through, spared = string.match(tombstone, '^(%-?%d+) (%S*) ')
	through = tonumber(through)
	if not through or (through >= tonumber(ARGV[5]) and spared ~= ARGV[3]) then return -1 end
end
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[5])
if ARGV[4] ~= '' then
	redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
	extend(KEYS[2], ARGV[2])
end
return 1`)

	// replaceSession: KEYS session, index; ARGV version, record, ttl, rest of the id,
	// expiry ("" if it is not live), and if the session ends the channel and the
	// revocation to announce. 1 done, 0 another version, -1 no such session.
	replaceSession = redis.NewScript(extend + announce + `
local version = redis.call('GETRANGE', KEYS[1], 2, 9)
if version == '' then return -1 end
if version ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if ARGV[5] == '' then
	redis.call('ZREM', KEYS[2], ARGV[4])
else
	redis.call('ZADD', KEYS[2], ARGV[5], ARGV[4])
	extend(KEYS[2], ARGV[3])
end
if ARGV[7] then announce(ARGV[6], ARGV[7]) end
return 1`)

	// loadSession: KEYS session, tombstones. Both values, or nothing.
	loadSession = redis.NewScript(`
local record = redis.call('GET', KEYS[1])
if not record then return false end
local length = string.byte(record, 19) or 0
return {record, redis.call('HGET', KEYS[2], string.sub(record, 20, 19 + length))}`)
)

// Create implements session.SessionStore. ErrConflict if the id is taken.
func (s *Store) Create(ctx context.Context, ns session.Session, asOf time.Time) error {
	const op = "create session"
	if err := rules.NewSession(ns); err != nil {
		return fail(op, err)
	}
	packed, err := packSession(ns)
	if err != nil {
		return fail(op, err)
	}
	bucket, rest, _ := splitID(ns.ID)
	user := bareUser(ns.UserID)
	done, err := createSession.Run(ctx, s.scripts,
		[]string{s.sessionKey(bucket, rest), s.indexKey(bucket, user), s.tombstonesKey(bucket)},
		packed, ttl(ns.ExpireAt).Milliseconds(), rest, score(ns), millis(asOf), user).Int()
	switch err = answer(ctx, err); {
	case err == nil && done < 0:
		err = session.ErrUserRevoked
	case err == nil && done == 0:
		err = session.ErrConflict
	}
	return fail(op, err)
}

// score is where a session stands in its user's index, "" for not at all.
func score(s session.Session) any {
	if !rules.Live(s.Status) {
		return ""
	}
	return millis(s.ExpireAt)
}

// Get implements session.SessionStore.
func (s *Store) Get(ctx context.Context, id session.ID) (session.Session, error) {
	const op = "get session"
	found, err := s.GetMany(ctx, []session.ID{id})
	if err != nil {
		return session.Session{}, fail(op, err)
	}
	if len(found) == 0 {
		return session.Session{}, fail(op, session.ErrNotFound)
	}
	return found[0], nil
}

// GetMany implements session.SessionStore.
func (s *Store) GetMany(ctx context.Context, ids []session.ID) ([]session.Session, error) {
	var known []session.ID
	var gets []*redis.StringCmd
	// Errors stay with their commands; most are redis.Nil.
	_, _ = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, id := range ids {
			if bucket, rest, ok := splitID(id); ok {
				known = append(known, id)
				gets = append(gets, p.Get(ctx, s.sessionKey(bucket, rest)))
			}
		}
		return nil
	})
	var found []session.Session
	for i, get := range gets {
		b, err := get.Bytes()
		if err := answer(ctx, err); errors.Is(err, redis.Nil) {
			continue
		} else if err != nil {
			return nil, fail("get sessions", err)
		}
		if one, err := unpackSession(known[i], b); err == nil {
			found = append(found, one)
		}
	}
	return found, nil
}

// OfUser implements session.SessionStore.
func (s *Store) OfUser(ctx context.Context, userID string) ([]session.Session, error) {
	const op = "list sessions of user"
	if !rules.UserID(userID) {
		return nil, nil
	}
	bucket := session.Bucket(userID)
	members, err := s.client.ZRange(ctx, s.indexKey(bucket, bareUser(userID)), 0, -1).Result()
	if err = answer(ctx, err); err != nil || len(members) == 0 {
		return nil, fail(op, err)
	}
	ids := make([]session.ID, len(members))
	for i, rest := range members {
		ids[i] = joinID(bucket, rest)
	}
	found, err := s.GetMany(ctx, ids)
	if err != nil {
		return nil, fail(op, err)
	}
	// One that ended since, or that the index should not name.
	found = slices.DeleteFunc(found, func(one session.Session) bool {
		return !rules.Live(one.Status) || one.UserID != userID
	})
	slices.SortFunc(found, func(a, b session.Session) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(string(b.ID), string(a.ID))
	})
	return found, nil
}

// Update implements session.SessionStore.
func (s *Store) Update(ctx context.Context, id session.ID, fn func(*session.Session) error) (session.Session, error) {
	const op = "update session"
	bucket, rest, ok := splitID(id)
	if !ok {
		return session.Session{}, fail(op, session.ErrNotFound)
	}
	var packed []byte
	var ended []session.RevocationRecord
	err := tryAgain(func() error {
		reply, err := loadSession.Run(ctx, s.scripts, []string{s.sessionKey(bucket, rest), s.tombstonesKey(bucket)}).Slice()
		current, err := loaded(id, reply, answer(ctx, err))
		if err != nil {
			return err
		}
		next, err := rules.UpdateSession(current, fn)
		if err != nil {
			return err
		}
		if packed, err = packSession(next); err != nil {
			return err
		}
		args := []any{packVersion(current.Version), packed, ttl(next.ExpireAt).Milliseconds(), rest, score(next)}
		if ended = rules.Ended(current, next); len(ended) > 0 {
			args = append(args, s.channel(), packRevocation(ended[0]))
		}
		done, err := replaceSession.Run(ctx, s.scripts,
			[]string{s.sessionKey(bucket, rest), s.indexKey(bucket, bareUser(next.UserID))}, args...).Int()
		return replaced(done, answer(ctx, err))
	})
	if err == nil {
		err = s.logAnnounced(ctx, ended)
	}
	if err != nil {
		return session.Session{}, fail(op, err)
	}
	return unpackSession(id, packed)
}

// loaded makes a session of what the script loadSession answered. A tombstone that
// covers it shows in its status and cause.
func loaded(id session.ID, reply []any, err error) (session.Session, error) {
	if errors.Is(err, redis.Nil) {
		return session.Session{}, session.ErrNotFound
	}
	if err != nil {
		return session.Session{}, err
	}
	if len(reply) == 0 {
		return session.Session{}, errors.Join(session.ErrNotFound, errMalformed)
	}
	record, _ := reply[0].(string)
	s, err := unpackSession(id, []byte(record))
	if err != nil {
		return session.Session{}, errors.Join(session.ErrNotFound, err)
	}
	if len(reply) > 1 && reply[1] != nil {
		text, _ := reply[1].(string)
		if r, err := unpackTombstone(session.Bucket(s.UserID), text); err != nil || rules.Covers(r, s) {
			s.Status, s.Cause = session.StatusRevoked, r.Cause
		}
	}
	return s, nil
}
