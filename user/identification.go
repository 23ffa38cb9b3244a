package user

import (
	"encoding/json"
	"time"
)

// IdentificationID is the id of one identification: "idn_" or "eac_" and 27 characters.
type IdentificationID string

// Kind is what an identification is.
type Kind string

// The kinds.
const (
	KindEmailAddress    Kind = "email_address"
	KindPhoneNumber     Kind = "phone_number"
	KindUsername        Kind = "username"
	KindExternalAccount Kind = "external_account"
	KindPasskey         Kind = "passkey"
)

// Identification points to one user. Of several verified e-mail addresses (phone
// numbers) exactly one is primary.
type Identification struct {
	ID     IdentificationID
	UserID ID
	Kind   Kind
	Value  string // as shown
	// Key is the canonical form that uniqueness, sign-in, limits and locks use (I-03);
	// unique per kind among claimed identifications.
	Key string
	// Claimed identifications hold their key: verified or reserved ones, and usernames.
	// An unverified one claims nothing, so nobody can squat an address.
	Claimed  bool
	Reserved bool // set by an operator: usable to sign in though not verified

	Verification *Verification // nil: neither verified nor started

	ReservedForSecondFactor bool // phone numbers
	DefaultSecondFactor     bool // phone numbers

	LinkedTo []Link          // accounts that vouch for this address
	Details  json.RawMessage // what only this kind has: a provider's profile, a passkey's public key; nil if nothing

	CreatedAt time.Time
	UpdatedAt time.Time
}

// Verified reports whether the identification was proved to be the user's.
func (i Identification) Verified() bool {
	return i.Verification != nil && i.Verification.Status == "verified"
}

// Verification is the proof for an identification.
type Verification struct {
	Status   string    `json:"status"`   // "unverified", "verified", "failed", "expired", "transferable"
	Strategy string    `json:"strategy"` // "email_code", "admin", …
	Attempts int       `json:"attempts,omitempty"`
	ExpireAt time.Time `json:"expire_at,omitzero"`
}

// Link names another identification.
type Link struct {
	ID   IdentificationID `json:"id"`
	Type string           `json:"type"` // "oauth_google"
}
