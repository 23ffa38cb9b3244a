package flow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// asks lets a browser of its own ask for a code by strategy.
func (w *world) asks(identifier, strategy string) error {
	_, err := w.browser().signIn(flow.SignInFields{Identifier: identifier, Strategy: strategy})
	return err
}

// E-05: texts have a budget for each country and one for all, mails have one; a spent
// one refuses, is told once a minute, and is full again an hour later.
func TestBudgets(t *testing.T) {
	w := withPhones(t)
	w.set(func(s *flow.Settings) {
		s.EnumerationProtect = true // whoever asks is sent to, or seems to be
		s.Budgets = flow.Budgets{Mails: 3, Texts: 5, TextsPerCountry: 3}
	})
	for _, german := range []string{"+4915112345671", "+4915112345672", "+4915112345673"} {
		must(t, w.asks(german, "phone_code"))
	}
	wantCode(t, w.asks("+4915112345674", "phone_code"), "too_many_requests")
	wantCode(t, w.asks("+4915112345675", "phone_code"), "too_many_requests")
	if n := strings.Count(w.log.String(), `"budget":"texts:DE"`); n != 1 || !strings.Contains(w.log.String(), `"level":"ERROR"`) {
		t.Errorf("the alarm was raised %d times, want once: %s", n, w.log)
	}
	// What was refused in one country takes nothing from another.
	must(t, w.asks("+33612345671", "phone_code"))
	must(t, w.asks("+33612345672", "phone_code"))
	wantCode(t, w.asks("+41791234567", "phone_code"), "too_many_requests")
	for _, mail := range []string{"a@example.com", "b@example.com", "c@example.com"} {
		must(t, w.asks(mail, "email_code"))
	}
	wantCode(t, w.asks("d@example.com", "email_code"), "too_many_requests")
	w.pass(time.Minute)
	wantCode(t, w.asks("+4915112345676", "phone_code"), "too_many_requests")
	if n := strings.Count(w.log.String(), `"budget":"texts:DE"`); n != 2 {
		t.Errorf("a minute later the alarm was raised %d times, want twice", n)
	}
	w.pass(time.Hour)
	must(t, w.asks("+4915112345674", "phone_code"))
	w.set(func(s *flow.Settings) { s.Budgets = flow.Budgets{Mails: -1} })
	for _, mail := range []string{"a", "b", "c", "d", "e"} {
		must(t, w.asks(mail+"@example.org", "email_code"))
	}
}

// E-01: a spent budget of a country does not tell which address has an account with a
// number there.
func TestBudgetsTellNothing(t *testing.T) {
	w := withPhones(t)
	w.set(func(s *flow.Settings) {
		s.EnumerationProtect = true
		s.Budgets.TextsPerCountry = 1
	})
	w.person(jane, phoned)
	must(t, w.asks("+4915112345671", "phone_code"))
	wantCode(t, w.asks(phone, "phone_code"), "too_many_requests")
	for _, identifier := range []string{jane, joe} {
		if err := w.asks(identifier, "phone_code"); err != nil {
			t.Errorf("%s: %v", identifier, err)
		}
	}
}

// C-13: test numbers get nothing, so they spend nothing.
func TestBudgetsOfTestNumbers(t *testing.T) {
	w := withPhones(t, func(c *flow.Config) { c.TestCode = testCode })
	w.set(func(s *flow.Settings) { s.Budgets = flow.Budgets{Texts: 1, TextsPerCountry: 1} })
	for _, number := range []string{testPhone, "+12015550124", "+12015550125"} {
		b := w.browser()
		out, err := b.signUp(flow.SignUpFields{PhoneNumber: &number})
		must(t, err)
		_, err = b.keep(b.PrepareVerification(t.Context(), b.caller(), out.SignUp.ID, flow.Prepare{Strategy: "phone_code"}))
		must(t, err)
	}
}
