package session_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// S-05: no touch, mint or rotation that runs beside a sign-out brings the session back.
func TestTouchesAroundASignOut(t *testing.T) {
	const rounds, touches = 4, 60
	h := open(t)
	for range rounds {
		c, cookie, ss := h.signedIn(userA)
		var wg sync.WaitGroup
		for i := range touches {
			wg.Go(func() {
				var err error
				switch i % 3 {
				case 0:
					_, err = h.Touch(t.Context(), c.ID, ss.ID, true, session.Activity{City: fmt.Sprint(i)})
				case 1:
					_, err = h.Reverified(t.Context(), ss.ID, true, false)
				default:
					_, err = h.Mint(t.Context(), cookie, ss.ID, "")
				}
				if err != nil && !errors.Is(err, session.ErrNotActive) {
					t.Errorf("beside the sign-out: %v", err)
				}
			})
			if i == touches/2 {
				wg.Go(func() {
					if _, err := h.End(t.Context(), c.ID, ss.ID, session.StatusEnded); err != nil {
						t.Errorf("End: %v", err)
					}
				})
			}
		}
		wg.Wait()
		if _, err := h.Mint(t.Context(), cookie, ss.ID, ""); !errors.Is(err, session.ErrNotActive) {
			t.Errorf("Mint after the sign-out = %v, want ErrNotActive", err)
		}
		if _, err := h.Touch(t.Context(), c.ID, ss.ID, true, session.Activity{}); !errors.Is(err, session.ErrNotActive) {
			t.Errorf("Touch after the sign-out = %v, want ErrNotActive", err)
		}
		if got := h.mustClient(c.ID); got.LastActiveSessionID != "" && got.LastActiveSessionID != ss.ID {
			t.Errorf("client = %+v", got)
		}
	}
}

// S-08: whatever the order, no session of a revoked user is live afterwards.
func TestRevokeUserAgainstSignIns(t *testing.T) {
	h := open(t)
	for range 5 {
		asOf := h.clock.Now() // the user is read, then banned
		var clients []session.Client
		for range 8 {
			c, _ := h.client()
			clients = append(clients, c)
		}
		var wg sync.WaitGroup
		for i, c := range clients {
			wg.Go(func() {
				_, err := h.Start(t.Context(), session.NewSession{ClientID: c.ID, UserID: userA, AsOf: asOf})
				if err != nil && !errors.Is(err, session.ErrUserRevoked) {
					t.Errorf("Start: %v", err)
				}
			})
			if i == 4 {
				wg.Go(func() {
					if err := h.RevokeUser(t.Context(), userA, "user banned", ""); err != nil {
						t.Errorf("RevokeUser: %v", err)
					}
				})
			}
		}
		wg.Wait()
		for _, c := range clients {
			sessions, err := h.OfClient(t.Context(), h.mustClient(c.ID))
			if err != nil {
				t.Fatal(err)
			}
			for _, ss := range sessions {
				if ss.Live(h.clock.Now()) {
					t.Errorf("%s is %s after RevokeUser", ss.ID, ss.Status)
				}
			}
		}
		sessions, err := h.OfUser(t.Context(), userA)
		if err != nil {
			t.Fatal(err)
		}
		for _, ss := range sessions {
			if ss.Live(h.clock.Now()) {
				t.Errorf("the user's index has %s as %s", ss.ID, ss.Status)
			}
		}
		h.clock.Advance(time.Second)
	}
}

// Of many renewals of one session at once, one signs and all get its token.
func TestParallelRenewals(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	const n = 40
	tokens := make(chan string, n)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			token, err := h.Renew(t.Context(), cookie, string(ss.ID), "https://app.example.com")
			if err != nil {
				t.Errorf("Renew: %v", err)
			}
			tokens <- token
		})
	}
	wg.Wait()
	close(tokens)
	distinct := map[string]bool{}
	for token := range tokens {
		distinct[token] = true
	}
	if len(distinct) != 1 {
		t.Errorf("%d different tokens, want 1", len(distinct))
	}
}

// Parallel sign-ins and sign-outs on one client leave its record in line with its sessions.
func TestParallelSignInsOnOneClient(t *testing.T) {
	h := open(t)
	c, _ := h.client()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			user := []string{userA, userB}[i%2]
			ss, err := h.Start(t.Context(), session.NewSession{ClientID: c.ID, UserID: user, AsOf: h.clock.Now()})
			if err != nil {
				t.Errorf("Start: %v", err)
				return
			}
			if i%3 == 0 {
				if _, err := h.End(t.Context(), c.ID, ss.ID, session.StatusRemoved); err != nil {
					t.Errorf("End: %v", err)
				}
			}
		})
	}
	wg.Wait()
	got := h.mustClient(c.ID)
	sessions, err := h.OfClient(t.Context(), got)
	if err != nil {
		t.Fatal(err)
	}
	live := map[session.ID]bool{}
	for _, ss := range sessions {
		if ss.Live(h.clock.Now()) {
			live[ss.ID] = true
		}
	}
	if len(live) > 10 {
		t.Errorf("%d live sessions, want at most 10", len(live))
	}
	for _, user := range []string{userA, userB} {
		all, err := h.OfUser(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		for _, ss := range all {
			if ss.Live(h.clock.Now()) && !live[ss.ID] {
				t.Errorf("%s is live and on no client's list", ss.ID)
			}
		}
	}
	if got.LastActiveSessionID != "" && got.AuthChangedAt.IsZero() {
		t.Errorf("client = %+v", got)
	}
}
