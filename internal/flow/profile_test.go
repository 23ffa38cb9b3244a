package flow_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

func TestUpdateProfile(t *testing.T) {
	w := withoutPassword(t)
	w.set(func(s *flow.Settings) {
		s.Username = flow.Attribute{Enabled: true, FirstFactor: true}
		s.LastName.Required = true
		s.FirstName.Enabled = false
		s.EmailAddress.Required = false
	})
	u := w.person(jane, func(nu *user.NewUser) { nu.FirstName, nu.LastName = "Jane", "Doe" })
	b := w.browser()
	ss := b.in(jane)
	update := func(c user.Change) error {
		_, err := w.UpdateProfile(t.Context(), ss, c)
		return err
	}
	for _, tt := range []struct {
		name   string
		change user.Change
		want   string
	}{
		{"a field that is off", user.Change{FirstName: new("Joan")}, "form_param_unknown"},
		{"a field that is off, emptied", user.Change{FirstName: new("")}, ""},
		{"a required field, emptied", user.Change{LastName: new("")}, "form_param_missing"},
		{"a required field", user.Change{LastName: new("Dow")}, ""},
		{"a username", user.Change{Username: new("janedoe")}, ""},
		{"a malformed one", user.Change{Username: new("j@ne")}, "username username_character"},
	} {
		if got := describe(update(tt.change)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	w.pass(11 * time.Minute)
	must(t, update(user.Change{LastName: new("Doe")}))
	for _, c := range []user.Change{{Username: new("joandoe")}, {Username: new("")}, {PrimaryEmailAddressID: &u.PrimaryEmailAddressID}} {
		wantCode(t, update(c), "session_reverification_required")
	}
	w.set(func(s *flow.Settings) { s.Username.Required, s.Reverification = true, false })
	wantCode(t, update(user.Change{Username: new("")}), "form_param_missing")
	w.set(func(s *flow.Settings) { s.Username.Required = false })
	must(t, update(user.Change{Username: new("")}))
	got, err := w.users.ByID(t.Context(), u.ID)
	must(t, err)
	if got.Username != "" || got.LastName != "Doe" || got.FirstName != "" {
		t.Errorf("user = %q %q %q", got.Username, got.FirstName, got.LastName)
	}
}

// The last thing to sign in with stays: what is left must be something to type and
// something to prove.
func TestTheLastWayInStays(t *testing.T) {
	w := withoutPassword(t)
	w.set(func(s *flow.Settings) {
		s.Username = flow.Attribute{Enabled: true, FirstFactor: true}
		s.EmailAddress.Required, s.Reverification = false, false
	})
	u := w.person(jane, func(nu *user.NewUser) { nu.Username = "janedoe" })
	b := w.browser()
	ss := b.in(jane)
	email := u.PrimaryEmailAddressID
	remove := func() error {
		cookie, err := b.RemoveAddress(t.Context(), b.caller(), ss, user.KindEmailAddress, email)
		if cookie != nil {
			b.cookie = string(cookie.Value)
		}
		return err
	}
	must(t, b.removePassword(ss, secret, false))
	wantCode(t, remove(), "identification_deletion_failed") // a username without a password
	cookie, err := w.ChangePassword(t.Context(), b.caller(), ss, "", another, false)
	must(t, err)
	b.cookie = string(cookie.Value)

	w.set(func(s *flow.Settings) { s.Username.FirstFactor = false })
	wantCode(t, remove(), "identification_deletion_failed") // one that begins no sign-in
	w.set(func(s *flow.Settings) { s.Username.FirstFactor, s.EmailAddress.Required = true, true })
	wantCode(t, remove(), "last_required_identification_deletion_failed")
	w.set(func(s *flow.Settings) { s.EmailAddress.Required = false })
	must(t, remove())
	if _, err = w.UpdateProfile(t.Context(), ss, user.Change{Username: new("")}); !errors.Is(err, user.ErrInvalid) {
		t.Errorf("the last name to be found by: %v", err)
	}
	w.pass(time.Minute)
	_, err = w.browser().signIn(flow.SignInFields{Identifier: "janedoe", Password: another})
	must(t, err)
}
