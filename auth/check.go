package auth

import (
	"errors"
	"fmt"
	"slices"
)

// checkClaims holds the claims of a token that issuer signed against the configuration.
// Age and status come last, so that their errors vouch for everything else.
func (v *Verifier) checkClaims(a *Auth, issuer string) error {
	c := a.Claims
	switch {
	case c.Issuer != issuer:
		return refuse(ReasonTokenIssuer, fmt.Errorf("issued by %q, not by %q", c.Issuer, issuer))
	case !v.audienceFits(c.Audience):
		return refuse(ReasonTokenAudience, fmt.Errorf("meant for %q", c.Audience))
	case len(v.parties) > 0 && !slices.Contains(v.parties, c.AuthorizedParty):
		return refuse(ReasonTokenParty, fmt.Errorf("asked for by %q", c.AuthorizedParty))
	case c.ExpiresAt <= c.IssuedAt:
		return refuse(ReasonTokenClaims, errors.New("expires before it is issued"))
	case c.ExpiresAt-c.IssuedAt > v.maxLifetime:
		return refuse(ReasonTokenClaims, errors.New("lives too long"))
	}
	now := v.now().Unix()
	if c.NotBefore > now+v.leeway || c.IssuedAt > now+v.leeway {
		return refuse(ReasonTokenNotYet, fmt.Errorf("valid in %d s", max(c.NotBefore, c.IssuedAt)-now))
	}
	if c.ExpiresAt <= now-v.leeway {
		return &TokenError{Reason: ReasonTokenExpired, Err: fmt.Errorf("expired %d s ago", now-c.ExpiresAt), Expired: c}
	}
	if c.Status != "active" {
		return &TokenError{Reason: ReasonSessionPending, Pending: a}
	}
	return nil
}

// audienceFits reports whether aud names us (T-14). An empty name names nobody,
// and neither does an empty list.
func (v *Verifier) audienceFits(aud []string) bool {
	switch {
	case v.anyAudience:
		return true
	case aud == nil:
		return len(v.audiences) == 0
	}
	return slices.ContainsFunc(aud, func(name string) bool { return slices.Contains(v.audiences, name) })
}
