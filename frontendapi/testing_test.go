package frontendapi_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// made is a testing token of a development server with the secret of these tests.
func made(t *testing.T, s *server) string {
	t.Helper()
	token, _, err := s.config.Flow.NewTestingToken()
	must(t, err)
	return token
}

func testMode(_ *frontendapi.Config, s *flow.Settings) { s.TestMode = true }

// E-02, C-13: with a testing token, and on a development server alone, an address may
// sign up and in as often as automated browsers do; without, or with another, as often as
// people.
func TestTestingTokenLiftsLimits(t *testing.T) {
	dev, prod := newServer(t, testMode), newServer(t)
	token := made(t, dev)
	limited := func(s *server, query string) bool {
		t.Helper()
		b := s.browser()
		b.address = "192.0.2.7"
		s.clock.Advance(time.Minute)
		for range 8 {
			if b.post("/v1/client/sign_ins?"+query, form("identifier", "nobody@example.com")).status == 429 {
				return true
			}
		}
		return false
	}
	good := "__clerk_testing_token=" + url.QueryEscape(token)
	for name, tt := range map[string]struct {
		s     *server
		query string
		want  bool
	}{
		"development with a token":    {dev, good, false},
		"development without":         {dev, "", true},
		"development with a bad one":  {dev, good + "x", true},
		"development with two":        {dev, good + "&" + good, true},
		"production with a token":     {prod, good, true},
		"an old one, still tolerated": {dev, strings.Replace(good, token[:10], "1800000000", 1), true},
	} {
		if got := limited(tt.s, tt.query); got != tt.want {
			t.Errorf("%s: limited %v, want %v", name, got, tt.want)
		}
	}
	// The account and the widest budget are counted as ever.
	dev.signUp("jane@example.com")
	b := dev.browser()
	b.address = "192.0.2.9"
	for n := range 11 {
		id := b.post("/v1/client/sign_ins?"+good, form("identifier", "jane@example.com", "password", "wrong password")).code()
		if want := n >= 9; (id == "user_locked") != want {
			t.Fatalf("wrong password %d: %s", n+1, id)
		}
	}
	for n := 0; b.get("/v1/environment?"+good).status != 429; n++ {
		if n > 300 {
			t.Fatal("a testing token lifts every limit")
		}
	}
}
