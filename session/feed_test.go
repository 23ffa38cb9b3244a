package session_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

// brokenLog is a revocation log that is away when told so.
type brokenLog struct {
	session.RevocationStore
	mu  sync.Mutex
	err error
}

func (b *brokenLog) set(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *brokenLog) get() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

func (b *brokenLog) RevocationsSince(ctx context.Context, cursor session.RevocationCursor) ([]session.RevocationRecord, session.RevocationCursor, error) {
	if err := b.get(); err != nil {
		return nil, 0, err
	}
	return b.RevocationStore.RevocationsSince(ctx, cursor)
}

func (b *brokenLog) PublishRevocation(ctx context.Context, r session.RevocationRecord) error {
	if err := b.get(); err != nil {
		return err
	}
	return b.RevocationStore.PublishRevocation(ctx, r)
}

// Current is false before the first poll and when the log was away for StaleAfter;
// what was published meanwhile is caught up.
func TestCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, func(cfg *session.Config) { cfg.Now = time.Now })
		feed := &brokenLog{RevocationStore: h.store}
		other := h.node(func(cfg *session.Config) { cfg.Revocations = feed })
		if other.Current(time.Now()) {
			t.Error("Current before Run")
		}
		run(t, other)
		time.Sleep(time.Second)
		if !other.Current(time.Now()) {
			t.Error("not Current after a second")
		}
		feed.set(session.ErrUnavailable)
		time.Sleep(4500 * time.Millisecond)
		if !other.Current(time.Now()) {
			t.Error("not Current after 4.5 s without the log")
		}
		ss := session.NewSessionID(userA)
		record := session.RevocationRecord{ID: random.ID("rev", time.Now()), SessionID: ss, At: time.Now().Truncate(time.Millisecond), Cause: "signed out"}
		if err := h.store.PublishRevocation(t.Context(), record); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		if _, ok := other.Revoked(string(ss), userA, time.Now()); ok || other.Current(time.Now()) {
			t.Errorf("without the log: Revoked = %v, Current = %v", ok, other.Current(time.Now()))
		}
		feed.set(nil)
		time.Sleep(300 * time.Millisecond)
		if _, ok := other.Revoked(string(ss), userA, time.Now()); !ok || !other.Current(time.Now()) {
			t.Errorf("with the log back: Revoked = %v, Current = %v", ok, other.Current(time.Now()))
		}
	})
}

// watchable is a log that a test publishes on.
type watchable struct {
	session.RevocationStore
	mu      sync.Mutex
	watcher func(session.RevocationRecord)
	broken  chan struct{}
}

func (w *watchable) WatchRevocations(ctx context.Context, listening func(), fn func(session.RevocationRecord)) error {
	broken := make(chan struct{})
	w.mu.Lock()
	w.watcher, w.broken = fn, broken
	w.mu.Unlock()
	listening()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-broken:
		return session.ErrUnavailable
	}
}

func (w *watchable) tell(r session.RevocationRecord) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watcher(r)
}

func (w *watchable) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.broken)
}

// S-08: what a watcher tells counts at once, without a look into the log; and again
// after the watcher was cut off.
func TestWatchedRevocationsCountAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &watchable{}
		h := open(t, func(cfg *session.Config) {
			cfg.Now, cfg.RevocationPoll = time.Now, time.Hour
			log.RevocationStore, cfg.Revocations = cfg.Revocations, log
		})
		run(t, h.Service)
		for range 2 {
			time.Sleep(10 * time.Second)
			id := session.NewSessionID(userA)
			log.tell(session.RevocationRecord{SessionID: id, At: time.Now(), Cause: "signed out"})
			if r, ok := h.Revoked(string(id), userA, time.Now()); !ok || r.Cause != "signed out" {
				t.Errorf("Revoked = %+v, %v", r, ok)
			}
			log.cut()
		}
		// A watcher says nothing about what it missed.
		if h.Current(time.Now()) {
			t.Error("Current without the log")
		}
	})
}

// S-08: other nodes hear of a revocation, however late or early the clock of the node
// that published it.
func TestRevocationsOfOtherClocks(t *testing.T) {
	for name, skew := range map[string]time.Duration{"behind": -5 * time.Minute, "ahead": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t, func(cfg *session.Config) { cfg.Now = time.Now })
				other := h.node(func(cfg *session.Config) { cfg.Now = func() time.Time { return time.Now().Add(skew) } })
				c, _ := h.client()
				ss, err := h.Start(t.Context(), session.NewSession{ClientID: c.ID, UserID: userA, AsOf: time.Now()})
				if err != nil {
					t.Fatal(err)
				}
				run(t, h.Service)
				time.Sleep(time.Minute)
				if _, err := other.Revoke(t.Context(), ss.ID, "signed out"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(300 * time.Millisecond)
				if _, ok := h.Revoked(string(ss.ID), userA, time.Now()); !ok {
					t.Error("the token passes")
				}
			})
		})
	}
}

// S-08: a revocation is kept as long as tokens that it ends may live, counted from when
// it was heard of.
func TestRevocationsOutliveTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &watchable{}
		h := open(t, func(cfg *session.Config) {
			cfg.Now, cfg.RevocationPoll = time.Now, time.Hour
			log.RevocationStore, cfg.Revocations = cfg.Revocations, log
		})
		run(t, h.Service)
		time.Sleep(time.Second)
		tell := func(at time.Time) session.ID {
			id := session.NewSessionID(userA)
			id = id[:len(id)-1] + "x" // of one shard, where one makes room for the next
			log.tell(session.RevocationRecord{SessionID: id, At: at, Cause: "signed out"})
			return id
		}
		id := tell(time.Now().Add(-5 * time.Minute))
		for after, want := range []bool{true, false} {
			time.Sleep(time.Minute)
			tell(time.Now())
			if _, ok := h.Revoked(string(id), userA, time.Now()); ok != want {
				t.Errorf("%d min later: Revoked = %v, want %v", after+1, ok, want)
			}
		}
	})
}

// A node that starts holds no more of the log than may matter.
func TestOldRevocationsAreNotTakenIn(t *testing.T) {
	h := open(t)
	id := session.NewSessionID(userA)
	r := session.RevocationRecord{ID: random.ID("rev", h.clock.Now()), SessionID: id, At: h.clock.Now(), Cause: "signed out"}
	if err := h.store.PublishRevocation(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]bool{89 * time.Second: true, 90 * time.Second: false} {
		node := h.node(func(cfg *session.Config) { cfg.Now = func() time.Time { return r.At.Add(after) } })
		if err := node.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, ok := node.Revoked(string(id), userA, r.At); ok != want {
			t.Errorf("%s later: Revoked = %v, want %v", after, ok, want)
		}
	}
}
