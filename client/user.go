package client

// User is a person as servers see them, private metadata included. What is unset is the
// zero value, and left out of its JSON.
type User struct {
	ID         string `json:"id"`
	ExternalID string `json:"external_id,omitzero"` // the app's own, unique
	Username   string `json:"username,omitzero"`
	FirstName  string `json:"first_name,omitzero"`
	LastName   string `json:"last_name,omitzero"`
	Locale     string `json:"locale,omitzero"` // BCP 47
	ImageURL   string `json:"image_url"`
	HasImage   bool   `json:"has_image"` // else ImageURL is a drawn avatar

	PrimaryEmailAddressID string         `json:"primary_email_address_id,omitzero"`
	PrimaryPhoneNumberID  string         `json:"primary_phone_number_id,omitzero"`
	EmailAddresses        []EmailAddress `json:"email_addresses"`
	PhoneNumbers          []PhoneNumber  `json:"phone_numbers"`

	PublicMetadata  Metadata `json:"public_metadata"`  // browsers read it
	PrivateMetadata Metadata `json:"private_metadata"` // servers only
	UnsafeMetadata  Metadata `json:"unsafe_metadata"`  // browsers read and write it

	PasswordEnabled       bool `json:"password_enabled"`
	PasswordLastUpdatedAt Time `json:"password_last_updated_at,omitzero"`
	TwoFactorEnabled      bool `json:"two_factor_enabled"`
	TOTPEnabled           bool `json:"totp_enabled"`
	BackupCodeEnabled     bool `json:"backup_code_enabled"`
	MFAEnabledAt          Time `json:"mfa_enabled_at,omitzero"`
	MFADisabledAt         Time `json:"mfa_disabled_at,omitzero"`

	Banned bool `json:"banned"`
	Locked bool `json:"locked"`
	// LockoutExpiresIn is in seconds; a locked user without it is locked until unlocked.
	LockoutExpiresIn int `json:"lockout_expires_in_seconds,omitzero"`

	DeleteSelfEnabled         bool `json:"delete_self_enabled"`
	CreateOrganizationEnabled bool `json:"create_organization_enabled"`
	CreateOrganizationsLimit  int  `json:"create_organizations_limit,omitzero"`
	BypassClientTrust         bool `json:"bypass_client_trust"`

	LastSignInAt    Time `json:"last_sign_in_at,omitzero"`
	LastActiveAt    Time `json:"last_active_at,omitzero"`
	LegalAcceptedAt Time `json:"legal_accepted_at,omitzero"`
	CreatedAt       Time `json:"created_at"`
	UpdatedAt       Time `json:"updated_at"`
}

// EmailAddress is one that a user has.
type EmailAddress struct {
	ID           string        `json:"id"`
	EmailAddress string        `json:"email_address"`
	Reserved     bool          `json:"reserved"` // claimed, not proved
	Verification *Verification `json:"verification,omitzero"`
	LinkedTo     []Link        `json:"linked_to"`
	CreatedAt    Time          `json:"created_at"`
	UpdatedAt    Time          `json:"updated_at"`
}

// PhoneNumber is one that a user has, in E.164 form.
type PhoneNumber struct {
	ID                      string        `json:"id"`
	PhoneNumber             string        `json:"phone_number"`
	Reserved                bool          `json:"reserved"` // claimed, not proved
	ReservedForSecondFactor bool          `json:"reserved_for_second_factor"`
	DefaultSecondFactor     bool          `json:"default_second_factor"`
	Verification            *Verification `json:"verification,omitzero"`
	LinkedTo                []Link        `json:"linked_to"`
	CreatedAt               Time          `json:"created_at"`
	UpdatedAt               Time          `json:"updated_at"`
}

// Verification is how an identification was, or is to be, proved.
type Verification struct {
	Status   string `json:"status"` // unverified, verified, failed, expired
	Strategy string `json:"strategy"`
	Attempts int    `json:"attempts,omitzero"`
	ExpireAt Time   `json:"expire_at,omitzero"`
}

// Link names what an identification also belongs to, such as a connected account.
type Link struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// PrimaryEmailAddress is the address that mails go to, "" if there is none.
func (u *User) PrimaryEmailAddress() string {
	for _, a := range u.EmailAddresses {
		if a.ID == u.PrimaryEmailAddressID {
			return a.EmailAddress
		}
	}
	return ""
}

// PrimaryPhoneNumber is the number that texts go to, "" if there is none.
func (u *User) PrimaryPhoneNumber() string {
	for _, n := range u.PhoneNumbers {
		if n.ID == u.PrimaryPhoneNumberID {
			return n.PhoneNumber
		}
	}
	return ""
}
