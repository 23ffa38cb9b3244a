package backendapi

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// userJSON is a user as servers see them, private metadata included. It has no field for
// a digest (P-10).
type userJSON struct {
	Object                string  `json:"object"`
	ID                    string  `json:"id"`
	ExternalID            *string `json:"external_id"`
	Username              *string `json:"username"`
	FirstName             *string `json:"first_name"`
	LastName              *string `json:"last_name"`
	Locale                *string `json:"locale"`
	Timezone              string  `json:"timezone,omitempty"`
	ImageURL              string  `json:"image_url"`
	HasImage              bool    `json:"has_image"`
	PrimaryEmailAddressID *string `json:"primary_email_address_id"`
	PrimaryPhoneNumberID  *string `json:"primary_phone_number_id"`
	PrimaryWeb3WalletID   *string `json:"primary_web3_wallet_id"`

	EmailAddresses      []emailAddressJSON `json:"email_addresses"`
	PhoneNumbers        []phoneNumberJSON  `json:"phone_numbers"`
	Web3Wallets         []any              `json:"web3_wallets"`
	ExternalAccounts    []any              `json:"external_accounts"`
	EnterpriseAccounts  []any              `json:"enterprise_accounts"`
	SAMLAccounts        []any              `json:"saml_accounts"`
	Passkeys            []any              `json:"passkeys"`
	PasswordEnabled     bool               `json:"password_enabled"`
	TOTPEnabled         bool               `json:"totp_enabled"`
	BackupCodeEnabled   bool               `json:"backup_code_enabled"`
	TwoFactorEnabled    bool               `json:"two_factor_enabled"`
	PublicMetadata      json.RawMessage    `json:"public_metadata"`
	PrivateMetadata     json.RawMessage    `json:"private_metadata"`
	UnsafeMetadata      json.RawMessage    `json:"unsafe_metadata"`
	CreateOrganization  bool               `json:"create_organization_enabled"`
	CreateOrganizations *int               `json:"create_organizations_limit"`
	DeleteSelfEnabled   bool               `json:"delete_self_enabled"`
	LastSignInAt        *int64             `json:"last_sign_in_at"`
	LegalAcceptedAt     *int64             `json:"legal_accepted_at"`
	LastActiveAt        *int64             `json:"last_active_at"`
	MFAEnabledAt        *int64             `json:"mfa_enabled_at"`
	MFADisabledAt       *int64             `json:"mfa_disabled_at"`
	PasswordUpdatedAt   *int64             `json:"password_last_updated_at"`
	PasswordReset       bool               `json:"requires_password_reset,omitempty"`
	BypassClientTrust   bool               `json:"bypass_client_trust"`
	Deprovisioned       bool               `json:"deprovisioned"`
	Banned              bool               `json:"banned"`
	Locked              bool               `json:"locked"`
	LockoutExpiresIn    *int64             `json:"lockout_expires_in_seconds"`
	AttemptsRemaining   *int               `json:"verification_attempts_remaining"`
	CreatedAt           int64              `json:"created_at"`
	UpdatedAt           int64              `json:"updated_at"`
}

type emailAddressJSON struct {
	Object       string            `json:"object"`
	ID           string            `json:"id"`
	EmailAddress string            `json:"email_address"`
	Reserved     bool              `json:"reserved"`
	Verification *verificationJSON `json:"verification"`
	LinkedTo     []linkJSON        `json:"linked_to"`
	MatchesSSO   bool              `json:"matches_sso_connection"`
	CreatedAt    int64             `json:"created_at"`
	UpdatedAt    int64             `json:"updated_at"`
}

type phoneNumberJSON struct {
	Object                  string            `json:"object"`
	ID                      string            `json:"id"`
	PhoneNumber             string            `json:"phone_number"`
	ReservedForSecondFactor bool              `json:"reserved_for_second_factor"`
	DefaultSecondFactor     bool              `json:"default_second_factor"`
	Reserved                bool              `json:"reserved"`
	Verification            *verificationJSON `json:"verification"`
	LinkedTo                []linkJSON        `json:"linked_to"`
	BackupCodes             []string          `json:"backup_codes"`
	CreatedAt               int64             `json:"created_at"`
	UpdatedAt               int64             `json:"updated_at"`
}

type linkJSON struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// renderUser renders u with the URL of its picture.
func (c *call) renderUser(u *user.User) userJSON {
	return c.h.userJSON(u, c.now())
}

