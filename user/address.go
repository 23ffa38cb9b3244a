package user

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// AddressState is how far an operator vouches for an e-mail address or phone number.
type AddressState string

// The states.
const (
	AddressUnverified AddressState = "unverified" // claims nothing
	AddressReserved   AddressState = "reserved"   // claimed: good to sign in with, though not proved
	AddressVerified   AddressState = "verified"
)

// NewAddress is an e-mail address or phone number that an operator gives to a user.
type NewAddress struct {
	Kind    Kind // KindEmailAddress or KindPhoneNumber
	Value   string
	State   AddressState // "" means AddressUnverified
	Primary bool         // needs AddressVerified; the first verified one is primary anyway
}

// AddressChange is what an operator changes about an address: nil fields stay as they are.
type AddressChange struct {
	Verified *bool // false takes the proof back, and the claim with it
	Primary  *bool // false is no value for the primary one: make another primary instead
}

// ByIdentification returns the user who has the identification, claimed or not.
// ErrNoIdentification for unknown and malformed ids, and for those of another kind.
func (s *Service) ByIdentification(ctx context.Context, kind Kind, iid IdentificationID) (*User, Identification, error) {
	if !random.ValidID("idn", string(iid)) {
		return nil, Identification{}, ErrNoIdentification
	}
	u, err := s.store.ByIdentification(ctx, iid)
	if err != nil {
		return nil, Identification{}, err
	}
	i, ok := u.Identification(iid)
	if !ok || i.Kind != kind {
		return nil, Identification{}, ErrNoIdentification
	}
	u.unlockExpired(s.now())
	return u, i, nil
}

// AddAddress adds an address in the state that an operator vouches for. Errors:
// *FieldError, *TakenError (somebody claims it, or the user has it already),
// ErrTooManyIdentifications, ErrNotFound.
func (s *Service) AddAddress(ctx context.Context, id ID, n NewAddress) (*User, Identification, error) {
	return s.placeAddress(ctx, id, n, func(u *User, key string) error { return u.mayAdd(n.Kind, key) })
}

// ReplaceAddresses makes an address the user's only one of its kind. One that the user has
// already keeps its id. Errors: those of AddAddress, and ErrLinked if an external account
// vouches for one that would go.
func (s *Service) ReplaceAddresses(ctx context.Context, id ID, n NewAddress) (*User, Identification, error) {
	return s.placeAddress(ctx, id, n, func(u *User, key string) error {
		goes := func(i Identification) bool { return i.Kind == n.Kind && i.Key != key }
		if slices.ContainsFunc(u.Identifications, func(i Identification) bool { return goes(i) && len(i.LinkedTo) > 0 }) {
			return ErrLinked
		}
		u.Identifications = slices.DeleteFunc(u.Identifications, goes)
		u.dropLostPrimaries()
		return nil
	})
}

// placeAddress gives the user an address after makeRoom has made room for it, or judged that
// there is none.
func (s *Service) placeAddress(ctx context.Context, id ID, n NewAddress, makeRoom func(u *User, key string) error) (*User, Identification, error) {
	shown, key, err := s.canonicalAddress(n.Kind, n.Value)
	if err != nil {
		return nil, Identification{}, err
	}
	if n.State != AddressVerified && n.Primary {
		return nil, Identification{}, &FieldError{Field: "primary", Rule: RuleUnverified}
	}
	if err := s.mayClaim(ctx, id, n.Kind, key); err != nil {
		return nil, Identification{}, err
	}
	var placed IdentificationID
	u, err := s.change(ctx, id, func(u *User, now time.Time) ([]Event, error) {
		if err := makeRoom(u, key); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(u.Identifications, func(i Identification) bool { return i.Kind == n.Kind && i.Key == key })
		if at < 0 {
			u.Identifications = append(u.Identifications, Identification{
				ID: IdentificationID(random.ID("idn", now)), UserID: u.ID, Kind: n.Kind, Value: shown, Key: key, CreatedAt: now, UpdatedAt: now,
			})
			at = len(u.Identifications) - 1
		}
		i := &u.Identifications[at]
		placed = i.ID
		if err := i.become(n.State, now); err != nil {
			return nil, err
		}
		if n.Primary {
			*u.primary(n.Kind) = i.ID
		}
		u.dropLostPrimaries()
		u.choosePrimaries()
		if !slices.ContainsFunc(u.Identifications, func(i Identification) bool { return i.Claimed }) {
			return nil, ErrAddressNeeded
		}
		return tell(EventUpdated), nil
	})
	if err != nil {
		return nil, Identification{}, err
	}
	i, _ := u.Identification(placed)
	return u, i, nil
}

