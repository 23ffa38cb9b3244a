package flow_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

const renewed = "staple battery horse correct"

// forgot proves an address for a new password and returns the sign-in.
func (b *browser) forgot(email string) *flow.SignIn {
	b.t.Helper()
	out, err := b.signIn(flow.SignInFields{Identifier: email, Strategy: "reset_password_email_code"})
	must(b.t, err)
	out, err = b.attempt(out.SignIn.ID, flow.Proof{Strategy: "reset_password_email_code", Code: b.code(email)})
	must(b.t, err)
	return out.SignIn
}

func (b *browser) reset(id, password string, signOutOthers bool) (flow.Outcome, error) {
	return b.keep(b.ResetPassword(b.t.Context(), b.caller(), id, password, signOutOthers))
}

// S-09: a reset ends the other sessions where asked, and signs the person in at the
// same moment.
func TestResetPassword(t *testing.T) {
	for name, signOut := range map[string]bool{"signing_others_out": true, "leaving_others": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.person(jane)
			other := w.browser()
			before := other.in(jane)
			w.pass(time.Second)
			b := w.browser()
			si := b.forgot(jane)
			if si.Status != "needs_new_password" || si.CreatedSessionID != "" || si.FirstFactorVerification.Status != "verified" {
				t.Fatalf("sign-in = %+v", si)
			}
			if ss, _ := w.sessions.OfUser(t.Context(), string(u.ID)); len(ss) != 1 {
				t.Fatal("S-10: a session before the password is set")
			}
			// A password that may not be leaves the right to try another.
			_, err := b.reset(si.ID, "short", signOut)
			if broken, ok := errors.AsType[*user.FieldError](err); !ok || broken.Field != "password" {
				t.Errorf("a short password: %v", err)
			}
			out, err := b.reset(si.ID, renewed, signOut)
			must(t, err)
			if out.SignIn.Status != "complete" {
				t.Fatalf("sign-in = %+v", out.SignIn)
			}
			if ss := b.session(out.SignIn.CreatedSessionID); ss.Status != session.StatusActive || !ss.FirstFactorAt.Equal(w.clock()) {
				t.Errorf("session = %+v", ss)
			}
			want := session.StatusActive
			if signOut {
				want = session.StatusRevoked
			}
			if got := b.session(before.ID); got.Status != want {
				t.Errorf("the session from before = %s, want %s", got.Status, want)
			}
			w.Close()
			if mails := w.outbox.Messages(jane); mails[0].Kind != "password_changed" { // L-05
				t.Errorf("newest mail = %s", mails[0].Kind)
			}
			_, err = w.browser().signIn(flow.SignInFields{Identifier: jane, Password: secret})
			wantCode(t, err, "form_password_incorrect")
			w.pass(time.Second)
			_, err = w.browser().signIn(flow.SignInFields{Identifier: jane, Password: renewed})
			must(t, err)
		})
	}
}

// A-12, C-11: what may not set a password.
func TestResetRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		begin func(w *world, b *browser) string
		code  string
	}{
		"not_proved": {func(_ *world, b *browser) string {
			out, err := b.signIn(flow.SignInFields{Identifier: jane, Strategy: "reset_password_email_code"})
			must(b.t, err)
			return out.SignIn.ID
		}, "resource_forbidden"},
		"signed_in_by_code": {func(_ *world, b *browser) string {
			out, err := b.signIn(flow.SignInFields{Identifier: jane, Strategy: "email_code"})
			must(b.t, err)
			_, err = b.emailCode(out.SignIn.ID, b.code(jane))
			must(b.t, err)
			return out.SignIn.ID
		}, "resource_forbidden"},
		"replaced": {func(_ *world, b *browser) string {
			id := b.forgot(jane).ID
			b.identify(jane)
			return id
		}, "resource_forbidden"},
		"of_another_client": {func(w *world, b *browser) string {
			b.identify(joe)
			return w.browser().forgot(jane).ID
		}, "resource_not_found"},
		"spent": {func(_ *world, b *browser) string {
			id := b.forgot(jane).ID
			_, err := b.reset(id, renewed, false)
			must(b.t, err)
			return id
		}, "resource_forbidden"},
		"too_late": {func(w *world, b *browser) string {
			id := b.forgot(jane).ID
			w.pass(10 * time.Minute)
			return id
		}, "resource_not_found"},
		"banned_since": {func(w *world, b *browser) string {
			id := b.forgot(jane).ID
			_, err := w.users.Ban(b.t.Context(), w.userID(jane))
			must(b.t, err)
			return id
		}, "user_banned"},
		"locked_since": {func(w *world, b *browser) string {
			id := b.forgot(jane).ID
			_, err := w.users.Lock(b.t.Context(), w.userID(jane), time.Time{})
			must(b.t, err)
			return id
		}, "user_locked"},
		"deleted_since": {func(w *world, b *browser) string {
			id := b.forgot(jane).ID
			must(b.t, w.users.Delete(b.t.Context(), w.userID(jane)))
			return id
		}, "sign_in_identification_or_user_deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.person(jane)
			w.person(joe)
			b := w.browser()
			id := tt.begin(w, b)
			w.pass(time.Millisecond)
			_, err := b.reset(id, "horse staple correct battery", true)
			wantCode(t, err, tt.code)
		})
	}
	w := newWorld(t)
	w.person(jane)
	b := w.browser()
	id := b.forgot(jane).ID
	_, err := b.reset(id, "", true)
	if e := wantCode(t, err, "form_param_missing"); e.Param != "password" {
		t.Errorf("param = %s", e.Param)
	}
}

