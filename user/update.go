package user

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Change is a patch to a user: nil fields stay as they are.
type Change struct {
	ExternalID *string // "" removes
	Username   *string // "" removes
	FirstName  *string
	LastName   *string
	Locale     *string
	Timezone   *string

	PrimaryEmailAddressID *IdentificationID // must be verified and the user's own
	PrimaryPhoneNumberID  *IdentificationID

	Password           *string          `json:"-"` // plain; checked against the policy, then hashed
	PasswordDigest     Digest           // ready, from HashPassword or ParseDigest; "" stays as it is; excludes Password
	ImportedPassword   ImportedPassword // excludes both
	RemovePassword     bool             // leaves the user without one; excludes the three before
	SkipPasswordChecks bool
	WarnPwnedPassword  bool
	// RefuseSamePassword makes the present password an error (RulePasswordSame), at the
	// price of one more hash: for users who change it themselves.
	RefuseSamePassword bool
	// EndSessions records EventSessionsEnd with a change of the password: the user's
	// sessions end, all but KeepSession, an id of package session ("" for none).
	EndSessions bool
	KeepSession string

	TOTPSecret  string   `json:"-"` // base32, in place of the present one; "" stays as it is
	BackupCodes []string `json:"-"` // in place of the present ones, as NewUser.BackupCodes; nil stays as it is

	PublicMetadata, PrivateMetadata, UnsafeMetadata json.RawMessage // replaced where not nil

	DeleteSelfEnabled         *bool
	CreateOrganizationEnabled *bool
	CreateOrganizationsLimit  *int
	BypassClientTrust         *bool
	LegalAcceptedAt           *time.Time
	LastSignInAt              *time.Time
	LastActiveAt              *time.Time // kept to the day, in UTC
	CreatedAt                 *time.Time

	Check Check `json:"-"` // is asked before anything is stored; nil asks nothing

	// What prepare made of the secrets above.
	sealed  SealedSecret
	digests []Digest
}

// Check judges what a change makes of a user, in the transaction that stores it: an error
// refuses the change and is what the call returns. It may be asked more than once, and
// must not keep or change the user.
type Check func(after *User) error

// Format prints nothing of a Change, which may hold a password (L-02).
func (Change) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "user.Change"+redacted) }

// LogValue returns "[redacted]".
func (Change) LogValue() slog.Value { return slog.StringValue(redacted) }

// Update applies c. Nothing is stored and no event recorded if nothing changes.
// After a change of the password, Config.Events has run when Update returns, unless
// it failed: then the change stands, the failure is in the log, and Drain tries again.
// Errors: *FieldError, *TakenError, ErrExternalIDTaken, ErrNotFound, ErrBusy, ErrHashInTx,
// and those of c.Check.
func (s *Service) Update(ctx context.Context, id ID, c Change) (*User, error) {
	if err := s.prepare(ctx, id, &c); err != nil {
		return nil, err
	}
	return s.change(ctx, id, func(u *User, now time.Time) ([]Event, error) {
		if err := u.apply(c, now); err != nil {
			return nil, err
		}
		if c.Check != nil {
			if err := c.Check(u); err != nil {
				return nil, err
			}
		}
		switch {
		case c.PasswordDigest != "" || c.RemovePassword:
			events := tell(EventUpdated, EventPasswordChanged)
			if c.EndSessions {
				events = append(events, Event{Type: EventSessionsEnd, KeepSession: c.KeepSession})
			}
			return events, nil
		case c.onlyActivity():
			return nil, nil
		}
		return tell(EventUpdated), nil
	})
}

