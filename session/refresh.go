package session

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// maxRefreshAge is how long ago a token was minted at most that is to be replaced.
const maxRefreshAge = 24 * time.Hour

// RefreshRule is what stands in the way of a refresh.
type RefreshRule string

// The rules of a refresh.
const (
	RefreshExpiredInvalid    RefreshRule = "expired token invalid" // no session token of ours
	RefreshExpiredNoSession  RefreshRule = "expired token without sid"
	RefreshExpiredNoParty    RefreshRule = "expired token without azp"
	RefreshExpiredNoTime     RefreshRule = "expired token without iat"
	RefreshExpiredTooOld     RefreshRule = "expired token too old" // minted more than a day ago
	RefreshOriginInvalid     RefreshRule = "origin invalid"
	RefreshOriginOther       RefreshRule = "origin is not the token's"
	RefreshSessionOther      RefreshRule = "session is not the token's"
	RefreshSessionUnknown    RefreshRule = "session unknown"
	RefreshSessionInactive   RefreshRule = "session inactive"
	RefreshSessionIneligible RefreshRule = "session ineligible" // somebody acts as the user
	RefreshUserUnknown       RefreshRule = "user unknown"
	RefreshTokenUnknown      RefreshRule = "refresh token unknown"
	RefreshTokenUsed         RefreshRule = "refresh token used" // again: it has ended with its successors
)

// RefreshError says why a session token is not replaced.
type RefreshError struct {
	Rule RefreshRule
	Err  error // for the log; nil if there is nothing to add
}

func (e *RefreshError) Error() string {
	if e.Err == nil {
		return "session: refresh: " + string(e.Rule)
	}
	return "session: refresh: " + string(e.Rule) + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *RefreshError) Unwrap() error { return e.Err }

// RefreshRequest is what an app's server shows to get another session token.
type RefreshRequest struct {
	SessionID    ID
	ExpiredToken string // the session's last token, a day old at most
	RefreshToken string // from the browser's cookie __refresh_<suffix>
	Origin       string // of the app, "https://app.example.com": the token's azp
}

// Refreshed is what takes the place of an expired token.
type Refreshed struct {
	Token string
	// Cookies are Set-Cookie values: the next refresh token, unless a request that came
	// with the same one has it, and last the session token in both spellings.
	Cookies []string
}

// Refreshable reads the session that a refresh is about and checks all but the refresh
// token. *RefreshError.
func (s *Service) Refreshable(ctx context.Context, q RefreshRequest) (Session, error) {
	if s.cfg.Attempts == nil {
		return Session{}, errors.New("refresh: session: Config.Attempts is needed")
	}
	claims, err := s.expiredClaims(ctx, q.ExpiredToken)
	switch {
	case err != nil:
		return Session{}, err
	case claims.SessionID != string(q.SessionID):
		return Session{}, &RefreshError{Rule: RefreshSessionOther}
	case s.now().Sub(time.Unix(claims.IssuedAt, 0)) > maxRefreshAge:
		return Session{}, &RefreshError{Rule: RefreshExpiredTooOld}
	case claims.AuthorizedParty == "":
		return Session{}, &RefreshError{Rule: RefreshExpiredNoParty}
	case claims.AuthorizedParty != q.Origin:
		return Session{}, &RefreshError{Rule: RefreshOriginOther}
	}
	ss, err := s.Get(ctx, q.SessionID)
	switch {
	case errors.Is(err, ErrNotFound):
		return Session{}, &RefreshError{Rule: RefreshSessionUnknown, Err: err}
	case err != nil:
		return Session{}, wrap("refresh", err)
	case ss.UserID != claims.Subject:
		return Session{}, &RefreshError{Rule: RefreshExpiredInvalid}
	case ss.Actor != nil:
		return Session{}, &RefreshError{Rule: RefreshSessionIneligible}
	case !ss.Live(s.now()):
		return Session{}, &RefreshError{Rule: RefreshSessionInactive}
	}
	return ss, nil
}

// Refresh mints a token for a session that Refreshable has just returned for q. With
// cookies the refresh token is replaced; without it stays, since nothing brings the next
// one to the browser. *RefreshError.
func (s *Service) Refresh(ctx context.Context, ss Session, q RefreshRequest, cookies bool) (Refreshed, error) {
	record, next, err := s.useRefresh(ctx, ss.ID, q.Origin, q.RefreshToken, cookies)
	if err != nil {
		return Refreshed{}, wrap("refresh", err)
	}
	token, err := s.Token(ctx, ss, q.Origin)
	if errors.Is(err, ErrNotActive) {
		return Refreshed{}, &RefreshError{Rule: RefreshSessionInactive, Err: err}
	}
	if err != nil || !cookies {
		return Refreshed{Token: token}, wrap("refresh", err)
	}
	out := Refreshed{Token: token}
	if next != "" {
		out.Cookies = append(out.Cookies, s.refreshCookie(record.CookieSuffix, next, q.Origin, ss.ExpireAt))
	}
	for _, name := range []string{"__session_" + record.CookieSuffix, "__session"} {
		out.Cookies = append(out.Cookies, name+"="+token+"; Path=/; Max-Age="+strconv.Itoa(sessionCookieAge)+cookieEnd(q.Origin))
	}
	return out, nil
}

// expiredClaims are those of a session token of ours, whatever its age.
func (s *Service) expiredClaims(ctx context.Context, token string) (*auth.Claims, error) {
	a, err := s.verifier.Verify(ctx, token)
	if err == nil {
		return a.Claims, nil // the clocks of apps differ
	}
	refused, ok := errors.AsType[*auth.TokenError](err)
	switch {
	case !ok:
		return nil, wrap("refresh", err)
	case refused.Expired != nil:
		return refused.Expired, nil
	case refused.Pending != nil:
		return refused.Pending.Claims, nil
	}
	rule := RefreshExpiredInvalid
	if refused.Reason == auth.ReasonTokenClaims {
		rule = missingClaim(ctx, s.cfg.Keys, token)
	}
	return nil, &RefreshError{Rule: rule, Err: err}
}

// missingClaim says which claim that a refresh needs is not in a token that we signed.
func missingClaim(ctx context.Context, keys auth.KeySet, token string) RefreshRule {
	payload, err := auth.VerifySignature(ctx, keys, token)
	if err != nil {
		return RefreshExpiredInvalid
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(payload, &claims); err != nil {
		return RefreshExpiredInvalid
	}
	switch {
	case claims["sid"] == nil:
		return RefreshExpiredNoSession
	case claims["iat"] == nil:
		return RefreshExpiredNoTime
	}
	return RefreshExpiredInvalid
}
