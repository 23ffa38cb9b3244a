package session

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

const (
	revocationBuckets = 1 << 15
	revocationLimit   = 1 << 18 // 262,144 revocations, some 50 MB
	sweepEvery        = 10 * time.Second
)

// revocationTable finds revocations by session id or user id. Lookups take no lock and
// most end at an empty bucket: they come with every request of every app. What changes
// the table is rare and takes its turn.
type revocationTable struct {
	seed    maphash.Seed
	buckets [revocationBuckets]atomic.Pointer[revocation]

	mu    sync.Mutex
	n     int
	sweep time.Time // when to look for old ones next
}

// revocation is one entry of a bucket's list. It never changes.
type revocation struct {
	id     string
	at     time.Time
	until  time.Time // when it may be dropped
	cause  string
	except ID
	next   *revocation
}

func newRevocationTable() *revocationTable { return &revocationTable{seed: maphash.MakeSeed()} }

func (t *revocationTable) bucket(id string) *atomic.Pointer[revocation] {
	return &t.buckets[maphash.String(t.seed, id)%revocationBuckets]
}

// find returns nil for an id that is not there.
func (t *revocationTable) find(id string) *revocation {
	r := t.bucket(id).Load()
	for r != nil && r.id != id {
		r = r.next
	}
	return r
}

// put adds r, unless a later revocation of the same id is there. It reports false if
// there is no room.
func (t *revocationTable) put(r revocation, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.After(t.sweep) {
		for i := range t.buckets {
			t.keep(&t.buckets[i], func(old *revocation) bool { return now.Before(old.until) })
		}
		t.sweep = now.Add(sweepEvery)
	}
	bucket := t.bucket(r.id)
	switch old := t.find(r.id); {
	case old != nil && !r.at.After(old.at):
		return true
	case old != nil:
		t.keep(bucket, func(other *revocation) bool { return other != old })
	case t.n >= revocationLimit:
		return false
	}
	r.next = bucket.Load()
	bucket.Store(&r)
	t.n++
	return true
}

// keep drops from a bucket what ok refuses. Lookups that are under way see the list as
// it was.
func (t *revocationTable) keep(bucket *atomic.Pointer[revocation], ok func(*revocation) bool) {
	kept, dropped := keepOf(bucket.Load(), ok)
	if dropped > 0 {
		bucket.Store(kept)
		t.n -= dropped
	}
}

// keepOf returns the list without what ok refuses; its end is shared where nothing was
// dropped.
func keepOf(r *revocation, ok func(*revocation) bool) (kept *revocation, dropped int) {
	if r == nil {
		return nil, 0
	}
	rest, dropped := keepOf(r.next, ok)
	switch {
	case !ok(r):
		return rest, dropped + 1
	case dropped == 0:
		return r, 0
	}
	again := *r
	again.next = rest
	return &again, dropped
}
