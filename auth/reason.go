package auth

// Reason is why a request is not authenticated, or why somebody who is may not do
// this. Reasons are for logs and, in development, for a response header; an answer in
// production never holds one.
type Reason string

// The reasons. Each is the one rule that refused the request.
const (
	ReasonNone              Reason = ""
	ReasonTokenMissing      Reason = "session_token_missing"
	ReasonTokenMalformed    Reason = "session_token_malformed"   // not three strict base64url parts, too long, or not strict JSON
	ReasonTokenAlgorithm    Reason = "session_token_algorithm"   // alg is not the key's
	ReasonTokenHeader       Reason = "session_token_header"      // crit, b64, jwk, jku, x5u, x5c, x5t, cty, zip …
	ReasonTokenType         Reason = "session_token_type"        // typ or cat is not a session token's
	ReasonTokenKeyUnknown   Reason = "session_token_key_unknown" // kid absent or not in the key set
	ReasonTokenSignature    Reason = "session_token_signature_invalid"
	ReasonTokenClaims       Reason = "session_token_claims_invalid" // a required claim is absent or has the wrong type
	ReasonTokenExpired      Reason = "session_token_expired"
	ReasonTokenNotYet       Reason = "session_token_not_active_yet" // nbf or iat in the future
	ReasonTokenIssuer       Reason = "session_token_issuer"
	ReasonTokenAudience     Reason = "session_token_audience"
	ReasonTokenParty        Reason = "session_token_authorized_party"
	ReasonTokenAmbiguous    Reason = "session_token_ambiguous" // several different credentials
	ReasonTokenStale        Reason = "session_token_stale"     // older than __client_uat: authentication changed since
	ReasonHandshakeRefused  Reason = "handshake_refused"       // its answer came to a browser that did not begin it, or keeps no cookies
	ReasonSessionPending    Reason = "session_pending"
	ReasonSessionRevoked    Reason = "session_revoked"
	ReasonRenewalFailed     Reason = "session_renewal_failed" // the store could not be asked for a fresh token
	ReasonCrossOrigin       Reason = "cross_origin"           // cookie-borne token on an unsafe cross-origin request
	ReasonKeysUnavailable   Reason = "keys_unavailable"
	ReasonRevocationUnknown Reason = "revocation_unknown" // the feed is stale and the store did not answer
)

// The reasons why a route refuses somebody who is signed in, beside
// ReasonTokenParty. [Auth.Reason] never holds one of them in a handler; hooks of
// package middleware are told them.
const (
	ReasonReverification Reason = "reverification_required" // the proofs are too old, or never were
	ReasonImpersonated   Reason = "session_impersonated"
	ReasonNoActor        Reason = "session_not_impersonated"
	ReasonClaims         Reason = "claims_refused"      // the app's own rule refused the claims, or could not read them
	ReasonNoRequirement  Reason = "requirement_missing" // a check that asks for nothing
)
