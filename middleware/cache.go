package middleware

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

const (
	// maxEntryAge is how long an entry serves, in seconds: so long may a key go on
	// that was taken out of a key set which does not count removals.
	maxEntryAge = 60
	// ways is how many places a token has.
	ways = 8
	// hashed is how much of a token's end is hashed, in bytes. It is part of the
	// signature, and only tokens whose signature held get in, so that nobody can
	// choose it.
	hashed = 32
)

// cache keeps verified tokens in a table of fixed size without locks. A nil
// cache keeps none.
type cache struct {
	seed maphash.Seed
	mask uint64
	sets []set
}

// set is the places of one token. A tag is part of the hash of the entry beside it,
// so that a lookup touches the memory of no other entry. The two are not changed as
// one: a tag that does not fit costs a verification and no more, since the entry has
// the whole token.
type set struct {
	tags    [ways]atomic.Uint32
	entries [ways]atomic.Pointer[entry]
}

type entry struct {
	token string // whole
	until int64  // Unix seconds, exclusive
	keys  uint64 // auth.Verifier.KeyRemovals before the token was verified
	auth  *auth.Auth
}

// newCache returns a cache for n tokens, rounded up to a power of two.
func newCache(n int) *cache {
	sets := 1 << bits.Len(uint(max(n, ways)-1)/ways)
	return &cache{seed: maphash.MakeSeed(), mask: uint64(sets - 1), sets: make([]set, sets)}
}

func (c *cache) find(token string) (*set, uint32) {
	h := maphash.String(c.seed, token[len(token)-hashed:])
	return &c.sets[h&c.mask], uint32(h >> 32)
}

// get returns what was put under token, nil if it is not there, too old, or from before
// a key was taken out.
func (c *cache) get(token string, now time.Time, keys uint64) *auth.Auth {
	if c == nil || len(token) < hashed {
		return nil
	}
	s, tag := c.find(token)
	for i := range s.tags {
		if s.tags[i].Load() != tag {
			continue
		}
		if e := s.entries[i].Load(); e != nil && e.token == token {
			if now.Unix() < e.until && keys == e.keys {
				return e.auth
			}
			return nil
		}
	}
	return nil
}

// put stores a token that verified, in the place of a dead entry or else of the
// one that has the least time left. It also lets go of the other dead ones around,
// so that an app with few users holds few.
func (c *cache) put(token string, a *auth.Auth, now time.Time, keys uint64) {
	if c == nil || len(token) < hashed {
		return
	}
	e := &entry{token: token, auth: a, keys: keys, until: min(a.Claims.ExpiresAt, now.Unix()+maxEntryAge)}
	s, tag := c.find(token)
	place, least := 0, int64(1<<63-1)
	for i := range s.entries {
		have := s.entries[i].Load()
		var until int64
		switch {
		case have == nil:
		case have.until <= now.Unix() || have.token == token:
			s.entries[i].CompareAndSwap(have, nil)
		default:
			until = have.until
		}
		if until < least {
			place, least = i, until
		}
	}
	s.entries[place].Store(e)
	s.tags[place].Store(tag)
}
