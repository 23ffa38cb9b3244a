package redisstore

import "github.com/gatehouse-dev/gatehouse/session"

// For tests of what a stranger wrote to Redis, and of single keys.
var (
	PackSession     = packSession
	UnpackSession   = unpackSession
	PackClient      = packClient
	UnpackClient    = unpackClient
	UnpackTombstone = unpackTombstone
	PackRevocation  = packRevocation
)

func (s *Store) SessionKey(id session.ID) string {
	bucket, rest, _ := splitID(id)
	return s.sessionKey(bucket, rest)
}

func (s *Store) IndexKey(user string) string {
	return s.indexKey(session.Bucket(user), bareUser(user))
}

func (s *Store) TombstonesKeys(user string) (tombstones, keep string) {
	return s.tombstonesKey(session.Bucket(user)), s.keepTombstonesKey(session.Bucket(user))
}

func (s *Store) ClientKey(id session.ClientID) string { return s.clientKey(id) }
func (s *Store) CookieKey(token string) string        { return s.cookieKey(token) }
func (s *Store) AttemptKey(id string) string          { return s.attemptKey(id) }
func (s *Store) LimitKey(key string) string           { return s.limitKey(key) }
func (s *Store) LogKey() string                       { return s.logKey() }

// BareUser is how a user stands in keys and tombstones.
var BareUser = bareUser
