package user

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// Errors about single identifications.
var (
	// ErrNoIdentification means that the user has no identification with the id.
	ErrNoIdentification = errors.New("user: no such identification")
	// ErrTooManyIdentifications means that the user has 100 of a kind, or five that are
	// not verified.
	ErrTooManyIdentifications = errors.New("user: too many identifications")
	// ErrLastIdentification means that nothing would be left to find the user by.
	ErrLastIdentification = errors.New("user: the last identification")
	// ErrAddressNeeded means that a change would leave nothing to find the user by.
	ErrAddressNeeded = errors.New("user: the only address has to stay good")
	// ErrLinked means that an external account of the user vouches for the address.
	ErrLinked = errors.New("user: linked to an external account")
)

// maxUnverified is how many identifications of a kind may wait for their proof.
const maxUnverified = 5

// AddIdentification adds an e-mail address or phone number that is not proved. It
// claims nothing: whoever proves it first has it. Errors: *FieldError, *TakenError if
// the user has it already, ErrTooManyIdentifications, ErrNotFound.
func (s *Service) AddIdentification(ctx context.Context, id ID, kind Kind, value string) (*User, Identification, error) {
	var added Identification
	u, err := s.change(ctx, id, func(u *User, now time.Time) ([]Event, error) {
		shown, key, err := s.canonicalAddress(kind, value)
		if err != nil {
			return nil, err
		}
		if err := u.mayAdd(kind, key); err != nil {
			return nil, err
		}
		added = Identification{
			ID: IdentificationID(random.ID("idn", now)), UserID: u.ID, Kind: kind, Value: shown, Key: key,
			CreatedAt: now, UpdatedAt: now,
		}
		u.Identifications = append(u.Identifications, added)
		return tell(EventUpdated), nil
	})
	return u, added, err
}

// canonicalAddress is Canonical for what can be proved by a message, with the regions
// of the configuration.
func (s *Service) canonicalAddress(kind Kind, value string) (shown, key string, err error) {
	if kind != KindEmailAddress && kind != KindPhoneNumber {
		return "", "", &FieldError{Field: string(kind), Rule: RuleValue}
	}
	if shown, key, err = Canonical(kind, value); err != nil {
		return "", "", err
	}
	if kind == KindPhoneNumber && s.cfg.PhoneRegions != nil && !slices.Contains(s.cfg.PhoneRegions, PhoneRegion(key)) {
		return "", "", &FieldError{Field: string(kind), Rule: RuleValue}
	}
	return shown, key, nil
}

func (u *User) mayAdd(kind Kind, key string) error {
	all, unverified := 0, 0
	for _, i := range u.Identifications {
		switch {
		case i.Kind != kind:
			continue
		case i.Key == key:
			return &TakenError{Kind: kind}
		case !i.Claimed:
			unverified++
		}
		all++
	}
	if all >= maxIdentifications || unverified >= maxUnverified {
		return ErrTooManyIdentifications
	}
	return nil
}

// NoteVerification shows where the proof of an identification is at. It never makes
// one verified, and leaves a verified one alone. ErrNoIdentification, ErrNotFound.
func (s *Service) NoteVerification(ctx context.Context, id ID, iid IdentificationID, v Verification) (*User, error) {
	if v.Status == "verified" {
		return nil, errors.New("user: NoteVerification does not verify")
	}
	return s.changeIdentification(ctx, id, iid, func(_ *User, i *Identification) error {
		if !i.Verified() {
			v.ExpireAt = toMillis(v.ExpireAt)
			i.Verification = &v
		}
		return nil
	})
}

// VerifyIdentification records that the user has proved an address by a strategy: it
// is theirs from now on, and primary if they have no other of its kind. *TakenError if
// somebody else proved it first, ErrNoIdentification, ErrNotFound.
func (s *Service) VerifyIdentification(ctx context.Context, id ID, iid IdentificationID, strategy string) (*User, error) {
	return s.changeIdentification(ctx, id, iid, func(u *User, i *Identification) error {
		if i.Verified() {
			return nil
		}
		i.Claimed, i.Reserved = true, false
		i.Verification = &Verification{Status: "verified", Strategy: strategy}
		u.choosePrimaries()
		return nil
	})
}

// RemoveIdentification takes an address or number from the user. The oldest verified
// one of its kind becomes primary in its place. check, unless nil, has its say about the
// user without one that they held. Errors: ErrLastIdentification, ErrLinked,
// ErrNoIdentification, ErrNotFound, and those of check.
func (s *Service) RemoveIdentification(ctx context.Context, id ID, iid IdentificationID, check Check) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]Event, error) {
		i, ok := u.Identification(iid)
		switch {
		case !ok || i.Kind != KindEmailAddress && i.Kind != KindPhoneNumber:
			return nil, ErrNoIdentification
		case len(i.LinkedTo) > 0:
			return nil, ErrLinked
		}
		u.Identifications = slices.DeleteFunc(u.Identifications, func(i Identification) bool { return i.ID == iid })
		for _, primary := range []*IdentificationID{&u.PrimaryEmailAddressID, &u.PrimaryPhoneNumberID} {
			if *primary == iid {
				*primary = ""
			}
		}
		u.choosePrimaries()
		if i.Claimed {
			return tell(EventUpdated), u.mayLose(check)
		}
		return tell(EventUpdated), nil
	})
}

// mayLose judges u after an identification that they held was taken away.
func (u *User) mayLose(check Check) error {
	if check != nil {
		if err := check(u); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(u.Identifications, func(i Identification) bool { return i.Claimed }) {
		return ErrLastIdentification
	}
	return nil
}

func (s *Service) changeIdentification(ctx context.Context, id ID, iid IdentificationID, edit func(*User, *Identification) error) (*User, error) {
	return s.change(ctx, id, func(u *User, now time.Time) ([]Event, error) {
		n := slices.IndexFunc(u.Identifications, func(i Identification) bool { return i.ID == iid })
		if n < 0 {
			return nil, ErrNoIdentification
		}
		i := &u.Identifications[n]
		before := u.clone().Identifications[n]
		if err := edit(u, i); err != nil {
			return nil, err
		}
		if !reflect.DeepEqual(before, *i) {
			i.UpdatedAt = now
		}
		return tell(EventUpdated), nil
	})
}
