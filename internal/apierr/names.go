package apierr

import "slices"

// The entries that handlers return by name; flows name theirs by code.
var (
	ActorTokenNotPending       = mustCode("actor_token_cannot_be_revoked_code")
	APIVersionInvalid          = mustCode("api_version_invalid")
	AuthenticationInvalid      = mustCode("authentication_invalid")
	AuthorizationHeaderInvalid = mustCode("authorization_header_format_invalid")
	CaptchaOff                 = mustCode("captcha_not_enabled")
	SecretKeyInvalid           = mustCode("clerk_key_invalid")
	CookieInvalid              = mustCode("cookie_invalid")
	Conflict                   = mustCode("conflict")
	DataMissing                = mustCode("form_data_missing")
	Duplicate                  = mustCode("duplicate_record")
	EnvironmentWrong           = mustCode("request_invalid_for_environment")
	FeatureOff                 = mustCode("feature_not_enabled")
	HandshakeInvalid           = mustCode("invalid_handshake")
	ImageTooLarge              = mustCode("image_too_large")
	Internal                   = mustCode("internal_clerk_error")
	InvitationRevoked          = mustCode("invitation_already_revoked")
	LinkInvalid                = mustCode("verification_link_token_invalid")
	MalformedParameters        = mustCode("malformed_request_parameters")
	MethodNotAllowed           = mustCode("method_not_allowed")
	NativeDisabled             = mustCode("native_api_disabled")
	NotAllowed                 = mustCode("authorization_invalid")
	NotFound                   = mustCode("resource_not_found")
	OriginInvalid              = mustCode("origin_invalid")
	OriginMissing              = mustCode("origin_missing")
	BodyInvalid                = mustCode("request_body_invalid")
	BodyTooLarge               = mustCode("request_body_too_large")
	TicketInvalid              = mustCode("ticket_invalid_code")
	TokenNotPending            = mustCode("sign_in_token_cannot_be_revoked_code")
	TooManyRequests            = mustCode("too_many_requests")
	Unavailable                = mustCode("service_unavailable")
	UnsupportedContentType     = mustCode("unsupported_content_type")
	Withdrawn                  = mustCode("operation_deprecated")

	ParamArrayMismatch = mustCode("form_param_array_length_mismatch")
	ParamArrayTooLong  = mustCode("form_param_array_size_exceeded")
	ParamDeprecated    = mustCode("form_param_deprecated")
	ParamDuplicate     = mustCode("form_param_duplicate")
	ParamFormat        = mustCode("form_param_format_invalid")
	ParamMissing       = mustCode("form_param_missing")
	ParamTime          = mustCode("form_param_invalid_time")
	ParamType          = mustCode("form_param_type_invalid")
	ParamUnknown       = mustCode("form_param_unknown")
	ParamValue         = mustCode("form_param_value_invalid")
)

// ByCode returns the entry with the given code; ok is false if there is none.
func ByCode(code string) (e *Error, ok bool) {
	i := slices.IndexFunc(catalogue, func(e Error) bool { return e.Code == code })
	if i < 0 {
		return nil, false
	}
	c := catalogue[i]
	return &c, true
}

// mustCode is ByCode for the names above: a missing one is a mistake in this package.
func mustCode(code string) *Error {
	e, ok := ByCode(code)
	if !ok {
		panic("apierr: no entry " + code)
	}
	return e
}

// Catalogue returns every entry, sorted by code.
func Catalogue() []Error { return slices.Clone(catalogue) }
