package apierr

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/bulk"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
	"github.com/gatehouse-dev/gatehouse/internal/secretkey"
	"github.com/gatehouse-dev/gatehouse/internal/settings"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/webhook"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// busyFor is how long a client is asked to wait when something behind the APIs is
// away or full.
const busyFor = time.Second

// fromDomain maps sentinels. A test keeps it complete.
var fromDomain = []struct {
	err error
	api *Error
}{
	{user.ErrNotFound, NotFound},
	{user.ErrExternalIDTaken, mustCode("form_identifier_exists").At("external_id")},
	{user.ErrIDTaken, Conflict},
	{user.ErrPasswordWrong, mustCode("form_password_incorrect").At("password")},
	{user.ErrNoPassword, mustCode("no_password_set")},
	{user.ErrNoSecondFactor, mustCode("totp_disabled")},
	{user.ErrCodeWrong, mustCode("totp_incorrect_code").At("code")},
	{user.ErrBusy, Unavailable.After(busyFor)}, // P-09
	{user.ErrDeleteSelfOff, mustCode("user_delete_self_not_enabled")},
	{user.ErrNoIdentification, NotFound},
	{user.ErrTooManyIdentifications, mustCode("too_many_unverified_identifications")},
	{user.ErrLastIdentification, mustCode("identification_deletion_failed")},
	{user.ErrAddressNeeded, mustCode("identification_update_failed")},
	{user.ErrLinked, mustCode("delete_linked_identification_disallowed")},
	{user.ErrIdentifierTaken, mustCode("form_identifier_exists")},
	{user.ErrInvalid, ParamValue},
	{user.ErrInvited, Duplicate},
	{user.ErrTicketSpent, mustCode("ticket_invalid_code")},
	{user.ErrImageUnsupported, BodyInvalid.Saying("Choose a picture: PNG, JPEG, WebP or GIF.")}, // N-04
	{user.ErrImageTooLarge, ImageTooLarge},
	{session.ErrNotFound, NotFound},
	{session.ErrNotActive, AuthenticationInvalid},
	{session.ErrUserRevoked, AuthenticationInvalid},
	{session.ErrTokenLifetime, FeatureOff.At("expires_in_seconds").Saying("Session tokens of this instance do not live that long. Use a JWT template for a token that lives longer.")},
	{session.ErrExpired, AuthenticationInvalid},
	{session.ErrConflict, Conflict},
	{session.ErrKeyState, Conflict},
	{session.ErrImpersonated, mustCode("authorization_invalid")}, // whoever acts as somebody changes nothing that protects them
	{session.ErrUnavailable, Unavailable.After(busyFor)},         // E-04: fail closed
	{secretkey.ErrNotFound, NotFound},
	{secretkey.ErrUnknown, SecretKeyInvalid},
	{secretkey.ErrStale, Unavailable.After(busyFor)}, // a key that may be revoked opens nothing
	{secretkey.ErrConfigured, FeatureOff.Saying("This key stands in the configuration of the servers and goes only there.")},
	{secretkey.ErrTooMany, mustCode("quota_exceeded")},
	{secretkey.ErrLabel, ParamFormat.At("label")},
	{secretkey.ErrLife, ParamValue.At("expires_in_seconds")},
	{bulk.ErrNotFound, NotFound},
	{bulk.ErrFinished, Conflict},
	{settings.ErrOutdated, Conflict},
	{jwttemplate.ErrNotFound, NotFound},
	{jwttemplate.ErrBusy, Conflict},
	{jwttemplate.ErrTooMany, mustCode("form_param_array_size_exceeded")},
	{webhook.ErrNotFound, NotFound},
	{webhook.ErrTooMany, mustCode("form_param_array_size_exceeded")},
	{webhook.ErrURL, ParamFormat.At("url").Saying("Give an https URL that leads to the public internet.")}, // N-01
	{webhook.ErrEvents, ParamValue.At("events").Saying("Give names of events, or the beginning of names and .*")},
	{webhook.ErrDisabled, ParamValue.At("enabled").Saying("The endpoint is disabled. Enable it first.")},
	{webhook.ErrAppExists, mustCode("svix_app_exists")},
	{webhook.ErrAppMissing, mustCode("svix_app_missing")},
	{sqldb.ErrUnavailable, Unavailable.After(busyFor)},
	{context.DeadlineExceeded, Unavailable.After(busyFor)},
	{context.Canceled, Unavailable.After(busyFor)}, // the client has gone: nobody reads it
}

