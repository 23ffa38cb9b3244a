package middleware_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// E-04: a feed that is not current is not trusted to say that nothing happened, unless
// the app wants it so.
func TestStaleRevocations(t *testing.T) {
	const passes, unknown, revoked = auth.Reason(""), auth.ReasonRevocationUnknown, auth.ReasonSessionRevoked
	for _, tc := range []struct {
		policy             middleware.StalePolicy
		away, dead, living auth.Reason // what the store says of the session, had it been asked
		asks               bool
	}{
		{"", unknown, revoked, passes, true},
		{middleware.StaleAsk, unknown, revoked, passes, true},
		{middleware.StaleRefuse, unknown, unknown, unknown, false},
		{middleware.StaleAllow, passes, passes, passes, false},
	} {
		t.Run(string(tc.policy), func(t *testing.T) {
			c := newClock()
			f := &feed{stale: true, revoked: map[string]auth.Revocation{}}
			m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Revocations, cfg.WhenStale = f, tc.policy })
			r := request("Cookie: __session=" + c.token("a"))
			for _, answer := range []struct {
				revoked bool
				err     error
				want    auth.Reason
			}{{false, errors.New("away"), tc.away}, {true, nil, tc.dead}, {false, nil, tc.living}} {
				f.ask = func(string) (auth.Revocation, bool, error) {
					return auth.Revocation{At: c.now(), Cause: "signed out"}, answer.revoked, answer.err
				}
				if answer.want == passes {
					admits(t, m, r, "a")
				} else {
					refuses(t, m, r, answer.want)
				}
			}
			if asked := f.asked > 0; asked != tc.asks {
				t.Errorf("the store was asked: %v, want %v", asked, tc.asks)
			}
			if tc.away == unknown {
				f.ask = func(string) (auth.Revocation, bool, error) { return auth.Revocation{}, false, errors.New("away") }
				if w := do(m, r); w.Code != http.StatusServiceUnavailable {
					t.Errorf("answer = %d, want 503", w.Code)
				}
			}
			// What the feed knows counts, however old it is; and a current one is believed.
			f.revoked["sess_a"] = auth.Revocation{At: c.now(), Cause: "signed out"}
			refuses(t, m, r, revoked)
			delete(f.revoked, "sess_a")
			f.stale = false
			admits(t, m, r, "a")
		})
	}
}

//
func TestUnknownStalePolicy(t *testing.T) {
	c := newClock()
	_, err := middleware.New(middleware.Config{Verifier: newVerifier(t, newKeys(t, ours), c), WhenStale: "trust"})
	if err == nil || !strings.Contains(err.Error(), "WhenStale") {
		t.Errorf("New = %v, want an error that names the field", err)
	}
}
