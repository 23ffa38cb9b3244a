package frontendapi_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
)

// E-02: each budget ends in 429 with Retry-After, belongs to its owner alone, and comes back.
func TestLimits(t *testing.T) {
	s := newServer(t)
	s.settings.LockoutAttempts = 1000
	jane, joe := s.signUp("jane@example.com"), s.signUp("joe@example.com")
	s.clock.Advance(2 * time.Minute) // the sign-ups have used some of the budgets
	noAttempt := "/v1/client/sign_ins/" + noSignIn
	tests := []struct {
		name      string
		events    int
		window    time.Duration
		byAddress bool
		call      func(*browser) *answer
	}{
		{"create sign-in", 5, 10 * time.Second, true, func(b *browser) *answer {
			return b.post("/v1/client/sign_ins", form("identifier", "nobody@example.com"))
		}},
		{"create sign-up", 5, 10 * time.Second, true, func(b *browser) *answer {
			return b.post("/v1/client/sign_ups", form("email_address", "not an address"))
		}},
		{"attempt", 3, 10 * time.Second, true, func(b *browser) *answer {
			return b.post(noAttempt+"/attempt_first_factor", form("strategy", "password", "password", "x"))
		}},
		{"prepare", 5, time.Minute, false, func(b *browser) *answer {
			return b.post(noAttempt+"/prepare_first_factor", form("strategy", "email_code"))
		}},
		{"tokens", 30, 10 * time.Second, false, func(b *browser) *answer {
			return b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil)
		}},
		{"metadata", 10, 10 * time.Second, false, func(b *browser) *answer {
			return b.me(http.MethodPatch, "/v1/me/metadata", form("unsafe_metadata", `{"a":1}`))
		}},
		{"other", 300, 10 * time.Second, true, func(b *browser) *answer { return b.get("/v1/environment") }},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.byAddress {
				jane.address, joe.address = "192.0.2."+strconv.Itoa(i), "198.51.100."+strconv.Itoa(i)
				defer func() { jane.address, joe.address = "", "" }()
			}
			for n := range tt.events {
				// E-02: nothing that the client sends buys a new budget.
				jane.headers.Set("X-Forwarded-For", "203.0.113."+strconv.Itoa(n))
				jane.headers.Set("User-Agent", strconv.Itoa(n))
				if a := tt.call(jane); a.status == 429 {
					t.Fatalf("call %d is refused, want %d to pass", n+1, tt.events)
				}
			}
			a := tt.call(jane).refused(429, "too_many_requests")
			wait, err := strconv.Atoi(a.header.Get("Retry-After"))
			if err != nil || wait < 1 || time.Duration(wait)*time.Second > tt.window {
				t.Errorf("Retry-After = %q, want 1 to %v", a.header.Get("Retry-After"), tt.window)
			}
			if a := tt.call(joe); a.status == 429 {
				t.Error("somebody else is refused as well")
			}
			s.clock.Advance(tt.window + time.Second)
			if a := tt.call(jane); a.status == 429 {
				t.Errorf("still refused after %v", tt.window)
			}
		})
	}
}

// E-02: ids that nobody has buy no budget beyond the address's.
func TestLimitsOfMadeUpSessions(t *testing.T) {
	s := newServer(t)
	b := s.browser()
	b.address = "192.0.2.1"
	b.cookies["__client"] = madeUpCookie
	for n := range 300 {
		b.post("/v1/client/sessions/sess_"+strconv.Itoa(n)+"/tokens", nil).refused(401, "authentication_invalid")
	}
	b.post("/v1/client/sessions/sess_x/tokens", nil).refused(429, "too_many_requests")
}

// awayLimits is a limit store whose server is away.
type awayLimits struct{}

func (awayLimits) Take(context.Context, string, int, time.Duration, time.Time) (bool, time.Duration, error) {
	return true, 0, session.ErrUnavailable // ok too: an error must win
}

func (awayLimits) CountIn(context.Context, string, time.Duration, time.Time) (int, error) {
	return 0, session.ErrUnavailable
}

func (awayLimits) Reset(context.Context, string) error { return session.ErrUnavailable }

// E-04: without the store of limits nothing passes but what is public and cacheable.
func TestLimitsFailClosed(t *testing.T) {
	s := newServer(t, func(c *frontendapi.Config, _ *flow.Settings) { c.Limits = awayLimits{} })
	for _, line := range s.routes() {
		f := strings.Fields(line)
		a := s.browser().send(f[0], fill(f[1]), nil, "")
		if f[3] == "none" {
			a.ok()
			continue
		}
		a.refused(503, "service_unavailable")
		if a.header.Get("Retry-After") == "" {
			t.Errorf("%s %s: no Retry-After", f[0], f[1])
		}
	}
	s.browser().post("/v1/client/sign_ins", url.Values{}).refused(503, "service_unavailable")
}
