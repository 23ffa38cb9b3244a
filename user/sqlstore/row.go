package sqlstore

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// userColumns and userRow.fields have one order.
const userColumns = `id, external_id, first_name, last_name, name_key, locale, timezone, image_id,
	primary_email_address_id, primary_phone_number_id,
	public_metadata, private_metadata, unsafe_metadata,
	password_digest, password_updated_at, password_compromised,
	totp_secret, totp_used_step, totp_enabled, backup_codes, backup_code_enabled, mfa_enabled_at, mfa_disabled_at,
	banned, locked, locked_until, delete_self_enabled,
	create_organization_enabled, create_organizations_limit, bypass_client_trust,
	legal_accepted_at, last_sign_in_at, last_active_at, created_at, updated_at, version`

// userRow is a user as the database has it.
type userRow struct {
	id, externalID, firstName, lastName, nameKey string
	locale, timezone, imageID                    string
	primaryEmail, primaryPhone                   string
	public, private, unsafe                      string
	digest                                       string
	passwordUpdatedAt                            int64
	passwordCompromised                          bool
	totpSecret                                   string
	totpUsedStep                                 int64
	totp                                         bool
	backupCodes                                  string // a digest a line
	backupCode                                   bool
	mfaEnabledAt, mfaDisabledAt                  int64
	banned, locked                               bool
	lockedUntil                                  int64
	deleteSelf, createOrganization               bool
	organizationsLimit                           int64
	bypassClientTrust                            bool
	legalAcceptedAt, lastSignInAt, lastActiveAt  int64
	createdAt, updatedAt, version                int64
}

// fields serves both to scan into and as arguments.
func (r *userRow) fields() []any {
	return []any{
		&r.id, &r.externalID, &r.firstName, &r.lastName, &r.nameKey, &r.locale, &r.timezone, &r.imageID,
		&r.primaryEmail, &r.primaryPhone,
		&r.public, &r.private, &r.unsafe,
		&r.digest, &r.passwordUpdatedAt, &r.passwordCompromised,
		&r.totpSecret, &r.totpUsedStep, &r.totp, &r.backupCodes, &r.backupCode, &r.mfaEnabledAt, &r.mfaDisabledAt,
		&r.banned, &r.locked, &r.lockedUntil, &r.deleteSelf,
		&r.createOrganization, &r.organizationsLimit, &r.bypassClientTrust,
		&r.legalAcceptedAt, &r.lastSignInAt, &r.lastActiveAt, &r.createdAt, &r.updatedAt, &r.version,
	}
}

func newUserRow(u *user.User) *userRow {
	return &userRow{
		id: string(u.ID), externalID: u.ExternalID, firstName: u.FirstName, lastName: u.LastName,
		nameKey: nameKey(u), locale: u.Locale, timezone: u.Timezone, imageID: string(u.ImageID),
		primaryEmail: string(u.PrimaryEmailAddressID), primaryPhone: string(u.PrimaryPhoneNumberID),
		public: object(u.PublicMetadata), private: object(u.PrivateMetadata), unsafe: object(u.UnsafeMetadata),
		digest: string(u.PasswordDigest), passwordUpdatedAt: sqldb.Millis(u.PasswordUpdatedAt),
		passwordCompromised: u.PasswordCompromised, totpSecret: string(u.TOTPSecret), totpUsedStep: u.TOTPUsedStep,
		totp: u.TOTPEnabled, backupCodes: encodeDigests(u.BackupCodes), backupCode: u.BackupCodeEnabled,
		mfaEnabledAt: sqldb.Millis(u.MFAEnabledAt), mfaDisabledAt: sqldb.Millis(u.MFADisabledAt),
		banned: u.Banned, locked: u.Locked, lockedUntil: sqldb.Millis(u.LockedUntil), deleteSelf: u.DeleteSelfEnabled,
		createOrganization: u.CreateOrganizationEnabled, organizationsLimit: int64(u.CreateOrganizationsLimit),
		bypassClientTrust: u.BypassClientTrust,
		legalAcceptedAt:   sqldb.Millis(u.LegalAcceptedAt), lastSignInAt: sqldb.Millis(u.LastSignInAt),
		lastActiveAt: sqldb.Millis(u.LastActiveAt), createdAt: sqldb.Millis(u.CreatedAt),
		updatedAt: sqldb.Millis(u.UpdatedAt), version: u.Version,
	}
}

func (r *userRow) user() *user.User {
	return &user.User{
		ID: user.ID(r.id), ExternalID: r.externalID, FirstName: r.firstName, LastName: r.lastName,
		Locale: r.locale, Timezone: r.timezone, ImageID: user.ImageID(r.imageID),
		PrimaryEmailAddressID: user.IdentificationID(r.primaryEmail), PrimaryPhoneNumberID: user.IdentificationID(r.primaryPhone),
		PublicMetadata: json.RawMessage(r.public), PrivateMetadata: json.RawMessage(r.private), UnsafeMetadata: json.RawMessage(r.unsafe),
		PasswordDigest: user.Digest(r.digest), PasswordUpdatedAt: sqldb.Time(r.passwordUpdatedAt),
		PasswordCompromised: r.passwordCompromised, TOTPSecret: user.SealedSecret(r.totpSecret), TOTPUsedStep: r.totpUsedStep,
		TOTPEnabled: r.totp, BackupCodes: decodeDigests(r.backupCodes), BackupCodeEnabled: r.backupCode,
		MFAEnabledAt: sqldb.Time(r.mfaEnabledAt), MFADisabledAt: sqldb.Time(r.mfaDisabledAt),
		Banned: r.banned, Locked: r.locked, LockedUntil: sqldb.Time(r.lockedUntil), DeleteSelfEnabled: r.deleteSelf,
		CreateOrganizationEnabled: r.createOrganization, CreateOrganizationsLimit: int(r.organizationsLimit),
		BypassClientTrust: r.bypassClientTrust,
		LegalAcceptedAt:   sqldb.Time(r.legalAcceptedAt), LastSignInAt: sqldb.Time(r.lastSignInAt),
		LastActiveAt: sqldb.Time(r.lastActiveAt), CreatedAt: sqldb.Time(r.createdAt),
		UpdatedAt: sqldb.Time(r.updatedAt), Version: r.version,
	}
}

