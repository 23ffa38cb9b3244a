package flow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

func TestSignInByPassword(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, func(nu *user.NewUser) { nu.FirstName = "Jane" })
	b := w.browser()
	si := b.identify("Jane@example.com")
	if si.Status != "needs_first_factor" || si.Identifier != "Jane@example.com" || si.FirstFactorVerification != nil ||
		si.UserData == nil || si.UserData.FirstName != "Jane" || !slices.Equal(si.SupportedIdentifiers, []string{"email_address"}) {
		t.Fatalf("sign-in = %+v", si)
	}
	// The official components start with the factor whose safe identifier is what was typed.
	want := []flow.Factor{
		{Strategy: "password"},
		{Strategy: "email_code", EmailAddressID: u.PrimaryEmailAddressID, SafeIdentifier: "Jane@example.com", Primary: true},
		{Strategy: "reset_password_email_code", EmailAddressID: u.PrimaryEmailAddressID, SafeIdentifier: "Jane@example.com", Primary: true},
	}
	if !slices.Equal(si.SupportedFirstFactors, want) {
		t.Errorf("factors = %+v, want %+v", si.SupportedFirstFactors, want)
	}
	_, err := b.password(si.ID, "not the password")
	if e := wantCode(t, err, "form_password_incorrect"); e.Param != "password" {
		t.Errorf("param = %q", e.Param)
	}
	out, err := b.password(si.ID, secret)
	must(t, err)
	si = out.SignIn
	if si.Status != "complete" || si.CreatedSessionID == "" || out.Client.SignInID != "" ||
		si.FirstFactorVerification.Status != "verified" || si.FirstFactorVerification.Object != "verification_password" {
		t.Fatalf("sign-in = %+v, client %+v", si, out.Client)
	}
	ss := b.session(si.CreatedSessionID)
	if !ss.FirstFactorAt.Equal(w.clock()) || !ss.SecondFactorAt.IsZero() || ss.UserID != string(u.ID) {
		t.Errorf("session = %+v", ss)
	}
	again, err := w.Engine.SignIn(t.Context(), b.caller(), si.ID)
	if err != nil || again.Status != "complete" || again.CreatedSessionID != ss.ID {
		t.Errorf("SignIn after completion = %+v, %v", again, err)
	}
	if u, _ = w.users.ByID(t.Context(), u.ID); !u.LastSignInAt.Equal(w.clock()) {
		t.Errorf("LastSignInAt = %v", u.LastSignInAt)
	}
}

func TestSignInByEmailCode(t *testing.T) {
	w := newWorld(t)
	w.person(jane, func(nu *user.NewUser) {
		nu.EmailAddresses = append(nu.EmailAddresses, user.NewIdentifier{Value: joe, Strategy: "admin"})
	})
	b := w.browser()
	si := b.identify(jane)
	second := si.SupportedFirstFactors[2]
	if second.SafeIdentifier != "j***@e***.com" || second.Primary {
		t.Fatalf("factors = %+v", si.SupportedFirstFactors)
	}
	out, err := b.prepare(si.ID, flow.Prepare{Strategy: "email_code", EmailAddressID: second.EmailAddressID})
	must(t, err)
	if v := out.SignIn.FirstFactorVerification; v.Status != "unverified" || v.Strategy != "email_code" {
		t.Errorf("verification = %+v", v)
	}
	out, err = b.emailCode(si.ID, w.code(joe))
	must(t, err)
	if out.SignIn.Status != "complete" || out.Client.LastAuthenticationStrategy != "email_code" {
		t.Errorf("sign-in = %+v", out.SignIn)
	}
}

