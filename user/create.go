package user

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

const (
	// maxIdentifications of one kind keep a user one small read.
	maxIdentifications  = 100
	maxExternalIDLength = 256 // code points
)

// NewUser is what Create needs. At least one identifier is required.
type NewUser struct {
	ID             ID              // "" makes one; one that was given before by another system stays
	ExternalID     string          // at most 256 code points
	EmailAddresses []NewIdentifier // the first verified one becomes primary
	PhoneNumbers   []NewIdentifier // the first verified one becomes primary
	Username       string
	FirstName      string // at most 256 code points
	LastName       string // at most 256 code points
	Locale         string
	Timezone       string // IANA name, such as Europe/Berlin

	Password           string           `json:"-"` // plain; checked against the policy, then hashed
	PasswordDigest     Digest           // ready, from Service.HashPassword or ParseDigest; excludes Password
	ImportedPassword   ImportedPassword // excludes both
	SkipPasswordChecks bool             // of the policy: only encoding and bytes are looked at
	WarnPwnedPassword  bool             // log a breached password instead of refusing it (P-05, development)

	// TOTPSecret is that of an authenticator app (RFC 6238: SHA-1, 6 digits, 30 s) in base32,
	// 10 to 64 bytes.
	TOTPSecret string `json:"-"`
	// BackupCodes are good once each: plain ones, of 6 to 64 printable ASCII characters and
	// no blank, or bcrypt (cost up to 12) and argon2id digests of them; at most 20.
	BackupCodes []string `json:"-"`

	PublicMetadata, PrivateMetadata, UnsafeMetadata json.RawMessage // nil means {}

	// Invitation is accepted in the transaction that makes the user, who must have its
	// address; "" for none.
	Invitation TicketID

	DeleteSelfEnabled         *bool // nil means true
	CreateOrganizationEnabled *bool // nil means true
	CreateOrganizationsLimit  int   // 0 means unlimited
	LegalAcceptedAt           time.Time
	CreatedAt                 time.Time // zero means now
	UpdatedAt                 time.Time // zero means now
	LastSignInAt              time.Time // zero means never
	LastActiveAt              time.Time // kept to the day, in UTC; zero means never
	Banned, Locked            bool
	BypassClientTrust         bool

	Check Check `json:"-"` // is asked about the user before secrets are hashed; nil asks nothing
}

// Format prints nothing of a NewUser, which may hold a password (L-02).
func (NewUser) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "user.NewUser"+redacted) }

// LogValue returns "[redacted]".
func (NewUser) LogValue() slog.Value { return slog.StringValue(redacted) }

// NewIdentifier is an e-mail address or phone number that is set together with
// proof that it is the user's, or reserved without.
type NewIdentifier struct {
	ID       IdentificationID // "" makes one
	Value    string
	Strategy string // how it was verified: "admin", "email_code"; "" means reserved, not verified
}

// Create stores a new user. Errors: *FieldError, *TakenError, ErrExternalIDTaken,
// ErrIDTaken, ErrBusy, ErrHashInTx, with an Invitation *TicketError and ErrNotFound. The
// event user.created waits for Drain.
func (s *Service) Create(ctx context.Context, nu NewUser) (*User, error) {
	u, err := s.made(ctx, nu)
	if err != nil {
		return nil, err
	}
	if err := s.insert(ctx, u, nu.Invitation); err != nil {
		return nil, err
	}
	u.Version = 1
	return u, nil
}

// made applies every rule that needs no store, and hashes.
func (s *Service) made(ctx context.Context, nu NewUser) (*User, error) {
	u, err := s.build(nu)
	if err != nil {
		return nil, err
	}
	if len(u.Identifications) == 0 {
		return nil, &FieldError{Field: "identifier", Rule: RuleMissing}
	}
	if nu.Check != nil {
		if err := nu.Check(u); err != nil {
			return nil, err
		}
	}
	if err := s.setSecrets(ctx, u, nu); err != nil {
		return nil, err
	}
	u.noteSecondFactor(&User{}, u.UpdatedAt)
	return u, nil
}