// encodeDigests writes digests, which hold no line breaks (printable text alone), a line
// each.
func encodeDigests(digests []user.Digest) string {
	lines := make([]string, len(digests))
	for i, d := range digests {
		lines[i] = string(d)
	}
	return strings.Join(lines, "\n")
}

// decodeDigests reads what encodeDigests has written.
func decodeDigests(text string) []user.Digest {
	var digests []user.Digest
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" {
			digests = append(digests, user.Digest(line))
		}
	}
	return digests
}

// object is raw, or {} for nil.
func object(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "{}"
	}
	return string(raw)
}

// identificationColumns and identificationRow.fields have one order.
const identificationColumns = `id, user_id, position, kind, value, key, claimed, reserved, verification,
	reserved_for_second_factor, default_second_factor, linked_to, details, created_at, updated_at`

// identificationRow is an identification as the database has it. Rows are compared
// with == to see which have changed.
type identificationRow struct {
	id, userID                         string
	position                           int64
	kind, value, key                   string
	claimed, reserved                  bool
	verification                       string
	reservedForFactor, defaultedFactor bool
	linkedTo, details                  string
	createdAt, updatedAt               int64
}

func (r *identificationRow) fields() []any {
	return []any{
		&r.id, &r.userID, &r.position, &r.kind, &r.value, &r.key, &r.claimed, &r.reserved, &r.verification,
		&r.reservedForFactor, &r.defaultedFactor, &r.linkedTo, &r.details, &r.createdAt, &r.updatedAt,
	}
}

func newIdentificationRows(u *user.User) ([]identificationRow, error) {
	rows := make([]identificationRow, 0, len(u.Identifications))
	for n, i := range u.Identifications {
		verification := i.Verification
		if verification != nil {
			v := *verification
			v.ExpireAt = sqldb.Time(sqldb.Millis(v.ExpireAt))
			verification = &v
		}
		proof, err := json.Marshal(verification)
		if err != nil {
			return nil, fmt.Errorf("encode verification: %w", err)
		}
		links, err := json.Marshal(i.LinkedTo)
		if err != nil {
			return nil, fmt.Errorf("encode links: %w", err)
		}
		details := "null"
		if len(i.Details) > 0 {
			details = string(i.Details)
		}
		rows = append(rows, identificationRow{
			id: string(i.ID), userID: string(u.ID), position: int64(n), kind: string(i.Kind), value: i.Value, key: i.Key,
			claimed: i.Claimed, reserved: i.Reserved, verification: string(proof),
			reservedForFactor: i.ReservedForSecondFactor, defaultedFactor: i.DefaultSecondFactor,
			linkedTo: string(links), details: details,
			createdAt: sqldb.Millis(i.CreatedAt), updatedAt: sqldb.Millis(i.UpdatedAt),
		})
	}
	return rows, nil
}

func (r *identificationRow) identification() (user.Identification, error) {
	i := user.Identification{
		ID: user.IdentificationID(r.id), UserID: user.ID(r.userID), Kind: user.Kind(r.kind), Value: r.value, Key: r.key,
		Claimed: r.claimed, Reserved: r.reserved,
		ReservedForSecondFactor: r.reservedForFactor, DefaultSecondFactor: r.defaultedFactor,
		CreatedAt: sqldb.Time(r.createdAt), UpdatedAt: sqldb.Time(r.updatedAt),
	}
	if r.details != "null" {
		i.Details = json.RawMessage(r.details)
	}
	if err := json.Unmarshal([]byte(r.verification), &i.Verification); err != nil {
		return i, fmt.Errorf("decode verification: %w", err)
	}
	if err := json.Unmarshal([]byte(r.linkedTo), &i.LinkedTo); err != nil {
		return i, fmt.Errorf("decode links: %w", err)
	}
	return i, nil
}

// prefixed is a column list with every name qualified by the table's alias.
func prefixed(alias, columns string) string {
	names := strings.Split(columns, ",")
	for n, name := range names {
		names[n] = alias + "." + strings.TrimSpace(name)
	}
	return strings.Join(names, ", ")
}

// placeholders returns "$from, …" for n arguments.
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", from+i)
	}
	return b.String()
}

// optional lets an outer join's missing row be scanned: every field stays as it is
// where the column is null.
func optional(fields []any) []any {
	wrapped := make([]any, len(fields))
	for n, field := range fields {
		switch field := field.(type) {
		case *string:
			wrapped[n] = optionalField[string]{field}
		case *int64:
			wrapped[n] = optionalField[int64]{field}
		case *bool:
			wrapped[n] = optionalField[bool]{field}
		}
	}
	return wrapped
}

type optionalField[T any] struct{ target *T }

// Scan implements sql.Scanner.
func (f optionalField[T]) Scan(value any) error {
	var v sql.Null[T]
	if err := v.Scan(value); err != nil {
		return err
	}
	if v.Valid {
		*f.target = v.V
	}
	return nil
}
