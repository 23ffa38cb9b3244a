package flow_test

import (
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// consenting is a world in which whoever signs up has to accept the terms.
func consenting(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.set(func(s *flow.Settings) {
		s.LegalConsent = true
		s.EmailAddress.VerifyAtSignUp = false
	})
	return w
}

// Nobody signs up without having accepted the terms; when they did is kept.
func TestLegalConsent(t *testing.T) {
	w := consenting(t)
	b := w.browser()
	out, err := b.signUp(flow.SignUpFields{EmailAddress: new(jane), Password: new(secret)})
	must(t, err)
	su := out.SignUp
	if su.Status != "missing_requirements" || !slices.Equal(su.MissingFields, []string{"legal_accepted"}) ||
		!slices.Contains(su.RequiredFields, "legal_accepted") || !su.LegalAcceptedAt.IsZero() {
		t.Fatalf("sign-up without consent: %+v", su)
	}
	for _, no := range []*bool{nil, new(false)} {
		out, err = b.keep(b.UpdateSignUp(t.Context(), b.caller(), su.ID, flow.SignUpFields{LegalAccepted: no, FirstName: new("Jane")}))
		must(t, err)
		if out.SignUp.Status == "complete" {
			t.Fatal("signed up without consent")
		}
	}
	w.pass(time.Minute)
	accepted := w.clock()
	out, err = b.keep(b.UpdateSignUp(t.Context(), b.caller(), su.ID, flow.SignUpFields{LegalAccepted: new(true)}))
	must(t, err)
	if out.SignUp.Status != "complete" {
		t.Fatalf("sign-up with consent: %+v", out.SignUp)
	}
	u, err := w.users.ByID(t.Context(), out.SignUp.CreatedUserID)
	must(t, err)
	if !u.LegalAcceptedAt.Equal(accepted) {
		t.Errorf("legal_accepted_at = %v, want %v", u.LegalAcceptedAt, accepted)
	}
}

// A consent can be taken back while the sign-up is under way, and is asked for beside
// everything else that is missing.
func TestLegalConsentTakenBack(t *testing.T) {
	w := consenting(t)
	b := w.browser()
	out, err := b.signUp(flow.SignUpFields{LegalAccepted: new(true)})
	must(t, err)
	if !slices.Equal(out.SignUp.MissingFields, []string{"email_address", "password"}) || out.SignUp.LegalAcceptedAt.IsZero() {
		t.Errorf("consent alone: %+v", out.SignUp)
	}
	out, err = b.keep(b.UpdateSignUp(t.Context(), b.caller(), out.SignUp.ID, flow.SignUpFields{LegalAccepted: new(false)}))
	must(t, err)
	if !slices.Equal(out.SignUp.MissingFields, []string{"email_address", "password", "legal_accepted"}) || !out.SignUp.LegalAcceptedAt.IsZero() {
		t.Errorf("taken back: %+v", out.SignUp)
	}
	// Where the terms are off nobody is asked.
	w.set(func(s *flow.Settings) { s.LegalConsent = false })
	out, err = b.keep(b.UpdateSignUp(t.Context(), b.caller(), out.SignUp.ID, flow.SignUpFields{EmailAddress: new(jane), Password: new(secret)}))
	must(t, err)
	if out.SignUp.Status != "complete" {
		t.Errorf("with the terms off: %+v", out.SignUp)
	}
}

// A sign-up that was under way when sign-up was closed makes no account.
func TestRestrictedWhileUnderWay(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	su := b.started(jane)
	w.set(func(s *flow.Settings) { s.SignUpMode = "restricted" })
	_, err := b.verify(su.ID, w.code(jane))
	wantCode(t, err, "sign_up_mode_restricted")
	_, err = b.signUp(flow.SignUpFields{EmailAddress: new(joe)})
	wantCode(t, err, "sign_up_mode_restricted")
	w.set(func(s *flow.Settings) { s.SignUpMode = "public" })
	out, err := b.keep(b.UpdateSignUp(t.Context(), b.caller(), su.ID, flow.SignUpFields{}))
	must(t, err)
	if out.SignUp.Status != "complete" {
		t.Errorf("opened again: %+v", out.SignUp)
	}
}
