package flow

import (
	"context"
	"sync/atomic"

	"github.com/gatehouse-dev/gatehouse/user"
)

// CountHashes returns how many passwords the engine has verified since.
func CountHashes(e *Engine) func() int64 {
	var n atomic.Int64
	verify := e.verify
	e.verify = func(ctx context.Context, u *user.User, password string) error {
		n.Add(1)
		return verify(ctx, u, password)
	}
	return n.Load
}

// Compose makes a message as the flows do.
var Compose = compose

// Words is what templates say.
type Words = words

// Mask shows an address to somebody who proved nothing.
var Mask = mask

// Refusals are all errors that the package returns without further facts.
func Refusals() []*Error {
	return []*Error{
		errNotFound, errStale, errAuthentication, errSessionExists, errSignUpRestricted, errSignUpClosed,
		errSignUpOutdated, errTransfer, errStrategyForUser, errStrategyMismatch, errVerificationMissing,
		errVerified, errExpired, errFailed, errUserLocked, errUserBanned, errUserGone, errReverifyMissing,
		errReverifyRequired, errDeleteSelfOff, errImpersonated, errAttemptBusy, errLastWayIn, errLastRequired,
		errNoPassword, errPasswordRequired, errSignUpIfMissing, errJoinOff, errJoinStrategy,
		missing("x"), unknownParam("x"), badValue("x"), tooMany("too_many_requests", 1),
		tooMany("verification_code_too_many_requests", 1), password{}.wrong(), codeTo{}.wrong(),
		{Code: "form_identifier_not_found"},
		{Code: "form_param_format_invalid"},
		{Code: "identifier_already_signed_in"},
	}
}

// FailVerify makes the next n password checks fail with err.
func FailVerify(e *Engine, err error, n int) {
	verify := e.verify
	e.verify = func(ctx context.Context, u *user.User, password string) error {
		if n--; n >= 0 {
			return err
		}
		return verify(ctx, u, password)
	}
}
