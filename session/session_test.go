package session_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

func TestSessionIDs(t *testing.T) {
	seen := map[session.ID]bool{}
	for range 10_000 { // K-01
		id := session.NewSessionID(userA)
		if len(id) != len("sess_")+27 || seen[id] {
			t.Fatalf("NewSessionID = %q", id)
		}
		seen[id] = true
		if bucket, ok := session.BucketOf(id); !ok || bucket != session.Bucket(userA) {
			t.Fatalf("BucketOf(%s) = %q, %v, want %q", id, bucket, ok, session.Bucket(userA))
		}
	}
	for _, id := range []session.ID{"", "sess_", "sess_*", "sess_0", session.ID("sess_" + strings.Repeat("-", 27)), session.ID("user_" + strings.Repeat("0", 27))} {
		if _, ok := session.BucketOf(id); ok {
			t.Errorf("BucketOf(%q) = true", id)
		}
	}
	buckets := map[string]bool{}
	for i := range 100_000 {
		buckets[session.Bucket(userA+string(rune('0'+i%10))+time.Duration(i).String())] = true
	}
	if len(buckets) != 4096 {
		t.Errorf("100,000 users fall into %d buckets, want 4096", len(buckets))
	}
}

// failingClients cannot update clients.

// A session that no client holds does not stay alive.

// S-13: the 11th session of a client ends its oldest.

// S-13: the 101st session of a user ends the oldest.

// S-07: a session ends at its absolute limit, to the millisecond.

func TestAbsoluteLimit(t *testing.T) {
	h := open(t)
	c, cookie, ss := h.signedIn(userA)
	h.clock.Advance(7*24*time.Hour - time.Millisecond)
	h.mustMint(cookie, ss.ID)
	if _, err := h.Touch(t.Context(), c.ID, ss.ID, true, session.Activity{}); err != nil {
		t.Errorf("Touch 1 ms before: %v", err)
	}
	h.clock.Advance(time.Millisecond)
	if _, err := h.Mint(t.Context(), cookie, ss.ID, ""); !errors.Is(err, session.ErrNotActive) {
		t.Errorf("Mint at the limit = %v, want ErrNotActive", err)
	}
	if got, _ := h.Get(t.Context(), ss.ID); got.Status != session.StatusExpired {
		t.Errorf("status = %s, want expired", got.Status)
	}
	if all, _ := h.OfClient(t.Context(), h.mustClient(c.ID)); len(all) != 1 || all[0].Status != session.StatusExpired {
		t.Errorf("OfClient = %+v, want it expired", all)
	}
}

// S-07: the idle limit counts from touch or mint; off by default.

func TestIdleLimit(t *testing.T) {
	h := open(t, func(cfg *session.Config) { cfg.IdleTimeout = time.Hour })
	c, cookie, ss := h.signedIn(userA)
	h.clock.Advance(59 * time.Minute)
	h.mustMint(cookie, ss.ID)
	h.clock.Advance(59 * time.Minute)
	if _, err := h.Touch(t.Context(), c.ID, ss.ID, false, session.Activity{}); err != nil {
		t.Fatalf("Touch 59 min after a mint: %v", err)
	}
	h.clock.Advance(time.Hour)
	for name, err := range map[string]error{
		"Mint":       second(h.Mint(t.Context(), cookie, ss.ID, "")),
		"Touch":      second(h.Touch(t.Context(), c.ID, ss.ID, true, session.Activity{})),
		"Reverified": second(h.Reverified(t.Context(), ss.ID, true, false)),
	} {
		if !errors.Is(err, session.ErrNotActive) {
			t.Errorf("%s after an idle hour = %v, want ErrNotActive", name, err)
		}
	}
	if got, _ := h.Get(t.Context(), ss.ID); got.Status != session.StatusExpired {
		t.Errorf("status = %s, want expired", got.Status)
	}
}

func second[T any](_ T, err error) error { return err }

func TestIdleLimitIsWrittenNowAndThen(t *testing.T) {
	sessions := &countingSessions{}
	h := open(t, func(cfg *session.Config) {
		sessions.SessionStore = cfg.Sessions
		cfg.Sessions = sessions
		cfg.IdleTimeout = 2 * time.Hour
	})
	_, cookie, ss := h.signedIn(userA)
	sessions.others.Store(0)
	for range 10 {
		h.clock.Advance(time.Minute)
		h.mustMint(cookie, ss.ID)
	}
	if n := sessions.others.Load(); n != 2 {
		t.Errorf("10 mints in 10 minutes wrote %d times, want 2", n)
	}
}

func TestTouch(t *testing.T) {
	h := open(t)
	c, _, first := h.signedIn(userA)
	h.clock.Advance(time.Second)
	h.start(c, userB)
	h.clock.Advance(time.Second)
	before := h.mustClient(c.ID)

	// Without sel only the session changes.
	got, err := h.Touch(t.Context(), c.ID, first.ID, false, session.Activity{BrowserName: "Chrome", City: "Oslo"})
	if err != nil {
		t.Fatal(err)
	}
	if !got.LastActiveAt.Equal(h.clock.Now()) || got.Activity.City != "Oslo" || got.Activity.ID != first.Activity.ID {
		t.Errorf("Touch = %+v", got)
	}
	if after := h.mustClient(c.ID); after.Version != before.Version {
		t.Errorf("the client changed: %+v", after)
	}

	// Selecting another one is a change of the client; selecting it again is none.
	if _, err := h.Touch(t.Context(), c.ID, first.ID, true, session.Activity{}); err != nil {
		t.Fatal(err)
	}
	selected := h.mustClient(c.ID)
	if selected.LastActiveSessionID != first.ID || !selected.AuthChangedAt.Equal(h.clock.Now()) || !selected.UpdatedAt.After(before.UpdatedAt) {
		t.Errorf("client = %+v, want %s selected just now", selected, first.ID)
	}
	if again, _ := h.Get(t.Context(), first.ID); again.Activity.City != "Oslo" {
		t.Errorf("an empty Activity replaced %+v", again.Activity)
	}
	h.clock.Advance(time.Second)
	if _, err := h.Touch(t.Context(), c.ID, first.ID, true, session.Activity{}); err != nil {
		t.Fatal(err)
	}
	if after := h.mustClient(c.ID); after.Version != selected.Version {
		t.Errorf("the client changed again: %+v", after)
	}

	other, _ := h.client()
	if _, err := h.Touch(t.Context(), other.ID, first.ID, true, session.Activity{}); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Touch of another client's session = %v, want ErrNotFound", err)
	}
}

