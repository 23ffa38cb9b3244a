package flow_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// token issues a sign-in token for a user and returns its secret.
func (w *world) token(id user.ID) string {
	w.t.Helper()
	t, err := w.IssueSignInToken(w.t.Context(), id, time.Hour)
	must(w.t, err)
	return string(t.Secret)
}

// invitation invites an address and returns the secret.
func (w *world) invitation(email string) string {
	w.t.Helper()
	all, err := w.Invite(w.t.Context(), flow.NewInvitation{NewInvitation: user.NewInvitation{EmailAddress: email, OfUser: true, BesideAnother: true}})
	must(w.t, err)
	return string(all[0].Secret)
}

func (b *browser) byTicket(secret string) (flow.Outcome, error) {
	return b.signIn(flow.SignInFields{Strategy: "ticket", Ticket: secret})
}

// wantPending checks that a ticket has not been used up.
func (w *world) wantPending(secret string) {
	w.t.Helper()
	found, err := w.users.TicketBySecret(w.t.Context(), secret)
	if err != nil || found.Status != user.TicketPending {
		w.t.Errorf("ticket = %+v, %v; want it pending", found, err)
	}
}

func TestTicketSignsIn(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane)
	b := w.browser()
	b.identify(jane) // gives the browser a cookie
	planted := b.cookie
	out, err := b.byTicket(w.token(u.ID))
	must(t, err)
	if out.SignIn.Status != "complete" || b.cookie == planted { // S-04
		t.Errorf("sign-in = %+v, cookie rotated: %v", out.SignIn, b.cookie != planted)
	}
	ss := b.session(out.SignIn.CreatedSessionID)
	if !ss.FirstFactorAt.IsZero() || !ss.SecondFactorAt.IsZero() || ss.UserID != string(u.ID) { // M-06
		t.Errorf("session = %+v, want no factor proved", ss)
	}
	wantCode(t, w.RequireFresh(ss), "session_reverification_required")
}

// What keeps a ticket's holder out leaves the ticket good.
func TestTicketIsKept(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane)
	secret := w.token(u.ID)
	for name, test := range map[string]struct {
		prepare, undo func()
		code          string
	}{
		"locked": {func() { must2(w.users.Lock(t.Context(), u.ID, time.Time{})) }, func() { must2(w.users.Unlock(t.Context(), u.ID)) }, "user_locked"},
		"banned": {func() { must2(w.users.Ban(t.Context(), u.ID)) }, func() { must2(w.users.Unban(t.Context(), u.ID)) }, "user_banned"},
	} {
		test.prepare()
		_, err := w.browser().byTicket(secret)
		if got := describe(err); got != test.code {
			t.Errorf("%s: %s, want %s", name, got, test.code)
		}
		w.wantPending(secret)
		test.undo()
	}
	b := w.browser()
	w.pass(time.Minute) // a ban keeps everybody out for some seconds more
	ss := b.in(jane)
	_, err := b.byTicket(secret)
	if e := wantCode(t, err, "identifier_already_signed_in"); e.SessionID != ss.ID {
		t.Errorf("names session %s, want %s", e.SessionID, ss.ID)
	}
	w.set(func(s *flow.Settings) { s.SingleSession = true })
	_, err = b.byTicket(secret)
	wantCode(t, err, "session_exists")
	w.wantPending(secret)
	if _, err := w.browser().byTicket(secret); err != nil {
		t.Errorf("in the end: %v", err)
	}
}

// S-10: an invitation proves an address, so a second factor is asked for as ever; a sign-in
// token stands for all.
func TestTicketThenSecondFactor(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, func(nu *user.NewUser) {
		nu.PhoneNumbers = []user.NewIdentifier{{Value: "+15555550100", Strategy: "admin"}}
	})
	w.enableSecondFactor(u.ID)
	out, err := w.browser().byTicket(w.invitation(jane))
	must(t, err)
	if out.SignIn.Status != "needs_second_factor" || out.SignIn.CreatedSessionID != "" {
		t.Errorf("by invitation: %+v", out.SignIn)
	}
	if all, err := w.sessions.OfUser(t.Context(), string(u.ID)); err != nil || len(all) != 0 {
		t.Errorf("sessions = %v, %v", all, err)
	}
	out, err = w.browser().byTicket(w.token(u.ID))
	must(t, err)
	if out.SignIn.Status != "complete" {
		t.Errorf("by token: %+v", out.SignIn)
	}
}

