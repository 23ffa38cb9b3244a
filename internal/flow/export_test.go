package flow

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/notify"
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

// BeforeVerify calls do before each password is verified.
func BeforeVerify(e *Engine, do func()) {
	verify := e.verify
	e.verify = func(ctx context.Context, u *user.User, password string) error {
		do()
		return verify(ctx, u, password)
	}
}

// Compose makes a message as the flows do.
func Compose(kind, to string, w Words, now time.Time) (notify.Message, error) {
	t, err := parseTemplates(nil)
	if err != nil {
		return notify.Message{}, err
	}
	return t.compose(kind, to, w, now)
}

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
		errPasswordOff, errPasswordCompromised, errPasswordIncorrect, errTOTPIncorrect, errTOTPOff,
		errTicketInvalid, errTokenForSignIn, errNotYetUser, errAlreadyUser,
		{Code: "invitations_not_supported"},
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

// SkipHashes makes every password wrong without any work.
func SkipHashes(e *Engine) {
	e.verify = func(context.Context, *user.User, string) error { return user.ErrPasswordWrong }
}

// Pauses returns how often the engine has waited since for its floor, and never waits.
func Pauses(e *Engine) func() int64 {
	var n atomic.Int64
	e.floor = time.Hour
	e.pause = func(_ context.Context, d time.Duration) {
		if d > 59*time.Minute {
			n.Add(1)
		}
	}
	return n.Load
}

// DefaultFloor is Config.Floor where none is given.
const DefaultFloor = defaultFloor

// SetFloor changes Config.Floor.
func SetFloor(e *Engine, d time.Duration) { e.floor = d }
