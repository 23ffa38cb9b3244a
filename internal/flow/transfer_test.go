package flow_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

// joining asks to sign in, or up if there is no account.
func (b *browser) joining(identifier, strategy string) (flow.Outcome, error) {
	return b.signIn(flow.SignInFields{Identifier: identifier, Strategy: strategy, SignUpIfMissing: true})
}

// transferable begins a sign-in with an address of nobody and proves it.
func (b *browser) transferable(email string) *flow.SignIn {
	b.t.Helper()
	out, err := b.joining(email, "email_code")
	must(b.t, err)
	_, err = b.emailCode(out.SignIn.ID, b.code(email))
	wantCode(b.t, err, "sign_up_if_missing_transfer")
	si, err := b.Engine.SignIn(b.t.Context(), b.caller(), out.SignIn.ID)
	must(b.t, err)
	return si
}

// Whoever proves an address of nobody goes on with a sign-up that has it proved already.
func TestSignUpIfMissing(t *testing.T) {
	for _, protect := range []bool{true, false} {
		w := newWorld(t)
		w.set(func(s *flow.Settings) { s.EnumerationProtect = protect })
		b := w.browser()
		si := b.transferable("Joe@Example.com")
		if si.Status != "needs_first_factor" || si.FirstFactorVerification.Status != "transferable" || si.CreatedSessionID != "" {
			t.Errorf("sign-in = %+v, verification %+v", si, si.FirstFactorVerification)
		}
		// The proof was used: neither the code nor another step gets anywhere.
		_, err := b.emailCode(si.ID, w.code("Joe@example.com"))
		wantCode(t, err, "verification_already_verified")

		out, err := b.signUp(flow.SignUpFields{Transfer: true})
		must(t, err)
		su := out.SignUp
		if su.EmailAddress != "Joe@example.com" || su.EmailVerification.Status != "verified" || len(su.UnverifiedFields) != 0 ||
			len(su.MissingFields) != 1 || su.MissingFields[0] != "password" {
			t.Fatalf("sign-up = %+v", su)
		}
		if out.Client.SignInID != "" || out.Client.SignUpID != su.ID {
			t.Errorf("client = %+v", out.Client)
		}
		out, err = b.update(su.ID, flow.SignUpFields{Password: new(secret)})
		must(t, err)
		u, err := w.users.ByID(t.Context(), out.SignUp.CreatedUserID)
		must(t, err)
		if i := u.Identifications[0]; !i.Verified() || i.Verification.Strategy != "email_code" || u.PrimaryEmailAddressID != i.ID {
			t.Errorf("address = %+v", i)
		}
		if len(w.outbox.Messages(joe)) != 1 {
			t.Errorf("%d mails", len(w.outbox.Messages(joe)))
		}
	}
}

// A sign-up that has all it needs completes with the transfer.
func TestTransferCompletes(t *testing.T) {
	w := protected(t)
	w.set(func(s *flow.Settings) { s.Password.Required = false })
	b := w.browser()
	b.transferable(joe)
	before := b.cookie
	out, err := b.signUp(flow.SignUpFields{Transfer: true, FirstName: new("Joe")})
	must(t, err)
	if out.SignUp.Status != "complete" || out.SignUp.CreatedSessionID == "" || b.cookie == before {
		t.Errorf("sign-up = %+v", out.SignUp)
	}
	if _, err = b.signUp(flow.SignUpFields{Transfer: true}); err == nil {
		t.Error("the proof was taken over twice")
	}
}

// E-01: until the proof a known address and one of nobody get the same answers, and one
// mail each.
func TestJoiningLooksAlike(t *testing.T) {
	w := protected(t)
	w.person(jane)
	seen := map[string]string{}
	for _, who := range []string{jane, joe} {
		w.pass(24 * time.Hour)
		b := w.browser()
		var steps []string
		note := func(out flow.Outcome, err error) {
			if out.SignIn != nil && out.SignIn.FirstFactorVerification != nil {
				out.SignIn.FirstFactorVerification.ExpireAt = time.Time{}
			}
			steps = append(steps, describe(err), b.shape(out.SignIn))
		}
		out, err := b.joining(who, "")
		note(out, err)
		si := out.SignIn
		id := si.SupportedFirstFactors[1].EmailAddressID
		note(b.prepare(si.ID, flow.Prepare{Strategy: "email_code", EmailAddressID: "idn_1"}))
		note(b.prepare(si.ID, flow.Prepare{Strategy: "email_code", EmailAddressID: id}))
		note(b.prepare(si.ID, flow.Prepare{Strategy: "email_code", EmailAddressID: id}))
		note(b.prepare(si.ID, flow.Prepare{Strategy: "reset_password_email_code"}))
		note(b.password(si.ID, "wrong password"))
		for range 6 {
			note(b.emailCode(si.ID, wrong(w.code(who))))
		}
		note(b.joining(who, "password"))
		note(b.joining(strings.ToUpper(who), "email_code"))
		for range 5 {
			w.pass(time.Minute)
			note(b.joining(who, "email_code")) // until the budget of the address is spent
		}
		seen[who] = strings.ReplaceAll(strings.ReplaceAll(strings.Join(steps, "\n"), who, "X"), strings.ToUpper(who), "X")
	}
	if seen[jane] != seen[joe] {
		t.Errorf("known:\n%s\nnobody:\n%s", seen[jane], seen[joe])
	}
	if !strings.Contains(seen[joe], "too_many_requests") {
		t.Error("E-02: the budget of an address of nobody is endless")
	}
	w.Close()
	if a, b := len(w.outbox.Messages(jane)), len(w.outbox.Messages(joe)); a != b || a == 0 {
		t.Errorf("%d mails to somebody, %d to nobody", a, b)
	}
}

