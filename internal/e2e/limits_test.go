package e2e_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	gatehouse "github.com/gatehouse-dev/gatehouse"
)

// limited is a world where time passes when the test says so.
type limited struct {
	*stack
	mu  sync.Mutex
	now time.Time

	browsers int
	jane     *browser // signed in
	session  string
}

func (l *limited) clock() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *limited) pass(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(d)
}

// at is a new browser at an address, as proxies write it.
func (l *limited) at(address string) *browser {
	l.browsers++
	b := l.newBrowser(l.browsers, http.DefaultTransport)
	if address != "" {
		b.address = address
	}
	return b
}

const janesAddress, janesPassword = "jane@example.com", "a password of some length"

func (l *limited) guess(address, password string) answer {
	return l.at(address).form("/v1/client/sign_ins", "identifier", janesAddress, "password", password)
}

// prepare asks for a code to an address on behalf of a new browser.
func (l *limited) prepare(email string) answer {
	return l.at("").form("/v1/client/sign_ups", "email_address", email, "password", janesPassword, "strategy", "email_code")
}

// limitSteps are requests, one after the other, and what each is answered: how often,
// how long after the one before, and the status, code and Retry-After.
var limitSteps = []struct {
	name  string
	wait  time.Duration
	times int
	send  func(l *limited, n int) answer
	want  string
}{
	// E-02: by address, whoever the identifier is about.
	{"sign-ins from an address", 0, 5, func(l *limited, n int) answer { return l.guess("192.0.2.1", "wrong") }, "422 form_password_incorrect"},
	{"one more", time.Second, 1, func(l *limited, _ int) answer { return l.guess("192.0.2.1", "wrong") }, "429 too_many_requests 9"},
	{"and again", 8 * time.Second, 2, func(l *limited, _ int) answer { return l.guess("192.0.2.1", "wrong") }, "429 too_many_requests 1"},
	// one spelling of an address is as good as another, and what stands to its left is the client's own claim.
	{"as IPv6", 0, 1, func(l *limited, _ int) answer { return l.guess("::ffff:192.0.2.1", "wrong") }, "429 too_many_requests 1"},
	{"behind claims", 0, 2, func(l *limited, n int) answer { return l.guess(fmt.Sprintf("198.51.100.%d, 192.0.2.1", n), "wrong") }, "429 too_many_requests 1"},
	{"when the window has passed", time.Second, 1, func(l *limited, _ int) answer { return l.guess("192.0.2.1", janesPassword) }, "200 "},
	{"IPv6 by /64", 0, 5, func(l *limited, n int) answer {
		return l.at(fmt.Sprintf("2001:db8:9:9:%x::1", n)).form("/v1/client/sign_ins", "identifier", "nobody@example.com")
	}, "422 form_identifier_not_found"},
	{"the same /64", 0, 1, func(l *limited, _ int) answer {
		return l.at("2001:db8:9:9:ffff:ffff:ffff:ffff").form("/v1/client/sign_ins", "identifier", "nobody@example.com")
	}, "429 too_many_requests 10"},
	{"the next /64", 0, 1, func(l *limited, _ int) answer {
		return l.at("2001:db8:9:a::1").form("/v1/client/sign_ins", "identifier", "nobody@example.com")
	}, "422 form_identifier_not_found"},

	// E-03, C-06: by person. Five wrong ones were counted above.
	{"wrong ones from everywhere", 0, 4, func(l *limited, n int) answer { return l.guess("", "wrong") }, "422 form_password_incorrect"},
	{"the tenth", 0, 1, func(l *limited, _ int) answer { return l.guess("", "wrong") }, "403 user_locked"},
	{"the right one", time.Hour - time.Millisecond, 1, func(l *limited, _ int) answer { return l.guess("", janesPassword) }, "403 user_locked"},
	{"after an hour", time.Millisecond, 1, func(l *limited, _ int) answer { return l.guess("", janesPassword) }, "200 "},
	{"with the whole budget again", 0, 9, func(l *limited, _ int) answer { return l.guess("", "wrong") }, "422 form_password_incorrect"},
	{"until the oldest is forgotten", time.Hour, 9, func(l *limited, _ int) answer { return l.guess("", "wrong") }, "422 form_password_incorrect"},

	// E-02: by destination, whoever asks.
	{"codes to an address", 0, 5, func(l *limited, _ int) answer { return l.prepare("new@example.com") }, "200 "},
	{"one more", time.Minute, 1, func(l *limited, _ int) answer { return l.prepare("NEW@example.com") }, "429 too_many_requests 3540"},
	{"an hour later", time.Hour, 5, func(l *limited, _ int) answer { return l.prepare("new@example.com") }, "200 "},
	{"two hours later", time.Hour, 5, func(l *limited, _ int) answer { return l.prepare("new@example.com") }, "200 "},
	{"the sixteenth in a day", time.Hour, 1, func(l *limited, _ int) answer { return l.prepare("new@example.com") }, "429 too_many_requests 75540"},
	{"to somebody else", 0, 1, func(l *limited, _ int) answer { return l.prepare("else@example.com") }, "200 "},

	// E-02: by client, session and user.
	{"what a browser may ask for", 0, 5, func(l *limited, _ int) answer { return l.own("prepare") }, "404 resource_not_found"},
	{"one more", 0, 1, func(l *limited, _ int) answer { return l.own("prepare") }, "429 too_many_requests 60"},
	{"what an address may guess", time.Minute, 3, func(l *limited, _ int) answer { return l.own("attempt") }, "404 resource_not_found"},
	{"one more", 0, 1, func(l *limited, _ int) answer { return l.own("attempt") }, "429 too_many_requests 10"},
	{"tokens of a session", 0, 30, func(l *limited, _ int) answer { return l.own("token") }, "200 "},
	{"one more", 0, 1, func(l *limited, _ int) answer { return l.own("token") }, "429 too_many_requests 10"},
	{"metadata of a user", 0, 10, func(l *limited, _ int) answer { return l.own("metadata") }, "200 "},
	{"one more", 0, 1, func(l *limited, _ int) answer { return l.own("metadata") }, "429 too_many_requests 10"},
	{"ten seconds later", 10 * time.Second, 1, func(l *limited, _ int) answer { return l.own("metadata") }, "200 "},
}

