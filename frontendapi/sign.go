package frontendapi

import (
	"encoding/json"

	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/origin"
)

// sign says in the request's context who is behind it (L-04): a person, who acts for
// themselves unless the session is an impersonator's.
func (c *call) sign() {
	o := origin.Origin{
		Kind: origin.KindUser, ID: c.session.UserID, Impersonator: impersonator(c.session.Actor),
		Address: c.h.cfg.ClientAddress(c.r), UserAgent: c.r.UserAgent(), TraceID: c.traceID(),
	}
	c.r = c.r.WithContext(origin.With(c.r.Context(), o))
}

// impersonator is the sub of a session's actor, "" without one.
func impersonator(actor json.RawMessage) string {
	if actor == nil {
		return ""
	}
	var who struct {
		Sub string `json:"sub"`
	}
	_ = json.Unmarshal(actor, &who) // session has checked it
	return who.Sub
}

// traceID is one for the error answer, the log and the audit log.
func (c *call) traceID() string {
	if c.trace == "" {
		c.trace = httpjson.TraceID()
	}
	return c.trace
}