// newUserJSON renders u at now, without the URL of the picture. Times are Unix
// milliseconds; what is unset is null.
func newUserJSON(u *user.User, now time.Time) userJSON {
	j := userJSON{
		Object: "user", ID: string(u.ID),
		ExternalID: orNull(u.ExternalID), Username: orNull(u.Username),
		FirstName: orNull(u.FirstName), LastName: orNull(u.LastName), Locale: orNull(u.Locale), Timezone: u.Timezone,
		HasImage:              u.ImageID != "",
		PrimaryEmailAddressID: orNull(string(u.PrimaryEmailAddressID)),
		PrimaryPhoneNumberID:  orNull(string(u.PrimaryPhoneNumberID)),
		EmailAddresses:        []emailAddressJSON{}, PhoneNumbers: []phoneNumberJSON{},
		Web3Wallets: []any{}, ExternalAccounts: []any{}, EnterpriseAccounts: []any{},
		SAMLAccounts: []any{}, Passkeys: []any{},
		PasswordEnabled: u.PasswordDigest != "", TOTPEnabled: u.TOTPEnabled,
		BackupCodeEnabled: u.BackupCodeEnabled, TwoFactorEnabled: u.TwoFactorEnabled(), PasswordReset: u.PasswordCompromised,
		PublicMetadata: orEmptyObject(u.PublicMetadata), PrivateMetadata: orEmptyObject(u.PrivateMetadata),
		UnsafeMetadata:    orEmptyObject(u.UnsafeMetadata),
		DeleteSelfEnabled: u.DeleteSelfEnabled, CreateOrganization: u.CreateOrganizationEnabled,
		CreateOrganizations: new(u.CreateOrganizationsLimit), BypassClientTrust: u.BypassClientTrust,
		LastSignInAt: millisOrNull(u.LastSignInAt), LegalAcceptedAt: millisOrNull(u.LegalAcceptedAt),
		LastActiveAt: millisOrNull(u.LastActiveAt), MFAEnabledAt: millisOrNull(u.MFAEnabledAt),
		MFADisabledAt: millisOrNull(u.MFADisabledAt), PasswordUpdatedAt: millisOrNull(u.PasswordUpdatedAt),
		Banned: u.Banned, Locked: u.Locked,
		CreatedAt: u.CreatedAt.UnixMilli(), UpdatedAt: u.UpdatedAt.UnixMilli(),
	}
	if u.Locked && u.LockedUntil.After(now) {
		j.LockoutExpiresIn = new(int64(u.LockedUntil.Sub(now) / time.Second))
	}
	for _, i := range u.Identifications {
		switch i.Kind {
		case user.KindEmailAddress:
			j.EmailAddresses = append(j.EmailAddresses, newEmailAddressJSON(i))
		case user.KindPhoneNumber:
			j.PhoneNumbers = append(j.PhoneNumbers, newPhoneNumberJSON(i))
		}
	}
	return j
}

func newEmailAddressJSON(i user.Identification) emailAddressJSON {
	return emailAddressJSON{
		Object: "email_address", ID: string(i.ID), EmailAddress: i.Value, Reserved: i.Reserved,
		Verification: userVerification(i), LinkedTo: links(i.LinkedTo),
		CreatedAt: i.CreatedAt.UnixMilli(), UpdatedAt: i.UpdatedAt.UnixMilli(),
	}
}

func newPhoneNumberJSON(i user.Identification) phoneNumberJSON {
	return phoneNumberJSON{
		Object: "phone_number", ID: string(i.ID), PhoneNumber: i.Value, Reserved: i.Reserved,
		ReservedForSecondFactor: i.ReservedForSecondFactor, DefaultSecondFactor: i.DefaultSecondFactor,
		Verification: userVerification(i), LinkedTo: links(i.LinkedTo),
		CreatedAt: i.CreatedAt.UnixMilli(), UpdatedAt: i.UpdatedAt.UnixMilli(),
	}
}

// userVerification renders how an identification was proved. A code that was used is
// over at that moment, where no other end was kept.
func userVerification(i user.Identification) *verificationJSON {
	v := i.Verification
	if v == nil {
		return nil
	}
	j := &verificationJSON{
		Object: "verification_otp", Status: v.Status, Strategy: v.Strategy,
		Attempts: &v.Attempts, ExpireAt: millisOrNull(v.ExpireAt),
	}
	switch {
	case v.Strategy == "admin":
		j.Object, j.Attempts = "verification_admin", nil
	case v.Strategy == "ticket":
		j.Object, j.Attempts = "verification_ticket", nil
	case v.ExpireAt.IsZero():
		j.ExpireAt = millisOrNull(i.UpdatedAt)
	}
	return j
}

// verificationJSON is how an identification was proved.
type verificationJSON struct {
	Object   string `json:"object"`
	Status   string `json:"status"`
	Strategy string `json:"strategy"`
	Attempts *int   `json:"attempts"`
	ExpireAt *int64 `json:"expire_at"`
}

func links(all []user.Link) []linkJSON {
	out := make([]linkJSON, len(all))
	for i, l := range all {
		out[i] = linkJSON{ID: string(l.ID), Type: l.Type}
	}
	return out
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orEmptyObject(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

func millisOrNull(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMilli())
}
