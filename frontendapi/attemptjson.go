package frontendapi

import (
	"encoding/json"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// verificationJSON is the state of one proof.
type verificationJSON struct {
	Object      string  `json:"object"`
	Status      string  `json:"status"`
	Strategy    string  `json:"strategy"`
	Attempts    *int    `json:"attempts"`
	ExpireAt    *int64  `json:"expire_at"`
	Channel     *string `json:"channel,omitempty"`
	Nonce       *string `json:"nonce,omitempty"`
	RedirectURL *string `json:"external_verification_redirect_url,omitempty"`
	AtClient    *string `json:"verified_at_client,omitempty"`
}

// signUpVerificationJSON adds what to do next. Until a code was really sent it is that
// alone: the SDK's form takes an unverified verification as "a code is on its way".
type signUpVerificationJSON struct {
	*verificationJSON
	NextAction          string   `json:"next_action"`
	SupportedStrategies []string `json:"supported_strategies"`
}

// factorJSON is one way to prove who one is.
type factorJSON struct {
	Strategy       string  `json:"strategy"`
	SafeIdentifier *string `json:"safe_identifier,omitempty"`
	EmailAddressID *string `json:"email_address_id,omitempty"`
	PhoneNumberID  *string `json:"phone_number_id,omitempty"`
	Primary        *bool   `json:"primary,omitempty"`
	Default        *bool   `json:"default,omitempty"`
}

type signInJSON struct {
	Object                   string            `json:"object"`
	ID                       string            `json:"id"`
	Status                   string            `json:"status"`
	SupportedIdentifiers     []string          `json:"supported_identifiers"`
	Identifier               *string           `json:"identifier"`
	SupportedFirstFactors    []factorJSON      `json:"supported_first_factors"`
	SupportedSecondFactors   []factorJSON      `json:"supported_second_factors"`
	FirstFactorVerification  *verificationJSON `json:"first_factor_verification"`
	SecondFactorVerification *verificationJSON `json:"second_factor_verification"`
	UserData                 *userDataJSON     `json:"user_data"`
	CreatedSessionID         *string           `json:"created_session_id"`
	AbandonAt                int64             `json:"abandon_at"`
}

type userDataJSON struct {
	FirstName *string `json:"first_name"`
	LastName  *string `json:"last_name"`
	ImageURL  string  `json:"image_url"`
	HasImage  bool    `json:"has_image"`
}

func (c *call) renderSignIn(si *flow.SignIn) signInJSON {
	j := signInJSON{
		Object: "sign_in_attempt", ID: si.ID, Status: si.Status,
		SupportedIdentifiers:     list(si.SupportedIdentifiers),
		Identifier:               orNull(si.Identifier),
		SupportedFirstFactors:    factors(si.SupportedFirstFactors),
		SupportedSecondFactors:   factors(si.SupportedSecondFactors),
		FirstFactorVerification:  verification(si.FirstFactorVerification),
		SecondFactorVerification: verification(si.SecondFactorVerification),
		CreatedSessionID:         orNull(string(si.CreatedSessionID)),
		AbandonAt:                millis(si.AbandonAt),
	}
	if d := si.UserData; d != nil {
		j.UserData = &userDataJSON{
			FirstName: orNull(d.FirstName), LastName: orNull(d.LastName),
			ImageURL: c.imageURL(d.Image), HasImage: d.HasImage,
		}
	}
	return j
}

type signUpJSON struct {
	Object                string              `json:"object"`
	ID                    string              `json:"id"`
	Status                string              `json:"status"`
	RequiredFields        []string            `json:"required_fields"`
	OptionalFields        []string            `json:"optional_fields"`
	MissingFields         []string            `json:"missing_fields"`
	UnverifiedFields      []string            `json:"unverified_fields"`
	Verifications         signUpVerifications `json:"verifications"`
	Username              *string             `json:"username"`
	EmailAddress          *string             `json:"email_address"`
	PhoneNumber           *string             `json:"phone_number"`
	Web3Wallet            *string             `json:"web3_wallet"`
	PasswordEnabled       bool                `json:"password_enabled"`
	HasPassword           bool                `json:"has_password"`
	FirstName             *string             `json:"first_name"`
	LastName              *string             `json:"last_name"`
	Locale                *string             `json:"locale"`
	UnsafeMetadata        json.RawMessage     `json:"unsafe_metadata"`
	PublicMetadata        json.RawMessage     `json:"public_metadata"`
	CustomAction          bool                `json:"custom_action"`
	ExternalID            *string             `json:"external_id"`
	ExternalAccount       any                 `json:"external_account"`
	ExternalAccountMethod *string             `json:"external_account_strategy"`
	CreatedSessionID      *string             `json:"created_session_id"`
	CreatedUserID         *string             `json:"created_user_id"`
	AbandonAt             int64               `json:"abandon_at"`
	LegalAcceptedAt       *int64              `json:"legal_accepted_at"`
}

type signUpVerifications struct {
	EmailAddress    *signUpVerificationJSON `json:"email_address"`
	PhoneNumber     *signUpVerificationJSON `json:"phone_number"`
	Web3Wallet      any                     `json:"web3_wallet"`
	ExternalAccount any                     `json:"external_account"`
}

func newSignUpJSON(su *flow.SignUp) signUpJSON {
	return signUpJSON{
		Object: "sign_up_attempt", ID: su.ID, Status: su.Status,
		RequiredFields: list(su.RequiredFields), OptionalFields: list(su.OptionalFields),
		MissingFields: list(su.MissingFields), UnverifiedFields: list(su.UnverifiedFields),
		Verifications: signUpVerifications{
			EmailAddress: signUpVerification(su.EmailVerification),
			PhoneNumber:  signUpVerification(su.PhoneVerification),
		},
		Username: orNull(su.Username), EmailAddress: orNull(su.EmailAddress),
		PhoneNumber: orNull(su.PhoneNumber), FirstName: orNull(su.FirstName),
		LastName: orNull(su.LastName), Locale: orNull(su.Locale),
		PasswordEnabled: su.HasPassword, HasPassword: su.HasPassword,
		UnsafeMetadata: orEmptyObject(su.UnsafeMetadata), PublicMetadata: orEmptyObject(su.PublicMetadata),
		CreatedSessionID: orNull(string(su.CreatedSessionID)),
		CreatedUserID:    orNull(string(su.CreatedUserID)),
		AbandonAt:        millis(su.AbandonAt), LegalAcceptedAt: millisOrNull(su.LegalAcceptedAt),
	}
}

type reverificationJSON struct {
	Object                   string            `json:"object"`
	Status                   string            `json:"status"`
	Level                    string            `json:"level"`
	Session                  sessionJSON       `json:"session"`
	SupportedFirstFactors    []factorJSON      `json:"supported_first_factors"`
	SupportedSecondFactors   []factorJSON      `json:"supported_second_factors"`
	FirstFactorVerification  *verificationJSON `json:"first_factor_verification"`
	SecondFactorVerification *verificationJSON `json:"second_factor_verification"`
}

func newReverificationJSON(rv *flow.Reverification, ss sessionJSON) reverificationJSON {
	return reverificationJSON{
		Object: "session_reverification", Status: rv.Status, Level: rv.Level, Session: ss,
		SupportedFirstFactors:   factors(rv.SupportedFirstFactors),
		FirstFactorVerification: verification(rv.FirstFactor),
	}
}

func verification(v *flow.Verification) *verificationJSON {
	if v == nil || v.Status == "" {
		return nil
	}
	return &verificationJSON{
		Object: v.Object, Status: v.Status, Strategy: v.Strategy, Attempts: &v.Attempts,
		ExpireAt: millisOrNull(v.ExpireAt), Channel: orNull(v.Channel), Nonce: orNull(v.Nonce),
		RedirectURL: orNull(v.RedirectURL), AtClient: orNull(string(v.ClientID)),
	}
}

func signUpVerification(v *flow.Verification) *signUpVerificationJSON {
	if v == nil {
		return nil
	}
	return &signUpVerificationJSON{
		verificationJSON:    verification(v),
		NextAction:          v.NextAction,
		SupportedStrategies: list(v.Supported),
	}
}

// factors is null for none listed, as the SDK expects before an identifier is known.
func factors(all []flow.Factor) []factorJSON {
	if all == nil {
		return nil
	}
	out := make([]factorJSON, len(all))
	for i, f := range all {
		j := factorJSON{
			Strategy: f.Strategy, SafeIdentifier: orNull(f.SafeIdentifier),
			EmailAddressID: orNull(string(f.EmailAddressID)),
			PhoneNumberID:  orNull(string(f.PhoneNumberID)),
		}
		if f.EmailAddressID != "" || f.PhoneNumberID != "" {
			j.Primary = &f.Primary
		}
		if f.PhoneNumberID != "" {
			j.Default = &f.Default
		}
		out[i] = j
	}
	return out
}

// list is s, and [] for nil: the SDK's forms break on null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
