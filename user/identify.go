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
	// ErrLastIdentification means that the user could not sign in any more, or would lack
	// what the instance requires.
	ErrLastIdentification = errors.New("user: the last identification")
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
// one of its kind becomes primary in its place. required are the kinds of which the
// user must keep one. Errors: ErrLastIdentification, ErrLinked, ErrNoIdentification,
// ErrNotFound.
func (s *Service) RemoveIdentification(ctx context.Context, id ID, iid IdentificationID, required ...Kind) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]Event, error) {
		i, ok := u.Identification(iid)
		switch {
		case !ok || i.Kind != KindEmailAddress && i.Kind != KindPhoneNumber:
			return nil, ErrNoIdentification
		case len(i.LinkedTo) > 0:
			return nil, ErrLinked
		}
		u.Identifications = slices.DeleteFunc(u.Identifications, func(i Identification) bool { return i.ID == iid })
		if i.Claimed && !u.mayGo(i.Kind, required) {
			return nil, ErrLastIdentification
		}
		for _, primary := range []*IdentificationID{&u.PrimaryEmailAddressID, &u.PrimaryPhoneNumberID} {
			if *primary == iid {
				*primary = ""
			}
		}
		u.choosePrimaries()
		return tell(EventUpdated), nil
	})
}

// mayGo reports whether u, from whom one of a kind was taken, still has something to
// sign in with and what is required.
func (u *User) mayGo(kind Kind, required []Kind) bool {
	rest, ofKind := 0, 0
	for _, i := range u.Identifications {
		if i.Claimed {
			rest++
			if i.Kind == kind {
				ofKind++
			}
		}
	}
	return rest > 0 && (ofKind > 0 || !slices.Contains(required, kind))
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
