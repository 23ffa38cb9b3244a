package flow_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

func TestSignUp(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	f := fields("Jane@Example.com")
	f.FirstName, f.UnsafeMetadata, f.LegalAccepted = new("Jane"), json.RawMessage(`{"beta":true}`), new(true)
	out, err := b.signUp(f)
	must(t, err)
	su := out.SignUp
	if su.Status != "missing_requirements" || len(su.MissingFields) != 0 || !slices.Equal(su.UnverifiedFields, []string{"email_address"}) {
		t.Fatalf("sign-up = %+v", su)
	}
	if !su.HasPassword || su.FirstName != "Jane" || string(su.UnsafeMetadata) != `{"beta":true}` || su.LegalAcceptedAt.IsZero() {
		t.Errorf("sign-up = %+v", su)
	}
	if out.Client.SignUpID != su.ID || b.cookie == "" {
		t.Errorf("client = %+v, cookie set: %v", out.Client, b.cookie != "")
	}
	// Nothing was sent yet, and it says so: the official components ask for the code.
	v := su.EmailVerification
	if v.Status != "" || v.Strategy != "" || v.NextAction != "needs_prepare" || !slices.Equal(v.Supported, []string{"email_code"}) {
		t.Errorf("verification before prepare = %+v", v)
	}
	if n := len(w.outbox.Messages("")); n != 0 {
		t.Errorf("%d messages sent before prepare", n)
	}

	out, err = b.prepareSignUp(su.ID)
	must(t, err)
	v = out.SignUp.EmailVerification
	if v.Status != "unverified" || v.Strategy != "email_code" || v.NextAction != "needs_attempt" ||
		!v.ExpireAt.Equal(w.clock().Add(10*time.Minute)) || v.Object != "verification_otp" {
		t.Errorf("verification after prepare = %+v", v)
	}
	before := b.cookie
	out, err = b.verify(su.ID, w.code(jane))
	must(t, err)
	su = out.SignUp
	if su.Status != "complete" || !su.HasPassword || su.CreatedUserID == "" || su.CreatedSessionID == "" || su.EmailVerification.Status != "verified" {
		t.Fatalf("sign-up = %+v", su)
	}
	if out.Client.SignUpID != "" || !slices.Equal(out.Client.SessionIDs, []session.ID{su.CreatedSessionID}) ||
		out.Client.LastActiveSessionID != su.CreatedSessionID || out.Client.LastAuthenticationStrategy != "email_code" {
		t.Errorf("client = %+v", out.Client)
	}
	if before == b.cookie {
		t.Error("the cookie was not rotated")
	}
	u, err := w.users.ByID(t.Context(), su.CreatedUserID)
	must(t, err)
	if !u.Identifications[0].Verified() || u.Identifications[0].Verification.Strategy != "email_code" ||
		u.PrimaryEmailAddressID != u.Identifications[0].ID || u.FirstName != "Jane" || string(u.UnsafeMetadata) != `{"beta":true}` {
		t.Errorf("user = %+v", u)
	}
	// Completed attempts stay readable.
	again, err := w.Engine.SignUp(t.Context(), b.caller(), su.ID)
	if err != nil || again.Status != "complete" || again.CreatedSessionID != su.CreatedSessionID {
		t.Errorf("SignUp after completion = %+v, %v", again, err)
	}
	if ss := w.browser().in(jane); ss.UserID != string(u.ID) {
		t.Errorf("session of %s, want %s", ss.UserID, u.ID)
	}
}