// mayClaim refuses an address that another user claims, verified or not: operators see
// every user, so there is nothing to hide from them.
func (s *Service) mayClaim(ctx context.Context, id ID, kind Kind, key string) error {
	holder, err := s.store.ByKey(ctx, kind, key)
	switch {
	case err == nil && holder.ID != id:
		return &TakenError{Kind: kind}
	case err == nil || errors.Is(err, ErrNotFound):
		return nil
	}
	return err
}

// ChangeAddress changes an address as an operator says. Errors: *FieldError, *TakenError
// (somebody else claims what would be verified), ErrAddressNeeded, ErrLinked (an external
// account vouches for what would lose its proof), ErrNoIdentification, ErrNotFound.
func (s *Service) ChangeAddress(ctx context.Context, id ID, iid IdentificationID, c AddressChange) (*User, Identification, error) {
	u, err := s.changeIdentification(ctx, id, iid, func(u *User, i *Identification) error {
		if i.Kind != KindEmailAddress && i.Kind != KindPhoneNumber {
			return ErrNoIdentification
		}
		if c.Verified != nil && *c.Verified != i.Verified() {
			state := AddressUnverified
			if *c.Verified {
				state = AddressVerified
			}
			if err := i.become(state, i.UpdatedAt); err != nil {
				return err
			}
		}
		if err := u.choosePrimary(i, c.Primary); err != nil {
			return err
		}
		if !slices.ContainsFunc(u.Identifications, func(i Identification) bool { return i.Claimed }) {
			return ErrAddressNeeded
		}
		return nil
	})
	if err != nil {
		return nil, Identification{}, err
	}
	i, _ := u.Identification(iid)
	return u, i, nil
}

// choosePrimary makes i primary, or not, where asked, and the oldest verified one where a
// primary one was lost.
func (u *User) choosePrimary(i *Identification, asked *bool) error {
	primary := u.primary(i.Kind)
	switch {
	case asked == nil:
	case *asked && !i.Verified():
		return &FieldError{Field: "primary", Rule: RuleUnverified}
	case *asked:
		*primary = i.ID
	case i.Verified() && *primary == i.ID:
		return &FieldError{Field: "primary", Rule: RuleValue}
	}
	u.dropLostPrimaries()
	u.choosePrimaries()
	return nil
}

// become brings an address into a state. What is verified already keeps its proof; one for
// which an external account vouches cannot lose it.
func (i *Identification) become(state AddressState, now time.Time) error {
	before := *i
	switch state {
	case AddressVerified:
		if !i.Verified() {
			i.Verification = &Verification{Status: "verified", Strategy: "admin"}
		}
		i.Claimed, i.Reserved = true, false
	case AddressReserved, AddressUnverified, "":
		if len(i.LinkedTo) > 0 {
			return ErrLinked
		}
		i.Claimed, i.Reserved, i.Verification = state == AddressReserved, state == AddressReserved, nil
	default:
		return &FieldError{Field: "identification_status", Rule: RuleValue}
	}
	if i.Claimed != before.Claimed || i.Reserved != before.Reserved || i.Verified() != before.Verified() {
		i.UpdatedAt = now
	}
	return nil
}

// primary is where the id of the primary address of a kind stands.
func (u *User) primary(kind Kind) *IdentificationID {
	if kind == KindPhoneNumber {
		return &u.PrimaryPhoneNumberID
	}
	return &u.PrimaryEmailAddressID
}

// dropLostPrimaries forgets primary addresses that are gone or no longer verified.
func (u *User) dropLostPrimaries() {
	for _, primary := range []*IdentificationID{&u.PrimaryEmailAddressID, &u.PrimaryPhoneNumberID} {
		if i, ok := u.Identification(*primary); !ok || !i.Verified() {
			*primary = ""
		}
	}
}
