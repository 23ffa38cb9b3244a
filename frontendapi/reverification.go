package frontendapi

import (
	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// startReverification serves POST /v1/client/sessions/{id}/verify: the person confirms
// who they are before a sensitive act.
func (c *call) startReverification() error {
	id, err := c.sessionID()
	if err != nil {
		return err
	}
	rv, err := c.h.cfg.Flow.StartReverification(c.r.Context(), c.caller(), id, c.params.values["level"])
	if err != nil {
		return err
	}
	return c.replyReverification(rv)
}

// prepareReverification serves POST …/verify/prepare_first_factor.
func (c *call) prepareReverification() error {
	id, err := c.sessionID()
	if err != nil {
		return err
	}
	ask, err := c.prepareParams()
	if err != nil {
		return err
	}
	rv, err := c.h.cfg.Flow.PrepareReverification(c.r.Context(), c.caller(), id, ask)
	if err != nil {
		return err
	}
	return c.replyReverification(rv)
}

// attemptReverification serves POST …/verify/attempt_first_factor.
func (c *call) attemptReverification() error {
	id, err := c.sessionID()
	if err != nil {
		return err
	}
	rv, cookie, err := c.h.cfg.Flow.AttemptReverification(c.r.Context(), c.caller(), id, c.proofParams())
	if err != nil {
		return err
	}
	client, err := c.h.cfg.Sessions.Client(c.r.Context(), c.client.ID)
	if err != nil {
		return err
	}
	c.took(client, cookie)
	return c.replyReverification(rv)
}

func (c *call) replyReverification(rv *flow.Reverification) error {
	ss, err := c.renderSession(rv.Session)
	if err != nil {
		return err
	}
	return c.reply(newReverificationJSON(rv, ss))
}
