package middleware

import (
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

const (
	// maxEntryAge is how long an entry serves, in seconds: so long may a key go on
	// that was taken out of a key set which does not count removals.
	maxEntryAge = 60
	// ways is how many places a token has: with their tags, a cache line's worth.
	ways = 7
	// hashed is how much of a token's end is hashed, in bytes. It is part of the
	// signature, and only tokens whose signature held get in, so that nobody can
	// choose it.
	hashed = 32
	// entrySize is how many bytes an entry takes on average, at most. Larger ones
	// take the room of others in their set.
	entrySize = 2048
	// entryOverhead is what an entry takes besides texts: its structs and the
	// allocator's rounding.
	entryOverhead = 512
)

// cache keeps verified tokens in a table of fixed size. Lookups take no lock. A nil
// cache keeps none.
type cache struct {
	seed maphash.Seed
	sets []set
	// puts serialises puts into a set; sets share locks.
	puts [64]sync.Mutex
}

// set is the places of one token, 64 bytes on 64-bit machines: a lookup costs one
// cache line here, and touches the memory of no other token. Byte i of tags belongs
// to entries[i]. The two are not changed as one: a tag that does not fit costs a
// verification and no more, since the entry has the whole token.
type set struct {
	tags    atomic.Uint64
	entries [ways]atomic.Pointer[entry]
}

// entry is a verified token. What a lookup reads comes first, and lies together.
type entry struct {
	token  string // whole
	until  int64  // Unix seconds, exclusive
	keys   uint64 // auth.Verifier.KeyRemovals before the token was verified
	auth   auth.Auth
	claims auth.Claims
}

// newCache returns a cache for n tokens, rounded up to a multiple of ways.
func newCache(n int) *cache {
	return &cache{seed: maphash.MakeSeed(), sets: make([]set, (n+ways-1)/ways)}
}

// place returns the number of a token's set and the tag in it.
func (c *cache) place(token string) (n uint64, tag byte) {
	h := maphash.String(c.seed, token[len(token)-hashed:])
	n, _ = bits.Mul64(h, uint64(len(c.sets)))
	return n, byte(h)
}

// get returns what was put under token, nil if it is not there, too old, or from before
// a key was taken out.
func (c *cache) get(token string, now time.Time, keys uint64) *auth.Auth {
	if c == nil || len(token) < hashed {
		return nil
	}
	n, tag := c.place(token)
	s := &c.sets[n]
	tags := s.tags.Load()
	for i := range s.entries {
		if byte(tags>>(8*i)) != tag {
			continue
		}
		if e := s.entries[i].Load(); e != nil && e.token == token {
			if now.Unix() < e.until && keys == e.keys {
				return &e.auth
			}
			return nil
		}
	}
	return nil
}

// put stores a token that verified, in the place of a dead entry or else of the
// one that has the least time left. It also lets go of the other dead ones around,
// so that an app with few users holds few, and of live ones until the set is no
// larger than it may be.
func (c *cache) put(token string, a *auth.Auth, now time.Time, keys uint64) {
	if c == nil || len(token) < hashed {
		return
	}
	e := newEntry(token, a, min(a.Claims.ExpiresAt, now.Unix()+maxEntryAge))
	e.keys = keys
	if e.size() > ways*entrySize {
		return
	}
	n, tag := c.place(token)
	lock := &c.puts[n%uint64(len(c.puts))]
	lock.Lock()
	defer lock.Unlock()
	s := &c.sets[n]
	place := s.makeRoom(e, now)
	s.entries[place].Store(e)
	shift := 8 * place
	s.tags.Store(s.tags.Load()&^(0xff<<shift) | uint64(tag)<<shift)
}

// makeRoom empties places until e fits, and returns one.
func (s *set) makeRoom(e *entry, now time.Time) int {
	free, size := -1, e.size()
	for i := range s.entries {
		have := s.entries[i].Load()
		if have != nil && have.until > now.Unix() && have.token != e.token {
			size += have.size()
			continue
		}
		s.entries[i].Store(nil)
		free = i
	}
	for free < 0 || size > ways*entrySize {
		soonest, least := 0, int64(1<<63-1)
		for i := range s.entries {
			if have := s.entries[i].Load(); have != nil && have.until < least {
				soonest, least = i, have.until
			}
		}
		size -= s.entries[soonest].Load().size()
		s.entries[soonest].Store(nil)
		free = soonest
	}
	return free
}

// newEntry copies what it keeps: a token is often part of a long header. The ids,
// which are looked up in the revocations, lie behind the token.
func newEntry(token string, a *auth.Auth, until int64) *entry {
	text := token + a.SessionID + a.UserID
	e := &entry{token: text[:len(token)], until: until, auth: *a, claims: *a.Claims}
	e.auth.SessionID = text[len(token) : len(token)+len(a.SessionID)]
	e.auth.UserID = text[len(token)+len(a.SessionID):]
	e.claims.SessionID, e.claims.Subject = e.auth.SessionID, e.auth.UserID
	e.auth.Claims = &e.claims
	return e
}

// size is how many bytes e takes, rounded up.
func (e *entry) size() int {
	c := &e.claims
	n := entryOverhead + len(e.token) + len(c.SessionID) + len(c.Subject) + len(c.Raw) +
		len(c.Issuer) + len(c.AuthorizedParty) + len(c.ID)
	for _, name := range c.Audience {
		n += len(name) + 32
	}
	if a := c.Actor; a != nil {
		n += 64 + len(a.Subject) + len(a.Issuer) + len(a.SessionID) + len(a.Type)
	}
	return n
}
