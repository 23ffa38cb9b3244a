package middleware_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// under serves r with a handler under RequireThat.
func under(m *middleware.Middleware, r *http.Request, all ...middleware.Requirement) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	m.RequireThat(all...)(seen).ServeHTTP(w, r)
	return w
}

// a step-up passes only on proofs that are there and fresh, of every factor
// that was asked for; less is taken only where the app says so.
func TestReverified(t *testing.T) {
	const (
		first  = middleware.FirstFactor
		second = middleware.SecondFactor
		multi  = middleware.MultiFactor
	)
	c := newClock()
	m := newMiddleware(t, c, nil)
	for _, test := range []struct {
		fva   []int // nil for a token without
		level middleware.Level
		want  bool
	}{
		{nil, first, false},
		{nil, second, false},
		{nil, multi, false},
		{nil, first.OrFirstFactor(), false},
		{nil, multi.OrFirstFactor(), false},
		{[]int{0, -1}, first, true},
		{[]int{9, -1}, first, true},
		{[]int{10, -1}, first, false},
		{[]int{-1, 0}, first, false},
		{[]int{-1, -1}, first, false},
		{[]int{0, -1}, second, false}, // no second factor: not downgraded
		{[]int{0, -1}, multi, false},
		{[]int{20, 9}, second, true},
		{[]int{-1, 9}, second, true},
		{[]int{0, 10}, second, false},
		{[]int{9, 9}, multi, true},
		{[]int{10, 9}, multi, false},
		{[]int{9, 10}, multi, false},
		{[]int{-1, 9}, multi, false},
		{[]int{9, -1}, second.OrFirstFactor(), true},
		{[]int{9, -1}, multi.OrFirstFactor(), true},
		{[]int{10, -1}, second.OrFirstFactor(), false},
		{[]int{-1, -1}, multi.OrFirstFactor(), false},
		{[]int{0, 10}, second.OrFirstFactor(), false}, // there is a second one
		{[]int{10, 0}, multi.OrFirstFactor(), false},
		{[]int{10, 0}, first.OrFirstFactor(), false},
	} {
		claims := []any{}
		if test.fva != nil {
			claims = append(claims, "fva", test.fva)
		}
		r := request("Authorization: Bearer " + c.token("a", claims...))
		stepUp := middleware.Reverified(10*time.Minute, test.level)
		want := http.StatusForbidden
		if test.want {
			want = http.StatusOK
		}
		if w := under(m, r, stepUp); w.Code != want || m.Has(r, stepUp) != test.want {
			t.Errorf("fva %v for %s (%d): answer = %d, Has = %t, want %d", test.fva, test.level, test.level, w.Code, m.Has(r, stepUp), want)
		}
	}
}

// The age of a proof is its age now, not when the token was minted.
func TestReverifiedAges(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	r := request("Authorization: Bearer " + c.token("a", "fva", []int{9, -1}, "exp", c.Load()+600))
	stepUp := middleware.Reverified(10*time.Minute, middleware.FirstFactor)
	for _, step := range []struct {
		seconds int64
		want    bool
	}{{0, true}, {59, true}, {1, false}, {60, false}} {
		c.Add(step.seconds)
		if got := m.Has(r, stepUp); got != step.want {
			t.Errorf("%d s on: Has = %t", step.seconds, got)
		}
	}
}

// The official SDKs know this answer by exactly these members.
func TestReverificationAnswer(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	for _, test := range []struct {
		level middleware.Level
		want  string
	}{
		{middleware.FirstFactor, "first_factor"},
		{middleware.SecondFactor, "second_factor"},
		{middleware.MultiFactor, "multi_factor"},
		{middleware.MultiFactor.OrFirstFactor(), "multi_factor"},
	} {
		w := under(m, request("Authorization: Bearer "+c.token("a", "fva", []int{61, -1})), middleware.Reverified(time.Hour, test.level))
		var got, want any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
		text := `{"clerk_error":{"type":"forbidden","reason":"reverification-error","metadata":{"reverification":{"level":"` +
			test.want + `","afterMinutes":60}}}}`
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		h := w.Header()
		if w.Code != http.StatusForbidden || fmt.Sprint(got) != fmt.Sprint(want) || h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: answer = %d %v %s", test.level, w.Code, h, w.Body)
		}
	}
	if w := under(m, request(), middleware.Reverified(time.Hour, middleware.FirstFactor)); w.Code != http.StatusUnauthorized {
		t.Errorf("signed out: answer = %d", w.Code)
	}
}

