package flow_test

import (
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// withoutPassword is a world in which nobody needs a password.
func withoutPassword(t *testing.T) *world {
	w := newWorld(t)
	w.set(func(s *flow.Settings) { s.Password.Required = false })
	return w
}

func (b *browser) removePassword(ss session.Session, current string, signOutOthers bool) error {
	cookie, err := b.RemovePassword(b.t.Context(), b.caller(), ss, current, signOutOthers)
	if cookie != nil {
		b.cookie = string(cookie.Value)
	}
	return err
}

// P-06: a removal takes the current password or a factor proved in the last 10 minutes.
func TestRemovePassword(t *testing.T) {
	for _, tt := range []struct {
		name           string
		age            time.Duration
		reverification bool
		current        string
		want           string
	}{
		{name: "current_password", age: time.Hour, reverification: true, current: secret},
		{name: "fresh_factor", age: 10 * time.Minute, reverification: true},
		{name: "stale_factor", age: 10*time.Minute + 1e6, reverification: true, want: "session_reverification_required"},
		{name: "neither_and_no_step_up", want: "form_param_missing"},
		{name: "wrong_current", reverification: true, current: "wrong password", want: "form_password_incorrect"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := withoutPassword(t)
			w.set(func(s *flow.Settings) { s.Reverification = tt.reverification })
			u := w.person(jane)
			b, other := w.browser(), w.browser()
			ss, elsewhere := b.session(b.byCode(jane)), other.session(other.byCode(jane))
			w.pass(tt.age - w.clock().Sub(ss.FirstFactorAt))
			before := b.cookie
			err := b.removePassword(ss, tt.current, true)
			u, _ = w.users.ByID(t.Context(), u.ID)
			if tt.want != "" {
				if e := wantCode(t, err, tt.want); e.Param != "current_password" && tt.want != "session_reverification_required" {
					t.Errorf("param = %q", e.Param)
				}
				if u.PasswordDigest == "" || !other.session(elsewhere.ID).Live(w.clock()) {
					t.Error("the password is gone, or a session")
				}
				return
			}
			must(t, err)
			if u.PasswordDigest != "" || !u.PasswordUpdatedAt.IsZero() {
				t.Errorf("digest %q of %v", u.PasswordDigest, u.PasswordUpdatedAt)
			}
			if b.cookie == before { // S-04
				t.Error("the cookie was not rotated")
			}
			if other.session(elsewhere.ID).Live(w.clock()) || !b.session(ss.ID).Live(w.clock()) { // S-09
				t.Error("the others should be out and this one in")
			}
			w.Close()
			if m := w.outbox.Messages(jane); m[0].Kind != "password_removed" { // L-05
				t.Errorf("last mail = %s", m[0].Kind)
			}
			w.pass(time.Minute)
			_, err = w.browser().signIn(flow.SignInFields{Identifier: jane, Password: secret})
			wantCode(t, err, "strategy_for_user_invalid")
			w.browser().byCode(jane)
			wantCode(t, b.removePassword(ss, "", false), "no_password_set")
		})
	}
}

// Nobody is left without a way in.
func TestRemovePasswordKeepsAWayIn(t *testing.T) {
	w := withoutPassword(t)
	w.person(jane)
	w.person(joe, func(nu *user.NewUser) { nu.EmailAddresses, nu.Username = nil, "joedoe" })
	w.set(func(s *flow.Settings) { s.Username.Enabled = true })
	b, named := w.browser(), w.browser()
	ss, other := b.in(jane), named.in("joedoe")
	wantCode(t, named.removePassword(other, secret, false), "password_required") // a name alone proves nothing
	w.set(func(s *flow.Settings) { s.Strategies = []string{"password"} })
	wantCode(t, b.removePassword(ss, secret, false), "password_required")
	w.set(func(s *flow.Settings) { s.Strategies = []string{"password", "email_code"}; s.Password.Required = true })
	wantCode(t, b.removePassword(ss, secret, false), "password_required")
	w.set(func(s *flow.Settings) { s.Password.Required, s.EmailAddress.FirstFactor = false, false })
	wantCode(t, b.removePassword(ss, secret, false), "password_required") // nothing to begin a sign-in with
	w.set(func(s *flow.Settings) { s.EmailAddress.FirstFactor = true })
	wantCode(t, b.removePassword(other, secret, false), "resource_not_found")
	must(t, b.removePassword(ss, secret, false))
	w.browser().byCode(jane)

	// A password that is set again makes it a choice once more.
	_, err := w.ChangePassword(t.Context(), b.caller(), ss, "", another, false)
	must(t, err)
	w.pass(time.Minute)
	_, err = w.browser().signIn(flow.SignInFields{Identifier: jane, Password: another})
	must(t, err)
}