// The variants of POST sign_ins.
func TestCreateSignIn(t *testing.T) {
	for _, tt := range []struct {
		name   string
		send   flow.SignInFields
		change func(*flow.Settings)
		status string
		code   string
		sends  int
	}{
		{name: "empty", send: flow.SignInFields{}, status: "needs_identifier"},
		{name: "identifier", send: flow.SignInFields{Identifier: jane}, status: "needs_first_factor"},
		{name: "password_in_one_shot", send: flow.SignInFields{Identifier: jane, Strategy: "password", Password: secret}, status: "complete"},
		{name: "password_without_strategy", send: flow.SignInFields{Identifier: jane, Password: secret}, status: "complete"},
		{name: "code_at_once", send: flow.SignInFields{Identifier: jane, Strategy: "email_code"}, status: "needs_first_factor", sends: 1},
		{name: "wrong_password", send: flow.SignInFields{Identifier: jane, Password: "wrong password"}, code: "form_password_incorrect"},
		{name: "password_missing", send: flow.SignInFields{Identifier: jane, Strategy: "password"}, code: "form_param_missing"},
		{name: "unknown", send: flow.SignInFields{Identifier: joe}, code: "form_identifier_not_found"},
		{name: "unknown_with_password", send: flow.SignInFields{Identifier: joe, Password: secret}, code: "form_identifier_not_found"},
		{name: "malformed", send: flow.SignInFields{Identifier: "jane@"}, code: "form_param_format_invalid"},
		{name: "kind_that_is_off", send: flow.SignInFields{Identifier: "janedoe"}, change: func(s *flow.Settings) { s.Username = flow.Attribute{} }, code: "form_identifier_not_found"},
		{name: "no_password_set", send: flow.SignInFields{Identifier: "bare@example.com", Password: secret}, code: "strategy_for_user_invalid"},
		{name: "unknown_strategy", send: flow.SignInFields{Identifier: jane, Strategy: "carrier_pigeon"}, code: "form_param_value_invalid"},
		{name: "strategy_that_is_off", send: flow.SignInFields{Identifier: jane, Strategy: "email_code"}, change: func(s *flow.Settings) { s.Strategies = []string{"password"} }, code: "form_param_value_invalid"},
		{name: "strategy_without_identifier", send: flow.SignInFields{Strategy: "email_code"}, code: "form_param_missing"},
		{name: "nothing_to_transfer", send: flow.SignInFields{Transfer: true}, code: "account_transfer_invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			if tt.change != nil {
				w.set(tt.change)
			}
			w.person(jane, func(nu *user.NewUser) { nu.Username = "janedoe" })
			w.person("bare@example.com", func(nu *user.NewUser) { nu.Password = "" })
			b := w.browser()
			out, err := b.signIn(tt.send)
			if tt.code != "" {
				wantCode(t, err, tt.code)
				return
			}
			must(t, err)
			if out.SignIn.Status != tt.status || out.Client.ID == "" || b.cookie == "" {
				t.Errorf("sign-in = %+v", out.SignIn)
			}
			if current := out.Client.SignInID; (current == out.SignIn.ID) != (tt.status != "complete") {
				t.Errorf("client's sign-in = %q", current)
			}
			if n := len(w.outbox.Messages("")); n != tt.sends {
				t.Errorf("%d messages, want %d", n, tt.sends)
			}
		})
	}
}

func TestAlreadySignedIn(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	w.person(joe)
	b := w.browser()
	ss := b.in(jane)
	_, err := b.signIn(flow.SignInFields{Identifier: jane})
	if e := wantCode(t, err, "identifier_already_signed_in"); e.SessionID != ss.ID {
		t.Errorf("session id = %q, want %q", e.SessionID, ss.ID)
	}
	other := b.in(joe) // several users on one client
	if live, _ := w.sessions.OfClient(t.Context(), b.caller().Client); len(live) != 2 || other.ID == ss.ID {
		t.Errorf("%d sessions", len(live))
	}
	w.set(func(s *flow.Settings) { s.SingleSession = true })
	_, err = b.signIn(flow.SignInFields{Identifier: jane})
	wantCode(t, err, "session_exists")
	_, err = b.signUp(fields("new@example.com"))
	wantCode(t, err, "session_exists")
}

// Two sign-ins of one user on one client, both begun before either is done.
func TestSecondSignInOfTheSameUser(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	b := w.browser()
	si := b.identify(jane)
	stale := b.caller()
	b.in(jane)
	stale.Client.SessionIDs = b.caller().Client.SessionIDs // what a parallel request would read
	_, err := w.AttemptFirstFactor(t.Context(), stale, si.ID, flow.Proof{Strategy: "password", Password: secret})
	wantCode(t, err, "identifier_already_signed_in")
}

func TestAttemptsExpire(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	b := w.browser()
	si := b.identify(jane)
	if !si.AbandonAt.Equal(w.clock().Add(time.Hour)) {
		t.Errorf("AbandonAt = %v", si.AbandonAt)
	}
	w.pass(time.Hour)
	_, err := b.password(si.ID, secret)
	wantCode(t, err, "resource_not_found")
	c := w.browser()
	out, err := c.signUp(fields(joe))
	must(t, err)
	w.pass(24 * time.Hour)
	_, err = c.prepareSignUp(out.SignUp.ID)
	wantCode(t, err, "resource_not_found")
}

// S-10: with a second factor on, the first leads to no session, whatever the strategy.
func TestNoSessionBeforeTheSecondFactor(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, func(nu *user.NewUser) {
		nu.PhoneNumbers = []user.NewIdentifier{{Value: "+15555550100", Strategy: "admin"}}
	})
	w.enableSecondFactor(u.ID)
	for name, sign := range map[string]func(b *browser) flow.Outcome{
		"one_shot": func(b *browser) flow.Outcome {
			out, err := b.signIn(flow.SignInFields{Identifier: jane, Password: secret})
			must(t, err)
			return out
		},
		"password": func(b *browser) flow.Outcome {
			out, err := b.password(b.identify(jane).ID, secret)
			must(t, err)
			return out
		},
		"email_code": func(b *browser) flow.Outcome {
			id := b.identify(jane).ID
			_, err := b.prepare(id, flow.Prepare{Strategy: "email_code"})
			must(t, err)
			out, err := b.emailCode(id, w.code(jane))
			must(t, err)
			return out
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := w.browser()
			out := sign(b)
			if out.SignIn.Status != "needs_second_factor" || out.SignIn.CreatedSessionID != "" {
				t.Errorf("sign-in = %+v", out.SignIn)
			}
			if out.Client.SignInID != out.SignIn.ID || len(out.Client.SessionIDs) != 0 || !out.Client.AuthChangedAt.IsZero() {
				t.Errorf("client = %+v", out.Client)
			}
			if !out.SignIn.AbandonAt.Equal(w.clock().Add(10 * time.Minute)) {
				t.Errorf("AbandonAt = %v, want in 10 minutes", out.SignIn.AbandonAt)
			}
			if ss, err := w.sessions.OfUser(t.Context(), string(u.ID)); err != nil || len(ss) != 0 {
				t.Errorf("%d sessions of the user, %v", len(ss), err)
			}
			// The first factor again is no second one.
			_, err := b.password(out.SignIn.ID, secret)
			wantCode(t, err, "verification_already_verified")
		})
	}
}

