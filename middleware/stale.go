package middleware

import (
	"context"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// StalePolicy says what becomes of a good token while nobody can tell from memory
// whether it was revoked: the node has not read the revocation log for some seconds.
type StalePolicy string

const (
	// StaleAsk asks the store about each request, and answers 503 if that fails too.
	StaleAsk StalePolicy = "ask"
	// StaleRefuse answers 503 without asking, to spare a store that is in trouble.
	StaleRefuse StalePolicy = "refuse"
	// StaleAllow lets the token pass. What is revoked meanwhile lives on until its
	// tokens expire, which is 60 s by default.
	StaleAllow StalePolicy = "allow"
)

// Valid reports whether p is one of these, or "".
func (p StalePolicy) Valid() bool {
	return p == "" || p == StaleAsk || p == StaleRefuse || p == StaleAllow
}

// notRevoked returns a, which verified, unless its session was revoked since or that
// cannot be found out.
func (m *Middleware) notRevoked(ctx context.Context, a *auth.Auth, now time.Time) *auth.Auth {
	c, feed := a.Claims, m.cfg.Revocations
	issued := time.Unix(c.IssuedAt, 0)
	if rev, revoked := feed.Revoked(c.SessionID, c.Subject, issued); revoked {
		return m.revoked(rev)
	}
	switch {
	case feed.Current(now) || m.cfg.WhenStale == StaleAllow:
		return a
	case m.cfg.WhenStale == StaleRefuse:
		return signedOut(auth.ReasonRevocationUnknown, "the revocation feed is not current")
	}
	rev, revoked, err := feed.Ask(ctx, c.SessionID, c.Subject, issued)
	switch {
	case err != nil:
		return signedOut(auth.ReasonRevocationUnknown, err.Error())
	case revoked:
		return m.revoked(rev)
	}
	return a
}
