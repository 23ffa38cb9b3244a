package middleware

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// authenticate says who r is from and returns the writer that the answer must go
// through. A nil w means that nothing can be renewed; a nil writer that comes back,
// that r was answered.
func (m *Middleware) authenticate(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *auth.Auth) {
	var c credentials
	m.readInto(&c, r.Header)
	renewable := w != nil && m.cfg.Renewer != nil && c.client != ""
	switch {
	case c.ambiguous:
		return w, signedOut(auth.ReasonTokenAmbiguous, "")
	case c.fromHeader:
		return w, m.check(r.Context(), c.bearer)
	case c.suffixed == "" && c.plain == "" && !renewable && m.handshake == nil:
		return w, missing
	}
	// From here on a cookie speaks, which browsers also send for other sites' pages.
	if m.origins.Check(r) != nil {
		return w, signedOut(auth.ReasonCrossOrigin, "")
	}
	now := m.cfg.Now()
	v := m.choose(r.Context(), &c, now)
	a := m.judge(r.Context(), v, now)
	if m.handshake != nil {
		return m.recognise(w, r, v, a)
	}
	// A revoked session is renewable too: the cookie may have outlived it, and the
	// browser have signed in again since.
	if renewable && (v.renewable() || a.Reason == auth.ReasonSessionRevoked) {
		return m.renew(w, r, c.client, v.claims(), a)
	}
	return w, a
}

// verdict is what came of a token: an Auth or an error.
type verdict struct {
	auth *auth.Auth
	err  *auth.TokenError
}

// claims returns the claims if the token's signature held, else nil.
func (v verdict) claims() *auth.Claims {
	switch {
	case v.auth != nil:
		return v.auth.Claims
	case v.err.Pending != nil:
		return v.err.Pending.Claims
	}
	return v.err.Expired
}

// foreign reports whether another instance on the same host may well have set
// the cookie: cookies do not know ports.
func (v verdict) foreign() bool {
	return v.err != nil && (v.err.Reason == auth.ReasonTokenIssuer || v.err.Reason == auth.ReasonTokenKeyUnknown)
}

// renewable reports whether a fresh token may stand in for this one: it is good
// but for its age, or is not there, or never was ours.
func (v verdict) renewable() bool {
	return v.err != nil && (v.err.Expired != nil || v.err.Reason == auth.ReasonTokenMissing || v.foreign())
}

// verify looks a token up among those verified before, else verifies it.
func (m *Middleware) verify(ctx context.Context, token string, now time.Time) verdict {
	keys := m.cfg.Verifier.KeyRemovals()
	if a := m.cache.get(token, now, keys); a != nil {
		return verdict{auth: a}
	}
	a, err := m.cfg.Verifier.Verify(ctx, token)
	if err != nil {
		refused, ok := errors.AsType[*auth.TokenError](err)
		switch {
		case !ok:
			refused = &auth.TokenError{Reason: auth.ReasonTokenMalformed, Err: err}
			fallthrough
		case refused.Pending == nil || !m.cfg.AcceptPending: // T-18
			return verdict{err: refused}
		}
		a = refused.Pending
	}
	m.cache.put(token, a, now, keys)
	return verdict{auth: a}
}

// check says who a token is from.
func (m *Middleware) check(ctx context.Context, token string) *auth.Auth {
	now := m.cfg.Now()
	return m.judge(ctx, m.verify(ctx, token, now), now)
}

// choose verifies the tokens of both cookies and returns the verdict that counts:
// not a foreign one if there is another, then one whose signature held, then the
// one issued later, then the suffixed one.
func (m *Middleware) choose(ctx context.Context, c *credentials, now time.Time) verdict {
	first := c.suffixed
	if first == "" {
		first = c.plain
	}
	v := m.verify(ctx, first, now)
	if c.plain == "" || c.plain == first {
		return v
	}
	other := m.verify(ctx, c.plain, now)
	have, otherHas := v.claims(), other.claims()
	switch {
	case have != nil && otherHas != nil:
		if otherHas.IssuedAt > have.IssuedAt {
			return other
		}
	case otherHas != nil, have == nil && v.foreign():
		return other
	}
	return v
}

// judge turns a verdict into an Auth. A token that verified may have been revoked
// since.
func (m *Middleware) judge(ctx context.Context, v verdict, now time.Time) *auth.Auth {
	if v.err != nil {
		detail := ""
		if v.err.Err != nil {
			detail = v.err.Err.Error()
		}
		return signedOut(v.err.Reason, detail)
	}
	if m.cfg.Revocations == nil {
		return v.auth
	}
	return m.notRevoked(ctx, v.auth, now)
}

// revoked says "user deleted 0.2 s ago".
func (m *Middleware) revoked(rev auth.Revocation) *auth.Auth {
	ago := m.cfg.Now().Sub(rev.At).Seconds()
	return signedOut(auth.ReasonSessionRevoked, fmt.Sprintf("%s %.1f s ago", rev.Cause, max(ago, 0)))
}

func signedOut(reason auth.Reason, detail string) *auth.Auth {
	return &auth.Auth{Reason: reason, Detail: detail}
}