// setSecrets gives u the password and the second factors of nu.
func (s *Service) setSecrets(ctx context.Context, u *User, nu NewUser) (err error) {
	switch {
	case nu.Password != "":
		u.PasswordDigest, err = s.newDigest(ctx, u.ID, nu.Password, u.Identifiers(), nu.SkipPasswordChecks, nu.WarnPwnedPassword)
	case nu.ImportedPassword != ImportedPassword{}:
		u.PasswordDigest, err = s.importPassword(ctx, nu.ImportedPassword)
	}
	if err != nil {
		return err
	}
	if u.PasswordDigest != "" {
		u.PasswordUpdatedAt = u.UpdatedAt
	}
	if nu.TOTPSecret != "" {
		sealed, err := s.sealTOTP(u.ID, nu.TOTPSecret)
		if err != nil {
			return err
		}
		u.setTOTP(sealed)
	}
	digests, err := s.digestBackupCodes(ctx, nu.BackupCodes)
	u.setBackupCodes(digests)
	return err
}

// insert stores u and, if there is one, accepts the invitation.
func (s *Service) insert(ctx context.Context, u *User, invitation TicketID) error {
	created := s.newEvent(EventCreated, u.ID, u.UpdatedAt)
	created.Changes = changesOf(nil, u)
	switch {
	case invitation == "":
		return s.store.Create(ctx, u, created)
	case invitation.Kind() != TicketInvitation:
		return ErrNotFound
	}
	return s.tickets.CreateInvited(ctx, u, invitation, u.UpdatedAt, created)
}

// Check applies Create's rules that need neither the store nor a hash, to as much of a
// user as there is: so a form is refused when a field is sent and not at its end. The
// password and a missing identifier are not looked at.
func (s *Service) Check(nu NewUser) error {
	_, err := s.build(nu)
	return err
}

// build applies every rule but those about plain passwords and the least that a user has.
func (s *Service) build(nu NewUser) (*User, error) {
	now := s.now()
	u := &User{
		ID:                        nu.ID,
		PasswordDigest:            nu.PasswordDigest,
		DeleteSelfEnabled:         nu.DeleteSelfEnabled == nil || *nu.DeleteSelfEnabled,
		CreateOrganizationEnabled: nu.CreateOrganizationEnabled == nil || *nu.CreateOrganizationEnabled,
		CreateOrganizationsLimit:  nu.CreateOrganizationsLimit,
		BypassClientTrust:         nu.BypassClientTrust,
		Banned:                    nu.Banned,
		Locked:                    nu.Locked,
		LegalAcceptedAt:           toMillis(nu.LegalAcceptedAt),
		CreatedAt:                 now,
		UpdatedAt:                 now,
	}
	if err := u.setOrigin(nu, now); err != nil {
		return nil, err
	}
	if err := u.setProfile(&nu.ExternalID, &nu.FirstName, &nu.LastName, &nu.Locale, &nu.Timezone); err != nil {
		return nil, err
	}
	if err := u.setMetadata(orObject(nu.PublicMetadata), orObject(nu.PrivateMetadata), orObject(nu.UnsafeMetadata)); err != nil {
		return nil, err
	}
	if nu.CreateOrganizationsLimit < 0 {
		return nil, &FieldError{Field: "create_organizations_limit", Rule: RuleValue}
	}
	if err := nu.checkSecrets(); err != nil {
		return nil, err
	}
	return u, s.identify(u, nu, now)
}

