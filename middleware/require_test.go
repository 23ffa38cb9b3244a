package middleware_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// forbiddenAnswer is the body of every 403 that is no call for a step-up.
func forbiddenAnswer(t *testing.T, m *middleware.Middleware, c *clock) string {
	t.Helper()
	return under(m, request("Authorization: Bearer "+c.token("a")), middleware.Impersonated()).Body.String()
}

type planClaims struct {
	Plan string `json:"plan"`
}

var pro = middleware.Claims(func(c planClaims) bool { return c.Plan == "pro" })

func TestRequirements(t *testing.T) {
	c := newClock()
	actor := map[string]any{"sub": "user_admin"}
	party := middleware.AuthorizedParty("https://app.example.com", "https://admin.example.com")
	for _, test := range []struct {
		name   string
		claims []any
		all    []middleware.Requirement
		want   auth.Reason // ReasonNone: let in
	}{
		// T-13: azp is there, a string and one of the origins.
		{"party", []any{"azp", "https://admin.example.com"}, []middleware.Requirement{party}, ""},
		{"party_missing", nil, []middleware.Requirement{party}, auth.ReasonTokenParty},
		{"party_empty", []any{"azp", ""}, []middleware.Requirement{party}, auth.ReasonTokenParty},
		{"party_other", []any{"azp", "https://evil.example"}, []middleware.Requirement{party}, auth.ReasonTokenParty},
		{"party_suffix", []any{"azp", "https://app.example.com.evil.example"}, []middleware.Requirement{party}, auth.ReasonTokenParty},
		{"party_case", []any{"azp", "https://APP.example.com"}, []middleware.Requirement{party}, auth.ReasonTokenParty},
		{"in_person", nil, []middleware.Requirement{middleware.NotImpersonated()}, ""},
		{"in_person_actor", []any{"act", actor}, []middleware.Requirement{middleware.NotImpersonated()}, auth.ReasonImpersonated},
		{"actor", []any{"act", actor}, []middleware.Requirement{middleware.Impersonated()}, ""},
		{"actor_missing", nil, []middleware.Requirement{middleware.Impersonated()}, auth.ReasonNoActor},
		{"claims", []any{"plan", "pro"}, []middleware.Requirement{pro}, ""},
		{"claims_other", []any{"plan", "free"}, []middleware.Requirement{pro}, auth.ReasonClaims},
		// missing and malformed data denies, whatever the rule makes of zero values.
		{"claims_missing", nil, []middleware.Requirement{middleware.Claims(func(planClaims) bool { return true })}, auth.ReasonClaims},
		{"claims_null", []any{"plan", nil}, []middleware.Requirement{middleware.Claims(func(planClaims) bool { return true })}, auth.ReasonClaims},
		{"claims_malformed", []any{"plan", 1}, []middleware.Requirement{middleware.Claims(func(planClaims) bool { return true })}, auth.ReasonClaims},
		{"claims_case", []any{"PLAN", "pro"}, []middleware.Requirement{pro}, auth.ReasonClaims},
		{"all", []any{"plan", "pro", "azp", "https://app.example.com"}, []middleware.Requirement{party, pro, middleware.NotImpersonated()}, ""},
		{"first_of_all", []any{"plan", "pro"}, []middleware.Requirement{party, pro}, auth.ReasonTokenParty},
		{"last_of_all", []any{"azp", "https://app.example.com"}, []middleware.Requirement{party, pro}, auth.ReasonClaims},
		{"proof_of_all", []any{"plan", "pro"}, []middleware.Requirement{pro, middleware.Reverified(time.Hour, middleware.FirstFactor)}, auth.ReasonReverification},
		// Nobody is asked for a proof that would not let them in.
		{"proof_would_not_help", nil, []middleware.Requirement{middleware.Reverified(time.Hour, middleware.FirstFactor), pro}, auth.ReasonClaims},
	} {
		t.Run(test.name, func(t *testing.T) {
			var told []string
			m := newMiddleware(t, c, func(cfg *middleware.Config) {
				cfg.OnRefuse = func(_ *http.Request, status int, a auth.Auth) {
					told = append(told, fmt.Sprint(status, " ", a.UserID, " ", a.Reason))
				}
			})
			r := request("Authorization: Bearer " + c.token("a", test.claims...))
			w := under(m, r, test.all...)
			let := test.want == auth.ReasonNone
			if m.Has(r, test.all...) != let {
				t.Errorf("Has = %t, want %t", !let, let)
			}
			if let {
				if w.Code != http.StatusOK || w.Body.String() != "user_a" || told != nil {
					t.Errorf("answer = %d %s, told %q", w.Code, w.Body, told)
				}
				return
			}
			if want := "403 user_a " + string(test.want); w.Code != http.StatusForbidden || len(told) != 1 || told[0] != want {
				t.Errorf("answer = %d %s, told %q, want %s", w.Code, w.Body, told, want)
			}
		})
	}
}

