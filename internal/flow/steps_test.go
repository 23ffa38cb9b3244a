package flow_test

import (
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// each step in each state that it does not belong to.
func TestStepsOutOfOrder(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	states := map[string]func(b *browser) string{
		"empty": func(b *browser) string {
			out, err := b.signIn(flow.SignInFields{})
			must(t, err)
			return out.SignIn.ID
		},
		"identified": func(b *browser) string { return b.identify(jane).ID },
		"replaced": func(b *browser) string {
			id := b.identify(jane).ID
			b.identify(jane)
			return id
		},
		"dropped_for_a_sign_up": func(b *browser) string {
			id := b.identify(jane).ID
			_, err := b.signUp(fields("new@example.com"))
			must(t, err)
			return id
		},
		"complete": func(b *browser) string {
			id := b.identify(jane).ID
			_, err := b.password(id, secret)
			must(t, err)
			return id
		},
	}
	steps := map[string]func(b *browser, id string) error{
		"prepare": func(b *browser, id string) error {
			_, err := b.prepare(id, flow.Prepare{Strategy: "email_code"})
			return err
		},
		"prepare_password": func(b *browser, id string) error {
			_, err := b.prepare(id, flow.Prepare{Strategy: "password"})
			return err
		},
		"code": func(b *browser, id string) error {
			_, err := b.emailCode(id, "123456")
			return err
		},
		"password": func(b *browser, id string) error {
			_, err := b.password(id, secret)
			return err
		},
		"no_strategy": func(b *browser, id string) error {
			_, err := b.attempt(id, flow.Proof{Code: "123456"})
			return err
		},
		"sign_up_step": func(b *browser, id string) error {
			_, err := b.verify(id, "123456")
			return err
		},
	}
	want := map[string]map[string]string{
		"empty": {
			"prepare": "form_param_missing", "prepare_password": "form_param_missing", "code": "form_param_missing",
			"password": "form_param_missing", "no_strategy": "form_param_missing",
		},
		"identified": {
			"prepare": "", "prepare_password": "form_param_value_invalid", "code": "verification_missing",
			"password": "", "no_strategy": "form_param_missing",
		},
		"replaced":              {},
		"dropped_for_a_sign_up": {},
		"complete":              {},
	}
	for name := range steps {
		if name != "sign_up_step" {
			want["replaced"][name], want["dropped_for_a_sign_up"][name] = "resource_forbidden", "resource_forbidden"
			want["complete"][name] = "verification_already_verified"
		}
	}
	for state, make := range states {
		for step, take := range steps {
			t.Run(state+"/"+step, func(t *testing.T) {
				w.pass(24 * time.Hour) // clears the limits
				b := w.browser()
				code := "resource_not_found"
				if step != "sign_up_step" {
					code = want[state][step]
				}
				if got := describe(take(b, make(b))); got != code {
					t.Errorf("error = %q, want %q", got, code)
				}
			})
		}
	}
}

// S-11: an attempt is its own client's, and unknown to every other.
func TestAttemptsOfOtherClients(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	b, eve := w.browser(), w.browser()
	si, su := b.identify(jane), w.browser()
	signUp := su.started("new@example.com")
	eve.identify(jane)
	nobody := w.browser()
	for name, err := range map[string]error{
		"sign_in":         second(w.Engine.SignIn(t.Context(), eve.caller(), si.ID)),
		"sign_in_nobody":  second(w.Engine.SignIn(t.Context(), nobody.caller(), si.ID)),
		"prepare":         second(eve.prepare(si.ID, flow.Prepare{Strategy: "email_code"})),
		"attempt":         second(eve.password(si.ID, secret)),
		"sign_up":         second(w.Engine.SignUp(t.Context(), eve.caller(), signUp.ID)),
		"update":          second(eve.update(signUp.ID, flow.SignUpFields{FirstName: new("Eve")})),
		"prepare_sign_up": second(eve.prepareSignUp(signUp.ID)),
		"verify":          second(eve.verify(signUp.ID, w.code("new@example.com"))),
		"unknown":         second(w.Engine.SignIn(t.Context(), eve.caller(), random.ID("sia", w.clock()))),
		"other_kind":      second(w.Engine.SignIn(t.Context(), su.caller(), signUp.ID)),
		"malformed":       second(w.Engine.SignIn(t.Context(), eve.caller(), "../sia_1")),
	} {
		if got := describe(err); got != "resource_not_found" {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