// S-04: a cookie planted before a sign-in names nobody after it.
func TestPlantedCookie(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	b := w.browser()
	id := b.identify(jane).ID
	planted := b.cookie
	_, err := b.password(id, secret)
	must(t, err)
	for _, readOnly := range []bool{true, false} {
		if _, err := w.sessions.ClientByCookie(t.Context(), planted, readOnly); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("planted cookie, read only %v: %v", readOnly, err)
		}
	}
	if len(b.caller().Client.SessionIDs) != 1 {
		t.Error("the new cookie does not name the client")
	}
}

// S-08: whoever is banned or deleted between proof and session gets none.
func TestBannedAndDeleted(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane)
	b := w.browser()
	live := b.in(jane)
	si := w.browser()
	id := si.identify(jane).ID
	_, err := w.users.Ban(t.Context(), u.ID)
	must(t, err)
	if got := b.session(live.ID); got.Status != session.StatusRevoked || got.Cause != "user banned" {
		t.Errorf("session after a ban = %s, %q", got.Status, got.Cause)
	}
	_, err = si.password(id, secret)
	wantCode(t, err, "user_banned")
	_, err = si.prepare(id, flow.Prepare{Strategy: "email_code"})
	wantCode(t, err, "user_banned")
	_, err = w.users.Unban(t.Context(), u.ID)
	must(t, err)
	w.pass(11 * time.Second) // beyond what clocks may differ by
	live = b.in(jane)
	must(t, w.users.Delete(t.Context(), u.ID))
	if got := b.session(live.ID); got.Status != session.StatusRevoked || got.Cause != "user deleted" {
		t.Errorf("session after a deletion = %s, %q", got.Status, got.Cause)
	}
	_, err = si.password(id, secret)
	wantCode(t, err, "sign_in_identification_or_user_deleted")
}

func TestSignOut(t *testing.T) {
	w := newWorld(t)
	w.person(jane)
	w.person(joe)
	b := w.browser()
	first, second := b.in(jane), b.in(joe)
	client, cookie, err := w.SignOut(t.Context(), b.caller(), first.ID, session.StatusRemoved)
	must(t, err)
	if slices.Contains(client.SessionIDs, first.ID) || b.session(first.ID).Status != session.StatusRemoved {
		t.Errorf("client = %+v", client)
	}
	if string(cookie.Value) == b.cookie {
		t.Error("the cookie was not rotated")
	}
	b.cookie = string(cookie.Value)
	if _, cookie, err = w.SignOut(t.Context(), b.caller(), "", ""); err != nil || b.session(second.ID).Live(w.clock()) {
		t.Errorf("SignOut of all = %v, %s", err, b.session(second.ID).Status)
	}
	b.cookie = string(cookie.Value)
	eve := w.browser()
	victim := eve.in(joe)
	if _, _, err := w.SignOut(t.Context(), b.caller(), victim.ID, session.StatusEnded); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("SignOut of another's session = %v", err)
	}
	if !eve.session(victim.ID).Live(w.clock()) {
		t.Error("another's session ended")
	}
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"jane@example.com": "j***@e***.com", "j@x.co.uk": "j***@x***.uk", "jane@localhost": "j***@l***", "+15555550100": "+15***00", "+1555": "***", "": "***",
	} {
		if got := flow.Mask(in); got != want {
			t.Errorf("Mask(%q) = %q, want %q", in, got, want)
		}
	}
}

// L-01: neither codes nor passwords nor addresses get into the log.
func TestLogKeepsSecretsOut(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	su := b.started(jane)
	code := w.code(jane)
	_, err := b.verify(su.ID, wrong(code))
	wantCode(t, err, "form_code_incorrect")
	_, err = b.verify(su.ID, code)
	must(t, err)
	_, err = w.browser().signIn(flow.SignInFields{Identifier: jane, Password: "wrong " + secret})
	wantCode(t, err, "form_password_incorrect")
	w.browser().in(jane)
	log := w.log.String()
	for _, want := range []string{"signed up", "signed in", "wrong proof", "proof sent"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	for _, canary := range []string{code, secret, jane, b.cookie, "argon2"} {
		if strings.Contains(log, canary) {
			t.Errorf("the log has %q", canary)
		}
	}
}
