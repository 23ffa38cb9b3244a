package middleware_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// slowRenewer takes its time, and counts.
type slowRenewer struct {
	takes       time.Duration
	token       func(client string) (string, error)
	calls, most atomic.Int32 // in all; at once for one client
	mu          sync.Mutex
	running     map[string]int32
}

func (r *slowRenewer) Renew(ctx context.Context, client, _, _ string) (string, error) {
	r.calls.Add(1)
	r.mu.Lock()
	if r.running == nil {
		r.running = map[string]int32{}
	}
	r.running[client]++
	r.most.Store(max(r.most.Load(), r.running[client]))
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.running[client]--
		r.mu.Unlock()
	}()
	select {
	case <-time.After(r.takes):
		return r.token(client)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Two browsers with ten tabs each, whose pages load twenty things each, find their
// tokens expired while the store is slow. Each browser costs one renewal; nobody waits
// longer than that takes, and whoever leaves takes nothing away from the others.
func TestRenewUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		r := &slowRenewer{takes: 2 * time.Second, token: func(client string) (string, error) { return c.token(client), nil }}
		m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Renewer, cfg.AuthorizedParty = r, origin })
		start := time.Now()
		var served, gone atomic.Int32
		var wg sync.WaitGroup
		for _, client := range []string{"a", "b"} {
			for tab := range 10 {
				for n := range 21 {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					r := request("Cookie: __client=" + client + "; __session=" + c.expired(client)).WithContext(ctx)
					leaves := n == 0 && tab%2 == 0 // the page is closed while it loads, its parts are not
					wg.Go(func() {
						time.Sleep(time.Duration(tab*21+n) * time.Millisecond) // the first to come leads
						if leaves {
							time.AfterFunc(100*time.Millisecond, cancel)
						}
						w := do(m, r)
						switch {
						case w.Code == http.StatusOK && w.Body.String() == "user_"+client:
							served.Add(1)
						case leaves && w.Code == http.StatusServiceUnavailable:
							gone.Add(1)
						default:
							t.Errorf("%s, tab %d, request %d: %d %s", client, tab, n, w.Code, w.Body)
						}
					})
				}
			}
		}
		wg.Wait()
		if r.calls.Load() != 2 || r.most.Load() != 1 {
			t.Errorf("%d renewals, at most %d at once for one browser; want one for each of two", r.calls.Load(), r.most.Load())
		}
		// The two that led were answered although they had left: the work was done.
		if served.Load() != 2*(210-5)+2 || gone.Load() != 2*5-2 {
			t.Errorf("served %d, gone %d", served.Load(), gone.Load())
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %v, want as long as one renewal", took)
		}
	})
}

// A renewal that fails fails for all who wait, and for nobody who comes later.
func TestRenewFailsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		r := &slowRenewer{takes: time.Second, token: func(string) (string, error) { return "", errors.New("away") }}
		m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Renewer = r })
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if w := do(m, request("Cookie: __client=a; __session="+c.expired("a"))); w.Code != http.StatusServiceUnavailable {
					t.Errorf("answer = %d", w.Code)
				}
			})
		}
		wg.Wait()
		if r.calls.Load() != 1 {
			t.Errorf("%d renewals", r.calls.Load())
		}
		r.token = func(client string) (string, error) { return c.token(client), nil }
		if w := do(m, request("Cookie: __client=a; __session="+c.expired("a"))); w.Code != http.StatusOK || r.calls.Load() != 2 {
			t.Errorf("later: %d after %d renewals", w.Code, r.calls.Load())
		}
	})
}

// Someone who signs out while a renewal is under way is signed out for all who wait.
func TestRenewRevokedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		f := &feed{revoked: map[string]auth.Revocation{}}
		r := &slowRenewer{takes: time.Second, token: func(client string) (string, error) {
			f.revoked["sess_a"] = auth.Revocation{At: c.now(), Cause: "signed out"}
			return c.token(client), nil
		}}
		m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Renewer, cfg.Revocations = r, f })
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if w := do(m, request("Cookie: __client=a; __session="+c.expired("a"))); w.Code != http.StatusUnauthorized || len(w.Result().Cookies()) != 0 {
					t.Errorf("answer = %d %v", w.Code, w.Header())
				}
			})
		}
		wg.Wait()
	})
}
