package flow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

func addressOf(email string) []user.NewIdentifier {
	return []user.NewIdentifier{{Value: email, Strategy: "admin"}}
}

// B-06: an operator's users obey what sign-ups obey, but for what is waived.
func TestCreateUserRules(t *testing.T) {
	const digest user.Digest = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
	complete := user.NewUser{EmailAddresses: addressOf(jane), PasswordDigest: digest}
	w := newWorld(t)
	for _, tt := range []struct {
		name    string
		set     func(*flow.Settings)
		nu      func(*user.NewUser)
		waiver  flow.Waiver
		missing []string // nil: there is none
	}{
		{name: "complete"},
		{name: "nothing", nu: func(nu *user.NewUser) { *nu = user.NewUser{} }, missing: []string{"email_address", "password"}},
		{name: "no password", nu: func(nu *user.NewUser) { nu.PasswordDigest = "" }, missing: []string{"password"}},
		{name: "no password, waived", nu: func(nu *user.NewUser) { nu.PasswordDigest = "" }, waiver: flow.Waiver{PasswordRequirement: true}},
		{
			name: "no password where it is the only way in", set: func(s *flow.Settings) { s.Strategies = []string{"password"} },
			nu: func(nu *user.NewUser) { nu.PasswordDigest = "" }, waiver: flow.Waiver{PasswordRequirement: true}, missing: []string{"password"},
		},
		{
			name: "username alone", set: func(s *flow.Settings) { s.Username.Enabled = true },
			nu: func(nu *user.NewUser) { nu.EmailAddresses, nu.Username = nil, "jane" }, missing: []string{"email_address"},
		},
		{
			name: "username alone, waived", set: func(s *flow.Settings) { s.Username.Enabled = true },
			nu: func(nu *user.NewUser) { nu.EmailAddresses, nu.Username = nil, "jane" }, waiver: flow.Waiver{UserRequirement: true},
		},
		{
			name: "no identifier, waived", nu: func(nu *user.NewUser) { nu.EmailAddresses = nil },
			waiver: flow.Waiver{UserRequirement: true}, missing: []string{"email_address", "phone_number", "username"},
		},
		{name: "name required", set: func(s *flow.Settings) { s.LastName.Required = true }, missing: []string{"last_name"}},
		{name: "consent required", set: func(s *flow.Settings) { s.LegalConsent = true }, missing: []string{"legal_accepted_at"}},
		{name: "consent waived", set: func(s *flow.Settings) { s.LegalConsent = true }, waiver: flow.Waiver{LegalChecks: true}},
		{
			name: "consent given", set: func(s *flow.Settings) { s.LegalConsent = true },
			nu: func(nu *user.NewUser) { nu.LegalAcceptedAt = time.Unix(1_700_000_000, 0) },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.set(func(s *flow.Settings) { *s = defaults() })
			if tt.set != nil {
				w.set(tt.set)
			}
			nu := complete
			if tt.nu != nil {
				tt.nu(&nu)
			}
			w.log.Reset()
			u, err := w.CreateUser(t.Context(), nu, tt.waiver)
			if tt.missing != nil {
				if e, ok := errors.AsType[*flow.MissingDataError](err); !ok || !slices.Equal(e.Fields, tt.missing) {
					t.Fatalf("CreateUser = %v, want %v missing", err, tt.missing)
				}
				return
			}
			must(t, err)
			must(t, w.users.Delete(t.Context(), u.ID))
			if logged := strings.Contains(w.log.String(), "rules waived"); logged != (tt.waiver != flow.Waiver{}) {
				t.Errorf("a waiver is logged: %v\n%s", logged, w.log)
			}
		})
	}
}

// An attribute that is off takes no value.
func TestOperatorAttributesOff(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane)
	w.set(func(s *flow.Settings) {
		s.PhoneNumber.Enabled, s.LastName.Enabled, s.Password.Enabled = false, false, false
	})
	for param, nu := range map[string]user.NewUser{
		"phone_number": {EmailAddresses: addressOf(joe), PhoneNumbers: []user.NewIdentifier{{Value: "+442071838750"}}},
		"username":     {EmailAddresses: addressOf(joe), Username: "joe_b"},
		"last_name":    {EmailAddresses: addressOf(joe), LastName: "B"},
		"password":     {EmailAddresses: addressOf(joe), Password: secret},
	} {
		_, err := w.CreateUser(t.Context(), nu, flow.Waiver{})
		if e := wantCode(t, err, "form_param_unknown"); e.Param != param {
			t.Errorf("param = %q, want %q", e.Param, param)
		}
	}
	for param, change := range map[string]user.Change{
		"username": {Username: new("jane")}, "last_name": {LastName: new("Doe")}, "password": {Password: new(secret)},
	} {
		_, err := w.UpdateUser(t.Context(), u.ID, change, flow.Waiver{}, false)
		if e := wantCode(t, err, "form_param_unknown"); e.Param != param {
			t.Errorf("param = %q, want %q", e.Param, param)
		}
	}
	w.set(func(s *flow.Settings) { s.FirstName.Required = true })
	_, err := w.UpdateUser(t.Context(), u.ID, user.Change{FirstName: new("")}, flow.Waiver{}, false)
	wantCode(t, err, "form_param_missing")
}

// A new primary address is told to the former and the present one, where that is asked for.
func TestPrimaryAddressNotice(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, func(nu *user.NewUser) { nu.EmailAddresses = append(nu.EmailAddresses, addressOf(joe)...) })
	other := u.Identifications[1].ID
	sent := func() int {
		w.Close()
		n := 0
		for _, to := range []string{jane, joe} {
			for _, m := range w.outbox.Messages(to) {
				if m.Kind == "primary_address_changed" && strings.Contains(m.Text, "j***@e***.com is now") {
					n++
				}
			}
		}
		return n
	}
	for _, step := range []struct {
		to     user.IdentificationID
		notify bool
		want   int
	}{{other, false, 0}, {other, true, 0}, {u.PrimaryEmailAddressID, true, 2}} {
		_, err := w.UpdateUser(t.Context(), u.ID, user.Change{PrimaryEmailAddressID: &step.to}, flow.Waiver{}, step.notify)
		must(t, err)
		if got := sent(); got != step.want {
			t.Errorf("%d notices, want %d", got, step.want)
		}
	}
}
