// Package redisstore keeps clients, sessions, attempts, limits and revocations in
// Redis 6.2 or newer: a single server, Sentinel or Cluster.
//
//	store, err := redisstore.Open(ctx, redisstore.Config{URL: "rediss://redis.internal:6379", Prefix: "gatehouse"})
//
// Keys, each under the prefix and ":", each with a TTL of its expiry and an hour more:
//
//	c:<client>      string  the client: version (8 bytes), fields
//	k:<token>       string  the browser session of scs: expiry (8 bytes), data; token is a SHA-256
//	s:{b}:<rest>    string  a session; b is the bucket in its id, rest what follows it in the id
//	u:{b}:<user>    zset    the live sessions of a user: rest, scored by expiry
//	t:{b}           hash    user → tombstone of the user: time, session spared, cause
//	x:{b}           zset    user, scored by how long the tombstone is kept
//	a:<attempt>     hash    v version, e expiry, d data, t:<name> tries
//	l:<hash>        zset    the events within a limit's window: nonce, scored by time; hash is SHA-256
//	r               zset    the revocation log of the last hour: record, scored by its arrival
//
// Whatever goes into the log, and whatever ends sessions, is also published on the
// channel "r" under the prefix, in the same script: a node that crashes before it has
// written the log has told every node that listens. The rest is bounded by the life of
// a token.
//
// Times are Unix milliseconds, by the caller's clock but for the log, which is ordered
// by that of the Redis it lies on. Ids stand without their prefix, users and clients
// included. What changes together shares the hash tag {b}, so every script and every
// command touches one slot. Records are packed (see fields.go): a session with its
// share of the index takes less than 600 bytes.
//
// Only the caller's clock decides whether something has expired; TTLs collect
// garbage. Compound steps are Lua scripts (D-04). Whatever is read is taken as
// written by a stranger (D-06): a record that makes no sense is not found, a
// tombstone that makes no sense ends sessions.
//
// A user of Redis needs no more than
//
//	ACL SETUSER gatehouse on >… ~gatehouse:* &gatehouse:* -@all +@connection +@read +@write +@scripting +time +publish +subscribe -@dangerous
//
// and on Cluster +cluster|slots +command besides.
//
// Redis replicates without waiting: a master that dies may take its last writes with
// it, so that a session that was ended a moment before lives again once a replica has
// taken over: nodes that heard of the revocation refuse its tokens for 90 s, and ending
// it again ends it. min-replicas-to-write narrows the gap; nothing in Redis closes it.
//
// When Redis does not answer, methods return session.ErrUnavailable (E-04). The client
// underneath, github.com/redis/go-redis/v9, besides writes to the standard error when it
// cannot connect; its logger is one for the whole process, so it is the program's to set,
// with redis.SetLogger.
package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/session"
)

const (
	// grace is how long Redis keeps what has expired, for nodes whose clocks differ.
	grace = time.Hour
	// maxTries bounds how often a compare-and-set is tried. Each time it loses,
	// another has won, so this is far beyond what a record sees at once.
	maxTries = 200
)

// Store is safe for concurrent use.
type Store struct {
	client  redis.UniversalClient
	scripts scripts
	prefix  string // with the colon
}

var (
	_ session.ClientStore       = (*Store)(nil)
	_ session.SessionStore      = (*Store)(nil)
	_ session.AttemptStore      = (*Store)(nil)
	_ session.LimitStore        = (*Store)(nil)
	_ session.RevocationStore   = (*Store)(nil)
	_ session.RevocationWatcher = (*Store)(nil)
)

// New returns a store on a client that the caller made, with the time-outs that the
// caller wants, and closes. prefix is 1 to 64 letters, digits, "-", "_", "." or ":".
// Most callers want [Open].
func New(client redis.UniversalClient, prefix string) (*Store, error) {
	// A brace would become the hash tag of every key.
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:"
	if prefix == "" || len(prefix) > 64 || strings.Trim(prefix, allowed) != "" {
		return nil, errors.New("redisstore: the key prefix must be 1 to 64 letters, digits, '-', '_', '.' or ':'")
	}
	return &Store{client: client, scripts: scripts{client}, prefix: prefix + ":"}, nil
}

// Ping returns session.ErrUnavailable if Redis does not answer.
func (s *Store) Ping(ctx context.Context) error {
	return fail("ping", answer(ctx, s.client.Ping(ctx).Err()))
}

// Close closes the client.
func (s *Store) Close() error { return s.client.Close() }

// Names of keys. D-02: they are made of checked ids and hashes only.

func (s *Store) clientKey(id session.ClientID) string { return s.prefix + "c:" + bareClient(id) }
func (s *Store) cookieKey(token string) string        { return s.prefix + "k:" + token }
func (s *Store) attemptKey(id string) string          { return s.prefix + "a:" + id }
func (s *Store) logKey() string                       { return s.prefix + "r" }
func (s *Store) channel() string                      { return s.prefix + "r" }

func (s *Store) limitKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return s.prefix + "l:" + hex.EncodeToString(sum[:])
}

func (s *Store) sessionKey(bucket, rest string) string {
	return s.prefix + "s:{" + bucket + "}:" + rest
}

func (s *Store) indexKey(bucket, user string) string    { return s.prefix + "u:{" + bucket + "}:" + user }
func (s *Store) tombstonesKey(bucket string) string     { return s.prefix + "t:{" + bucket + "}" }
func (s *Store) keepTombstonesKey(bucket string) string { return s.prefix + "x:{" + bucket + "}" }

const (
	clientPrefix  = "client_"
	userPrefix    = "user_"
	sessionPrefix = "sess_"
)

func bareClient(id session.ClientID) string { return strings.TrimPrefix(string(id), clientPrefix) }
func bareUser(id string) string             { return strings.TrimPrefix(id, userPrefix) }

// splitID returns the bucket of a session's id and what follows it.
func splitID(id session.ID) (bucket, rest string, ok bool) {
	bucket, ok = session.BucketOf(id)
	if !ok {
		return "", "", false
	}
	return bucket, string(id)[len(sessionPrefix)+len(bucket):], true
}

// joinID reverses splitID.
func joinID(bucket, rest string) session.ID { return session.ID(sessionPrefix + bucket + rest) }

// ttl returns how long Redis keeps what expires at t: an hour longer, and an hour at
// least. It is never zero or less, which Redis clients take as "for ever" (S-06).
func ttl(t time.Time) time.Duration {
	return max(time.Until(t), 0).Truncate(time.Millisecond) + grace
}

// extend is a Lua function: it lets a key live for another ttl milliseconds, unless
// it lives longer.
const extend = `
local function extend(key, ttl)
	if redis.call('PTTL', key) < tonumber(ttl) then redis.call('PEXPIRE', key, ttl) end
end`

// errLost is a compare-and-set that has to be tried again.
var errLost = errors.New("lost")

// tryAgain runs fn until it returns something other than errLost.
func tryAgain(fn func() error) error {
	for range maxTries {
		if err := fn(); err != errLost {
			return err
		}
	}
	return session.ErrConflict
}

// fail adds op to err.
func fail(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, err)
}