// prepare does before the transaction what takes long in it: it hashes the password and
// the backup codes of c, and seals the TOTP secret.
func (s *Service) prepare(ctx context.Context, id ID, c *Change) (err error) {
	if c.passwords() > 1 {
		return &FieldError{Field: "password_digest", Rule: RuleValue}
	}
	switch {
	case c.Password != nil:
		c.PasswordDigest, err = s.digestFor(ctx, id, *c)
	case c.PasswordDigest != "":
		_, err = parseDigest(c.PasswordDigest)
	case c.ImportedPassword != ImportedPassword{}:
		c.PasswordDigest, err = s.importPassword(ctx, c.ImportedPassword)
	}
	if err != nil {
		return err
	}
	if c.TOTPSecret != "" {
		if c.sealed, err = s.sealTOTP(id, c.TOTPSecret); err != nil {
			return err
		}
	}
	if c.BackupCodes != nil {
		c.digests, err = s.digestBackupCodes(ctx, c.BackupCodes)
	}
	return err
}

// SetsPassword reports whether c gives the user a password.
func (c *Change) SetsPassword() bool { return c.passwords() > 0 && !c.RemovePassword }

// passwords counts what c says about the password.
func (c *Change) passwords() (n int) {
	for _, said := range []bool{c.Password != nil, c.PasswordDigest != "", c.ImportedPassword != ImportedPassword{}, c.RemovePassword} {
		if said {
			n++
		}
	}
	return n
}

// MergeMetadata merges p into the user's metadata. *FieldError with RuleTooLarge if
// the result is beyond 8192 bytes of compact JSON or 32 levels.
func (s *Service) MergeMetadata(ctx context.Context, id ID, p MetadataPatch) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]Event, error) {
		var err error
		if u.PublicMetadata, err = mergeMetadata("public_metadata", u.PublicMetadata, p.Public); err != nil {
			return nil, err
		}
		if u.PrivateMetadata, err = mergeMetadata("private_metadata", u.PrivateMetadata, p.Private); err != nil {
			return nil, err
		}
		if u.UnsafeMetadata, err = mergeMetadata("unsafe_metadata", u.UnsafeMetadata, p.Unsafe); err != nil {
			return nil, err
		}
		return tell(EventUpdated), nil
	})
}

// errUnchanged ends a store's update before it writes.
var errUnchanged = errors.New("user: nothing to change")

// tell makes events of which the rest is still to be filled in.
func tell(types ...EventType) []Event {
	events := make([]Event, len(types))
	for i, t := range types {
		events[i].Type = t
	}
	return events
}

// change runs edit on the stored user and stores the result with the events that it
// returns, completed, unless it changed nothing. Urgent events are handled before it returns.
func (s *Service) change(ctx context.Context, id ID, edit func(u *User, now time.Time) ([]Event, error)) (*User, error) {
	return s.changeBy(ctx, s.store.Update, id, edit)
}

// updater is Store.Update, or what does more in the same transaction.
type updater func(ctx context.Context, id ID, fn func(*User) ([]Event, error)) (*User, error)

// changeBy is change by means of update.
func (s *Service) changeBy(ctx context.Context, update updater, id ID, edit func(u *User, now time.Time) ([]Event, error)) (*User, error) {
	if !id.Valid() {
		return nil, ErrNotFound
	}
	var events []Event
	var current *User
	u, err := update(ctx, id, func(u *User) ([]Event, error) {
		now := s.now()
		// A wall clock may stand still or be set back; UpdatedAt only grows.
		if !now.After(u.UpdatedAt) {
			now = u.UpdatedAt.Add(time.Millisecond)
		}
		before := u.clone()
		u.unlockExpired(now)
		told, err := edit(u, now)
		if err != nil {
			return nil, err
		}
		u.noteSecondFactor(before, now)
		if u.equal(before) {
			current = before
			return nil, errUnchanged
		}
		u.UpdatedAt = now
		events = events[:0]
		for _, e := range told {
			whole := s.newEvent(e.Type, id, now)
			whole.KeepSession = e.KeepSession
			if e.Type == EventUpdated {
				whole.Changes = changesOf(before, u)
			}
			events = append(events, whole)
		}
		return events, nil
	})
	if errors.Is(err, errUnchanged) {
		return current, nil
	}
	if err != nil {
		return nil, err
	}
	s.settle(ctx, events)
	return u, nil
}