// T-18: a pending session is let in by the route that says so, and by no other, be it
// around or inside of that one.
func TestMayBePending(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	r := request("Authorization: Bearer " + c.token("a", "sts", "pending", "plan", "pro"))
	pending := m.RequireThat(middleware.MayBePending())
	inside := func(next http.Handler) http.Handler { return m.Authenticate(next) }
	for _, test := range []struct {
		name    string
		handler http.Handler
		want    int
	}{
		{"alone", pending(seen), 200},
		{"inside_of_Authenticate", inside(pending(seen)), 200},
		{"with_others", m.RequireThat(pro, middleware.MayBePending())(seen), 200},
		{"other_not_met", m.RequireThat(middleware.Impersonated(), middleware.MayBePending())(seen), 403},
		{"plain_Require", inside(m.Require(seen)), 401},
		{"other_route", inside(m.RequireThat(pro)(seen)), 401},
		{"Require_inside", pending(m.Require(seen)), 401},
		{"RequireThat_inside", pending(m.RequireThat(pro)(seen)), 401},
		{"Require_around", m.Require(pending(seen)), 401},
	} {
		for range 2 { // what one route keeps does not open the others
			w := httptest.NewRecorder()
			test.handler.ServeHTTP(w, r.Clone(r.Context()))
			if w.Code != test.want {
				t.Errorf("%s: answer = %d %s, want %d", test.name, w.Code, w.Body, test.want)
			}
		}
	}
	if !m.Has(r, middleware.MayBePending()) || m.Has(r, pro) {
		t.Error("Has does not tell the routes apart")
	}
	if w := under(m, request(), middleware.MayBePending()); w.Code != http.StatusUnauthorized {
		t.Errorf("signed out: answer = %d", w.Code)
	}
}

// A pending session in a cookie is renewed, and steps up, like any other.
func TestMayBePendingRenews(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, func(cfg *middleware.Config) {
		cfg.Renewer = &renewer{renew: func(string) (string, error) {
			return c.token("a", "sts", "pending", "fva", []int{0, -1}), nil
		}}
	})
	for _, token := range []string{
		c.token("a", "sts", "pending", "iat", c.Load()-120, "exp", c.Load()-60),
		c.token("a", "sts", "pending", "fva", []int{99, -1}),
	} {
		r := request("Cookie: __client=c; __session=" + token)
		w := under(m, r, middleware.MayBePending(), middleware.Reverified(time.Hour, middleware.FirstFactor))
		if w.Code != http.StatusOK || len(w.Result().Cookies()) == 0 {
			t.Errorf("answer = %d %v", w.Code, w.Header())
		}
	}
}

// what asks for nothing admits nobody. Where a route is built it panics.
func TestNothingRequired(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	mux := middleware.NewMux(m)
	for name, build := range map[string]func(){
		"none":        func() { m.RequireThat() },
		"zero":        func() { m.RequireThat(middleware.Requirement{}) },
		"zero_among":  func() { m.RequireThat(pro, middleware.Requirement{}) },
		"mux_zero":    func() { mux.Protected("/x", seen, middleware.Requirement{}) },
		"nil_rule":    func() { middleware.Claims[planClaims](nil) },
		"no_party":    func() { middleware.AuthorizedParty() },
		"empty_party": func() { middleware.AuthorizedParty("https://app.example.com", "") },
	} {
		if !panics(build) {
			t.Errorf("%s: no panic", name)
		}
	}
	r := request("Authorization: Bearer " + c.token("a", "plan", "pro"))
	for name, all := range map[string][]middleware.Requirement{
		"none": {}, "zero": {{}}, "zero_among": {pro, {}},
	} {
		if m.Has(r, all...) {
			t.Errorf("%s: Has = true", name)
		}
		if w := httptest.NewRecorder(); m.Protect(w, r, all...) || w.Code != http.StatusForbidden {
			t.Errorf("%s: Protect answered %d", name, w.Code)
		}
	}
}