// From maps err to what the client may see. It never returns nil; unknown errors
// become Internal. The most specific error in the chain wins.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*flow.MissingDataError](err); ok {
		return DataMissing.With("param_names", e.Fields).Because(err)
	}
	if e, ok := errors.AsType[*flow.Error](err); ok {
		return fromFlow(e, err)
	}
	if e, ok := errors.AsType[*user.TakenError](err); ok {
		return fromTaken(e).Because(err)
	}
	if e, ok := errors.AsType[*user.TicketError](err); ok {
		return fromTicket(e).Because(err)
	}
	if e, ok := errors.AsType[*user.InvitedError](err); ok {
		return Duplicate.With("email_addresses", []string{e.EmailAddress}).Because(err)
	}
	if e, ok := errors.AsType[*user.FieldError](err); ok {
		return fromField(e).Because(err)
	}
	if e, ok := errors.AsType[*session.RefreshError](err); ok {
		if e, ok := ByCode(fromRefresh[e.Rule]); ok {
			return e.Because(err)
		}
		return Internal.Because(err)
	}
	if e, ok := errors.AsType[*session.KeyStateError](err); ok {
		return fromKeyState(e).Because(err)
	}
	if e := fromSettings(err); e != nil {
		return e.Because(err)
	}
	if e := fromTemplate(err); e != nil {
		return e.Because(err)
	}
	for _, m := range fromDomain {
		if errors.Is(err, m.err) {
			return m.api.Because(err)
		}
	}
	return Internal.Because(err)
}

// fromFlow looks a flow's code up. A code that the catalogue lacks is a mistake here
// and is answered as one.
func fromFlow(fe *flow.Error, err error) *Error {
	e, ok := ByCode(fe.Code)
	if !ok {
		return Internal.Because(err)
	}
	e.Param, e.RetryAfter, e.Err = fe.Param, fe.RetryAfter, err
	if fe.SessionID != "" {
		e = e.With("session_id", string(fe.SessionID))
	}
	return e
}

// fromRefresh maps the rules of a refresh. A test keeps it complete.
var fromRefresh = map[session.RefreshRule]string{
	session.RefreshExpiredInvalid:    "expired_session_token_invalid",
	session.RefreshExpiredNoSession:  "expired_session_token_missing_sid",
	session.RefreshExpiredNoParty:    "expired_session_token_missing_azp",
	session.RefreshExpiredNoTime:     "session_refresh_expired_session_token_missing_iat",
	session.RefreshExpiredTooOld:     "session_refresh_expired_session_token_too_old",
	session.RefreshOriginInvalid:     "refresh_request_origin_invalid",
	session.RefreshOriginOther:       "refresh_request_origin_azp_mismatch",
	session.RefreshSessionOther:      "refresh_sid_mismatch",
	session.RefreshSessionUnknown:    "session_refresh_session_not_found",
	session.RefreshSessionInactive:   "session_refresh_inactive_session",
	session.RefreshSessionIneligible: "session_refresh_session_token_ineligible",
	session.RefreshUserUnknown:       "session_refresh_user_not_found",
	session.RefreshTokenUnknown:      "refresh_token_not_found",
	session.RefreshTokenUsed:         "session_refresh_expired_session_token_consumed",
}

// fromKeyState tells operators what stands in the way of a change of signing keys.
func fromKeyState(e *session.KeyStateError) *Error {
	switch {
	case e.External:
		return Conflict.Saying("The key that signs comes from the configuration of the servers. Replace it there first.")
	case !e.Until.IsZero():
		return Conflict.Saying("Tokens that the key signed may live until " + e.Until.UTC().Format(time.RFC3339) + ". Retire it after that.")
	}
	return Conflict.Saying("The key is " + string(e.State) + ", and cannot become what you ask for.")
}

// fromSettings maps what package settings refuses; nil for everything else.
func fromSettings(err error) *Error {
	if e, ok := errors.AsType[*settings.ValueError](err); ok {
		return ParamValue.At(e.Name).Saying("This setting " + e.Problem + ".")
	}
	if e, ok := errors.AsType[*settings.PinnedError](err); ok {
		return FeatureOff.At(e.Name).Saying("This setting is decided by the configuration of the server and can be changed only there.")
	}
	if _, ok := errors.AsType[*settings.UnknownError](err); ok {
		return ParamUnknown
	}
	return nil
}

