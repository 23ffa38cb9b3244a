package frontendapi

import (
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

// actingMay are the routes that change something and are open to whoever acts as the user
// (B-05), with the parameters that stay closed: those by which people sign in. Every other
// route of the user's own account refuses them, also one that is added and forgotten here.
//
// Routes of the client are not among them: package flow refuses to confirm that it is the
// user, and whatever would begin another session.
var actingMay = map[string][]string{
	"PATCH /v1/me":                {"username", "primary_email_address_id", "primary_phone_number_id"},
	"PATCH /v1/me/metadata":       nil,
	"POST /v1/me/profile_image":   nil,
	"DELETE /v1/me/profile_image": nil,
}

// errImpersonating is what somebody is answered who acts as another.
var errImpersonating = apierr.NotAllowed.Saying("While you act as somebody else you cannot do this in their name.")

// refuseImpersonator keeps whoever acts as the user away from what protects the account.
func (c *call) refuseImpersonator(rt route) error {
	if rt.need != self || !c.changes || c.session.Actor == nil {
		return nil
	}
	closed, open := actingMay[c.pattern]
	sent := func(param string) bool { _, ok := c.params.values[param]; return ok }
	if !open || slices.ContainsFunc(closed, sent) {
		return errImpersonating
	}
	return nil
}