// own is a request of the browser that is signed in.
func (l *limited) own(what string) answer {
	const signIn = "/v1/client/sign_ins/sia_000000000000000000000000000"
	switch what {
	case "prepare":
		return l.jane.form(signIn+"/prepare_first_factor", "strategy", "email_code")
	case "attempt":
		return l.jane.form(signIn+"/attempt_first_factor", "strategy", "password", "password", "x")
	case "token":
		return l.jane.form("/v1/client/sessions/" + l.session + "/tokens")
	}
	return l.jane.form("/v1/me/metadata?_method=PATCH&_clerk_session_id="+l.session, "unsafe_metadata", `{"a":1}`)
}

// E-02, E-03, R-13: the same requests at the same moments get the same answers, wherever
// limits and locks are kept.
func TestLimitsAreTheSameEverywhere(t *testing.T) {
	for _, kind := range allStores {
		t.Run(kind, func(t *testing.T) {
			l := &limited{now: time.Now().Truncate(time.Second)}
			l.stack = newStack(t, kind, func(c *gatehouse.Config) { c.Now = l.clock })
			l.jane = l.at("")
			l.jane.backend("POST", "/users", map[string]any{"email_address": []string{janesAddress}, "password": janesPassword}).want(t, 200, "")
			l.session = l.jane.form("/v1/client/sign_ins", "identifier", janesAddress, "password", janesPassword).want(t, 200, "").str("response", "created_session_id")
			for _, step := range limitSteps {
				l.pass(step.wait)
				for n := range step.times {
					a := step.send(l, n)
					got := fmt.Sprintf("%d %s", a.status, a.code())
					if after := a.header.Get("Retry-After"); after != "" {
						got += " " + after
					}
					if got != step.want {
						t.Fatalf("%s, the %d. time: %q, want %q: %.300s", step.name, n+1, got, step.want, a.text)
					}
				}
			}
		})
	}
}

// without a proxy that is trusted, whatever a client says of its address is nothing.
func TestForwardedHeadersOfStrangers(t *testing.T) {
	s := newStack(t, "SQLite", func(c *gatehouse.Config) { c.TrustedProxies = nil })
	for n := range 6 {
		b := s.newBrowser(n, http.DefaultTransport)
		b.address = fmt.Sprintf("198.51.100.%d", n)
		want, code := 422, "form_identifier_not_found"
		if n == 5 {
			want, code = 429, "too_many_requests"
		}
		b.form("/v1/client/sign_ins", "identifier", "nobody@example.com").want(t, want, code)
	}
}