// what somebody else put into the context meets no requirement.
func TestRequireThatForeignContext(t *testing.T) {
	m := newMiddleware(t, newClock(), nil)
	r := request()
	r = r.WithContext(auth.NewContext(r.Context(), &auth.Auth{IsAuthenticated: true, UserID: "user_a", Claims: &auth.Claims{}}))
	if w := under(m, r, middleware.NotImpersonated()); w.Code != http.StatusUnauthorized || m.Has(r, middleware.NotImpersonated()) {
		t.Errorf("answer = %d", w.Code)
	}
}

func TestProtect(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.Protect(w, r, pro) {
			seen(w, r)
		}
	})
	for _, h := range []http.Handler{handler, m.Authenticate(handler), m.Require(handler)} {
		for want, r := range map[int]*http.Request{
			200: request("Authorization: Bearer " + c.token("a", "plan", "pro")),
			403: request("Authorization: Bearer " + c.token("a", "plan", "free")),
			401: request(),
		} {
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, r); w.Code != want {
				t.Errorf("answer = %d %s, want %d", w.Code, w.Body, want)
			}
		}
	}
}

func TestMuxRequirements(t *testing.T) {
	c := newClock()
	mux := middleware.NewMux(newMiddleware(t, c, nil))
	mux.Protected("/pro", seen, pro, middleware.NotImpersonated())
	mux.Protected("/any", seen)
	for _, test := range []struct {
		path, plan string
		want       int
	}{{"/pro", "pro", 200}, {"/pro", "free", 403}, {"/any", "free", 200}} {
		r := httptest.NewRequest("GET", test.path, nil)
		r.Header.Set("Authorization", "Bearer "+c.token("a", "plan", test.plan))
		w := httptest.NewRecorder()
		if mux.ServeHTTP(w, r); w.Code != test.want {
			t.Errorf("%s as %s: answer = %d, want %d", test.path, test.plan, w.Code, test.want)
		}
	}
}

// The answer does not say which rule refused; pages get a sentence, and are never
// sent to sign in again, which would send them in circles.
func TestForbidden(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.SignInURL = "/sign-in" })
	bearer := "Authorization: Bearer " + c.token("a")
	want := forbiddenAnswer(t, m, c)
	for _, q := range []middleware.Requirement{pro, middleware.AuthorizedParty(origin), middleware.Impersonated()} {
		w := under(m, request(bearer), q)
		if w.Code != http.StatusForbidden || w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("answer = %d %v %s", w.Code, w.Header(), w.Body)
		}
	}
	var body struct{ Errors []struct{ Code string } }
	if err := json.Unmarshal([]byte(want), &body); err != nil || len(body.Errors) != 1 || body.Errors[0].Code != "authorization_invalid" {
		t.Errorf("body = %s, %v", want, err)
	}
	for _, q := range []middleware.Requirement{pro, middleware.Reverified(time.Hour, middleware.FirstFactor)} {
		w := under(m, request(bearer, "Sec-Fetch-Dest: document"), q)
		if w.Code != http.StatusForbidden || w.Header().Get("Location") != "" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("page: answer = %d %v", w.Code, w.Header())
		}
	}
	if w := under(m, request("Sec-Fetch-Dest: document"), pro); w.Code != http.StatusSeeOther {
		t.Errorf("signed out: answer = %d", w.Code)
	}
}

func TestForbiddenHooks(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, func(cfg *middleware.Config) {
		cfg.ShowReasons = true
		cfg.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, a auth.Auth) {
			http.Error(w, fmt.Sprint(a.IsAuthenticated, " ", a.Reason, " ", a.Detail), http.StatusTeapot)
		}
	})
	bearer := "Authorization: Bearer " + c.token("a")
	stepUp := middleware.Reverified(time.Hour, middleware.FirstFactor)
	for _, test := range []struct {
		r          *http.Request
		q          middleware.Requirement
		code       int
		body, told string
	}{
		{request(bearer), pro, 418, `true claims_refused auth: claim "plan": is missing`, "claims_refused"},
		{request(bearer, "Sec-Fetch-Dest: document"), stepUp, 418, "true reverification_required first_factor wanted", "reverification_required"},
		{request(bearer), stepUp, 403, `{"clerk_error":`, "reverification_required"},
		{request(), stepUp, 418, "false session_token_missing", "session_token_missing"},
	} {
		w := under(m, test.r, test.q)
		if w.Code != test.code || !strings.HasPrefix(w.Body.String(), test.body) || !strings.HasPrefix(w.Header().Get(middleware.ReasonHeader), test.told) {
			t.Errorf("answer = %d %v %s, want %d %s", w.Code, w.Header(), w.Body, test.code, test.body)
		}
	}
}
