package backendapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/user"
)

// maxInvitations is how many one request may ask for.
const maxInvitations = 10

// invitationJSON is an invitation. Only the answer to its creation has url: nothing keeps
// the secret in it.
type invitationJSON struct {
	Object         string          `json:"object"`
	ID             string          `json:"id"`
	EmailAddress   string          `json:"email_address"`
	PublicMetadata json.RawMessage `json:"public_metadata"`
	Revoked        bool            `json:"revoked"`
	Status         string          `json:"status"`
	URL            string          `json:"url,omitempty"`
	ExpiresAt      int64           `json:"expires_at"`
	CreatedAt      int64           `json:"created_at"`
	UpdatedAt      int64           `json:"updated_at"`
}

func newInvitationJSON(t *user.Ticket, now time.Time) invitationJSON {
	status := t.StatusAt(now)
	return invitationJSON{
		Object: "invitation", ID: string(t.ID), EmailAddress: t.EmailAddress, PublicMetadata: orEmptyObject(t.PublicMetadata),
		Revoked: status == user.TicketRevoked, Status: string(status), ExpiresAt: millis(t.ExpireAt),
		CreatedAt: millis(t.CreatedAt), UpdatedAt: millis(t.UpdatedAt),
	}
}

// invitationPageJSON is a list of which paginated=true was asked.
type invitationPageJSON struct {
	Data  []invitationJSON `json:"data"`
	Total int              `json:"total_count"`
}

// invitationFields are the members of an invitation that is asked for.
var invitationFields = []string{
	"email_address", "public_metadata", "redirect_url", "notify", "ignore_existing", "expires_in_days", "template_slug",
}

// newInvitation reads the members of an invitation.
func (c *call) newInvitation(f *fields) flow.NewInvitation {
	ni := flow.NewInvitation{Notify: true}
	ni.EmailAddress, ni.PublicMetadata = f.text("email_address"), f.object("public_metadata")
	ni.OfUser = f.isTrue("ignore_existing")
	ni.BesideAnother = ni.OfUser
	if ni.EmailAddress == "" {
		f.fail(apierr.ParamMissing.At("email_address"))
	}
	if notify := f.flag("notify"); notify != nil {
		ni.Notify = *notify
	}
	if n := f.number("expires_in_days"); n != nil {
		if *n < 1 || *n > 365 {
			f.fail(apierr.ParamValue.At("expires_in_days"))
		}
		ni.Life = time.Duration(*n) * 24 * time.Hour
	}
	if target := f.text("redirect_url"); target != "" {
		canonical, ok := c.h.cfg.RedirectURL(target)
		if !ok {
			f.fail(apierr.ParamValue.At("redirect_url"))
		}
		ni.RedirectURL = canonical
	}
	// Both are one mail.
	if !slices.Contains([]string{"", "invitation", "waitlist_invitation"}, f.text("template_slug")) {
		f.fail(apierr.ParamValue.At("template_slug"))
	}
	return ni
}

// createInvitation serves POST /v1/invitations.
func (c *call) createInvitation() error {
	f := c.fields(invitationFields...)
	asked := c.newInvitation(f)
	if f.err != nil {
		return f.err
	}
	made, err := c.invite(asked)
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, made[0])
}

// createInvitations serves POST /v1/invitations/bulk: one to ten, all or none. Who has an
// account cannot be invited this way.
func (c *call) createInvitations() error {
	list, err := httpjson.Objects(c.w, c.r, maxBody)
	switch {
	case err != nil:
		return err
	case len(list) == 0:
		return apierr.BodyInvalid
	case len(list) > maxInvitations:
		return apierr.ParamArrayTooLong
	}
	asked := make([]flow.NewInvitation, len(list))
	for i, members := range list {
		f := only(members, invitationFields)
		asked[i] = c.newInvitation(f)
		asked[i].OfUser = false
		if f.err != nil {
			return f.err
		}
	}
	made, err := c.invite(asked...)
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, made)
}

func (c *call) invite(asked ...flow.NewInvitation) ([]invitationJSON, error) {
	issued, err := c.h.cfg.Flow.Invite(c.r.Context(), asked...)
	if err != nil {
		return nil, err
	}
	out := make([]invitationJSON, len(issued))
	for i, t := range issued {
		out[i] = newInvitationJSON(&t.Ticket, c.now())
		out[i].URL = t.Link
	}
	return out, nil
}

// listInvitations serves GET /v1/invitations. Without a status revoked ones are left out.
func (c *call) listInvitations() error {
	q := c.query("status", "query", "order_by", "paginated", "limit", "offset")
	iq := user.InvitationQuery{
		Text: q.text("query"), OrderBy: q.orderBy(),
		Limit: q.number("limit", 1, maxLimit, 10), Offset: q.number("offset", 0, maxOffset, 0),
	}
	for _, status := range q.values["status"] {
		iq.Statuses = append(iq.Statuses, user.TicketStatus(status))
	}
	if q.err != nil {
		return q.err
	}
	page, total, err := c.h.cfg.Users.Invitations(c.r.Context(), iq)
	if err != nil {
		return err
	}
	out := []invitationJSON{}
	for _, t := range page {
		out = append(out, newInvitationJSON(t, c.now()))
	}
	if q.text("paginated") == "true" {
		return httpjson.Write(c.w, http.StatusOK, invitationPageJSON{Data: out, Total: total})
	}
	return httpjson.Write(c.w, http.StatusOK, out)
}

// revokeInvitation serves POST /v1/invitations/{id}/revoke.
func (c *call) revokeInvitation() error {
	t, err := c.revokeTicket(user.TicketInvitation)
	if spent, ok := errors.AsType[*user.TicketError](err); ok && spent.Status == user.TicketRevoked {
		return apierr.InvitationRevoked.Because(err)
	}
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, newInvitationJSON(t, c.now()))
}
