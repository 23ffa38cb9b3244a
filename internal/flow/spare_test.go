package flow_test

import (
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// lockedOut is a world in which a stranger has just locked Jane, and a browser on which she
// was signed in before.
func lockedOut(t *testing.T, hidden bool, exceptions ...string) (w *world, home *browser) {
	w = newWorld(t)
	w.person(jane)
	w.set(func(s *flow.Settings) { s.EnumerationProtect, s.LockoutExceptions = hidden, exceptions })
	home = w.browser()
	home.in(jane)
	_, cookie, err := w.SignOut(t.Context(), home.caller(), "", "")
	must(t, err)
	home.cookie = string(cookie.Value)
	for n := range 10 {
		_, err := w.browser().signIn(flow.SignInFields{Identifier: jane, Password: "wrong password"})
		if (describe(err) == "user_locked") != (n == 9) {
			t.Fatalf("failure %d: %v", n+1, err)
		}
	}
	return w, home
}

// bothWays runs a test where identifiers are hidden and where they are not.
func bothWays(t *testing.T, test func(t *testing.T, hidden bool)) {
	t.Run("told", func(t *testing.T) { test(t, false) })
	t.Run("hidden", func(t *testing.T) { test(t, true) })
}

// E-03: a lock by failures does not keep the user out of a browser that they have used
// before, and five wrong ones there do.
func TestKnownBrowserPassesALock(t *testing.T) {
	bothWays(t, func(t *testing.T, hidden bool) {
		w, home := lockedOut(t, hidden, flow.ExceptKnownBrowser)
		try := func(b *browser, password, want string) {
			t.Helper()
			_, err := b.signIn(flow.SignInFields{Identifier: jane, Password: password})
			wantCode(t, err, want)
		}
		neighbour := w.browser()
		w.person(joe)
		neighbour.in(joe)
		try(neighbour, secret, "user_locked") // known, but not to Jane
		try(w.browser(), secret, "user_locked")
		for range 4 {
			try(home, "wrong password", "form_password_incorrect")
		}
		try(home, "wrong password", "user_locked")
		try(home, secret, "user_locked")

		w, home = lockedOut(t, hidden, flow.ExceptKnownBrowser)
		u, _, err := w.users.ByIdentifier(t.Context(), jane)
		must(t, err)
		until := u.LockedUntil
		try(home, "wrong password", "form_password_incorrect")
		_, err = home.signIn(flow.SignInFields{Identifier: jane, Password: secret})
		must(t, err)
		if u, err = w.users.ByID(t.Context(), u.ID); err != nil || !u.LockedUntil.Equal(until) {
			t.Errorf("locked until %v, was %v", u.LockedUntil, until)
		}
		try(w.browser(), secret, "user_locked") // the stranger's lock goes on
	})
}

// E-03: what was mailed to the user passes a lock by failures, until five were wrong, in
// whatever attempt.
func TestMailPassesALock(t *testing.T) {
	bothWays(t, func(t *testing.T, hidden bool) {
		w, _ := lockedOut(t, hidden, flow.ExceptMail)
		ask := func() (*browser, string) {
			t.Helper()
			w.pass(time.Minute)
			b := w.browser()
			out, err := b.signIn(flow.SignInFields{Identifier: jane, Strategy: "email_code"})
			must(t, err)
			return b, out.SignIn.ID
		}
		b, id := ask()
		out, err := b.emailCode(id, w.code(jane))
		must(t, err)
		if out.SignIn.Status != "complete" {
			t.Errorf("status = %s", out.SignIn.Status)
		}
		_, err = w.browser().signIn(flow.SignInFields{Identifier: jane, Password: secret})
		wantCode(t, err, "user_locked")
		for _, tries := range []int{3, 2} {
			b, id = ask()
			code := w.code(jane)
			for n := range tries {
				_, err = b.emailCode(id, wrong(code))
				if want := "form_code_incorrect"; tries == 3 || n == 0 {
					wantCode(t, err, want)
				}
			}
		}
		wantCode(t, err, "user_locked")
		_, err = b.emailCode(id, w.code(jane))
		wantCode(t, err, "user_locked")
		_, err = w.browser().signIn(flow.SignInFields{Identifier: jane, Strategy: "email_code"})
		wantCode(t, err, "user_locked")
		w.pass(time.Hour)
		w.browser().byCode(jane)
	})
}

// E-03: a forgotten password can be reset by mail during a lock by failures.
func TestResetPassesALock(t *testing.T) {
	bothWays(t, func(t *testing.T, hidden bool) {
		w, _ := lockedOut(t, hidden, flow.ExceptMail)
		b := w.browser()
		out, err := b.reset(b.forgot(jane).ID, renewed, true)
		must(t, err)
		if out.SignIn.Status != "complete" {
			t.Errorf("status = %s", out.SignIn.Status)
		}
	})
}

// An operator's lock has no exceptions, nor has one by failures where none is set, nor
// what is not a sign-in.
func TestNothingPassesOtherLocks(t *testing.T) {
	bothWays(t, func(t *testing.T, hidden bool) {
		w, home := lockedOut(t, hidden)
		_, err := home.signIn(flow.SignInFields{Identifier: jane, Password: secret})
		wantCode(t, err, "user_locked")
		_, err = w.browser().signIn(flow.SignInFields{Identifier: jane, Strategy: "email_code"})
		wantCode(t, err, "user_locked")

		w, home = lockedOut(t, hidden, flow.LockoutExceptions()...)
		u, _, err := w.users.ByIdentifier(t.Context(), jane)
		must(t, err)
		ss := home.in(jane)
		_, err = w.ChangePassword(t.Context(), home.caller(), ss, secret, renewed, false)
		wantCode(t, err, "user_locked")
		_, err = w.StartReverification(t.Context(), home.caller(), ss.ID, "")
		must(t, err)
		_, err = w.PrepareReverification(t.Context(), home.caller(), ss.ID, flow.Prepare{Strategy: "email_code"})
		wantCode(t, err, "user_locked")
		_, cookie, err := w.SignOut(t.Context(), home.caller(), "", "")
		must(t, err)
		home.cookie = string(cookie.Value)
		_, err = w.users.Lock(t.Context(), u.ID, time.Time{})
		must(t, err)
		_, err = home.signIn(flow.SignInFields{Identifier: jane, Password: secret})
		wantCode(t, err, "user_locked")
	})
}
