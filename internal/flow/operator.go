package flow

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/gatehouse-dev/gatehouse/user"
)

// Waiver names the rules that an operator does without for one user (B-06). Each that is
// used is in the log.
type Waiver struct {
	PasswordChecks      bool // any password that is text
	PasswordRequirement bool // none at all, if something else lets the user in
	UserRequirement     bool // not what the instance requires of users; one identifier all the same
	LegalChecks         bool // no consent to the terms
}

// names lists what is waived, as the wire calls it.
func (w Waiver) names() []string {
	var out []string
	for _, rule := range []struct {
		name   string
		waived bool
	}{
		{"skip_password_checks", w.PasswordChecks},
		{"skip_password_requirement", w.PasswordRequirement},
		{"skip_user_requirement", w.UserRequirement},
		{"skip_legal_checks", w.LegalChecks},
	} {
		if rule.waived {
			out = append(out, rule.name)
		}
	}
	return out
}

// MissingDataError says what a user lacks that the instance requires, by the names of the
// wire.
type MissingDataError struct{ Fields []string }

func (e *MissingDataError) Error() string {
	return "flow: form_data_missing: " + strings.Join(e.Fields, ", ")
}

// CreateUser makes a user as an operator wishes, under the rules of sign-ups but for those
// that are waived. Errors: *MissingDataError, form_param_unknown (an attribute that is off),
// and those of user.Service.Create.
func (e *Engine) CreateUser(ctx context.Context, nu user.NewUser, w Waiver) (*user.User, error) {
	nu, err := e.admitted(nu, e.settings(), w)
	if err != nil {
		return nil, err
	}
	u, err := e.users.Create(ctx, nu)
	if err != nil {
		return nil, fmt.Errorf("create user: %w", err)
	}
	e.noteWaiver(ctx, u.ID, w)
	return u, nil
}

// Wanted is one of many users to create.
type Wanted struct {
	user.NewUser
	Waiver Waiver
}

// CreateUsers is CreateUser for up to user.MaxBatch users in one transaction, see
// user.Service.CreateMany: one result for each, in their order.
func (e *Engine) CreateUsers(ctx context.Context, list []Wanted) ([]user.Created, error) {
	results := make([]user.Created, len(list))
	var asked []user.NewUser
	var places []int // of asked in results
	s := e.settings()
	for n, one := range list {
		nu, err := e.admitted(one.NewUser, s, one.Waiver)
		if err != nil {
			results[n].Err = err
			continue
		}
		asked, places = append(asked, nu), append(places, n)
	}
	created, err := e.users.CreateMany(ctx, asked)
	if err != nil {
		return nil, fmt.Errorf("create users: %w", err)
	}
	for n, one := range created {
		results[places[n]] = one
		if one.Err == nil {
			e.noteWaiver(ctx, one.User.ID, list[places[n]].Waiver)
		}
	}
	return results, nil
}

// admitted is nu as user.Service takes it, under the rules that are not waived.
func (e *Engine) admitted(nu user.NewUser, s Settings, w Waiver) (user.NewUser, error) {
	if err := fits(nu, s, w); err != nil {
		return nu, err
	}
	nu.SkipPasswordChecks = w.PasswordChecks
	if w.PasswordRequirement && !hasPassword(nu) {
		nu.Check = e.keepsWayIn(s, &Error{Code: "form_data_missing", Err: &MissingDataError{Fields: []string{fieldPassword}}})
	}
	return nu, nil
}

