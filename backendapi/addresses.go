package backendapi

import (
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user"
)

// addressFlags are the members that say what becomes of an address of a kind.
var addressFlags = map[user.Kind][]string{
	user.KindEmailAddress: {"verified", "primary", "notify_primary_email_address_changed"},
	user.KindPhoneNumber:  {"verified", "primary", "reserved_for_second_factor"},
}

// createAddress serves POST /v1/email_addresses and /v1/phone_numbers.
func createAddress(kind user.Kind) func(*call) error {
	allowed := append([]string{"user_id", string(kind)}, addressFlags[kind]...)
	return func(c *call) error {
		f := c.fields(allowed...)
		id, n := f.text("user_id"), user.NewAddress{Kind: kind, Value: f.text(string(kind)), Primary: f.isTrue("primary")}
		if f.isTrue("verified") {
			n.State = user.AddressVerified
		}
		f.required("user_id", string(kind))
		notify := f.notifies(kind)
		if f.err != nil {
			return f.err
		}
		if !random.ValidID("user", id) {
			return apierr.NotFound
		}
		i, err := c.h.cfg.Flow.GiveAddress(c.r.Context(), user.ID(id), n, notify)
		return c.writeAddress(i, err)
	}
}

// getAddress serves GET /v1/email_addresses/{id} and /v1/phone_numbers/{id}.
func getAddress(kind user.Kind) func(*call) error {
	return func(c *call) error {
		_, i, err := c.h.cfg.Users.ByIdentification(c.r.Context(), kind, c.identificationID())
		return c.writeAddress(i, err)
	}
}

// updateAddress serves PATCH /v1/email_addresses/{id} and /v1/phone_numbers/{id}.
func updateAddress(kind user.Kind) func(*call) error {
	return func(c *call) error {
		f := c.fields(addressFlags[kind]...)
		change := user.AddressChange{Verified: f.flag("verified"), Primary: f.flag("primary")}
		notify := f.notifies(kind)
		if f.err != nil {
			return f.err
		}
		i, err := c.h.cfg.Flow.ChangeAddress(c.r.Context(), kind, c.identificationID(), change, notify)
		return c.writeAddress(i, err)
	}
}

// deleteAddress serves DELETE /v1/email_addresses/{id} and /v1/phone_numbers/{id}.
func deleteAddress(kind user.Kind) func(*call) error {
	return func(c *call) error {
		if err := c.fields().err; err != nil {
			return err
		}
		if err := c.h.cfg.Flow.DropAddress(c.r.Context(), kind, c.identificationID()); err != nil {
			return err
		}
		return httpjson.Write(c.w, http.StatusOK, deletedJSON{Object: string(kind), ID: c.values["id"], Deleted: true})
	}
}

// replaceAddresses serves PUT /v1/users/{id}/email_address and /v1/users/{id}/phone_number:
// the user's other addresses of the kind are gone.
func replaceAddresses(kind user.Kind) func(*call) error {
	allowed := []string{string(kind), "identification_status"}
	if kind == user.KindEmailAddress {
		allowed = append(allowed, "notify_primary_email_address_changed")
	}
	return func(c *call) error {
		f := c.fields(allowed...)
		n := user.NewAddress{Kind: kind, Value: f.text(string(kind)), State: user.AddressState(f.text("identification_status"))}
		if n.State == "" {
			n.State = user.AddressVerified
		}
		n.Primary = n.State == user.AddressVerified
		f.required(string(kind))
		notify := f.notifies(kind)
		if f.err != nil {
			return f.err
		}
		id, err := c.userID()
		if err != nil {
			return err
		}
		i, err := c.h.cfg.Flow.ReplaceAddresses(c.r.Context(), id, n, notify)
		return c.writeAddress(i, err)
	}
}

// notifies reads whether another primary address is to be told of. It refuses what is not
// offered: nothing asks for a second factor by phone so far, and who would need one could
// not sign in.
func (f *fields) notifies(kind user.Kind) bool {
	if kind == user.KindPhoneNumber && f.isTrue("reserved_for_second_factor") {
		f.fail(apierr.FeatureOff.At("reserved_for_second_factor"))
	}
	return f.isTrue("notify_primary_email_address_changed")
}

// required refuses a body without these texts.
func (f *fields) required(names ...string) {
	for _, name := range names {
		if f.text(name) == "" {
			f.fail(apierr.ParamMissing.At(name))
		}
	}
}

func (c *call) identificationID() user.IdentificationID {
	return user.IdentificationID(c.values["id"])
}

// writeAddress answers with an address unless err.
func (c *call) writeAddress(i user.Identification, err error) error {
	switch {
	case err != nil:
		return err
	case i.Kind == user.KindPhoneNumber:
		return httpjson.Write(c.w, http.StatusOK, newPhoneNumberJSON(i))
	}
	return httpjson.Write(c.w, http.StatusOK, newEmailAddressJSON(i))
}
