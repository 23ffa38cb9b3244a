package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// serverTime is a Lua function: the time of this Redis in milliseconds. It orders the
// log, since nobody's clock is nearer to it (see rules.LogStart).
const serverTime = `
local function now()
	local time = redis.call('TIME')
	return time[1] * 1000 + math.floor(time[2] / 1000)
end`

// announce is a Lua function that tells watchers of a record. A user of Redis who may
// not is no reason to fail: watchers read the log as well.
const announce = `
local function announce(channel, record) redis.pcall('PUBLISH', channel, record) end`

var (
	// writeLog: KEYS the log; ARGV how long records are kept in ms, the channel to
	// announce them on or "", then the records.
	writeLog = redis.NewScript(serverTime + announce + `
local at = now()
for i = 3, #ARGV do
	redis.call('ZADD', KEYS[1], at, ARGV[i])
	if ARGV[2] ~= '' then announce(ARGV[2], ARGV[i]) end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.format('%.0f', at - ARGV[1]))
redis.call('PEXPIRE', KEYS[1], 2 * ARGV[1])
return 1`)

	// readLog: KEYS the log; ARGV cursor, cursor less the overlap. {now, records}, all
	// of them if the clock went back behind the cursor: another master has taken over.
	readLog = redis.NewScript(serverTime + `
local at, from = now(), ARGV[2]
if tonumber(ARGV[1]) > at then from = '-inf' end
return {at, redis.call('ZRANGEBYSCORE', KEYS[1], from, '+inf')}`)
)

// Fields of a revocation.
const (
	revocationID = iota + 1
	revocationSessionID
	revocationUserID
	revocationExcept
	revocationAt
	revocationCause
)

func packRevocation(r session.RevocationRecord) []byte {
	var w fieldWriter
	w.text(revocationID, r.ID)
	w.text(revocationSessionID, string(r.SessionID))
	w.text(revocationUserID, r.UserID)
	w.text(revocationExcept, string(r.Except))
	w.time(revocationAt, r.At)
	w.text(revocationCause, r.Cause)
	return w
}

// unpackRevocation returns errMalformed for what packRevocation did not write (D-06).
func unpackRevocation(record string) (session.RevocationRecord, error) {
	f, err := readFields([]byte(record))
	if err != nil {
		return session.RevocationRecord{}, err
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
		return session.RevocationRecord{}, errMalformed
	}
	return r, nil
}

// PublishRevocation implements session.RevocationStore.
func (s *Store) PublishRevocation(ctx context.Context, r session.RevocationRecord) error {
	const op = "publish revocation"
	if err := rules.Revocation(r); err != nil {
		return fail(op, err)
	}
	return fail(op, s.writeLog(ctx, s.channel(), r))
}

// writeLog adds records to the log, in one step, and announces them unless channel is "".
func (s *Store) writeLog(ctx context.Context, channel string, records ...session.RevocationRecord) error {
	args := []any{rules.KeepRevocations.Milliseconds(), channel}
	for _, r := range records {
		args = append(args, packRevocation(r))
	}
	return answer(ctx, writeLog.Run(ctx, s.scripts, []string{s.logKey()}, args...).Err())
}

// logAnnounced logs what a script that ended sessions has announced. The caller who
// gives up now would leave sessions that ended and are not in the log.
func (s *Store) logAnnounced(ctx context.Context, records []session.RevocationRecord) error {
	if len(records) == 0 {
		return nil
	}
	return s.writeLog(context.WithoutCancel(ctx), "", records...)
}

// RevocationsSince implements session.RevocationStore. A log with a record that makes
// no sense is an error: to pass it over could let a revoked token through.
func (s *Store) RevocationsSince(ctx context.Context, cursor session.RevocationCursor) ([]session.RevocationRecord, session.RevocationCursor, error) {
	const op = "read revocations"
	from := int64(cursor) - rules.RevocationOverlap.Milliseconds()
	reply, err := readLog.Run(ctx, s.scripts, []string{s.logKey()}, int64(cursor), from).Slice()
	if err := answer(ctx, err); err != nil {
		return nil, 0, fail(op, err)
	}
	if len(reply) != 2 {
		return nil, 0, fail(op, errMalformed)
	}
	next, _ := reply[0].(int64)
	members, _ := reply[1].([]any)
	var found []session.RevocationRecord
	for _, member := range members {
		text, _ := member.(string)
		r, err := unpackRevocation(text)
		if err != nil {
			return nil, 0, fail(op, err)
		}
		found = append(found, r)
	}
	return found, session.RevocationCursor(next), nil
}
