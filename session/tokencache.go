package session

import (
	"sync"
	"time"
)

// tokenCache keeps the last token minted from each session. Nobody reads it without
// having read the session: what it holds is only ever a signature saved. It is bounded
// by two generations of a fixed size.
type tokenCache struct {
	shards [tokenShards]tokenShard
}

const (
	tokenShards     = 64
	tokenGeneration = 128 // a shard; 16,384 tokens in all, some 15 MB
)

type tokenShard struct {
	mu       sync.Mutex
	young    map[ID]mintedToken
	previous map[ID]mintedToken
}

// mintedToken is a token and what it depends on.
type mintedToken struct {
	version int64
	azp     string
	kid     string
	expires time.Time
	token   string
}

func newTokenCache() *tokenCache { return &tokenCache{} }

// lock returns the shard of a session, locked. It goes by the last character of the
// id, which is random.
func (c *tokenCache) lock(id ID) *tokenShard {
	shard := &c.shards[id[len(id)-1]%tokenShards]
	shard.mu.Lock()
	return shard
}

func (s *tokenShard) get(id ID) (mintedToken, bool) {
	if t, ok := s.young[id]; ok {
		return t, true
	}
	t, ok := s.previous[id]
	return t, ok
}

func (s *tokenShard) put(id ID, t mintedToken) {
	if len(s.young) >= tokenGeneration || s.young == nil {
		s.previous, s.young = s.young, make(map[ID]mintedToken)
	}
	s.young[id] = t
}
