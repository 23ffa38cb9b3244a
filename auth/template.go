package auth

import (
	"errors"
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

// ErrTemplateClaims means that the claims of a template are not one strict JSON
// object: UTF-8, no name twice, at most 8 levels. The error that wraps it says where.
var ErrTemplateClaims = errors.New("auth: template claims are not a JSON object")

// ReservedClaimError is the error of a template that sets a reserved claim.
type ReservedClaimError struct{ Name string }

// Error implements error.
func (e *ReservedClaimError) Error() string { return fmt.Sprintf("auth: claim %q is reserved", e.Name) }

// CheckTemplateClaims judges the claims of a JWT template or of a customised
// session token before they are saved. It returns a [*ReservedClaimError] if a
// member's name is a reserved claim in any letter case (many verifiers match names
// without it), and an error that wraps [ErrTemplateClaims] if it cannot read them.
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
		return fmt.Errorf("%w: %w", ErrTemplateClaims, err)
	}
	return reserved
}
