package flow_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// E-03, C-06: ten wrong proofs of any kind lock the user for an hour, and then the
// right ones are refused, too.
func TestLockout(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, func(nu *user.NewUser) {
		nu.EmailAddresses = append(nu.EmailAddresses, user.NewIdentifier{Value: joe, Strategy: "admin"})
	})
	b := w.browser()
	live := b.in(jane)
	failures := 0
	fail := func(err error, code string) {
		t.Helper()
		failures++
		if failures == 10 {
			code = "user_locked"
		}
		wantCode(t, err, code)
	}
	// Three passwords in one shot from three browsers, in different spellings.
	for _, spelling := range []string{jane, "JANE@example.com", joe} {
		_, err := w.browser().signIn(flow.SignInFields{Identifier: spelling, Password: "wrong password"})
		fail(err, "form_password_incorrect")
	}
	// Two in a step-up of a live session.
	_, err := w.StartReverification(t.Context(), b.caller(), live.ID, "")
	must(t, err)
	for range 2 {
		_, _, err := w.AttemptReverification(t.Context(), b.caller(), live.ID, flow.Proof{Strategy: "password", Password: "wrong password"})
		fail(err, "form_password_incorrect")
	}
	// Two each of several codes: a new one brings no new budget. A right proof clears nothing.
	w.browser().in(jane)
	for failures < 10 {
		c := w.browser()
		id := c.identify(jane).ID
		_, err := c.prepare(id, flow.Prepare{Strategy: "email_code"})
		must(t, err)
		code := w.code(jane)
		for range min(2, 10-failures) {
			_, err := c.emailCode(id, wrong(code))
			fail(err, "form_code_incorrect")
		}
		w.pass(time.Second)
	}
	if u, _ = w.users.ByID(t.Context(), u.ID); !u.Locked || !u.LockedUntil.After(w.clock().Add(59*time.Minute)) {
		t.Fatalf("user = locked %v until %v", u.Locked, u.LockedUntil)
	}
	if got := b.session(live.ID); !got.Live(w.clock()) { // S-08: or guesses would sign people out
		t.Error("a lock ended a session")
	}
	c := w.browser()
	_, err = c.signIn(flow.SignInFields{Identifier: jane, Password: secret})
	wantCode(t, err, "user_locked")
	id := c.identify(jane).ID
	_, err = c.password(id, secret)
	wantCode(t, err, "user_locked")
	_, err = c.prepare(id, flow.Prepare{Strategy: "email_code"})
	wantCode(t, err, "user_locked")
	_, _, err = w.AttemptReverification(t.Context(), b.caller(), live.ID, flow.Proof{Strategy: "password", Password: secret})
	wantCode(t, err, "user_locked")
	w.pass(time.Hour)
	w.browser().in(jane)
}

// An operator who unlocks gives the whole budget back.
func TestUnlock(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane)
	lock := func() {
		for i := range 10 {
			_, err := w.browser().signIn(flow.SignInFields{Identifier: jane, Password: "wrong password"})
			if got := describe(err); (got == "user_locked") != (i == 9) {
				t.Fatalf("failure %d: %v", i+1, err)
			}
		}
	}
	lock()
	_, err := w.users.Unlock(t.Context(), u.ID)
	must(t, err)
	w.browser().in(jane)
	lock()
}

// S-08: a password that is changed while it is judged signs nobody in any more, and
// proves nothing in a reverification.
func TestPasswordChangedWhileJudged(t *testing.T) {
	const renewed = "staple battery horse correct"
	for name, tt := range map[string]struct {
		reads int64
		prove func(b *browser, ss session.Session) error
	}{
		"sign_in": {1, func(b *browser, _ session.Session) error {
			_, err := b.world.browser().signIn(flow.SignInFields{Identifier: jane, Password: secret})
			return err
		}},
		"change_password": {2, func(b *browser, ss session.Session) error {
			_, err := b.ChangePassword(t.Context(), b.caller(), ss, secret, "horse staple correct battery", false)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u := w.person(jane)
			b := w.browser()
			ss := b.in(jane)
			w.pass(time.Second)
			// Before the read that follows the judging, which is the last one.
			w.fuse.beforeRead(tt.reads, func() {
				_, err := w.users.Update(context.Background(), u.ID, user.Change{Password: new(renewed)})
				must(t, err)
			})
			err := tt.prove(b, ss)
			if got := describe(err); got != "form_password_incorrect" {
				t.Errorf("the password that was right before: %v, want form_password_incorrect", err)
			}
			if ss, err := w.sessions.OfUser(t.Context(), string(u.ID)); err != nil || len(ss) != 1 {
				t.Errorf("%d sessions of the user, %v; want the one from before", len(ss), err)
			}
		})
	}
}

