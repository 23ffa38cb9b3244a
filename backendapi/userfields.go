package backendapi

import (
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/user"
)

var metadataFields = []string{"public_metadata", "private_metadata", "unsafe_metadata"}

// laterFields are members of the reference that this server refuses so far: credentials
// and identifications made elsewhere.
var laterFields = []string{
	"password_digest", "password_hasher", "totp_secret", "backup_codes", "web3_wallet",
	"primary_web3_wallet_id", "profile_image_id",
}

// createFields are the members of POST /v1/users.
var createFields = slices.Concat(metadataFields, laterFields, []string{
	"external_id", "first_name", "last_name", "locale", "timezone",
	"email_address", "email_address_identification_status",
	"phone_number", "phone_number_identification_status", "username",
	"password", "skip_password_checks", "skip_password_requirement",
	"delete_self_enabled", "create_organization_enabled", "create_organizations_limit",
	"legal_accepted_at", "skip_legal_checks", "skip_user_requirement", "created_at",
	"bypass_client_trust", "banned", "locked",
})

// updateFields are the members of PATCH /v1/users/{id}.
var updateFields = slices.Concat(metadataFields, laterFields, []string{
	"external_id", "first_name", "last_name", "locale", "timezone", "username",
	"primary_email_address_id", "primary_phone_number_id", "notify_primary_email_address_changed",
	"password", "skip_password_checks", "sign_out_of_other_sessions",
	"delete_self_enabled", "create_organization_enabled", "create_organizations_limit",
	"legal_accepted_at", "skip_legal_checks", "created_at", "bypass_client_trust",
})

// newUser reads the body of POST /v1/users.
func (c *call) newUser() (user.NewUser, error) { return c.newUserOf(c.fields(createFields...)) }

// newUserOf reads the members of a user to create.
func (c *call) newUserOf(f *fields) (user.NewUser, error) {
	f.absent(laterFields...)
	nu := user.NewUser{
		ExternalID:         f.text("external_id"),
		EmailAddresses:     f.identifiers("email_address"),
		PhoneNumbers:       f.identifiers("phone_number"),
		Username:           f.text("username"),
		FirstName:          f.text("first_name"),
		LastName:           f.text("last_name"),
		Locale:             f.text("locale"),
		Password:           f.text("password"),
		SkipPasswordChecks: f.isTrue("skip_password_checks"),
		WarnPwnedPassword:  c.h.cfg.Development, // P-05
		PublicMetadata:     f.object("public_metadata"),
		PrivateMetadata:    f.object("private_metadata"),
		UnsafeMetadata:     f.object("unsafe_metadata"),

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
	f.ignoredFlags("skip_password_requirement", "skip_legal_checks", "skip_user_requirement")
	return nu, f.err
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

// userChange reads the body of PATCH /v1/users/{id}.
func (c *call) userChange() (change user.Change, err error) {
	f := c.fields(updateFields...)
	f.absent(laterFields...)
	if c.version >= versionSplitMetadata {
		for _, name := range metadataFields {
			if _, sent := f.members[name]; sent {
				f.fail(apierr.ParamDeprecated.At(name))
			}
		}
	}
	change = user.Change{
		ExternalID:            f.change("external_id"),
		Username:              f.change("username"),
		FirstName:             f.change("first_name"),
		LastName:              f.change("last_name"),
		Locale:                f.change("locale"),
		PrimaryEmailAddressID: (*user.IdentificationID)(f.change("primary_email_address_id")),
		PrimaryPhoneNumberID:  (*user.IdentificationID)(f.change("primary_phone_number_id")),
		SkipPasswordChecks:    f.isTrue("skip_password_checks"),
		WarnPwnedPassword:     c.h.cfg.Development, // P-05
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
	change.EndSessions = f.isTrue("sign_out_of_other_sessions")
	f.ignoredFlags("skip_legal_checks", "notify_primary_email_address_changed")
	return change, f.err
}

// ignoredFlags checks the type of flags that waive what this server does not ask for.
func (f *fields) ignoredFlags(names ...string) {
	for _, name := range names {
		f.flag(name)
	}
}
