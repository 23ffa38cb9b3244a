package flow_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/user"
)

const (
	phone     = "+4915112345678"
	testPhone = "+12015550123"
)

// withPhones lets people sign up and in by phone number as well.
func withPhones(t *testing.T, change ...func(*flow.Config)) *world {
	t.Helper()
	w := newWorld(t, change...)
	w.set(func(s *flow.Settings) {
		s.PhoneNumber = flow.Attribute{Enabled: true, FirstFactor: true, VerifyAtSignUp: true}
		s.EmailAddress.Required, s.Password.Required = false, false
		s.Strategies = append(slices.Clone(s.Strategies), "phone_code")
	})
	return w
}

// phoned gives a person a verified phone number.
func phoned(nu *user.NewUser) {
	nu.PhoneNumbers = []user.NewIdentifier{{Value: phone, Strategy: "admin"}}
}

// A phone number alone is enough to sign up with, and to sign in, in every way that it
// may be written (I-05).
func TestSignUpAndInByPhone(t *testing.T) {
	w := withPhones(t)
	b := w.browser()
	out, err := b.signUp(flow.SignUpFields{PhoneNumber: new("+49 (151) 12345678")})
	must(t, err)
	if su := out.SignUp; su.PhoneNumber != phone || !slices.Equal(su.UnverifiedFields, []string{"phone_number"}) ||
		!slices.Equal(su.PhoneVerification.Supported, []string{"phone_code"}) {
		t.Fatalf("sign-up = %+v", su)
	}
	id := out.SignUp.ID
	_, err = b.keep(b.PrepareVerification(t.Context(), b.caller(), id, flow.Prepare{Strategy: "phone_code"}))
	must(t, err)
	texts := w.outbox.Messages(phone)
	if len(texts) != 1 || texts[0].Channel != notify.SMS || texts[0].HTML != "" || texts[0].Subject != "" ||
		!strings.Contains(texts[0].Text, texts[0].Code) || !strings.Contains(texts[0].Text, "Example") {
		t.Fatalf("texts = %+v", texts)
	}
	out, err = b.keep(b.AttemptVerification(t.Context(), b.caller(), id, flow.Proof{Strategy: "phone_code", Code: w.code(phone)}))
	must(t, err)
	if out.SignUp.Status != "complete" || out.Client.LastAuthenticationStrategy != "phone_code" {
		t.Fatalf("sign-up = %+v", out.SignUp)
	}
	w.pass(1e9)

	again := w.browser()
	out, err = again.signIn(flow.SignInFields{Identifier: "+49 151-123.45678", Strategy: "phone_code"})
	must(t, err)
	out, err = again.attempt(out.SignIn.ID, flow.Proof{Strategy: "phone_code", Code: w.code(phone)})
	must(t, err)
	if out.SignIn.Status != "complete" {
		t.Errorf("sign-in = %+v", out.SignIn)
	}
}

// What a person may prove depends on what they have; addresses they did not type are
// masked (L-06).
func TestPhoneFactors(t *testing.T) {
	w := withPhones(t)
	w.person(jane, phoned)
	want := []string{
		"password", "email_code jane@example.com primary", "phone_code +49***78 primary",
		"reset_password_email_code jane@example.com primary", "reset_password_phone_code +49***78 primary",
	}
	var got []string
	for _, f := range w.browser().identify(jane).SupportedFirstFactors {
		line := f.Strategy
		if f.SafeIdentifier != "" {
			line += " " + f.SafeIdentifier
		}
		if f.Primary {
			line += " primary"
		}
		if strings.Contains(f.Strategy, "phone") != (f.PhoneNumberID != "") || strings.Contains(f.Strategy, "email") != (f.EmailAddressID != "") {
			t.Errorf("ids of %+v", f)
		}
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("factors = %q, want %q", got, want)
	}
	// Of a person without a phone number none is offered or sent to.
	w.person(joe)
	b := w.browser()
	si := b.identify(joe)
	if slices.ContainsFunc(si.SupportedFirstFactors, func(f flow.Factor) bool { return f.PhoneNumberID != "" }) {
		t.Errorf("factors = %+v", si.SupportedFirstFactors)
	}
	_, err := b.prepare(si.ID, flow.Prepare{Strategy: "phone_code"})
	wantCode(t, err, "strategy_for_user_invalid")
	// Nor where phone numbers are off.
	w.set(func(s *flow.Settings) { s.PhoneNumber.Enabled = false })
	for _, f := range w.browser().identify(jane).SupportedFirstFactors {
		if f.PhoneNumberID != "" {
			t.Errorf("offered with phone numbers off: %+v", f)
		}
	}
}

// E-01: whoever types the same number is shown the same, whether it has an account.
func TestPhoneSignInsLookAlike(t *testing.T) {
	var seen []string
	for _, known := range []bool{true, false} {
		w := withPhones(t)
		w.set(func(s *flow.Settings) { s.EnumerationProtect = true })
		if known {
			w.person(jane, phoned)
		}
		b := w.browser()
		si := b.identify(phone)
		line := ""
		for _, f := range si.SupportedFirstFactors {
			line += f.Strategy + " " + f.SafeIdentifier + "\n"
		}
		for _, strategy := range []string{"phone_code", "reset_password_phone_code"} {
			w.pass(30 * 1e9)
			out, err := b.prepare(si.ID, flow.Prepare{Strategy: strategy})
			must(t, err)
			line += out.SignIn.FirstFactorVerification.Status + "\n"
			_, err = b.attempt(si.ID, flow.Proof{Strategy: strategy, Code: "000000"})
			line += describe(err) + "\n"
		}
		seen = append(seen, line)
	}
	if seen[0] != seen[1] || !strings.Contains(seen[0], "phone_code "+phone) {
		t.Errorf("known:\n%s\nunknown:\n%s", seen[0], seen[1])
	}
}

// C-13: numbers that nobody has take the test code on a development server, and no
// text goes there.
func TestTestNumbers(t *testing.T) {
	for name, code := range map[string]string{"dev": testCode, "prod": ""} {
		t.Run(name, func(t *testing.T) {
			w := withPhones(t, func(c *flow.Config) { c.TestCode = code })
			b := w.browser()
			out, err := b.signUp(flow.SignUpFields{PhoneNumber: new(testPhone), Strategy: "phone_code"})
			must(t, err)
			_, err = b.keep(b.AttemptVerification(t.Context(), b.caller(), out.SignUp.ID, flow.Proof{Strategy: "phone_code", Code: testCode}))
			sent := len(w.outbox.Messages(testPhone))
			if code != "" && (err != nil || sent != 0) {
				t.Errorf("development: %v, %d texts", err, sent)
			}
			if code == "" && (describe(err) != "form_code_incorrect" || sent != 1) {
				t.Errorf("production: %v, %d texts", err, sent)
			}
		})
	}
}
