package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/user"
)

// The names of fields that are no identifiers.
const (
	fieldFirstName = "first_name"
	fieldLastName  = "last_name"
	fieldPassword  = "password"
)

// needs says what a sign-up asks for. The lists are never nil.
type needs struct {
	required, optional, missing, unverified []string
}

func (n needs) met() bool { return len(n.missing) == 0 && len(n.unverified) == 0 }

// requirements computes what a sign-up still needs under the settings of now.
func requirements(st signUpState, s Settings) needs {
	n := needs{required: []string{}, optional: []string{}, missing: []string{}, unverified: []string{}}
	for _, f := range []struct {
		name  string
		set   Attribute
		given bool
	}{
		{string(user.KindEmailAddress), s.EmailAddress, st.Email.Value != ""},
		{string(user.KindPhoneNumber), s.PhoneNumber, st.Phone.Value != ""},
		{string(user.KindUsername), s.Username, st.Username != ""},
		{fieldFirstName, s.FirstName, st.FirstName != ""},
		{fieldLastName, s.LastName, st.LastName != ""},
		{fieldPassword, s.Password, st.HasPassword},
	} {
		switch {
		case !f.set.Enabled:
		case f.set.Required:
			n.required = append(n.required, f.name)
			if !f.given {
				n.missing = append(n.missing, f.name)
			}
		default:
			n.optional = append(n.optional, f.name)
		}
	}
	n.missing = append(n.missing, missingIdentifier(st, s, n.missing)...)
	if st.Email.Value != "" && s.EmailAddress.VerifyAtSignUp && !st.Email.verified() {
		n.unverified = append(n.unverified, string(user.KindEmailAddress))
	}
	if st.Phone.Value != "" && s.PhoneNumber.VerifyAtSignUp && !st.Phone.verified() {
		n.unverified = append(n.unverified, string(user.KindPhoneNumber))
	}
	return n
}

// missingIdentifier names the identifier to ask for where all are optional and none
// was given: nobody could sign in without.
func missingIdentifier(st signUpState, s Settings, missing []string) []string {
	if len(missing) > 0 || st.Email.Value != "" || st.Phone.Value != "" || st.Username != "" {
		return nil
	}
	for _, k := range typedKinds {
		if s.identification(k).Enabled {
			return []string{string(k)}
		}
	}
	return []string{string(user.KindEmailAddress)}
}

// given returns the value of a field; "" if it was not given.
func given(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// readFields checks what was sent on top of what is there and returns the edit that
// it makes. The password is hashed here, once, after everything cheap has passed.
func (e *Engine) readFields(ctx context.Context, f SignUpFields, st signUpState, s Settings) (func(*signUpState), error) {
	if err := onlyEnabled(f, s); err != nil {
		return nil, err
	}
	nu := user.NewUser{
		FirstName: given(f.FirstName), LastName: given(f.LastName), Locale: given(f.Locale), UnsafeMetadata: f.UnsafeMetadata,
	}
	if number := given(f.PhoneNumber); number != "" {
		nu.PhoneNumbers = []user.NewIdentifier{{Value: number}} // before a text goes anywhere (I-05)
	}
	if err := e.users.Check(nu); err != nil {
		return nil, fmt.Errorf("check sign-up: %w", err)
	}
	email, err := e.readAddress(ctx, user.KindEmailAddress, given(f.EmailAddress), s)
	if err != nil {
		return nil, err
	}
	phone, err := e.readAddress(ctx, user.KindPhoneNumber, given(f.PhoneNumber), s)
	if err != nil {
		return nil, err
	}
	username, err := e.readAddress(ctx, user.KindUsername, given(f.Username), s)
	if err != nil {
		return nil, err
	}
	edit := func(st *signUpState) {
		setAddress(&st.Email, email)
		setAddress(&st.Phone, phone)
		setText(&st.Username, username.Value)
		setText(&st.FirstName, given(f.FirstName))
		setText(&st.LastName, given(f.LastName))
		setText(&st.Locale, given(f.Locale))
		if len(f.UnsafeMetadata) > 0 {
			st.UnsafeMetadata = f.UnsafeMetadata
		}
		if f.LegalAccepted != nil && *f.LegalAccepted && st.LegalAcceptedAt.IsZero() {
			st.LegalAcceptedAt = e.now()
		}
	}
	if given(f.Password) == "" {
		return edit, nil
	}
	edit(&st)
	digest, err := e.users.HashPassword(ctx, *f.Password, identifiersOf(st)...)
	if err != nil {
		return nil, fmt.Errorf("hash password: %w", err)
	}
	return func(st *signUpState) {
		edit(st)
		st.Digest, st.HasPassword = string(digest), true
	}, nil
}

// identifiersOf lists what a password may not be.
func identifiersOf(st signUpState) []string {
	var out []string
	for _, v := range []string{st.Email.Value, st.Phone.Value, st.Username, st.FirstName, st.LastName} {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}

// onlyEnabled refuses values for attributes that are off.
func onlyEnabled(f SignUpFields, s Settings) error {
	for _, v := range []struct {
		name string
		set  Attribute
		sent *string
	}{
		{string(user.KindEmailAddress), s.EmailAddress, f.EmailAddress},
		{string(user.KindPhoneNumber), s.PhoneNumber, f.PhoneNumber},
		{string(user.KindUsername), s.Username, f.Username},
		{fieldFirstName, s.FirstName, f.FirstName},
		{fieldLastName, s.LastName, f.LastName},
		{fieldPassword, s.Password, f.Password},
	} {
		if given(v.sent) != "" && !v.set.Enabled {
			return unknownParam(v.name)
		}
	}
	return nil
}

// readAddress checks an identifier: its form, and that nobody has it. Where
// identifiers are hidden and the address has to be verified anyway, a taken one is
// told to its owner by mail and to nobody else (E-01).
func (e *Engine) readAddress(ctx context.Context, k user.Kind, value string, s Settings) (address, error) {
	if value == "" {
		return address{}, nil
	}
	shown, key, err := user.Canonical(k, value)
	if err != nil {
		return address{}, fmt.Errorf("check sign-up: %w", err)
	}
	if !hides(k, s) {
		if err := e.free(ctx, k, shown); err != nil {
			return address{}, err
		}
	}
	return address{Value: shown, Key: key}, nil
}

// hides reports whether sign-ups keep quiet about who has an identifier of a kind.
func hides(k user.Kind, s Settings) bool {
	return s.EnumerationProtect && s.identification(k).VerifyAtSignUp
}

// free returns a *user.TakenError if somebody has the identifier.
func (e *Engine) free(ctx context.Context, k user.Kind, value string) error {
	taken, err := e.users.Taken(ctx, k, value)
	if err != nil {
		return fmt.Errorf("check sign-up: %w", err)
	}
	if taken {
		return &user.TakenError{Kind: k}
	}
	return nil
}

// isTaken reports whether err says that somebody has the identifier.
func isTaken(err error) bool { return errors.Is(err, user.ErrIdentifierTaken) }

// setAddress changes an address; the same one keeps its proof.
func setAddress(a *address, to address) {
	if to.Value == "" {
		return
	}
	if a.Key == to.Key {
		a.Value = to.Value
		return
	}
	changed := address{Value: to.Value, Key: to.Key}
	if a.Proof != nil && !a.Proof.Verified {
		// A proof under way stays, bound to the old key, so that a late code is told
		// to be outdated rather than never sent. One that is done proves nothing here.
		changed.Proof = a.Proof
	}
	*a = changed
}

func setText(s *string, to string) {
	if to != "" {
		*s = to
	}
}
