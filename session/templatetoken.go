package session

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// MaxTemplateTokenSize is the longest token of a template, in bytes. It travels in
// headers, which servers commonly bound at that, and in no cookie.
const MaxTemplateTokenSize = 16 << 10

// TemplateToken is what a token of a JWT template holds beside the claims that every
// token has: iss, sub, iat, nbf, exp, jti, and azp where an origin asked.
type TemplateToken struct {
	Claims   map[string]any // none of auth.ReservedClaims
	Lifetime time.Duration  // exp − iat, whole seconds
	Skew     time.Duration  // iat − nbf
}

// MintTemplate signs a token of a JWT template for a session of the client that sent
// cookie. fill says what it holds. Errors: those of Mint, those of fill,
// ErrTokenTooLarge, *auth.ReservedClaimError.
//
// It is of a class of its own (auth.CategoryTemplate), names no session and is no
// session token: neither the middleware nor the Frontend API takes it (T-16). Nothing
// revokes it before it expires.
//
// One round trip to the store and those of fill; events count as in Mint.
func (s *Service) MintTemplate(ctx context.Context, cookie string, id ID, azp string, fill func(Session) (TemplateToken, error), events ...Event) (string, error) {
	ss, now, err := s.loadFor(ctx, cookie, id, events...)
	if err != nil {
		return "", wrap("mint template", err)
	}
	if err := s.live(ss, now); err != nil {
		return "", wrap("mint template", err)
	}
	if err := s.recordUse(ctx, ss, now); err != nil {
		return "", wrap("mint template", err)
	}
	t, err := fill(ss)
	if err != nil {
		return "", err
	}
	token, err := s.signTemplate(ss, azp, t, now)
	return token, wrap("mint template", err)
}

// TemplateTokenFor is MintTemplate for somebody other than the session's browser, as
// [Service.TokenFor] is Mint, of a session that the caller has just read.
func (s *Service) TemplateTokenFor(ss Session, t TemplateToken) (string, error) {
	now := s.now()
	if err := s.live(ss, now); err != nil {
		return "", wrap("mint template", err)
	}
	token, err := s.signTemplate(ss, "", t, now)
	return token, wrap("mint template", err)
}

// signTemplate makes the token (RFC 7519).
func (s *Service) signTemplate(ss Session, azp string, t TemplateToken, now time.Time) (string, error) {
	for name := range t.Claims {
		if slices.ContainsFunc(auth.ReservedClaims(), func(claim string) bool { return strings.EqualFold(name, claim) }) {
			return "", &auth.ReservedClaimError{Name: name} // T-19
		}
	}
	issued := s.issuedAt(now)
	claims := make(map[string]any, len(t.Claims)+7)
	for name, value := range t.Claims {
		claims[name] = value
	}
	claims["iss"], claims["sub"] = s.cfg.Issuer, ss.UserID
	claims["iat"], claims["nbf"], claims["exp"] = issued.Unix(), issued.Add(-t.Skew).Unix(), issued.Add(t.Lifetime).Unix()
	claims["jti"] = hex.EncodeToString(random.Bytes(16))
	if azp != "" {
		claims["azp"] = azp
	}
	var payload bytes.Buffer
	enc := json.NewEncoder(&payload)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(claims); err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	signer := s.cfg.Keys.current.Load().active
	buf := []byte(signer.templateHead)
	buf = base64.RawURLEncoding.AppendEncode(buf, bytes.TrimSuffix(payload.Bytes(), []byte("\n")))
	signature, err := signer.method.Sign(string(buf), signer.private)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	buf = base64.RawURLEncoding.AppendEncode(append(buf, '.'), signature)
	if len(buf) > MaxTemplateTokenSize {
		return "", fmt.Errorf("%w: %d bytes, at most %d", ErrTokenTooLarge, len(buf), MaxTemplateTokenSize)
	}
	return string(buf), nil
}

// SigningAlgorithm is what tokens are signed with now: RS256, ES256 or EdDSA.
func (s *Service) SigningAlgorithm() string {
	set := s.cfg.Keys.current.Load()
	if set.active != nil {
		return set.active.key.Algorithm
	}
	if active := activeIn(set.stored); active != nil { // with ManageKeys: what servers sign with
		return active.Algorithm
	}
	return s.cfg.Keys.cfg.Algorithm
}
