package redisstore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
	"github.com/gatehouse-dev/gatehouse/session/sqlstore"
	"github.com/gatehouse-dev/gatehouse/session/storetest"
)

// The contract holds on Redis Cluster: for a user who may do no more than the package's
// comment says (D-01), with every key in reach of its script (D-04).
func TestCluster(t *testing.T) {
	cluster := testservers.RedisCluster(t)
	acl := []any{"ACL", "SETUSER", "app", "on", ">secret"}
	for _, rule := range documentedACL(t) {
		// The contract's tests have a prefix each.
		acl = append(acl, strings.ReplaceAll(rule, "gatehouse:", "t"))
	}
	cluster.Do(append(acl, "+cluster|slots", "+command")...)
	url := strings.Replace(cluster.URL(), "redis://", "redis://app:secret@", 1)
	openAt := func(t *testing.T, prefix string) *redisstore.Store {
		t.Helper()
		store, err := redisstore.Open(t.Context(), redisstore.Config{URL: url, Prefix: prefix})
		must(t, err)
		t.Cleanup(func() { store.Close() })
		return store
	}
	open := func(t *testing.T) *redisstore.Store { return openAt(t, "t"+random.Base62(20)) }
	t.Run("clients", func(t *testing.T) {
		storetest.RunClients(t, func(t *testing.T) session.ClientStore { return open(t) })
	})
	t.Run("sessions", func(t *testing.T) {
		storetest.RunSessions(t, func(t *testing.T) storetest.SessionStore { return open(t) })
	})
	t.Run("attempts", func(t *testing.T) {
		storetest.RunAttempts(t, func(t *testing.T) session.AttemptStore { return open(t) })
	})
	t.Run("limits", func(t *testing.T) {
		storetest.RunLimits(t, func(t *testing.T) session.LimitStore { return open(t) })
	})
	t.Run("revocations", func(t *testing.T) {
		storetest.RunRevocations(t, func(t *testing.T) session.RevocationStore { return open(t) })
	})
	t.Run("fail-over", func(t *testing.T) { failOver(t, cluster, openAt(t, "t"), openAt(t, "t")) })
}

// S-08, E-04: while masters change, in good order and by a crash, no answer is wrong: a
// session that was ended mints nothing and every node hears of it; what cannot be
// answered is ErrUnavailable.
func failOver(t *testing.T, cluster *testservers.Cluster, mine, theirs *redisstore.Store) {
	keys := openKeys(t)
	node := func(store *redisstore.Store) *session.Service {
		s, err := session.NewService(session.Config{Clients: store, Sessions: store, Revocations: store, Keys: keys, Issuer: "https://clerk.example.com"})
		must(t, err)
		return s
	}
	here, there := node(mine), node(theirs)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = there.Run(ctx) })

	people := &people{t: t, node: here}
	for range 8 {
		running.Go(func() {
			for ctx.Err() == nil {
				people.live(ctx)
			}
		})
	}
	for _, change := range []func(t testing.TB, key string){cluster.HandOver, cluster.Kill} {
		people.work(30)
		change(t, mine.LogKey())
		people.work(30) // the Cluster serves again
	}
	for _, id := range people.ended() {
		for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			if _, revoked := there.Revoked(string(id), "", time.Now()); revoked {
				break
			}
			if time.Since(begun) > 10*time.Second {
				t.Fatalf("the other node never heard that %s ended", id)
			}
		}
	}
	stop()
	running.Wait()
	t.Logf("%d sessions lived and ended, %d calls were unavailable", len(people.ended()), people.unavailable.Load())
}

func openKeys(t *testing.T) *session.Keys {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+t.TempDir()+"/keys.db")
	must(t, err)
	t.Cleanup(func() { db.Close() })
	store, err := sqlstore.New(t.Context(), db)
	must(t, err)
	ring, err := keyring.Parse(keyring.New())
	must(t, err)
	keys, err := session.OpenKeys(t.Context(), session.KeysConfig{Store: store, Sealer: ring, Algorithm: session.EdDSA})
	must(t, err)
	return keys
}

// people sign in, mint and sign out, and complain about wrong answers.
type people struct {
	t           *testing.T
	node        *session.Service
	unavailable atomic.Int64

	mu   sync.Mutex
	dead []session.ID
}

func (p *people) ended() []session.ID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.dead)
}

// work waits until n more have signed out.
func (p *people) work(n int) {
	p.t.Helper()
	goal := len(p.ended()) + n
	for begun := time.Now(); len(p.ended()) < goal; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			p.t.Fatal("nobody gets in any more")
		}
	}
}

// live is one person from sign-in to after sign-out.
func (p *people) live(ctx context.Context) {
	c, cookie, err := p.node.NewClient(ctx)
	if !p.answered(ctx, "NewClient", err) {
		return
	}
	ss, err := p.node.Start(ctx, session.NewSession{ClientID: c.ID, UserID: newUserID(), AsOf: time.Now().Add(time.Second)})
	if !p.answered(ctx, "Start", err) {
		return
	}
	if _, err := p.node.Mint(ctx, string(cookie.Value), ss.ID, ""); !p.answered(ctx, "Mint", err) {
		return
	}
	for {
		_, err := p.node.End(ctx, c.ID, ss.ID, session.StatusEnded)
		if ctx.Err() != nil {
			return
		}
		if p.answered(ctx, "End", err) {
			break
		}
	}
	p.mu.Lock()
	p.dead = append(p.dead, ss.ID)
	p.mu.Unlock()
	for range 3 {
		token, err := p.node.Mint(ctx, string(cookie.Value), ss.ID, "")
		if token != "" || err == nil {
			p.t.Errorf("a session that ended minted %q, %v", token, err)
		}
		if !errors.Is(err, session.ErrNotActive) {
			p.answered(ctx, "Mint after End", err)
		}
	}
}

// answered reports whether a call was answered. Not to be is allowed, in one way.
func (p *people) answered(ctx context.Context, call string, err error) bool {
	switch {
	case err == nil:
		return true
	case ctx.Err() != nil:
	case errors.Is(err, session.ErrUnavailable):
		p.unavailable.Add(1)
		time.Sleep(10 * time.Millisecond)
	default:
		p.t.Errorf("%s = %v, want ErrUnavailable if anything", call, err)
	}
	return false
}
