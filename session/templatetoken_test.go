package session_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/session"
)

// filled returns what fills a template token in.
func filled(claims map[string]any) func(session.Session) (session.TemplateToken, error) {
	return func(session.Session) (session.TemplateToken, error) {
		return session.TemplateToken{Claims: claims, Lifetime: time.Hour, Skew: 7 * time.Second}, nil
	}
}

// T-16: the header names the class of template tokens, and the claims no session.
func TestTemplateToken(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	now := h.clock.Now().Unix()
	token, err := h.MintTemplate(t.Context(), cookie, ss.ID, "https://app.example.com", filled(map[string]any{"role": "<admin>", "n": 1}))
	if err != nil {
		t.Fatal(err)
	}
	header, claims := parts(t, token)
	if want := (map[string]any{"alg": "EdDSA", "typ": "JWT", "cat": "cl_B7d4PD222AAA", "kid": h.keys.All()[0].ID}); fmt.Sprint(header) != fmt.Sprint(want) {
		t.Errorf("header = %v, want %v", header, want)
	}
	delete(claims, "jti")
	want := map[string]any{
		"iss": issuer, "sub": userA, "azp": "https://app.example.com", "role": "<admin>", "n": 1.0,
		"iat": float64(now), "nbf": float64(now - 7), "exp": float64(now + 3600),
	}
	if fmt.Sprint(claims) != fmt.Sprint(want) {
		t.Errorf("claims = %v, want %v", claims, want)
	}
	if h.SigningAlgorithm() != "EdDSA" {
		t.Errorf("SigningAlgorithm = %s", h.SigningAlgorithm())
	}
}

func TestTemplateTokenRefuses(t *testing.T) {
	h := open(t)
	_, cookie, ss := h.signedIn(userA)
	_, stranger, _ := h.signedIn(userB)
	mint := func(cookie string, fill func(session.Session) (session.TemplateToken, error)) error {
		_, err := h.MintTemplate(t.Context(), cookie, ss.ID, "", fill)
		return err
	}
	// T-19: whatever fills it in, no reserved claim gets through.
	for _, name := range append(auth.ReservedClaims(), "Sid", "EXP") {
		if e, ok := errors.AsType[*auth.ReservedClaimError](mint(cookie, filled(map[string]any{name: "x"}))); !ok || e.Name != name {
			t.Errorf("claim %s: %v, want a ReservedClaimError", name, e)
		}
	}
	if err := mint(cookie, filled(map[string]any{"a": strings.Repeat("x", session.MaxTemplateTokenSize)})); !errors.Is(err, session.ErrTokenTooLarge) {
		t.Errorf("a large one: %v, want ErrTokenTooLarge", err)
	}
	mine := errors.New("mine")
	if err := mint(cookie, func(session.Session) (session.TemplateToken, error) { return session.TemplateToken{}, mine }); !errors.Is(err, mine) {
		t.Errorf("MintTemplate = %v, want the error of fill", err)
	}
	never := func(session.Session) (session.TemplateToken, error) {
		t.Error("filled in for nobody")
		return session.TemplateToken{}, nil
	}
	for name, cookie := range map[string]string{"another client's cookie": stranger, "no cookie": "", "no cookie's form": "x"} {
		if err := mint(cookie, never); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
	if _, err := h.Revoke(t.Context(), ss.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if err := mint(cookie, never); !errors.Is(err, session.ErrNotActive) { // S-08
		t.Errorf("of a revoked session: %v, want ErrNotActive", err)
	}
}
