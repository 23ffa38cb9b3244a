package auth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

// reservedClaims decide who a token is from, what it is and how long it lives (T-19).
var reservedClaims = []string{
	"iss", "sub", "sid", "azp", "aud", "exp", "iat", "nbf", "jti", "act", "fva", "sts", "v", "o",
	"handshake", // makes a token a handshake's
}

// ReservedClaims returns the claims that only the server itself sets.
func ReservedClaims() []string { return slices.Clone(reservedClaims) }

// ReservedClaimError is the error of a template that sets a reserved claim.
type ReservedClaimError struct{ Name string }

// Error implements error.
func (e *ReservedClaimError) Error() string { return fmt.Sprintf("auth: claim %q is reserved", e.Name) }

// CheckTemplateClaims judges the claims of a JWT template or of a customised
// session token, a JSON object, before they are saved. It returns a
// [*ReservedClaimError] if a member's name is a reserved claim in any letter
// case (many verifiers match names without it), or a [*strictjson.Error].
func CheckTemplateClaims(claims []byte) error {
	r := strictjson.NewReader(claims, maxTokenDepth)
	o := r.Object()
	var reserved error
	for name, ok := o.Next(); ok; name, ok = o.Next() {
		for _, claim := range reservedClaims {
			if reserved == nil && strings.EqualFold(string(name), claim) {
				reserved = &ReservedClaimError{Name: string(name)}
			}
		}
		r.Skip()
	}
	if err := r.Close(); err != nil {
		return fmt.Errorf("template claims: %w", err)
	}
	return reserved
}