// onlyActivity reports whether c only says that the user was there: too frequent and too
// dull for an event.
func (c Change) onlyActivity() bool {
	rest := c
	rest.LastSignInAt, rest.LastActiveAt = nil, nil
	return rest.isZero() && !c.isZero()
}

func (c Change) isZero() bool {
	return c.ExternalID == nil && c.Username == nil && c.FirstName == nil && c.LastName == nil && c.Locale == nil &&
		c.Timezone == nil && c.PrimaryEmailAddressID == nil && c.PrimaryPhoneNumberID == nil && c.passwords() == 0 &&
		c.TOTPSecret == "" && c.BackupCodes == nil &&
		c.PublicMetadata == nil && c.PrivateMetadata == nil && c.UnsafeMetadata == nil &&
		c.DeleteSelfEnabled == nil && c.CreateOrganizationEnabled == nil && c.CreateOrganizationsLimit == nil &&
		c.BypassClientTrust == nil && c.LegalAcceptedAt == nil && c.LastSignInAt == nil && c.LastActiveAt == nil && c.CreatedAt == nil
}

// apply changes u as c says; passwords are digests by now.
func (u *User) apply(c Change, now time.Time) error {
	if err := u.setProfile(c.ExternalID, c.FirstName, c.LastName, c.Locale, c.Timezone); err != nil {
		return err
	}
	if err := u.setMetadata(c.PublicMetadata, c.PrivateMetadata, c.UnsafeMetadata); err != nil {
		return err
	}
	if c.Username != nil {
		if err := u.setUsername(*c.Username, now); err != nil {
			return err
		}
	}
	if err := u.setPrimary(c.PrimaryEmailAddressID, KindEmailAddress, "primary_email_address_id", &u.PrimaryEmailAddressID); err != nil {
		return err
	}
	if err := u.setPrimary(c.PrimaryPhoneNumberID, KindPhoneNumber, "primary_phone_number_id", &u.PrimaryPhoneNumberID); err != nil {
		return err
	}
	if c.CreateOrganizationsLimit != nil && *c.CreateOrganizationsLimit < 0 {
		return &FieldError{Field: "create_organizations_limit", Rule: RuleValue}
	}
	if c.PasswordDigest != "" {
		u.PasswordDigest, u.PasswordUpdatedAt, u.PasswordCompromised = c.PasswordDigest, now, false
	}
	if c.RemovePassword {
		u.PasswordDigest, u.PasswordUpdatedAt, u.PasswordCompromised = "", time.Time{}, false
	}
	if c.sealed != "" {
		u.setTOTP(c.sealed)
	}
	if c.BackupCodes != nil {
		u.setBackupCodes(c.digests)
	}
	set(&u.DeleteSelfEnabled, c.DeleteSelfEnabled)
	set(&u.CreateOrganizationEnabled, c.CreateOrganizationEnabled)
	set(&u.CreateOrganizationsLimit, c.CreateOrganizationsLimit)
	set(&u.BypassClientTrust, c.BypassClientTrust)
	setTime(&u.LegalAcceptedAt, c.LegalAcceptedAt)
	setTime(&u.LastSignInAt, c.LastSignInAt)
	setTime(&u.CreatedAt, c.CreatedAt)
	if c.LastActiveAt != nil {
		u.LastActiveAt = c.LastActiveAt.UTC().Truncate(24 * time.Hour)
	}
	return nil
}

// setPrimary makes id primary. It must be the user's own and verified; "" would
// leave verified ones without a primary and is no value.
func (u *User) setPrimary(id *IdentificationID, kind Kind, field string, target *IdentificationID) error {
	if id == nil {
		return nil
	}
	i, own := u.Identification(*id)
	if !own || i.Kind != kind {
		return &FieldError{Field: field, Rule: RuleNotOwned}
	}
	if !i.Verified() {
		return &FieldError{Field: field, Rule: RuleUnverified}
	}
	*target = i.ID
	return nil
}

func set[T any](target, value *T) {
	if value != nil {
		*target = *value
	}
}

func setTime(target, value *time.Time) {
	if value != nil {
		*target = toMillis(*value)
	}
}
