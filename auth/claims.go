package auth

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims are the claims of a session token, version 2. They implement
// golang-jwt's jwt.Claims. Treat them as read-only.
type Claims struct {
	Issuer          string   // iss
	Subject         string   // sub, the user's id
	SessionID       string   // sid
	AuthorizedParty string   // azp, the origin that asked for the token; "" if absent
	Audience        []string // aud; nil if absent
	ID              string   // jti; "" if absent
	IssuedAt        int64    // iat, Unix seconds
	NotBefore       int64    // nbf, Unix seconds
	ExpiresAt       int64    // exp, Unix seconds
	Version         int      // v; 0 if absent
	Status          string   // sts; "active" if absent
	Actor           *Actor   // act; nil if absent
	FactorAges      FactorAges
	// Raw is the payload as it was signed, which [ClaimsAs] reads claims of the app's
	// own from. Read-only.
	Raw []byte
}

var _ jwt.Claims = (*Claims)(nil)

// GetExpirationTime implements jwt.Claims.
func (c *Claims) GetExpirationTime() (*jwt.NumericDate, error) { return numericDate(c.ExpiresAt), nil }

// GetIssuedAt implements jwt.Claims.
func (c *Claims) GetIssuedAt() (*jwt.NumericDate, error) { return numericDate(c.IssuedAt), nil }

// GetNotBefore implements jwt.Claims.
func (c *Claims) GetNotBefore() (*jwt.NumericDate, error) { return numericDate(c.NotBefore), nil }

// GetIssuer implements jwt.Claims.
func (c *Claims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject implements jwt.Claims.
func (c *Claims) GetSubject() (string, error) { return c.Subject, nil }

// GetAudience implements jwt.Claims.
func (c *Claims) GetAudience() (jwt.ClaimStrings, error) { return c.Audience, nil }

func numericDate(unix int64) *jwt.NumericDate { return jwt.NewNumericDate(time.Unix(unix, 0)) }
