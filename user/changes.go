package user

import (
	"bytes"
	"iter"
	"strings"
)

// changeSet collects what a change consists of: names as the audit log has them.
type changeSet []string

func (c *changeSet) add(name string) { *c = append(*c, name) }

// flip adds the name of what was turned on or off.
func (c *changeSet) flip(was, is bool, on, off string) {
	switch {
	case is && !was:
		c.add(on)
	case was && !is:
		c.add(off)
	}
}

// changesOf says what makes after of before; nil is nobody yet.
func changesOf(before, after *User) string {
	if before == nil {
		c := changeSet{string(EventCreated)}
		c.identifications(nil, after.Identifications)
		return strings.Join(c, " ")
	}
	c := changeSet{string(EventUpdated)}
	c.flip(before.Banned, after.Banned, "user.banned", "user.unbanned")
	c.flip(before.Locked, after.Locked, "user.locked", "user.unlocked")
	if !bytes.Equal(before.PublicMetadata, after.PublicMetadata) || !bytes.Equal(before.PrivateMetadata, after.PrivateMetadata) ||
		!bytes.Equal(before.UnsafeMetadata, after.UnsafeMetadata) {
		c.add("user.metadata.updated")
	}
	switch {
	case after.PasswordDigest == "" && before.PasswordDigest != "":
		c.add("user.password.deleted")
	case after.PasswordDigest != before.PasswordDigest:
		c.add("user.password.changed")
	}
	c.flip(before.TOTPEnabled, after.TOTPEnabled, "user.totp.created", "user.totp.deleted")
	c.flip(before.BackupCodeEnabled, after.BackupCodeEnabled, "user.backup_codes.created", "user.backup_codes.deleted")
	switch {
	case after.ImageID == before.ImageID:
	case after.ImageID == "":
		c.add("user.profile_image.deleted")
	default:
		c.add("user.profile_image.updated")
	}
	if before.PrimaryEmailAddressID != after.PrimaryEmailAddressID {
		c.add("user.primary_email_address.updated")
	}
	if before.PrimaryPhoneNumberID != after.PrimaryPhoneNumberID {
		c.add("user.primary_phone_number.updated")
	}
	c.identifications(before.Identifications, after.Identifications)
	return strings.Join(c, " ")
}

// subjectNames are the kinds of identifications as names begin with them.
var subjectNames = map[Kind]string{
	KindEmailAddress: "email_address", KindPhoneNumber: "phone_number", KindUsername: "username",
	KindExternalAccount: "user.external_account", KindPasskey: "user.passkey",
}

// identifications adds what came, changed, was verified and went, each with its id.
func (c *changeSet) identifications(before, after []Identification) {
	old := map[IdentificationID]Identification{}
	for _, i := range before {
		old[i.ID] = i
	}
	for _, i := range after {
		was, known := old[i.ID]
		delete(old, i.ID)
		name := subjectNames[i.Kind]
		switch {
		case !known:
			c.add(name + ".created:" + string(i.ID))
		case was.Value != i.Value || was.Reserved != i.Reserved ||
			was.ReservedForSecondFactor != i.ReservedForSecondFactor || was.DefaultSecondFactor != i.DefaultSecondFactor:
			c.add(name + ".updated:" + string(i.ID))
		}
		if i.Verified() && !was.Verified() && i.Kind != KindUsername {
			c.add(name + ".verified:" + string(i.ID))
		}
	}
	for _, i := range before {
		if _, gone := old[i.ID]; gone {
			c.add(subjectNames[i.Kind] + ".deleted:" + string(i.ID))
		}
	}
}

// EachChange yields what the event's change consisted of, the event's own name first:
// "user.updated", "user.banned", "email_address.verified". id is that of the
// identification concerned, "" where it is the user.
func (e Event) EachChange() iter.Seq2[string, IdentificationID] {
	return func(yield func(string, IdentificationID) bool) {
		changes := e.Changes
		if changes == "" {
			changes = string(e.Type)
		}
		for change := range strings.FieldsSeq(changes) {
			name, id, _ := strings.Cut(change, ":")
			if !yield(name, IdentificationID(id)) {
				return
			}
		}
	}
}