func TestReverified(t *testing.T) {
	h := open(t)
	c, cookie := h.client()
	ss, err := h.Start(t.Context(), session.NewSession{ClientID: c.ID, UserID: userA, AsOf: h.clock.Now(), Strategy: session.StrategyTicket})
	if err != nil {
		t.Fatal(err)
	}
	// M-06: a ticket proves no factor.
	if a := h.verify(h.mustMint(cookie, ss.ID)); a.FactorAges.First >= 0 {
		t.Errorf("first factor %v ago, want never", a.FactorAges.First)
	}
	h.clock.Advance(time.Minute)
	if _, err := h.Reverified(t.Context(), ss.ID, true, false); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(5 * time.Minute)
	if a := h.verify(h.mustMint(cookie, ss.ID)); a.FactorAges.First != 5*time.Minute || a.FactorAges.Second >= 0 {
		t.Errorf("ages = %v, want 5 min and never", a.FactorAges)
	}
}

// I-09: what is no id is not found, and never reaches a store.

func TestMalformedIDs(t *testing.T) {
	clients, sessions := &countingClients{}, &countingSessions{}
	h := open(t, func(cfg *session.Config) {
		clients.ClientStore, sessions.SessionStore = cfg.Clients, cfg.Sessions
		cfg.Clients, cfg.Sessions = clients, sessions
	})
	c, _ := h.client()
	clients.calls.Store(0)
	for _, id := range []string{"", "*", "../x", "sess_", "client_", "sess_a\r\nb"} {
		for name, err := range map[string]error{
			"Get":          second(h.Get(t.Context(), session.ID(id))),
			"Touch":        second(h.Touch(t.Context(), c.ID, session.ID(id), true, session.Activity{})),
			"End":          second(h.End(t.Context(), c.ID, session.ID(id), session.StatusEnded)),
			"Revoke":       second(h.Revoke(t.Context(), session.ID(id), "")),
			"Reverified":   second(h.Reverified(t.Context(), session.ID(id), true, false)),
			"Client":       second(h.Client(t.Context(), session.ClientID(id))),
			"EndAll":       second(h.EndAll(t.Context(), session.ClientID(id))),
			"UpdateClient": second(h.UpdateClient(t.Context(), session.ClientID(id), func(*session.Client) error { return nil })),
		} {
			if !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s(%q) = %v, want ErrNotFound", name, id, err)
			}
		}
	}
	if n := clients.calls.Load() + sessions.others.Load(); n != 0 {
		t.Errorf("the stores were asked %d times, want never", n)
	}
}

func TestClientGrowsAndExpires(t *testing.T) {
	h := open(t)
	c, _ := h.client()
	for range 3 { // within one millisecond
		next, err := h.UpdateClient(t.Context(), c.ID, func(c *session.Client) error { c.SignInID = "sia_x"; return nil })
		if err != nil || !next.UpdatedAt.After(c.UpdatedAt) {
			t.Fatalf("UpdateClient = %+v, %v, want UpdatedAt after %v", next, err, c.UpdatedAt)
		}
		c = next
	}
	h.clock.Advance(365 * 24 * time.Hour)
	if _, err := h.Client(t.Context(), c.ID); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Client after its life = %v, want ErrNotFound", err)
	}
	if _, err := h.UpdateClient(t.Context(), c.ID, func(*session.Client) error { return nil }); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("UpdateClient after its life = %v, want ErrNotFound", err)
	}
}

func TestNewServiceNamesTheBadField(t *testing.T) {
	h := open(t)
	for field, change := range map[string]func(*session.Config){
		"Clients":        func(c *session.Config) { c.Clients = nil },
		"Sessions":       func(c *session.Config) { c.Sessions = nil },
		"Revocations":    func(c *session.Config) { c.Revocations = nil },
		"Keys":           func(c *session.Config) { c.Keys = nil },
		"Issuer":         func(c *session.Config) { c.Issuer = "" },
		"Lifetime":       func(c *session.Config) { c.Lifetime = -1 },
		"IdleTimeout":    func(c *session.Config) { c.IdleTimeout = -1 },
		"TokenLifetime":  func(c *session.Config) { c.TokenLifetime = time.Millisecond },
		"TokenLifetime ": func(c *session.Config) { c.TokenLifetime = 31 * time.Minute },
		"ClientLifetime": func(c *session.Config) { c.ClientLifetime = -1 },
		"RevocationPoll": func(c *session.Config) { c.RevocationPoll = -1 },
		"StaleAfter":     func(c *session.Config) { c.StaleAfter = -1 },
	} {
		cfg := h.cfg
		change(&cfg)
		if _, err := session.NewService(cfg); err == nil || !strings.Contains(err.Error(), "Config."+strings.TrimSpace(field)) {
			t.Errorf("NewService = %v, want an error that names %s", err, field)
		}
	}
}