func TestSignUpRequirements(t *testing.T) {
	on, must := flow.Attribute{Enabled: true}, flow.Attribute{Enabled: true, Required: true}
	verified := flow.Attribute{Enabled: true, VerifyAtSignUp: true}
	for _, tt := range []struct {
		name                          string
		settings                      flow.Settings
		send                          flow.SignUpFields
		required, optional            string
		missing, unverified, complete string
	}{
		{
			name: "all_missing", settings: flow.Settings{EmailAddress: must, Username: must, FirstName: on, Password: must},
			required: "email_address username password", optional: "first_name", missing: "email_address username password",
		},
		{
			name: "optional_stays_optional", settings: flow.Settings{EmailAddress: must, LastName: on},
			send: flow.SignUpFields{EmailAddress: new(jane)}, required: "email_address", optional: "last_name", complete: "yes",
		},
		{
			name: "some_identifier_is_needed", settings: flow.Settings{EmailAddress: on, Username: on, Password: must},
			send: flow.SignUpFields{Password: new(secret)}, required: "password", optional: "email_address username", missing: "email_address",
		},
		{
			name: "any_identifier_will_do", settings: flow.Settings{EmailAddress: on, Username: on, Password: must},
			send:     flow.SignUpFields{Password: new(secret), Username: new("janedoe")},
			required: "password", optional: "email_address username", complete: "yes",
		},
		{
			name: "optional_address_is_verified_once_given", settings: flow.Settings{EmailAddress: verified, Username: on},
			send:     flow.SignUpFields{EmailAddress: new(jane), Username: new("janedoe")},
			optional: "email_address username", unverified: "email_address",
		},
		{
			name: "empty_is_not_given", settings: flow.Settings{EmailAddress: must, FirstName: must},
			send:     flow.SignUpFields{EmailAddress: new(jane), FirstName: new("")},
			required: "email_address first_name", missing: "first_name",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.settings.Strategies = []string{"password", "email_code"}
			w.set(func(s *flow.Settings) { *s = tt.settings })
			out, err := w.browser().signUp(tt.send)
			if err != nil {
				t.Fatal(err)
			}
			for name, got := range map[string][2][]string{
				"required":   {out.SignUp.RequiredFields, strings.Fields(tt.required)},
				"optional":   {out.SignUp.OptionalFields, strings.Fields(tt.optional)},
				"missing":    {out.SignUp.MissingFields, strings.Fields(tt.missing)},
				"unverified": {out.SignUp.UnverifiedFields, strings.Fields(tt.unverified)},
			} {
				if got[0] == nil || !slices.Equal(got[0], got[1]) {
					t.Errorf("%s = %#v, want %v", name, got[0], got[1])
				}
			}
			if (out.SignUp.Status == "complete") != (tt.complete != "") || (out.SignUp.CreatedSessionID != "") != (tt.complete != "") {
				t.Errorf("status = %s", out.SignUp.Status)
			}
		})
	}
}

func TestSignUpRefusals(t *testing.T) {
	w := newWorld(t)
	w.person(joe, func(nu *user.NewUser) { nu.Username = "joe_doe" })
	long := strings.Repeat("x", 257)
	for _, tt := range []struct {
		name   string
		send   flow.SignUpFields
		change func(*flow.Settings)
		want   string // code, or field/rule, or kind taken
	}{
		{"taken_address", fields("JOE@example.com"), nil, "taken email_address"},
		{"taken_username", flow.SignUpFields{Username: new("Joe_Doe")}, func(s *flow.Settings) { s.Username.Enabled = true }, "taken username"},
		{"malformed_address", fields("joe"), nil, "email_address format"},
		{"name_too_long", flow.SignUpFields{FirstName: &long}, nil, "first_name too_long"},
		{"control_character", flow.SignUpFields{LastName: new("a\x1bb")}, nil, "last_name format"},
		{"short_password", flow.SignUpFields{Password: new("short")}, nil, "password password_too_short"},
		{"password_is_the_address", flow.SignUpFields{EmailAddress: new("longlocalpart@example.com"), Password: new("longlocalpart")}, nil, "password password_matches_identifier"},
		{"metadata_is_no_object", flow.SignUpFields{UnsafeMetadata: json.RawMessage(`[1]`)}, nil, "unsafe_metadata value"},
		{"field_that_is_off", flow.SignUpFields{PhoneNumber: new("+15555550100")}, nil, "form_param_unknown"},
		{"restricted", fields(jane), func(s *flow.Settings) { s.SignUpMode = "restricted" }, "sign_up_mode_restricted"},
		{"nothing_to_transfer", flow.SignUpFields{Transfer: true}, nil, "account_transfer_invalid"},
		{"unknown_strategy", flow.SignUpFields{EmailAddress: new(jane), Strategy: "carrier_pigeon"}, nil, "form_param_value_invalid"},
		{"password_where_there_are_none", flow.SignUpFields{EmailAddress: new(jane), Strategy: "password"}, func(s *flow.Settings) { s.Password.Enabled = false }, "verification_strategy_invalid"},
		{"strategy_that_verifies_nothing", flow.SignUpFields{EmailAddress: new(jane), Strategy: "reset_password_email_code"}, nil, "verification_strategy_invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.set(func(s *flow.Settings) {
				*s = defaults()
				if tt.change != nil {
					tt.change(s)
				}
			})
			b := w.browser()
			_, err := b.signUp(tt.send)
			if got := describe(err); got != tt.want {
				t.Errorf("error = %q (%v), want %q", got, err, tt.want)
			}
			if b.cookie != "" {
				t.Error("a refused form made a client")
			}
		})
	}
}

