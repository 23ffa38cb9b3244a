package auth

import (
	"context"
	"errors"
	"time"
)

// ErrNoSession is returned by a Renewer when the browser has no live session to
// renew: signed out, revoked, expired, or an unknown cookie.
var ErrNoSession = errors.New("auth: no live session")

// Renewer mints a fresh session token for a browser whose token is no longer good.
// Package session implements it for apps in whose process the server runs.
// Implementations must be safe for concurrent use.
type Renewer interface {
	// Renew returns a token for the browser that sent clientCookie (the value of
	// the cookie __client). sessionID is the sid of a well-signed token that has
	// expired or was revoked, or "". If that session is not live, the token is for
	// the client's last active one. authorizedParty becomes the claim azp; "" leaves
	// it out. Renew returns ErrNoSession if there is nothing to renew; any other
	// error means that the store could not be asked.
	Renew(ctx context.Context, clientCookie, sessionID, authorizedParty string) (token string, err error)
}

// Revocation says that a session, or all sessions of a user, ended before their
// tokens expired.
type Revocation struct {
	At    time.Time
	Cause string // for the log: "user deleted", "signed out", "user banned"
}

// Revocations answers whether a token that verifies was revoked since. Package
// session implements it. Implementations must be safe for concurrent use.
type Revocations interface {
	// Revoked looks only at memory and never blocks or allocates. issuedAt is the
	// token's iat: a user-wide revocation counts for tokens issued up to it.
	Revoked(sessionID, userID string, issuedAt time.Time) (Revocation, bool)
	// Current reports whether what Revoked knows is fresher than its stated bound at
	// now, the caller's clock: reading another one would cost more than Revoked does.
	Current(now time.Time) bool
	// Ask asks the store itself. Callers use it when Current is false.
	Ask(ctx context.Context, sessionID, userID string, issuedAt time.Time) (Revocation, bool, error)
}
