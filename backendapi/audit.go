package backendapi

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/audit"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/origin"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// AuditLog is the log of security events; *audit.Log is one.
type AuditLog interface {
	Write(ctx context.Context, entries ...audit.Entry) error
	Find(ctx context.Context, q audit.Query) ([]audit.Entry, error)
}

// changes reports whether the request may change something.
func (c *call) changes() bool {
	return c.r.Method != http.MethodGet && c.r.Method != http.MethodHead
}

// sign says in the request's context who is behind it (L-04).
func (c *call) sign(key string) {
	o := origin.Origin{Kind: origin.KindSecretKey, ID: key, UserAgent: c.r.UserAgent(), TraceID: c.traceID()}
	if c.h.cfg.ClientAddress != nil {
		o.Address = c.h.cfg.ClientAddress(c.r)
	}
	c.r = c.r.WithContext(origin.With(c.r.Context(), o))
}

// traceID is one for the error answer, the log and the audit log.
func (c *call) traceID() string {
	if c.trace == "" {
		c.trace = httpjson.TraceID()
	}
	return c.trace
}

// recordUse notes a change that an operator has made. What was changed of a user or a
// session has entries of its own.
func (c *call) recordUse() {
	details := audit.Details{"route": c.pattern}
	subject := c.values["id"]
	if !strings.Contains(subject, "_") || len(subject) > 64 {
		subject = ""
	}
	c.record(audit.Entry{Type: audit.SecretKeyUsed, Subject: subject, Details: details})
}

// record writes an entry. The change that it tells of is made, so a failure is only logged.
func (c *call) record(e audit.Entry) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.r.Context()), 5*time.Second)
	defer cancel()
	if err := c.h.cfg.Audit.Write(ctx, e); err != nil {
		c.h.cfg.Logger.ErrorContext(ctx, "audit entry lost", "type", string(e.Type), "subject", e.Subject, "trace_id", c.traceID(), "err", err)
	}
}

// refusals thins out what is noted of unknown keys: whoever has none must not be able to
// fill the log.
type refusals struct {
	last  atomic.Int64 // when the last one was noted, in Unix seconds
	since atomic.Int64 // not noted since
}

// refusedEvery is how often an unknown key is noted, at most.
const refusedEvery = 10 // seconds

// recordRefused notes an unknown secret key, with how many others there were since the
// last note.
func (c *call) recordRefused() {
	r, now := &c.h.refusals, c.now().Unix()
	last := r.last.Load()
	if now-last < refusedEvery || !r.last.CompareAndSwap(last, now) {
		r.since.Add(1)
		return
	}
	c.sign("")
	c.record(audit.Entry{Type: audit.SecretKeyRefused, Details: audit.Details{"more": r.since.Swap(0)}})
}

// auditJSON is an entry of the audit log.
type auditJSON struct {
	Object    string        `json:"object"`
	ID        string        `json:"id"`
	Type      string        `json:"type"`
	Actor     actorJSON     `json:"actor"`
	Subject   *string       `json:"subject"`
	IPAddress *string       `json:"ip_address"`
	UserAgent *string       `json:"user_agent"`
	TraceID   *string       `json:"trace_id"`
	Details   audit.Details `json:"details"`
	CreatedAt int64         `json:"created_at"`
}

type actorJSON struct {
	Type         string  `json:"type"`
	ID           *string `json:"id"`
	Impersonator *string `json:"impersonator"`
}

func newAuditJSON(e audit.Entry) auditJSON {
	o := e.Origin
	return auditJSON{
		Object: "audit_log", ID: e.ID, Type: string(e.Type), Subject: orNull(e.Subject),
		Actor:     actorJSON{Type: string(o.Kind), ID: orNull(o.ID), Impersonator: orNull(o.Impersonator)},
		IPAddress: orNull(o.Address), UserAgent: orNull(o.UserAgent), TraceID: orNull(o.TraceID),
		Details: e.Details, CreatedAt: e.At.UnixMilli(),
	}
}

// listAuditLogs serves GET /v1/audit_logs, the newest first.
func (c *call) listAuditLogs() error {
	q := c.query("type", "actor", "subject", "ip_address", "created_at_after", "created_at_before", "limit", "starting_after")
	between := q.between("created_at")
	aq := audit.Query{
		Type: q.text("type"), Actor: q.text("actor"), Subject: q.text("subject"), Address: q.text("ip_address"),
		After: between.After, Before: between.Before,
		Limit: q.number("limit", 1, maxLimit, 100), StartingAfter: q.text("starting_after"),
	}
	if aq.StartingAfter != "" && !random.ValidID("aud", aq.StartingAfter) {
		q.fail(apierr.ParamValue.At("starting_after"))
	}
	if q.err != nil {
		return q.err
	}
	entries, err := c.h.cfg.Audit.Find(c.r.Context(), aq)
	if err != nil {
		return err
	}
	out := struct {
		Data []auditJSON `json:"data"`
	}{[]auditJSON{}}
	for _, e := range entries {
		out.Data = append(out.Data, newAuditJSON(e))
	}
	return httpjson.Write(c.w, http.StatusOK, out)
}