// Somebody who impersonates proves nothing for the user, and is not asked to.
func TestReverifiedImpersonated(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.ShowReasons = true })
	r := request("Authorization: Bearer " + c.token("a", "fva", []int{0, 0}, "act", map[string]any{"sub": "user_admin"}))
	w := under(m, r, middleware.Reverified(time.Hour, middleware.FirstFactor))
	if w.Code != http.StatusForbidden || w.Body.String() != forbiddenAnswer(t, m, c) || w.Header().Get(middleware.ReasonHeader) != `session_impersonated; detail="by user_admin"` {
		t.Errorf("answer = %d %v %s", w.Code, w.Header(), w.Body)
	}
}

// A browser that has just confirmed still sends the token from before: the proof
// counts at once.
func TestReverifiedAfresh(t *testing.T) {
	c := newClock()
	stale := c.token("a", "fva", []int{30, -1})
	stepUp := middleware.Reverified(10*time.Minute, middleware.FirstFactor)
	for _, test := range []struct {
		name  string
		r     *http.Request
		token string // what the renewer gives; "" for no session
		code  int
		asked int
	}{
		{"proved_since", post("Cookie: __client=c; __session=" + stale), c.token("a", "fva", []int{0, -1}), 200, 1},
		{"not_proved", post("Cookie: __client=c; __session=" + stale), c.token("a", "fva", []int{30, -1}), 403, 1},
		{"other_session", post("Cookie: __client=c; __session=" + stale), c.token("b", "fva", []int{0, -1}), 403, 1},
		{"other_session_of_the_user", post("Cookie: __client=c; __session=" + stale), c.token("a", "fva", []int{0, -1}, "sid", "sess_other"), 403, 1},
		{"no_session", post("Cookie: __client=c; __session=" + stale), "", 403, 1},
		{"bearer", post("Authorization: Bearer "+stale, "Cookie: __client=c"), c.token("a", "fva", []int{0, -1}), 403, 0},
		{"no_client", post("Cookie: __session=" + stale), c.token("a", "fva", []int{0, -1}), 403, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			given := &renewer{renew: func(session string) (string, error) {
				if session != "sess_a" || test.token == "" {
					return "", errors.Join(auth.ErrNoSession, fmt.Errorf("of %s", session))
				}
				return test.token, nil
			}}
			m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Renewer = given })
			var inside auth.Auth
			handler := m.Authenticate(m.RequireThat(stepUp)(m.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				inside = auth.FromContext(r.Context())
				w.Header().Set("Cache-Control", "public")
				w.WriteHeader(http.StatusOK)
			}))))
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, test.r)
			if w.Code != test.code || len(given.called()) != test.asked {
				t.Errorf("answer = %d after asking %v, want %d", w.Code, given.called(), test.code)
			}
			passed := test.code == http.StatusOK
			if got := len(w.Result().Cookies()) > 0; got != passed {
				t.Errorf("cookies = %v", w.Result().Cookies())
			}
			if m.Has(test.r, stepUp) != passed {
				t.Errorf("Has = %t", !passed)
			}
			if passed && (inside.FactorAges.First != 0 || w.Header().Get("Cache-Control") != "no-store") {
				t.Errorf("the handler sees %+v, the answer has %v", inside.FactorAges, w.Header())
			}
		})
	}
}

func TestReverifiedPanics(t *testing.T) {
	for name, build := range map[string]func(){
		"no_age":      func() { middleware.Reverified(0, middleware.FirstFactor) },
		"negative":    func() { middleware.Reverified(-time.Minute, middleware.FirstFactor) },
		"seconds":     func() { middleware.Reverified(90*time.Second, middleware.FirstFactor) },
		"no_level":    func() { middleware.Reverified(time.Minute, 0) },
		"only_or":     func() { middleware.Reverified(time.Minute, middleware.Level(0).OrFirstFactor()) },
		"other_level": func() { middleware.Reverified(time.Minute, 4) },
	} {
		if !panics(build) {
			t.Errorf("%s: no panic", name)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