// C-06: guesses that run side by side are counted, too: a right one among them is
// refused once ten were wrong.
func TestParallelGuesses(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	var group sync.WaitGroup
	var mu sync.Mutex
	codes := map[string]int{}
	for i := range 40 {
		group.Go(func() {
			_, err := w.CreateSignIn(t.Context(), flow.Caller{}, flow.SignInFields{Identifier: jane, Password: "guess " + strconv.Itoa(i)})
			mu.Lock()
			defer mu.Unlock()
			codes[describe(err)]++
		})
	}
	group.Wait()
	if codes["form_password_incorrect"] > 20 || codes["user_locked"] == 0 {
		t.Errorf("answers = %v", codes)
	}
	_, err := w.browser().signIn(flow.SignInFields{Identifier: jane, Password: secret})
	wantCode(t, err, "user_locked")
}

// An operator's lock, and a ban, are told to whoever proves to be the user; nothing is
// sent.
func TestLockedByAnOperator(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane)
	_, err := w.users.Lock(t.Context(), u.ID, time.Time{})
	must(t, err)
	w.pass(1000 * time.Hour)
	_, err = w.browser().signIn(flow.SignInFields{Identifier: jane, Password: secret})
	wantCode(t, err, "user_locked")
	_, err = w.browser().signIn(flow.SignInFields{Identifier: jane, Strategy: "email_code"})
	wantCode(t, err, "user_locked")
	if n := len(w.outbox.Messages("")); n != 0 {
		t.Errorf("%d mails sent", n)
	}
}

// P-07: every path that takes a password verifies exactly one, known or not.
func TestOneHashOnEveryPath(t *testing.T) {
	for _, protect := range []bool{false, true} {
		w := newWorld(t)
		w.set(func(s *flow.Settings) { s.EnumerationProtect = protect })
		w.person(jane)
		w.person("bare@example.com", func(nu *user.NewUser) { nu.Password = "" })
		w.person("banned@example.com", func(nu *user.NewUser) { nu.Banned = true })
		w.person("locked@example.com", func(nu *user.NewUser) { nu.Locked = true })
		count := flow.CountHashes(w.Engine)
		for _, identifier := range []string{jane, "bare@example.com", "banned@example.com", "locked@example.com", "nobody@example.com"} {
			for _, password := range []string{secret, "wrong password", strings.Repeat("x", 4096)} {
				before := count()
				_, _ = w.browser().signIn(flow.SignInFields{Identifier: identifier, Password: password})
				if n := count() - before; n != 1 {
					t.Errorf("protect %v, one shot, %s: %d hashes", protect, identifier, n)
				}
				b := w.browser()
				out, err := b.signIn(flow.SignInFields{Identifier: identifier})
				if err != nil {
					continue // nobody, told at once
				}
				before = count()
				_, _ = b.password(out.SignIn.ID, password)
				if n := count() - before; n != 1 {
					t.Errorf("protect %v, two steps, %s: %d hashes", protect, identifier, n)
				}
			}
		}
	}
}

// P-09: a full queue counts against nobody.
func TestBusyCountsNothing(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	flow.FailVerify(w.Engine, user.ErrBusy, 20)
	for range 20 {
		_, err := w.browser().signIn(flow.SignInFields{Identifier: jane, Password: "wrong password"})
		if got := describe(err); got != user.ErrBusy.Error() {
			t.Fatalf("error = %v", err)
		}
	}
	w.browser().in(jane)
}

// E-04: without counters nobody is let in.
func TestLimitsAway(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	w.fuse.arm(0)
	if _, err := w.browser().signIn(flow.SignInFields{Identifier: jane, Password: "wrong password"}); describe(err) == "form_password_incorrect" {
		t.Error("a failure that could not be counted was answered as one")
	}
}
