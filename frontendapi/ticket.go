package frontendapi

import (
	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

// landedTicket is the query parameter in which a page finds the ticket to redeem.
const landedTicket = "__clerk_ticket"

// acceptTicket serves GET /v1/tickets/accept, where the links of sign-in tokens and
// invitations lead to. It sends the browser on to the page that redeems the ticket, and
// changes nothing itself: whoever only looks at the link uses nothing up.
func (c *call) acceptTicket() error {
	tickets := c.query()["ticket"]
	if len(tickets) != 1 {
		return apierr.TicketInvalid
	}
	to, err := c.h.cfg.Flow.LandTicket(c.r.Context(), tickets[0])
	if err != nil {
		return err
	}
	target, ok := c.h.redirectTarget(to.RedirectURL) // H-02: the list may be another by now
	if !ok {
		return apierr.ParamValue.At("redirect_url")
	}
	q := target.Query()
	q.Set(landedStatus, to.Status)
	if to.Ticket != "" {
		q.Set(landedTicket, to.Ticket)
	}
	target.RawQuery = q.Encode()
	c.seeOther(target)
	return nil
}