// fits checks a new user against what the instance offers and requires.
func fits(nu user.NewUser, s Settings, w Waiver) error {
	var missing []string
	for _, a := range []struct {
		name          string
		set           Attribute
		given, waived bool
	}{
		{string(user.KindEmailAddress), s.EmailAddress, len(nu.EmailAddresses) > 0, w.UserRequirement},
		{string(user.KindPhoneNumber), s.PhoneNumber, len(nu.PhoneNumbers) > 0, w.UserRequirement},
		{string(user.KindUsername), s.Username, nu.Username != "", w.UserRequirement},
		{fieldFirstName, s.FirstName, nu.FirstName != "", w.UserRequirement},
		{fieldLastName, s.LastName, nu.LastName != "", w.UserRequirement},
		{fieldPassword, s.Password, hasPassword(nu), w.PasswordRequirement},
	} {
		switch {
		case a.given && !a.set.Enabled:
			return unknownParam(a.name)
		case !a.given && a.set.Enabled && a.set.Required && !a.waived:
			missing = append(missing, a.name)
		}
	}
	if s.LegalConsent && !w.LegalChecks && nu.LegalAcceptedAt.IsZero() {
		missing = append(missing, "legal_accepted_at")
	}
	if len(missing) == 0 && len(nu.EmailAddresses)+len(nu.PhoneNumbers) == 0 && nu.Username == "" {
		for _, k := range typedKinds {
			missing = append(missing, string(k)) // one of these
		}
	}
	if len(missing) > 0 {
		return &MissingDataError{Fields: missing}
	}
	return nil
}

func hasPassword(nu user.NewUser) bool {
	return nu.Password != "" || nu.PasswordDigest != "" || nu.ImportedPassword != user.ImportedPassword{}
}

// UpdateUser changes a user as an operator wishes, under the rules of profiles but for those
// that are waived. With notify the user's former and present primary addresses are told
// when they are not the same. Errors: form_param_unknown (an attribute that is off),
// form_param_missing (a required one would go), and those of user.Service.Update.
func (e *Engine) UpdateUser(ctx context.Context, id user.ID, change user.Change, w Waiver, notify bool) (*user.User, error) {
	s := e.settings()
	if err := mayChangeProfile(change, s); err != nil {
		return nil, err
	}
	if change.SetsPassword() && !s.Password.Enabled {
		return nil, unknownParam(fieldPassword)
	}
	before, err := e.users.ByID(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read user: %w", err)
	}
	change.SkipPasswordChecks = w.PasswordChecks
	after, err := e.users.Update(ctx, id, change)
	if err != nil {
		return nil, fmt.Errorf("update user: %w", err)
	}
	e.noteWaiver(ctx, id, w)
	if notify {
		e.tellPrimaryChanged(ctx, before, after)
	}
	return after, nil
}

// tellPrimaryChanged tells the former and the present primary address that they are
// others.
func (e *Engine) tellPrimaryChanged(ctx context.Context, before, after *user.User) {
	is, ok := after.Identification(after.PrimaryEmailAddressID)
	if !ok || before.PrimaryEmailAddressID == is.ID {
		return
	}
	if was, ok := before.Identification(before.PrimaryEmailAddressID); ok {
		e.tellAddress(ctx, after, kindPrimaryChanged, was.Value, is)
	}
	e.tellAddress(ctx, after, kindPrimaryChanged, is.Value, is)
}

// RemoveUserPassword leaves a user without a password as an operator wishes. With
// endSessions their sessions end. ErrNotFound.
func (e *Engine) RemoveUserPassword(ctx context.Context, id user.ID, endSessions bool) (*user.User, error) {
	return e.users.Update(ctx, id, user.Change{RemovePassword: true, EndSessions: endSessions})
}

// SetPasswordCompromised makes a user's password good for nothing, see user.Service. Errors:
// password_disabled, user.ErrNoPassword, user.ErrNotFound.
func (e *Engine) SetPasswordCompromised(ctx context.Context, id user.ID, endSessions bool) (*user.User, error) {
	if s := e.settings(); !s.Password.Enabled || !s.enables(strategyPassword) {
		return nil, errPasswordOff
	}
	return e.users.SetPasswordCompromised(ctx, id, endSessions)
}

func (e *Engine) noteWaiver(ctx context.Context, id user.ID, w Waiver) {
	if names := w.names(); len(names) > 0 {
		e.event(ctx, "rules waived", slog.String("user_id", string(id)), slog.Any("waived", names))
	}
}
