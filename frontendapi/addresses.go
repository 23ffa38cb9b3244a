package frontendapi

import (
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

// addressKind serves the user's addresses of one kind, under /v1/me/{path}.
type addressKind struct {
	kind     user.Kind
	path     string
	param    string // also the object on the wire
	strategy string // the one there is where a caller names none
	render   func(user.Identification) any
}

// addressKinds are those that people add and prove themselves.
var addressKinds = []addressKind{emailAddresses, phoneNumbers}

var (
	emailAddresses = addressKind{
		user.KindEmailAddress, "email_addresses", "email_address", "email_code",
		func(i user.Identification) any { return newEmailAddressJSON(i) },
	}
	phoneNumbers = addressKind{
		user.KindPhoneNumber, "phone_numbers", "phone_number", "phone_code",
		func(i user.Identification) any { return newPhoneNumberJSON(i) },
	}
)

// list serves GET, oldest first.
func (k addressKind) list(c *call) error {
	u, err := c.h.cfg.Users.ByID(c.r.Context(), c.userID())
	if err != nil {
		return err
	}
	out := []any{}
	for _, i := range u.Identifications {
		if i.Kind == k.kind {
			out = append(out, k.render(i))
		}
	}
	return c.reply(out)
}

// add serves POST: an address that is still to be proved.
func (k addressKind) add(c *call) error {
	i, err := c.h.cfg.Flow.AddAddress(c.r.Context(), c.session, k.kind, c.params.values[k.param])
	if err != nil {
		return err
	}
	return c.reply(k.render(i))
}

// get serves GET of one.
func (k addressKind) get(c *call) error {
	id, err := c.identificationID()
	if err != nil {
		return err
	}
	i, err := c.h.cfg.Flow.Address(c.r.Context(), c.session, k.kind, id)
	if err != nil {
		return err
	}
	return c.reply(k.render(i))
}

// remove serves DELETE of one.
func (k addressKind) remove(c *call) error {
	id, err := c.identificationID()
	if err != nil {
		return err
	}
	cookie, err := c.h.cfg.Flow.RemoveAddress(c.r.Context(), c.caller(), c.session, k.kind, id)
	if err != nil {
		return err
	}
	c.took(c.client, cookie)
	return c.reply(deletedJSON{Object: k.param, ID: string(id), Deleted: true})
}

// prepare serves POST prepare_verification: a code or a link is sent.
func (k addressKind) prepare(c *call) error {
	id, err := c.identificationID()
	if err != nil {
		return err
	}
	ask, err := c.prepareParams()
	if err != nil {
		return err
	}
	if ask.Strategy == "" {
		ask.Strategy = k.strategy
	}
	i, err := c.h.cfg.Flow.PrepareAddress(c.r.Context(), c.caller(), c.session, id, ask)
	if err != nil {
		return err
	}
	return c.reply(k.render(i))
}

// attempt serves POST attempt_verification.
func (k addressKind) attempt(c *call) error {
	id, err := c.identificationID()
	if err != nil {
		return err
	}
	proof := c.proofParams()
	if proof.Strategy == "" {
		proof.Strategy = k.strategy
	}
	i, cookie, err := c.h.cfg.Flow.AttemptAddress(c.r.Context(), c.caller(), c.session, id, flow.Proof{Strategy: proof.Strategy, Code: proof.Code})
	if err != nil {
		return err
	}
	c.took(c.client, cookie)
	return c.reply(k.render(i))
}

func (c *call) identificationID() (user.IdentificationID, error) {
	id, err := c.pathID("id", "idn")
	return user.IdentificationID(id), err
}
