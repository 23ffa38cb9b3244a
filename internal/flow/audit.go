package flow

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/audit"
)

// AuditLog is the log of security events; *audit.Log is one.
type AuditLog interface {
	Write(ctx context.Context, entries ...audit.Entry) error
}

// recordWithin bounds what noting an entry may take.
const recordWithin = 5 * time.Second

// record notes security events that no change of a user or a session tells of. What they
// tell of has happened, so a failure is logged and changes nothing.
func (e *Engine) record(ctx context.Context, entries ...audit.Entry) {
	if e.audit == nil || len(entries) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	if err := e.audit.Write(ctx, entries...); err != nil {
		e.log.ErrorContext(ctx, "audit entry lost", slog.String("type", string(entries[0].Type)), slog.Any("err", err))
	}
}

// failed is what a wrong proof is noted as, by the purpose of the round.
var failed = map[string]audit.Type{
	purposeSignIn:         audit.SignInFirstFailed,
	purposeReverification: audit.ReverificationFailed,
	purposeChangePassword: audit.PasswordChangeFailed,
}

// recordProof notes how a proof was judged, if it was: one entry for each wrong one,
// whether or not there is somebody that it is about (E-01). A right one is noted with what
// it leads to: the session, the reverification, the change.
func (e *Engine) recordProof(ctx context.Context, r *round, st strategy, outcome error) {
	refused, ok := errors.AsType[*Error](outcome)
	if !ok {
		return
	}
	var t audit.Type
	switch refused.Code {
	case st.wrong().Code:
		t = failed[r.purpose]
		if r.purpose == purposeSignIn && st.name() == strategyPassword {
			t = audit.SignInPasswordFailed
		}
	case errUserLocked.Code:
		t = audit.SignInUserLocked
	case errUserBanned.Code, errFailed.Code, errUserGone.Code:
		t = failed[r.purpose]
	}
	if t == "" {
		return
	}
	details := audit.Details{"strategy": st.name(), "reason": refused.Code}
	if r.attempt != "" {
		details["attempt"] = r.attempt
	}
	e.record(ctx, audit.Entry{Type: t, Subject: userID(r.person), Details: details})
}
