package frontendapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
)

// roundTrips counts what is sent to Redis: commands and pipelines.
type roundTrips struct{ n atomic.Int64 }

func (c *roundTrips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *roundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *roundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmds)
	}
}

// A mint asks Redis once, its limits included, and counts in them whatever it comes to.
func TestMintIsOneRoundTrip(t *testing.T) {
	address, prefix := testservers.Redis(t)
	options, err := redis.ParseURL(address)
	must(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	var trips roundTrips
	client.AddHook(&trips)
	store, err := redisstore.New(client, prefix)
	must(t, err)
	s := newServer(t)
	sessions, err := session.NewService(session.Config{
		Clients: store, Sessions: store, Revocations: store, Keys: s.keys, Issuer: "https://clerk.localhost", Now: s.clock.Now,
	})
	must(t, err)
	cfg := s.config
	cfg.Sessions, cfg.Limits = sessions, store
	h, err := frontendapi.New(cfg)
	must(t, err)

	c, cookie, err := sessions.NewClient(t.Context())
	must(t, err)
	ss, err := sessions.Start(t.Context(), session.NewSession{ClientID: c.ID, UserID: "user_2AbCdEfGhIjKlMnOpQrStUvWxYz", AsOf: s.clock.Now()})
	must(t, err)
	mint := func(id, cookie string) int {
		r := httptest.NewRequest(http.MethodPost, publicURL+"/v1/client/sessions/"+id+"/tokens", nil)
		r.Header.Set("Origin", publicURL)
		r.Header.Set("Test-Address", "192.0.2.1")
		r.Header.Set("Cookie", "__client="+cookie)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	mint(string(ss.ID), string(cookie.Value)) // the scripts are known from here on
	for name, tt := range map[string]struct {
		id, cookie string
		status     int
	}{
		"good":              {string(ss.ID), string(cookie.Value), http.StatusOK},
		"unknown session":   {string(session.NewSessionID(ss.UserID)), string(cookie.Value), http.StatusUnauthorized},
		"malformed session": {"sess_*", string(cookie.Value), http.StatusUnauthorized},
		"malformed cookie":  {string(ss.ID), "x", http.StatusUnauthorized},
		"no cookie":         {string(ss.ID), "", http.StatusUnauthorized},
	} {
		trips.n.Store(0)
		if status := mint(tt.id, tt.cookie); status != tt.status {
			t.Errorf("%s: status %d, want %d", name, status, tt.status)
		}
		if n := trips.n.Load(); n != 1 {
			t.Errorf("%s: %d round trips, want 1", name, n)
		}
	}
	// E-02: all six counted for the address.
	n, err := store.CountIn(t.Context(), "fapi:other:192.0.2.1", 10*time.Second, s.clock.Now())
	must(t, err)
	if n != 6 {
		t.Errorf("%d of 6 mints were counted", n)
	}
	// E-04: what cannot be counted is not minted.
	must(t, client.Close())
	if status := mint(string(ss.ID), string(cookie.Value)); status != http.StatusServiceUnavailable {
		t.Errorf("without Redis: status %d, want 503", status)
	}
}