// C-04: wherever it breaks off, nobody is in by a ticket that still is good.
func TestTicketSurvivesACrash(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane)
	done := false
	for n := int64(0); !done; n++ {
		if n > 30 {
			t.Fatal("the fuse never lasts")
		}
		secret := w.token(u.ID)
		w.fuse.arm(n)
		_, err := w.browser().byTicket(secret)
		w.fuse.mend()
		done = err == nil
		if err != nil && !errors.Is(err, errBlown) {
			t.Fatalf("after %d calls: %v", n, err)
		}
		all, err := w.sessions.OfUser(t.Context(), string(u.ID))
		must(t, err)
		live := 0
		for _, ss := range all {
			if ss.Live(w.clock()) {
				live++
			}
		}
		found, err := w.users.TicketBySecret(t.Context(), secret)
		must(t, err)
		if live > 0 && found.Status != user.TicketAccepted {
			t.Errorf("after %d calls there is a session and the ticket is %s", n, found.Status)
		}
		if _, err := w.sessions.Revoke(t.Context(), lastOf(all), "test"); len(all) > 0 && err != nil && !errors.Is(err, session.ErrNotActive) {
			t.Fatal(err)
		}
		w.pass(time.Minute)
	}
}

func lastOf(all []session.Session) session.ID {
	if len(all) == 0 {
		return ""
	}
	return all[0].ID
}

// The same for an account: with it the invitation is used, without it it is good.
func TestInvitationSurvivesACrash(t *testing.T) {
	w := newWorld(t)
	secret := w.invitation(joe)
	b := w.browser()
	for n := int64(0); ; n++ {
		if n > 30 {
			t.Fatal("the fuse never lasts")
		}
		w.fuse.arm(n)
		_, err := b.signUp(flow.SignUpFields{Strategy: "ticket", Ticket: secret, Password: new("correct horse battery")})
		w.fuse.mend()
		found, lookup := w.users.TicketBySecret(t.Context(), secret)
		must(t, lookup)
		_, _, lookup = w.users.ByIdentifier(t.Context(), joe)
		if exists := lookup == nil; exists != (found.Status == user.TicketAccepted) {
			t.Fatalf("after %d calls: account %v, invitation %s", n, exists, found.Status)
		}
		if found.Status == user.TicketAccepted {
			if found.UserID != w.userID(joe) {
				t.Errorf("accepted by %q", found.UserID)
			}
			break
		}
		if !errors.Is(err, errBlown) {
			t.Fatalf("after %d calls: %v", n, err)
		}
		w.pass(time.Minute)
	}
}

// A sign-up that goes on without its invitation's address is none by it.
func TestInvitedAddressStays(t *testing.T) {
	w := newWorld(t)
	w.set(func(s *flow.Settings) { s.SignUpMode = "restricted" })
	b := w.browser()
	out, err := b.signUp(flow.SignUpFields{Strategy: "ticket", Ticket: w.invitation(joe), FirstName: new("Joe")})
	must(t, err)
	if out.SignUp.EmailAddress != joe || out.SignUp.EmailVerification.Status != "verified" || out.SignUp.Status != "missing_requirements" {
		t.Fatalf("sign-up = %+v", out.SignUp)
	}
	_, err = b.update(out.SignUp.ID, flow.SignUpFields{EmailAddress: new("eve@example.com")})
	wantCode(t, err, "form_param_value_invalid")
	_, err = b.update(out.SignUp.ID, flow.SignUpFields{Strategy: "ticket", Ticket: strings.Repeat("A", 43)})
	wantCode(t, err, "ticket_invalid_code")
	// P-05: the password is judged against the address that was invited.
	_, err = b.update(out.SignUp.ID, flow.SignUpFields{Password: new(joe)})
	if e, ok := errors.AsType[*user.FieldError](err); !ok || e.Rule != user.RulePasswordIdentifier {
		t.Errorf("the address as password: %v", err)
	}
	out, err = b.update(out.SignUp.ID, flow.SignUpFields{EmailAddress: new("JOE@example.com"), Password: new(secret)})
	must(t, err)
	if out.SignUp.Status != "complete" {
		t.Errorf("sign-up = %+v", out.SignUp)
	}
}
