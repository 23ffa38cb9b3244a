package flow

import (
	"context"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// UpdateProfile changes what people may say about themselves: first and last name,
// username, which address is the primary one, unsafe metadata. The caller leaves all
// other fields of change alone. "" removes a name that is not required.
//
// Errors: form_param_unknown (a field that is off), form_param_missing (a required one
// would go), those of RequireFresh where the username or a primary address changes,
// identification_deletion_failed (nothing would be left to sign in with),
// *user.FieldError, *user.TakenError.
func (e *Engine) UpdateProfile(ctx context.Context, ss session.Session, change user.Change) (*user.User, error) {
	s := e.settings()
	if err := mayChangeProfile(change, s); err != nil {
		return nil, err
	}
	if change.Username != nil || change.PrimaryEmailAddressID != nil || change.PrimaryPhoneNumberID != nil {
		if err := e.RequireFresh(ss); err != nil { // these find the account
			return nil, err
		}
	}
	if change.Username != nil && *change.Username == "" {
		change.Check = e.keepsWayIn(s, errLastWayIn)
	}
	u, err := e.users.Update(ctx, user.ID(ss.UserID), change)
	if err != nil {
		return nil, fmt.Errorf("update profile: %w", err)
	}
	return u, nil
}

// mayChangeProfile refuses a value for what the instance has switched off, and to take
// away what it requires.
func mayChangeProfile(change user.Change, s Settings) error {
	for _, f := range []struct {
		name string
		set  Attribute
		to   *string
	}{
		{fieldFirstName, s.FirstName, change.FirstName},
		{fieldLastName, s.LastName, change.LastName},
		{string(user.KindUsername), s.Username, change.Username},
	} {
		switch {
		case f.to == nil:
		case *f.to == "" && f.set.Enabled && f.set.Required:
			return missing(f.name)
		case *f.to != "" && !f.set.Enabled:
			return unknownParam(f.name)
		}
	}
	return nil
}
