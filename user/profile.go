package user

import (
	"encoding/json"
	"regexp"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

const maxTimezoneLength = 64 // bytes

// timezoneForm is how zones of the IANA database are named. Whether there is one of the
// name depends on the version of the database, so nobody asks.
var timezoneForm = regexp.MustCompile(`\A[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}\z`)

// setProfile sets the fields that are not nil.
func (u *User) setProfile(externalID, firstName, lastName, locale, timezone *string) error {
	for _, field := range []struct {
		name      string
		value     *string
		target    *string
		maxLength int
	}{
		{"external_id", externalID, &u.ExternalID, maxExternalIDLength},
		{"first_name", firstName, &u.FirstName, maxNameLength},
		{"last_name", lastName, &u.LastName, maxNameLength},
	} {
		if field.value == nil {
			continue
		}
		clean, err := cleanText(field.name, *field.value, field.maxLength)
		if err != nil {
			return err
		}
		*field.target = clean
	}
	if locale != nil {
		if err := checkLocale(*locale); err != nil {
			return err
		}
		u.Locale = *locale
	}
	if timezone != nil {
		if *timezone != "" && (len(*timezone) > maxTimezoneLength || !timezoneForm.MatchString(*timezone)) {
			return &FieldError{Field: "timezone", Rule: RuleFormat}
		}
		u.Timezone = *timezone
	}
	return nil
}

// setMetadata replaces what is not nil.
func (u *User) setMetadata(public, private, unsafe json.RawMessage) error {
	for _, field := range []struct {
		name   string
		value  json.RawMessage
		target *json.RawMessage
	}{
		{"public_metadata", public, &u.PublicMetadata},
		{"private_metadata", private, &u.PrivateMetadata},
		{"unsafe_metadata", unsafe, &u.UnsafeMetadata},
	} {
		if field.value == nil {
			continue
		}
		compact, err := compactMetadata(field.name, field.value)
		if err != nil {
			return err
		}
		*field.target = compact
	}
	return nil
}

// setUsername sets, changes or (with "") removes the username, which must not be the
// last thing the user can be found by.
func (u *User) setUsername(username string, now time.Time) error {
	index := -1
	for n, i := range u.Identifications {
		if i.Kind == KindUsername {
			index = n
		}
	}
	if username == "" {
		if index < 0 {
			return nil
		}
		rest := append(u.Identifications[:index:index], u.Identifications[index+1:]...)
		if !canBeFound(rest) {
			return &FieldError{Field: "username", Rule: RuleLastIdentification}
		}
		u.Identifications, u.Username = rest, ""
		return nil
	}
	key, err := canonicalUsername(username)
	if err != nil {
		return err
	}
	if index < 0 {
		u.Identifications = append(u.Identifications, Identification{
			ID: IdentificationID(random.ID("idn", now)), UserID: u.ID, Kind: KindUsername, Claimed: true, CreatedAt: now,
		})
		index = len(u.Identifications) - 1
	}
	if i := &u.Identifications[index]; i.Value != username {
		i.Value, i.Key, i.UpdatedAt = username, key, now
	}
	u.Username = username
	return nil
}

// canBeFound reports whether one of the identifications names the user at sign-in.
func canBeFound(list []Identification) bool {
	for _, i := range list {
		if i.Claimed && i.Kind != KindPasskey {
			return true
		}
	}
	return false
}