func TestSignUpIfMissingRefusals(t *testing.T) {
	w := protected(t)
	w.person(jane, func(nu *user.NewUser) { nu.Username = "janedoe" })
	b := w.browser()
	// What a username or a reset could prove is no address to sign up with.
	for identifier, strategy := range map[string]string{"nobody": "email_code", "janedoe": "email_code"} {
		_, err := b.joining(identifier, strategy)
		must(t, err)
	}
	w.Close()
	if n := len(w.outbox.Messages("")); n != 1 {
		t.Errorf("%d mails, want that to jane alone", n)
	}
	for _, who := range []string{jane, joe} {
		_, err := b.joining(who, "reset_password_email_code")
		wantCode(t, err, "sign_up_if_missing_strategy_not_supported")
		_, err = b.joining(who, "password")
		wantCode(t, err, "sign_up_if_missing_strategy_not_supported")
	}
	for _, f := range []flow.SignUpFields{{Transfer: true}, {Transfer: true, EmailAddress: new(joe)}} {
		_, err := w.browser().signUp(f)
		wantCode(t, err, "account_transfer_invalid")
	}
	out, err := b.joining(joe, "email_code")
	must(t, err)
	_, err = b.signUp(flow.SignUpFields{Transfer: true}) // sent, and not proved
	wantCode(t, err, "account_transfer_invalid")
	_, err = b.signIn(flow.SignInFields{Transfer: true})
	wantCode(t, err, "account_transfer_invalid")

	// What is refused leaves the proof as it was; ten minutes later it is gone.
	_, err = b.emailCode(out.SignIn.ID, w.code(joe))
	wantCode(t, err, "sign_up_if_missing_transfer")
	if _, err = b.signUp(flow.SignUpFields{Transfer: true, Password: new("short")}); describe(err) != "password password_too_short" {
		t.Errorf("a short password: %v", err)
	}
	eve := w.browser() // S-11
	eve.identify(joe)
	_, err = eve.signUp(flow.SignUpFields{Transfer: true})
	wantCode(t, err, "account_transfer_invalid")
	w.pass(10 * time.Minute)
	_, err = b.signUp(flow.SignUpFields{Transfer: true})
	wantCode(t, err, "account_transfer_invalid")

	w.set(func(s *flow.Settings) { s.SignUpMode = "restricted" })
	for _, who := range []string{jane, joe} {
		_, err = b.joining(who, "email_code")
		wantCode(t, err, "sign_up_if_missing_not_allowed")
	}
}

// Somebody who takes the address between the proof and the sign-up has it.
func TestTransferOfATakenAddress(t *testing.T) {
	w := protected(t)
	w.set(func(s *flow.Settings) { s.Password.Required = false })
	b := w.browser()
	b.transferable(joe)
	w.person(joe)
	if _, err := b.signUp(flow.SignUpFields{Transfer: true}); describe(err) != "taken email_address" {
		t.Errorf("sign-up = %v", err)
	}
}

// A link leads to a transfer like a code, in the browser that asked for it.
func TestLinkOfNobody(t *testing.T) {
	w := linkWorld(t)
	w.set(func(s *flow.Settings) { s.EnumerationProtect = true })
	b := w.browser()
	_, err := b.joining(joe, "email_link")
	must(t, err)
	to := b.follow(w.link(joe))
	if to.Status != "transferable" || to.SessionID != "" {
		t.Errorf("landing = %+v", to)
	}
	out, err := b.signUp(flow.SignUpFields{Transfer: true})
	must(t, err)
	if out.SignUp.EmailVerification.Status != "verified" {
		t.Errorf("sign-up = %+v", out.SignUp)
	}
}

// C-04: of parallel sign-ups exactly one takes the proof over.
func TestParallelTransfers(t *testing.T) {
	w := protected(t)
	b := w.browser()
	b.transferable(joe)
	caller := b.caller()
	var group sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range 50 {
		group.Go(func() {
			_, err := b.CreateSignUp(t.Context(), caller, flow.SignUpFields{Transfer: true})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			} else if e, ok := errors.AsType[*flow.Error](err); !ok || e.Code != "account_transfer_invalid" && e.Code != "resource_locked" {
				t.Errorf("another answer: %v", err)
			}
		})
	}
	group.Wait()
	if done != 1 {
		t.Errorf("%d sign-ups took the proof over, want 1", done)
	}
}
