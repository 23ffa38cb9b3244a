package flow_test

import (
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

const another = "another good password"

// P-06: a change takes the current password or a factor proved in the last 10 minutes.
func TestChangePasswordNeedsProof(t *testing.T) {
	for _, tt := range []struct {
		name           string
		age            time.Duration
		reverification bool
		none           bool // the user has no password
		current        string
		want           string
	}{
		{name: "current_password", age: time.Hour, reverification: true, current: secret},
		{name: "current_password_no_step_up", age: time.Hour, current: secret},
		{name: "fresh_factor", age: 10 * time.Minute, reverification: true},
		{name: "stale_factor", age: 10*time.Minute + 1e6, reverification: true, want: "session_reverification_required"},
		{name: "neither_and_no_step_up", age: 0, want: "form_param_missing"},
		{name: "wrong_current", age: 0, reverification: true, current: "wrong password", want: "form_password_incorrect"},
		{name: "first_password_fresh", age: 0, reverification: true, none: true},
		{name: "first_password_stale", age: time.Hour, reverification: true, none: true, want: "session_reverification_required"},
		{name: "first_password_stale_with_a_current_one", age: time.Hour, reverification: true, none: true, current: secret, want: "session_reverification_required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.set(func(s *flow.Settings) { s.Reverification = tt.reverification })
			u := w.person(jane, func(nu *user.NewUser) {
				if tt.none {
					nu.Password = ""
				}
			})
			b, other := w.browser(), w.browser()
			ss, elsewhere := b.session(b.byCode(jane)), other.session(other.byCode(jane))
			w.pass(tt.age - w.clock().Sub(ss.FirstFactorAt))
			cookie, err := w.ChangePassword(t.Context(), b.caller(), ss, tt.current, another, true)
			w.pass(time.Second)
			_, signIn := w.browser().signIn(flow.SignInFields{Identifier: jane, Password: another})
			if tt.want != "" {
				e := wantCode(t, err, tt.want)
				if tt.want != "session_reverification_required" && e.Param != "current_password" {
					t.Errorf("param = %q", e.Param)
				}
				if signIn == nil || !other.session(elsewhere.ID).Live(w.clock()) {
					t.Errorf("the password was changed, or a session ended: %v", signIn)
				}
				return
			}
			must(t, err)
			must(t, signIn)
			if cookie == nil || string(cookie.Value) == b.cookie { // S-04
				t.Error("the cookie was not rotated")
			}
			if other.session(elsewhere.ID).Live(w.clock()) || !b.session(ss.ID).Live(w.clock()) {
				t.Error("the others should be out and this one in")
			}
			w.Close()
			if m := w.outbox.Messages(jane); m[0].Kind != "password_changed" {
				t.Errorf("last mail = %s", m[0].Kind)
			}
			if u, _ = w.users.ByID(t.Context(), u.ID); u.PasswordDigest == "" {
				t.Error("no password")
			}
		})
	}
}

func TestChangePasswordRefusals(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane)
	w.person(joe)
	b, eve := w.browser(), w.browser()
	ss, hers := b.in(jane), eve.in(joe)
	for _, tt := range []struct{ current, next, want string }{
		{secret, "", "form_param_missing"},
		{secret, "short", "new_password password_too_short"},
		{secret, secret, "new_password password_unchanged"},
		{"", secret, "new_password password_unchanged"},
	} {
		_, err := w.ChangePassword(t.Context(), b.caller(), ss, tt.current, tt.next, false)
		if got := describe(err); got != tt.want {
			t.Errorf("change to %q = %v, want %s", tt.next, err, tt.want)
		}
	}
	_, err := w.ChangePassword(t.Context(), b.caller(), hers, secret, another, false)
	wantCode(t, err, "resource_not_found")
	// Wrong ones count with all others.
	for i := range 10 {
		_, err := w.ChangePassword(t.Context(), b.caller(), ss, "wrong password", another, false)
		wantCode(t, err, map[bool]string{false: "form_password_incorrect", true: "user_locked"}[i == 9])
	}
	_, err = w.ChangePassword(t.Context(), b.caller(), ss, secret, another, false)
	wantCode(t, err, "user_locked")
	if u, _ = w.users.ByID(t.Context(), u.ID); !u.Locked {
		t.Error("not locked")
	}
}
