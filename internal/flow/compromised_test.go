package flow_test

import (
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// A compromised password signs nobody in and steps nobody up; a code leads to another
// password instead of a session, and with that the account is as ever.
func TestCompromisedPassword(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		w := newWorld(t)
		w.set(func(s *flow.Settings) { s.EnumerationProtect = hidden })
		u := w.person(jane)
		b := w.browser()
		ss := b.in(jane)
		_, err := w.Engine.SetPasswordCompromised(t.Context(), u.ID, false)
		must(t, err)

		si := w.browser()
		_, err = si.signIn(flow.SignInFields{Identifier: jane, Password: secret})
		if e := wantCode(t, err, "form_password_compromised"); e.Param != "password" {
			t.Errorf("param = %q", e.Param)
		}
		_, err = si.signIn(flow.SignInFields{Identifier: jane, Password: secret + "x"})
		if e := wantCode(t, err, "form_password_incorrect"); e.Param != "password" {
			t.Errorf("the wrong password: %v", e)
		}
		_, err = b.ChangePassword(t.Context(), b.caller(), ss, secret, "another fine secret", false)
		if e := wantCode(t, err, "form_password_compromised"); e.Param != "current_password" {
			t.Errorf("param = %q", e.Param)
		}

		out, err := si.signIn(flow.SignInFields{Identifier: jane, Strategy: "email_code"})
		must(t, err)
		out, err = si.emailCode(out.SignIn.ID, si.code(jane))
		must(t, err)
		if out.SignIn.Status != "needs_new_password" || out.SignIn.CreatedSessionID != "" {
			t.Fatalf("after the code: %s, session %q", out.SignIn.Status, out.SignIn.CreatedSessionID)
		}
		out, err = si.reset(out.SignIn.ID, "another fine secret", true)
		must(t, err)
		if out.SignIn.Status != "complete" {
			t.Errorf("after the reset: %s", out.SignIn.Status)
		}
		w.pass(time.Second)
		_, err = w.browser().signIn(flow.SignInFields{Identifier: jane, Password: "another fine secret"})
		must(t, err)
	}
}

// Where passwords are off there is none to reset, and nothing to mark.
func TestCompromisedWithoutPasswords(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane)
	_, err := w.Engine.SetPasswordCompromised(t.Context(), u.ID, false)
	must(t, err)
	w.set(func(s *flow.Settings) { s.Strategies = []string{"email_code"} })
	if w.browser().byCode(jane) == "" {
		t.Error("no session")
	}
	_, err = w.Engine.SetPasswordCompromised(t.Context(), u.ID, false)
	wantCode(t, err, "password_disabled")
}
