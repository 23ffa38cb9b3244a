// Package auth says who a request is from.
//
// Most apps need one call: [FromContext], which returns the [Auth] value that
// package middleware put into the request's context. Apps that verify tokens
// by hand build a [Verifier] over a [KeySet] with [NewVerifier], or over one for
// each of several issuers; package
// auth/jwks has a key set that follows a remote server, [FixedKeys] one that
// follows nobody.
//
// A session token is a JWT of about a minute. The algorithm comes from the key,
// never from the token: RS256 with 2048 to 8192 bits, ES256 or EdDSA. Tokens
// are at most 8192 bytes, read by a strict parser, and their signature is
// checked before any claim decides anything. Issuer, times, audience and
// authorized party are then held against [VerifierConfig]; clocks may differ by
// 5 s. This package neither mints tokens nor knows whether a session still
// lives: see [Revocations].
package auth

import (
	"time"
)

// Auth is what is known about the sender of a request. Its zero value is
// signed out. Treat the fields that are pointers as read-only: one Auth serves
// every request that carries the same token.
type Auth struct {
	// IsAuthenticated reports whether the request carries a session token that
	// was verified. Every other field but Reason and Detail is zero when it is false.
	IsAuthenticated bool
	UserID          string // "user_…"
	SessionID       string // "sess_…"
	// SessionStatus is the claim sts: "active", or "pending" while the session
	// has tasks left to do. Pending sessions are signed out unless the app opts in.
	SessionStatus string
	Claims        *Claims
	// Actor is who acts in the user's name; nil unless impersonated.
	Actor *Actor
	// FactorAges are the ages of the proofs when the token was minted.
	FactorAges FactorAges
	// Reason says why the request is not authenticated; ReasonNone if it is.
	Reason Reason
	// Detail adds to Reason for the log, never for an answer in production:
	// "user deleted 0.2 s ago".
	Detail string
}

// Actor is the claim act (RFC 8693 §4.1).
type Actor struct {
	Subject   string // who acts
	Issuer    string // "" if absent
	SessionID string // the actor's own session, "" if absent
	Type      string // "" if absent
}

// FactorAges is the claim fva: how long before the token was minted each factor
// was proved, in whole minutes. A negative age means never.
type FactorAges struct {
	First, Second time.Duration
}
