package gatehouse_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/session"
)

// S-07: sessions end at the limits of the configuration.
func TestSessionLimits(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		name           string
		lifetime, idle time.Duration
		after          time.Duration
		want           session.Status
	}{
		{"default", 0, 0, 7*24*time.Hour - time.Second, session.StatusActive},
		{"default_over", 0, 0, 7 * 24 * time.Hour, session.StatusExpired},
		{"absolute", time.Hour, 0, time.Hour - time.Second, session.StatusActive},
		{"absolute_over", time.Hour, 0, time.Hour, session.StatusExpired},
		{"idle", 0, time.Hour, time.Hour - time.Second, session.StatusActive},
		{"idle_over", 0, time.Hour, time.Hour, session.StatusExpired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var at atomic.Int64 // Unix milliseconds; jobs of the server read the clock, too
			at.Store(now.UnixMilli())
			c := development(t)
			c.SessionLifetime, c.SessionIdleTimeout, c.Now = tt.lifetime, tt.idle, func() time.Time { return time.UnixMilli(at.Load()) }
			s, err := gatehouse.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			client, _, err := s.Sessions().NewClient(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ss, err := s.Sessions().Start(t.Context(), session.NewSession{ClientID: client.ID, UserID: "user_2AbCdEfGhIjKlMnOpQrStUvWxYz", AsOf: now})
			if err != nil {
				t.Fatal(err)
			}
			at.Add(tt.after.Milliseconds())
			if got, err := s.Sessions().Get(t.Context(), ss.ID); err != nil || got.Status != tt.want {
				t.Errorf("status = %s, %v, want %s", got.Status, err, tt.want)
			}
		})
	}
}
