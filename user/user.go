// Package user owns people: their profile, their identifications, their
// credentials and their metadata.
//
// A [Service] is opened over a [Store] (package user/sqlstore). Its methods hold
// every rule; callers above it only translate. Most apps need three of them:
// [Service.ByID], [Service.Update] and [Service.Delete]. Wrap several calls and the
// app's own rows in one transaction with [Service.WithTx].
//
// An e-mail address, phone number or username belongs to one user, whatever its
// spelling, from when it is verified (or reserved by an operator) until the user is
// deleted. An address that is only entered belongs to nobody and is never primary.
//
// Passwords have 8 to 256 code points (at most 1024 bytes), each of which counts, and
// are none that breaches have made common. They are kept as argon2id with 46 MiB, two
// passes and a salt of 16 bytes; at most max(2, NumCPU) are hashed at once, and who
// waits longer than 2 s gets [ErrBusy]. Digests of lower cost, and those that other
// systems have made ([ImportedPassword]), are replaced at the next sign-in. Unknown, banned
// and locked users cost the same work.
//
// The secret of an authenticator app is encrypted (Config.Sealer), its codes and the backup
// codes are good once ([Service.VerifySecondFactor]).
//
// Each change records an [Event] in its own transaction. Bans, deletions and changes
// of the password are handled before the call returns, the others by
// [Service.Drain], which also repeats what failed.
//
// The package knows no sessions and no HTTP, sends no mail and verifies no codes: who
// calls it vouches that an address was proved to be the user's.
package user

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// ID is a user's id: "user_" and 27 base62 characters.
type ID string

// Valid reports whether the id has the form of one (I-09).
func (id ID) Valid() bool { return random.ValidID("user", string(id)) }

// User is one person. Values returned by Service are the caller's own copies.
// Strings that are "" and times that are zero are unset.
type User struct {
	ID         ID
	ExternalID string // the app's own id, unique where set
	Username   string // shortcut for the username identification
	FirstName  string
	LastName   string
	Locale     string  // BCP 47
	Timezone   string  // IANA name
	ImageID    ImageID // "" means no picture was set

	PrimaryEmailAddressID IdentificationID
	PrimaryPhoneNumberID  IdentificationID
	Identifications       []Identification // oldest first

	PublicMetadata  json.RawMessage // a JSON object; the Frontend API reads it
	PrivateMetadata json.RawMessage // a JSON object; never leaves the Backend API
	UnsafeMetadata  json.RawMessage // a JSON object; the user reads and writes it

	PasswordDigest    Digest // "" means no password
	PasswordUpdatedAt time.Time
	// PasswordCompromised: the password signs nobody in, and whoever signs in by a code or
	// a link has to set another.
	PasswordCompromised bool

	TOTPSecret        SealedSecret // "" means no authenticator app
	TOTPUsedStep      int64        // time step of the code that was used last; only later ones are good (M-01)
	TOTPEnabled       bool
	BackupCodes       []Digest // that are left
	BackupCodeEnabled bool
	MFAEnabledAt      time.Time // when the user had a second factor after having none
	MFADisabledAt     time.Time // when the last one went

	Banned                    bool
	Locked                    bool      // locked by an operator, or by failures until LockedUntil
	LockedUntil               time.Time // zero while Locked means until unlocked
	DeleteSelfEnabled         bool
	CreateOrganizationEnabled bool
	CreateOrganizationsLimit  int
	BypassClientTrust         bool

	LegalAcceptedAt time.Time
	LastSignInAt    time.Time
	LastActiveAt    time.Time // day precision
	CreatedAt       time.Time
	UpdatedAt       time.Time // grows with any change, sub-resources included

	Version int64 // grows by one with each stored change
}

// Identification returns the user's identification with this id.
func (u *User) Identification(id IdentificationID) (Identification, bool) {
	for _, i := range u.Identifications {
		if i.ID == id {
			return i, true
		}
	}
	return Identification{}, false
}

// Identifiers returns what the user is known by: the values of all e-mail addresses,
// phone numbers and usernames.
func (u *User) Identifiers() []string {
	var values []string
	for _, i := range u.Identifications {
		if i.Kind == KindEmailAddress || i.Kind == KindPhoneNumber || i.Kind == KindUsername {
			values = append(values, i.Value)
		}
	}
	return values
}

// lockedAt reports whether the user is locked at the given time.
func (u *User) lockedAt(now time.Time) bool {
	return u.Locked && (u.LockedUntil.IsZero() || now.Before(u.LockedUntil))
}

// unlockExpired lifts a lock whose time has come.
func (u *User) unlockExpired(now time.Time) {
	if !u.lockedAt(now) {
		u.Locked, u.LockedUntil = false, time.Time{}
	}
}

// clone returns a copy that shares nothing with u.
func (u *User) clone() *User {
	c := *u
	c.Identifications = slices.Clone(u.Identifications)
	for n := range c.Identifications {
		i := &c.Identifications[n]
		if i.Verification != nil {
			v := *i.Verification
			i.Verification = &v
		}
		i.LinkedTo = slices.Clone(i.LinkedTo)
		i.Details = bytes.Clone(i.Details)
	}
	c.BackupCodes = slices.Clone(u.BackupCodes)
	c.PublicMetadata = bytes.Clone(u.PublicMetadata)
	c.PrivateMetadata = bytes.Clone(u.PrivateMetadata)
	c.UnsafeMetadata = bytes.Clone(u.UnsafeMetadata)
	return &c
}

// equal reports whether u and v are the same in every field.
func (u *User) equal(v *User) bool { return reflect.DeepEqual(u, v) }
