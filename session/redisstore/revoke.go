package redisstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/internal/rules"
)

// revokeUser leaves a tombstone and revokes the live sessions of a user.
//
// KEYS index, tombstones, how long those are kept, then sessions. ARGV user, time
// through which the tombstone covers, time to keep until, ttl of the tombstones, rest of
// the spared id or "", cause, packed time, time, the channel and the user's revocation to
// announce on it; then for each session the rest of its id and its revocation.
//
// A script may only use keys that it was given. So if the index names sessions that
// the caller did not, it answers {0, index} and the caller comes again; the
// tombstone stands from the first time on, and lets nobody in meanwhile. Else it
// answers {1, turned}.
//
// A later tombstone stands, and of two of the same time the one that spares nobody.
var revokeUser = redis.NewScript(extend + announce + `
local user, at, keepUntil, spared = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[5]
local old = redis.call('HGET', KEYS[2], user)
local oldAt = old and tonumber(string.match(old, '^(%-?%d+) '))
if not oldAt or at > oldAt or (at == oldAt and spared == '') then
	redis.call('HSET', KEYS[2], user, ARGV[2] .. ' ' .. spared .. ' ' .. ARGV[6])
end
local oldKeep = tonumber(redis.call('ZSCORE', KEYS[3], user) or nil)
if not oldKeep or keepUntil > oldKeep then redis.call('ZADD', KEYS[3], ARGV[3], user) end
extend(KEYS[2], ARGV[4])
extend(KEYS[3], ARGV[4])
for _, over in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', tonumber(ARGV[8]) - 3600000, 'LIMIT', 0, 100)) do
	redis.call('HDEL', KEYS[2], over)
	redis.call('ZREM', KEYS[3], over)
end

local keys, revocations = {}, {}
for i = 4, #KEYS do
	local rest = ARGV[2 * i + 3]
	keys[rest], revocations[rest] = KEYS[i], ARGV[2 * i + 4]
end
local index = redis.call('ZRANGE', KEYS[1], 0, -1)
for _, rest in ipairs(index) do
	if rest ~= spared and not keys[rest] then return {0, index} end
end
local turned = {}
for _, rest in ipairs(index) do
	if rest ~= spared then
		local record = redis.call('GET', keys[rest])
		local status = record and string.sub(record, 2, 2)
		if (status == 'a' or status == 'p') and #record > 20 then
			local version = struct.unpack('>I8', string.sub(record, 3, 10)) + 1
			local fields = 20 + string.byte(record, 19)
			local length = (string.byte(record, fields) or 0) * 256 + (string.byte(record, fields + 1) or 0)
			redis.call('SET', keys[rest], string.sub(record, 1, 1) .. 'v' .. struct.pack('>I8', version) .. ARGV[7]
				.. string.sub(record, 19, fields + 1 + length) .. ARGV[6], 'KEEPTTL')
			announce(ARGV[9], revocations[rest])
			table.insert(turned, rest)
		end
		redis.call('ZREM', KEYS[1], rest)
	end
end
announce(ARGV[9], ARGV[10])
return {1, turned}`)

// RevokeUser implements session.SessionStore.
func (s *Store) RevokeUser(ctx context.Context, userID string, r session.UserRevocation) (turned []session.ID, err error) {
	const op = "revoke sessions of user"
	if !rules.UserID(userID) || r.Except != "" && !rules.SessionID(r.Except) {
		return nil, fail(op, session.ErrNotFound)
	}
	bucket := session.Bucket(userID)
	var index []string
	err = tryAgain(func() error {
		keys, args := s.revokeUserCall(userID, r, index)
		reply, err := revokeUser.Run(ctx, s.scripts, keys, args...).Slice()
		if err := answer(ctx, err); err != nil {
			return err
		}
		done, names, err := revokeReply(reply)
		if err != nil {
			return err
		}
		if index = names; !done {
			return errLost
		}
		return nil
	})
	if err != nil {
		return nil, fail(op, err)
	}
	records := []session.RevocationRecord{rules.UserRevoked(userID, r)}
	for _, rest := range index {
		if id := joinID(bucket, rest); rules.SessionID(id) { // D-06: the index may name anything
			turned = append(turned, id)
			records = append(records, rules.SessionRevoked(id, r.At, r.Cause))
		}
	}
	return turned, fail(op, s.logAnnounced(ctx, records))
}

// revokeUserCall returns the keys and arguments of the script revokeUser for a user whose
// sessions are those of index.
func (s *Store) revokeUserCall(userID string, r session.UserRevocation, index []string) (keys []string, args []any) {
	bucket, user := session.Bucket(userID), bareUser(userID)
	spared := ""
	if b, rest, _ := splitID(r.Except); b == bucket {
		spared = rest
	}
	keys = []string{s.indexKey(bucket, user), s.tombstonesKey(bucket), s.keepTombstonesKey(bucket)}
	args = []any{
		user, millis(rules.Through(r)), millis(r.KeepUntil), ttl(r.KeepUntil).Milliseconds(), spared, r.Cause,
		packVersion(millis(r.At)), millis(r.At), s.channel(), packRevocation(rules.UserRevoked(userID, r)),
	}
	for _, rest := range index {
		keys = append(keys, s.sessionKey(bucket, rest))
		args = append(args, rest, packRevocation(rules.SessionRevoked(joinID(bucket, rest), r.At, r.Cause)))
	}
	return keys, args
}

func revokeReply(reply []any) (done bool, names []string, err error) {
	if len(reply) != 2 {
		return false, nil, errMalformed
	}
	n, _ := reply[0].(int64)
	list, _ := reply[1].([]any)
	for _, one := range list {
		name, _ := one.(string)
		names = append(names, name)
	}
	return n == 1, names, nil
}

// unpackTombstone reads what the script revokeUser wrote for a user of the bucket.
func unpackTombstone(bucket, text string) (session.UserRevocation, error) {
	at, text, _ := strings.Cut(text, " ")
	spared, cause, ok := strings.Cut(text, " ")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !ok {
		return session.UserRevocation{}, errMalformed
	}
	r := session.UserRevocation{At: fromMillis(ms), Cause: cause}
	if spared != "" {
		r.Except = joinID(bucket, spared)
	}
	return r, nil
}