// only a verified address resets a password, and only who has one is offered it.
func TestWhoMayReset(t *testing.T) {
	w := newWorld(t)
	w.person(jane, func(nu *user.NewUser) { nu.EmailAddresses[0].Strategy = "" }) // reserved by an operator, not proved
	w.person(joe, func(nu *user.NewUser) { nu.Password = "" })
	for _, email := range []string{jane, joe} {
		b := w.browser()
		si := b.identify(email)
		if slices.ContainsFunc(si.SupportedFirstFactors, func(f flow.Factor) bool { return f.Strategy == "reset_password_email_code" }) {
			t.Errorf("%s is offered a reset", email)
		}
	}
	b := w.browser()
	_, err := b.prepare(b.identify(jane).ID, flow.Prepare{Strategy: "reset_password_email_code"})
	wantCode(t, err, "strategy_for_user_invalid")
	w.set(func(s *flow.Settings) { s.Strategies = []string{"email_code"} })
	_, err = b.prepare(b.identify(joe).ID, flow.Prepare{Strategy: "reset_password_email_code"})
	wantCode(t, err, "form_param_value_invalid")
}

// A step-up is no way to a new password, nor the other way round.
func TestResetIsNoReverification(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	b := w.browser()
	ss := b.in(jane)
	v, err := b.StartReverification(t.Context(), b.caller(), ss.ID, "first_factor")
	must(t, err)
	if slices.ContainsFunc(v.SupportedFirstFactors, func(f flow.Factor) bool { return f.Strategy == "reset_password_email_code" }) {
		t.Errorf("factors = %+v", v.SupportedFirstFactors)
	}
	_, err = b.PrepareReverification(t.Context(), b.caller(), ss.ID, flow.Prepare{Strategy: "reset_password_email_code"})
	wantCode(t, err, "form_param_value_invalid")
}

// C-11: a reset asks for the second factor as ever.
func TestResetWithASecondFactor(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, phoned)
	b := w.browser()
	id := b.forgot(jane).ID
	w.enableSecondFactor(u.ID)
	out, err := b.reset(id, renewed, true)
	must(t, err)
	if out.SignIn.Status != "needs_second_factor" || out.SignIn.CreatedSessionID != "" {
		t.Errorf("sign-in = %+v", out.SignIn)
	}
	if ss, err := w.sessions.OfUser(t.Context(), string(u.ID)); err != nil || len(ss) != 0 {
		t.Errorf("S-10: %d sessions, %v", len(ss), err)
	}
}

// C-04: of parallel uses of one right to set a password exactly one succeeds.
func TestParallelResets(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	b := w.browser()
	id := b.forgot(jane).ID
	caller := b.caller()
	var group sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range 12 { // each hashes the password first
		group.Go(func() {
			_, err := b.ResetPassword(t.Context(), caller, id, renewed, true)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			} else if code := describe(err); code != "resource_forbidden" && code != "resource_locked" && !errors.Is(err, user.ErrBusy) {
				t.Errorf("another answer: %v", err)
			}
		})
	}
	group.Wait()
	if done != 1 {
		t.Errorf("%d resets, want 1", done)
	}
}
