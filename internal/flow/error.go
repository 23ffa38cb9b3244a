package flow

import (
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// Error is a flow's refusal. Package apierr gives its code status and text.
// Errors of packages user and session come through wrapped.
type Error struct {
	Code       string        // stable, snake_case
	Param      string        // wire field to blame, "" if none
	SessionID  session.ID    // of identifier_already_signed_in
	RetryAfter time.Duration // of the 429s
	Err        error         // cause, for the log
}

func (e *Error) Error() string {
	s := "flow: " + e.Code
	if e.Param != "" {
		s += " (" + e.Param + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// The refusals without further facts.
var (
	errNotFound            = &Error{Code: "resource_not_found"}
	errStale               = &Error{Code: "resource_forbidden"}
	errAuthentication      = &Error{Code: "authentication_invalid"}
	errSessionExists       = &Error{Code: "session_exists"}
	errSignUpRestricted    = &Error{Code: "sign_up_mode_restricted"}
	errSignUpClosed        = &Error{Code: "sign_up_cannot_be_updated"}
	errSignUpOutdated      = &Error{Code: "sign_up_outdated_verification"}
	errTransfer            = &Error{Code: "account_transfer_invalid"}
	errStrategyForUser     = &Error{Code: "strategy_for_user_invalid"}
	errStrategyMismatch    = &Error{Code: "verification_strategy_invalid"}
	errVerificationMissing = &Error{Code: "verification_missing"}
	errVerified            = &Error{Code: "verification_already_verified"}
	errExpired             = &Error{Code: "verification_expired"}
	errFailed              = &Error{Code: "verification_failed"}
	errUserLocked          = &Error{Code: "user_locked"}
	errUserBanned          = &Error{Code: "user_banned"}
	errUserGone            = &Error{Code: "sign_in_identification_or_user_deleted"}
	errReverifyMissing     = &Error{Code: "session_reverification_missing"}
	errReverifyRequired    = &Error{Code: "session_reverification_required"}
	errDeleteSelfOff       = &Error{Code: "user_delete_self_not_enabled"}
	errActorForSignIn      = &Error{Code: "actor_token_not_in_sign_in_code"}
	errSessionCreation     = &Error{Code: "session_creation_not_allowed"}
	errImpersonated        = &Error{Code: "invalid_action_for_session"}
	errLastWayIn           = &Error{Code: "identification_deletion_failed"}
	errLastRequired        = &Error{Code: "last_required_identification_deletion_failed"}
	errNoPassword          = &Error{Code: "no_password_set"}
	errPasswordRequired    = &Error{Code: "password_required"}
	errSignUpIfMissing     = &Error{Code: "sign_up_if_missing_transfer"}
	errJoinOff             = &Error{Code: "sign_up_if_missing_not_allowed"}
	errJoinStrategy        = &Error{Code: "sign_up_if_missing_strategy_not_supported"}
	errTicketInvalid       = &Error{Code: "ticket_invalid_code"}
	errTokenForSignIn      = &Error{Code: "sign_in_token_not_in_sign_in_code"}
	errNotYetUser          = &Error{Code: "invitation_account_not_exists"}
	errAlreadyUser         = &Error{Code: "invitation_account_exists"}
)

func missing(param string) *Error      { return &Error{Code: "form_param_missing", Param: param} }
func unknownParam(param string) *Error { return &Error{Code: "form_param_unknown", Param: param} }
func badValue(param string) *Error     { return &Error{Code: "form_param_value_invalid", Param: param} }

func tooMany(code string, after time.Duration) *Error {
	return &Error{Code: code, RetryAfter: after}
}