// fromTemplate maps what package jwttemplate refuses; nil for everything else.
func fromTemplate(err error) *Error {
	if _, ok := errors.AsType[*auth.ReservedClaimError](err); ok {
		return mustCode("jwt_template_reserved_claim").At("claims")
	}
	bad, ok := errors.AsType[*jwttemplate.FieldError](err)
	if !ok {
		return nil
	}
	code := map[jwttemplate.Rule]string{
		jwttemplate.RuleMissing:  "form_param_missing",
		jwttemplate.RuleFormat:   "form_param_format_invalid",
		jwttemplate.RuleTooLarge: "form_param_exceeds_allowed_size",
		jwttemplate.RuleBounds:   "form_param_value_invalid",
		jwttemplate.RuleTaken:    "form_already_exists",
	}[bad.Rule]
	return mustCode(code).At(bad.Field)
}

// takenText tells people which of their identifiers is somebody else's.
var takenText = map[user.Kind]string{
	user.KindEmailAddress: "That e-mail address is taken. Please use another, or sign in.",
	user.KindPhoneNumber:  "That phone number is taken. Please use another, or sign in.",
	user.KindUsername:     "That user name is taken. Please choose another.",
}

func fromTaken(t *user.TakenError) *Error {
	e := mustCode("form_identifier_exists").At(string(t.Kind))
	if text, ok := takenText[t.Kind]; ok {
		e = e.Saying(text)
	}
	return e
}

// fromTicket tells people why a ticket lets them in no more.
func fromTicket(t *user.TicketError) *Error {
	invitation := t.Kind == user.TicketInvitation
	switch {
	case t.Status == user.TicketExpired:
		return mustCode("ticket_expired_code")
	case t.Kind == user.TicketActor && t.Status == user.TicketAccepted:
		return mustCode("actor_token_already_used_code")
	case t.Kind == user.TicketActor:
		return mustCode("actor_token_revoked_code")
	case t.Status == user.TicketAccepted && invitation:
		return mustCode("invitation_already_accepted")
	case t.Status == user.TicketAccepted:
		return mustCode("sign_in_token_already_used_code")
	case invitation:
		return mustCode("revoked_invitation")
	}
	return mustCode("sign_in_token_revoked_code")
}

// fromRule maps the rules of package user. A test keeps it complete.
var fromRule = map[user.Rule]string{
	user.RuleMissing:            "form_param_missing",
	user.RuleFormat:             "form_param_format_invalid",
	user.RuleTooLong:            "form_param_max_length_exceeded",
	user.RuleTooShort:           "form_param_min_length_exceeded",
	user.RuleTooLarge:           "form_param_exceeds_allowed_size",
	user.RuleValue:              "form_param_value_invalid",
	user.RuleUnverified:         "form_verification_needed",
	user.RuleNotOwned:           "form_resource_not_found",
	user.RulePasswordTooShort:   "form_password_length_too_short",
	user.RulePasswordTooLong:    "form_password_length_too_long",
	user.RulePasswordBytes:      "form_password_size_in_bytes_exceeded",
	user.RulePasswordPwned:      "form_password_pwned",
	user.RulePasswordIdentifier: "form_password_matches_identifier",
	user.RulePasswordSame:       "form_new_password_matches_current",
	user.RuleDigest:             "form_password_digest_invalid_code",
	user.RuleTOTPSecret:         "invalid_totp_secret_code",
	user.RuleUsernameLength:     "form_username_invalid_length",
	user.RuleUsernameCharacter:  "form_username_invalid_character",
	user.RuleUsernameDigits:     "form_username_needs_non_number_char",
	user.RuleLastIdentification: "last_required_identification_deletion_failed",
}

func fromField(f *user.FieldError) *Error {
	code, ok := fromRule[f.Rule]
	if !ok {
		return ParamValue.At(f.Field)
	}
	e := mustCode(code).At(f.Field)
	if f.Limit <= 0 {
		return e
	}
	switch f.Rule {
	case user.RulePasswordTooShort:
		return e.Saying(fmt.Sprintf("Passwords must have %d or more characters.", f.Limit))
	case user.RulePasswordTooLong:
		return e.Saying(fmt.Sprintf("Passwords must have %d or fewer characters.", f.Limit))
	case user.RuleTooLong:
		return e.Saying(fmt.Sprintf("Use %d characters or fewer.", f.Limit))
	case user.RuleTooShort:
		return e.Saying(fmt.Sprintf("Use %d characters or more.", f.Limit))
	}
	return e
}