// checkSecrets applies the rules about secrets that need no hash.
func (nu *NewUser) checkSecrets() error {
	imported := nu.ImportedPassword != ImportedPassword{}
	if nu.Password != "" && (nu.PasswordDigest != "" || imported) || nu.PasswordDigest != "" && imported {
		return &FieldError{Field: "password_digest", Rule: RuleValue}
	}
	if nu.PasswordDigest != "" {
		if _, err := parseDigest(nu.PasswordDigest); err != nil {
			return err
		}
	}
	if imported {
		if _, err := nu.ImportedPassword.check(); err != nil {
			return err
		}
	}
	if nu.TOTPSecret != "" {
		if _, err := parseTOTPSecret(nu.TOTPSecret); err != nil {
			return err
		}
	}
	return checkBackupCodes(nu.BackupCodes)
}

// setOrigin sets the id and the times, which are those of another system where given.
func (u *User) setOrigin(nu NewUser, now time.Time) error {
	switch {
	case nu.ID == "":
		u.ID = ID(random.ID("user", now))
	case !nu.ID.Valid():
		return &FieldError{Field: "id", Rule: RuleFormat}
	}
	if !nu.CreatedAt.IsZero() {
		u.CreatedAt = toMillis(nu.CreatedAt)
	}
	if !nu.UpdatedAt.IsZero() {
		u.UpdatedAt = toMillis(nu.UpdatedAt)
	}
	u.LastSignInAt = toMillis(nu.LastSignInAt)
	if !nu.LastActiveAt.IsZero() {
		u.LastActiveAt = nu.LastActiveAt.UTC().Truncate(24 * time.Hour)
	}
	return nil
}

// identify adds the identifiers of nu.
func (s *Service) identify(u *User, nu NewUser, now time.Time) error {
	for kind, list := range map[Kind][]NewIdentifier{KindEmailAddress: nu.EmailAddresses, KindPhoneNumber: nu.PhoneNumbers} {
		if len(list) > maxIdentifications {
			return &FieldError{Field: string(kind), Rule: RuleTooLong, Limit: maxIdentifications}
		}
	}
	for _, n := range nu.EmailAddresses {
		if err := s.addIdentifier(u, KindEmailAddress, n, now); err != nil {
			return err
		}
	}
	for _, n := range nu.PhoneNumbers {
		if err := s.addIdentifier(u, KindPhoneNumber, n, now); err != nil {
			return err
		}
	}
	if nu.Username != "" {
		if err := u.setUsername(nu.Username, now); err != nil {
			return err
		}
	}
	u.choosePrimaries()
	return nil
}

// addIdentifier adds a verified or reserved address or number.
func (s *Service) addIdentifier(u *User, kind Kind, n NewIdentifier, now time.Time) error {
	shown, key, err := s.canonicalAddress(kind, n.Value)
	if err != nil {
		return err
	}
	for _, i := range u.Identifications {
		if i.Kind == kind && i.Key == key {
			return &TakenError{Kind: kind}
		}
	}
	if n.ID == "" {
		n.ID = IdentificationID(random.ID("idn", now))
	} else if !random.ValidID("idn", string(n.ID)) {
		return &FieldError{Field: string(kind), Rule: RuleFormat}
	}
	i := Identification{
		ID: n.ID, UserID: u.ID, Kind: kind, Value: shown, Key: key,
		Claimed: true, Reserved: n.Strategy == "", CreatedAt: now, UpdatedAt: now,
	}
	if n.Strategy != "" {
		i.Verification = &Verification{Status: "verified", Strategy: n.Strategy}
	}
	u.Identifications = append(u.Identifications, i)
	return nil
}

// choosePrimaries makes the oldest verified address and number primary where the user
// has none. An unverified one is never primary.
func (u *User) choosePrimaries() {
	for _, i := range u.Identifications {
		if !i.Verified() {
			continue
		}
		switch {
		case i.Kind == KindEmailAddress && u.PrimaryEmailAddressID == "":
			u.PrimaryEmailAddressID = i.ID
		case i.Kind == KindPhoneNumber && u.PrimaryPhoneNumberID == "":
			u.PrimaryPhoneNumberID = i.ID
		}
	}
}

func orObject(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("{}")
	}
	return raw
}
