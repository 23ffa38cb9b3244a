package session_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// pages is a revocation log that tells of a thousand sessions with each reading.
type pages struct {
	session.RevocationStore
	mu   sync.Mutex
	read int
}

func pageID(page, i int) session.ID {
	return session.ID(fmt.Sprintf("sess_2aBcDeFgHiJkLmNoP%03d%07d", page, i))
}

func (p *pages) RevocationsSince(context.Context, session.RevocationCursor) ([]session.RevocationRecord, session.RevocationCursor, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []session.RevocationRecord
	for i := range 1000 {
		all = append(all, session.RevocationRecord{ID: "rev_x", SessionID: pageID(p.read, i), At: time.Now(), Cause: "signed out"})
	}
	p.read++
	return all, session.RevocationCursor(p.read), nil
}

// What was revoked is found by requests that run while more is revoked and old is dropped.
func TestRevokedWhileRevoking(t *testing.T) {
	const readings = 20
	h := open(t, func(cfg *session.Config) { cfg.Now = time.Now })
	node := h.node(func(cfg *session.Config) { cfg.Revocations = &pages{} })
	var readers sync.WaitGroup
	done := make(chan struct{})
	if err := node.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				for i := range 1000 {
					if _, ok := node.Revoked(string(pageID(0, i)), userA, time.Now()); !ok {
						t.Errorf("session %d is not revoked", i)
						return
					}
				}
				if _, ok := node.Revoked("sess_other", userA, time.Now()); ok {
					t.Error("a session that lives is revoked")
				}
			}
		})
	}
	for range readings - 1 {
		if err := node.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	readers.Wait()
	for page := range readings {
		for i := range 1000 {
			if r, ok := node.Revoked(string(pageID(page, i)), userA, time.Now()); !ok || r.Cause != "signed out" {
				t.Fatalf("page %d, session %d: Revoked = %v, %v", page, i, r, ok)
			}
		}
	}
}
