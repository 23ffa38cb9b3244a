package frontendapi

import (
	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// deletedJSON says what is gone.
type deletedJSON struct {
	Object  string `json:"object"`
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
}

// profileParams are what people may change about themselves: no flag, no other
// metadata, no date, no state of a verification.
var profileParams = []string{
	"first_name", "last_name", "username", "primary_email_address_id", "primary_phone_number_id",
	"unsafe_metadata",
}

// getMe serves GET /v1/me.
func (c *call) getMe() error {
	u, err := c.h.cfg.Users.ByID(c.r.Context(), c.userID())
	if err != nil {
		return err
	}
	return c.reply(c.renderUser(u))
}

// updateMe serves PATCH /v1/me. Empty text removes a value.
func (c *call) updateMe() error {
	change, err := c.profileChange()
	if err != nil {
		return err
	}
	u, err := c.h.cfg.Flow.UpdateProfile(c.r.Context(), c.session, change)
	if err != nil {
		return err
	}
	return c.reply(c.renderUser(u))
}

func (c *call) profileChange() (user.Change, error) {
	p := c.params
	change := user.Change{
		FirstName:             p.text("first_name"),
		LastName:              p.text("last_name"),
		Username:              p.text("username"),
		PrimaryEmailAddressID: (*user.IdentificationID)(p.text("primary_email_address_id")),
		PrimaryPhoneNumberID:  (*user.IdentificationID)(p.text("primary_phone_number_id")),
	}
	var err error
	change.UnsafeMetadata, err = p.object("unsafe_metadata")
	return change, err
}

// updateMetadata serves PATCH /v1/me/metadata: an RFC 7396 merge into the one kind of
// metadata that is the user's own.
func (c *call) updateMetadata() error {
	patch, err := c.params.object("unsafe_metadata")
	if err != nil {
		return err
	}
	if patch == nil {
		return apierr.ParamMissing.At("unsafe_metadata")
	}
	u, err := c.h.cfg.Users.MergeMetadata(c.r.Context(), c.userID(), user.MetadataPatch{Unsafe: patch})
	if err != nil {
		return err
	}
	return c.reply(c.renderUser(u))
}

// deleteMe serves DELETE /v1/me. The client that is sent along has the session no
// longer, and its cookie is a new one (A-11, S-04).
func (c *call) deleteMe() error {
	if err := c.h.cfg.Flow.DeleteSelf(c.r.Context(), c.session); err != nil {
		return err
	}
	client, cookie, err := c.h.cfg.Flow.SignOut(c.r.Context(), c.caller(), c.session.ID, session.StatusRemoved)
	if err != nil {
		return err
	}
	c.took(client, cookie)
	return c.reply(deletedJSON{Object: "user", ID: c.session.UserID, Deleted: true})
}

func (c *call) userID() user.ID { return user.ID(c.session.UserID) }