// describe names an error by what the wire shows of it.
func describe(err error) string {
	if e, ok := errors.AsType[*flow.Error](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*user.FieldError](err); ok {
		return e.Field + " " + string(e.Rule)
	}
	if e, ok := errors.AsType[*user.TakenError](err); ok {
		return "taken " + string(e.Kind)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestUpdateSignUp(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	out, err := b.signUp(flow.SignUpFields{EmailAddress: new(jane)})
	must(t, err)
	id := out.SignUp.ID
	if !slices.Equal(out.SignUp.MissingFields, []string{"password"}) {
		t.Fatalf("missing = %v", out.SignUp.MissingFields)
	}
	_, err = b.prepareSignUp(id)
	must(t, err)
	out, err = b.verify(id, w.code(jane))
	must(t, err)
	if out.SignUp.Status != "missing_requirements" || len(out.SignUp.UnverifiedFields) != 0 {
		t.Fatalf("sign-up = %+v", out.SignUp)
	}
	if ss, _ := w.sessions.OfClient(t.Context(), out.Client); len(ss) != 0 {
		t.Fatal("a session before the sign-up is complete")
	}
	// Fields not sent stay; what was missing completes it.
	out, err = b.update(id, flow.SignUpFields{Password: new(secret), FirstName: new("")})
	must(t, err)
	if out.SignUp.Status != "complete" || out.SignUp.EmailAddress != jane {
		t.Fatalf("sign-up = %+v", out.SignUp)
	}
	_, err = b.update(id, flow.SignUpFields{FirstName: new("Eve")})
	wantCode(t, err, "sign_up_cannot_be_updated")
	_, err = b.prepareSignUp(id)
	wantCode(t, err, "verification_already_verified")
}

// An address that takes the place of a verified one is proved anew.
func TestAddressChangedAfterItsProof(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	out, err := b.signUp(flow.SignUpFields{EmailAddress: new(jane)})
	must(t, err)
	id := out.SignUp.ID
	_, err = b.prepareSignUp(id)
	must(t, err)
	_, err = b.verify(id, w.code(jane))
	must(t, err)
	w.pass(time.Minute)
	out, err = b.update(id, flow.SignUpFields{EmailAddress: new(joe), Password: new(secret)})
	must(t, err)
	if out.SignUp.Status != "missing_requirements" || !slices.Equal(out.SignUp.UnverifiedFields, []string{"email_address"}) {
		t.Fatalf("sign-up = %+v", out.SignUp)
	}
	_, err = b.prepareSignUp(id)
	must(t, err)
	out, err = b.verify(id, w.code(joe))
	must(t, err)
	if out.SignUp.Status != "complete" || out.SignUp.EmailAddress != joe {
		t.Errorf("sign-up = %+v", out.SignUp)
	}
}

// Two sign-ups for one address: the second to prove it is told so, and the first keeps it.
func TestAddressTakenMeanwhile(t *testing.T) {
	w := newWorld(t)
	first, second := w.browser(), w.browser()
	a := first.started(jane)
	codeA := w.code(jane)
	w.pass(time.Second)
	b := second.started(jane)
	codeB := w.code(jane)
	_, err := first.verify(a.ID, codeA)
	must(t, err)
	_, err = second.verify(b.ID, codeB)
	if got := describe(err); got != "taken email_address" {
		t.Fatalf("error = %v", err)
	}
	// The second may go on with another address, which it has to prove anew.
	out, err := second.update(b.ID, flow.SignUpFields{EmailAddress: new(joe)})
	must(t, err)
	if out.SignUp.EmailVerification.NextAction != "needs_prepare" || out.SignUp.EmailVerification.Status != "" {
		t.Errorf("verification = %+v", out.SignUp.EmailVerification)
	}
}

func TestSignUpWithStrategySendsAtOnce(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	f := fields(jane)
	f.Strategy = "email_code"
	out, err := b.signUp(f)
	must(t, err)
	if out.SignUp.EmailVerification.Status != "unverified" || b.cookie == "" {
		t.Fatalf("verification = %+v", out.SignUp.EmailVerification)
	}
	out, err = b.verify(out.SignUp.ID, w.code(jane))
	must(t, err)
	if out.SignUp.Status != "complete" {
		t.Errorf("status = %s", out.SignUp.Status)
	}
}

// The hooks of the React SDK name the strategy "password" with every sign-up that has one.
func TestSignUpWithStrategyPassword(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	f := fields(jane)
	f.Strategy = "password"
	out, err := b.signUp(f)
	must(t, err)
	if v := out.SignUp.EmailVerification; v.Status != "" || v.NextAction != "needs_prepare" {
		t.Errorf("verification = %+v, want none sent", v)
	}
	out, err = b.update(out.SignUp.ID, flow.SignUpFields{FirstName: new("Jane"), Strategy: "password"})
	must(t, err)
	if out.SignUp.FirstName != "Jane" || out.SignUp.Status != "missing_requirements" {
		t.Errorf("sign-up = %+v", out.SignUp)
	}
}

// TestSignUpSurvivesACrash cuts a sign-up off after each of its writes in turn. Each
// time either nobody exists, and the address is free, or there is a user who signs
// in with the password.
func TestSignUpSurvivesACrash(t *testing.T) {
	var outcomes []string
	for n := int64(0); ; n++ {
		w := newWorld(t)
		b := w.browser()
		su := b.started(jane)
		code := w.code(jane)
		w.fuse.reset()
		w.fuse.arm(n)
		_, err := b.verify(su.ID, code)
		w.fuse.mend()
		w.pass(time.Minute)
		taken, takenErr := w.users.Taken(t.Context(), user.KindEmailAddress, jane)
		must(t, takenErr)
		in, inErr := w.browser().signIn(flow.SignInFields{Identifier: jane, Password: secret})
		switch {
		case !taken:
			outcomes = append(outcomes, "nobody")
			if _, err := w.browser().signUp(fields(jane)); err != nil {
				t.Errorf("crash after %d writes: the address is not free: %v", n, err)
			}
		case inErr != nil || in.SignIn.Status != "complete":
			t.Errorf("crash after %d writes (%v): address held by a user who cannot sign in: %v", n, w.fuse.made(), inErr)
		default:
			outcomes = append(outcomes, "signs in")
		}
		if err == nil {
			break
		}
		if !errors.Is(err, errBlown) {
			t.Fatalf("crash after %d writes: %v", n, err)
		}
		if n > 50 {
			t.Fatal("the fuse never held")
		}
	}
	if !slices.Contains(outcomes, "nobody") || outcomes[len(outcomes)-1] != "signs in" || len(outcomes) < 6 {
		t.Errorf("outcomes = %v", outcomes)
	}
}

// A sign-up that was cut off between its proof and its user goes on when asked again.
func TestSignUpGoesOnAfterACrash(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	su := b.started(jane)
	code := w.code(jane)
	w.fuse.arm(2) // the try, the proof
	_, err := b.verify(su.ID, code)
	if !errors.Is(err, errBlown) {
		t.Fatalf("error = %v", err)
	}
	w.fuse.mend()
	if taken, _ := w.users.Taken(t.Context(), user.KindEmailAddress, jane); taken {
		t.Fatal("a user exists already: the test cuts too late")
	}
	_, err = b.verify(su.ID, code)
	wantCode(t, err, "verification_already_verified")
	out, err := b.update(su.ID, flow.SignUpFields{})
	must(t, err)
	if out.SignUp.Status != "complete" {
		t.Errorf("status = %s", out.SignUp.Status)
	}
}

// D-05: of many sign-ups that prove one address side by side, one makes a user.
func TestParallelSignUpsOfOneAddress(t *testing.T) {
	w := newWorld(t)
	const n = 5
	type try struct {
		b    *browser
		id   string
		code string
	}
	var tries []try
	for range n {
		b := w.browser()
		su := b.started(jane)
		tries = append(tries, try{b, su.ID, w.code(jane)})
		w.pass(time.Second)
	}
	var group sync.WaitGroup
	errs := make([]error, n)
	for i, tr := range tries {
		group.Go(func() { _, errs[i] = tr.b.verify(tr.id, tr.code) })
	}
	group.Wait()
	won := 0
	for _, err := range errs {
		switch describe(err) {
		case "":
			won++
		case "taken email_address":
		default:
			t.Errorf("error = %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d sign-ups succeeded, want 1", won)
	}
}
