package backendapi

import (
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

var metadataFields = []string{"public_metadata", "private_metadata", "unsafe_metadata"}

// walletFields are members of the reference that this server knows and refuses: it has no
// wallets.
var walletFields = []string{"web3_wallet", "primary_web3_wallet_id"}

// secretFields give a user credentials that were made elsewhere.
var secretFields = []string{"password_digest", "password_hasher", "totp_secret", "backup_codes"}

// createFields are the members of POST /v1/users.
var createFields = slices.Concat(metadataFields, secretFields, []string{
	"external_id", "first_name", "last_name", "locale", "timezone",
	"email_address", "email_address_identification_status",
	"phone_number", "phone_number_identification_status", "username", "web3_wallet",
	"password", "skip_password_checks", "skip_password_requirement",
	"delete_self_enabled", "create_organization_enabled", "create_organizations_limit",
	"legal_accepted_at", "skip_legal_checks", "skip_user_requirement", "created_at",
	"bypass_client_trust", "banned", "locked",
})

// updateFields are the members of PATCH /v1/users/{id}.
var updateFields = slices.Concat(metadataFields, secretFields, []string{
	"external_id", "first_name", "last_name", "locale", "timezone", "username",
	"primary_email_address_id", "primary_phone_number_id", "primary_web3_wallet_id",
	"notify_primary_email_address_changed", "profile_image_id",
	"password", "skip_password_checks", "sign_out_of_other_sessions",
	"delete_self_enabled", "create_organization_enabled", "create_organizations_limit",
	"legal_accepted_at", "skip_legal_checks", "created_at", "bypass_client_trust",
})

// waiver reads which rules are skipped.
func (f *fields) waiver() flow.Waiver {
	return flow.Waiver{
		PasswordChecks:      f.isTrue("skip_password_checks"),
		PasswordRequirement: f.isTrue("skip_password_requirement"),
		UserRequirement:     f.isTrue("skip_user_requirement"),
		LegalChecks:         f.isTrue("skip_legal_checks"),
	}
}

// imported reads a password that another system has hashed: digest and hasher come
// together.
func (f *fields) imported() user.ImportedPassword {
	digest, hasher := f.text("password_digest"), f.text("password_hasher")
	switch {
	case digest != "" && hasher == "":
		f.fail(apierr.ParamAlsoNeeded.At("password_hasher"))
	case digest == "" && hasher != "":
		f.fail(apierr.ParamAlsoNeeded.At("password_digest"))
	}
	return user.ImportedPassword{Hasher: hasher, Digest: user.Digest(digest)}
}

// newUser reads the body of POST /v1/users.
func (c *call) newUser() (user.NewUser, flow.Waiver, error) {
	return c.newUserOf(c.fields(createFields...))
}

// newUserOf reads the members of a user to create.
func (c *call) newUserOf(f *fields) (user.NewUser, flow.Waiver, error) {
	f.absent(walletFields...)
	nu := user.NewUser{
		ExternalID:        f.text("external_id"),
		EmailAddresses:    f.identifiers("email_address"),
		PhoneNumbers:      f.identifiers("phone_number"),
		Username:          f.text("username"),
		FirstName:         f.text("first_name"),
		LastName:          f.text("last_name"),
		Locale:            f.text("locale"),
		Timezone:          f.text("timezone"),
		Password:          f.text("password"),
		ImportedPassword:  f.imported(),
		TOTPSecret:        f.text("totp_secret"),
		BackupCodes:       f.texts("backup_codes"),
		WarnPwnedPassword: c.h.cfg.Development, // P-05
		PublicMetadata:    f.object("public_metadata"),
		PrivateMetadata:   f.object("private_metadata"),
		UnsafeMetadata:    f.object("unsafe_metadata"),

		DeleteSelfEnabled:         f.flag("delete_self_enabled"),
		CreateOrganizationEnabled: f.flag("create_organization_enabled"),
		LegalAcceptedAt:           f.time("legal_accepted_at"),
		CreatedAt:                 f.time("created_at"),
		Banned:                    f.isTrue("banned"),
		Locked:                    f.isTrue("locked"),
		BypassClientTrust:         f.isTrue("bypass_client_trust"),
	}
	if n := f.number("create_organizations_limit"); n != nil {
		nu.CreateOrganizationsLimit = *n
	}
	return nu, f.waiver(), f.err
}

// identifiers reads e-mail addresses or phone numbers with the list that says which of
// them are verified and which only reserved; without the list all are verified.
func (f *fields) identifiers(name string) []user.NewIdentifier {
	values, statuses := f.texts(name), f.texts(name+"_identification_status")
	if len(statuses) > 0 && len(statuses) != len(values) {
		f.fail(apierr.ParamArrayMismatch.At(name + "_identification_status"))
		return nil
	}
	out := make([]user.NewIdentifier, 0, len(values))
	for i, v := range values {
		id := user.NewIdentifier{Value: v, Strategy: "admin"}
		if len(statuses) > 0 {
			switch statuses[i] {
			case "verified":
			case "reserved":
				id.Strategy = ""
			default:
				f.fail(apierr.ParamValue.At(name + "_identification_status"))
			}
		}
		out = append(out, id)
	}
	return out
}

// userUpdate is what PATCH /v1/users/{id} asks for.
type userUpdate struct {
	change  user.Change
	waiver  flow.Waiver
	notify  bool    // tell the primary addresses when they change
	imageID *string // "" removes the picture; nil leaves it
}

// userUpdate reads the body of PATCH /v1/users/{id}.
func (c *call) userUpdate() (userUpdate, error) {
	f := c.fields(updateFields...)
	f.absent(walletFields...)
	if c.version >= versionSplitMetadata {
		for _, name := range metadataFields {
			if _, sent := f.members[name]; sent {
				f.fail(apierr.ParamDeprecated.At(name))
			}
		}
	}
	change := f.userChange()
	change.WarnPwnedPassword = c.h.cfg.Development // P-05
	return userUpdate{
		change: change, waiver: f.waiver(),
		notify:  f.isTrue("notify_primary_email_address_changed"),
		imageID: f.change("profile_image_id"),
	}, f.err
}

// userChange reads what changes the user itself.
func (f *fields) userChange() user.Change {
	change := user.Change{
		ExternalID:            f.change("external_id"),
		Username:              f.change("username"),
		FirstName:             f.change("first_name"),
		LastName:              f.change("last_name"),
		Locale:                f.change("locale"),
		PrimaryEmailAddressID: (*user.IdentificationID)(f.change("primary_email_address_id")),
		PrimaryPhoneNumberID:  (*user.IdentificationID)(f.change("primary_phone_number_id")),
		Timezone:              f.change("timezone"),
		ImportedPassword:      f.imported(),
		TOTPSecret:            f.text("totp_secret"),
		PublicMetadata:        f.object("public_metadata"),
		PrivateMetadata:       f.object("private_metadata"),
		UnsafeMetadata:        f.object("unsafe_metadata"),

		DeleteSelfEnabled:         f.flag("delete_self_enabled"),
		CreateOrganizationEnabled: f.flag("create_organization_enabled"),
		CreateOrganizationsLimit:  f.number("create_organizations_limit"),
		BypassClientTrust:         f.flag("bypass_client_trust"),
	}
	if p, ok := value[string](f, "password"); ok {
		change.Password = &p
	}
	if t := f.time("legal_accepted_at"); !t.IsZero() {
		change.LegalAcceptedAt = &t
	}
	if t := f.time("created_at"); !t.IsZero() {
		change.CreatedAt = &t
	}
	if _, sent := f.members["backup_codes"]; sent {
		change.BackupCodes = f.texts("backup_codes")
	}
	change.EndSessions = f.isTrue("sign_out_of_other_sessions")
	return change
}
