package auth_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// nothing but an Auth that was put there signs anybody in.
func TestFromContext(t *testing.T) {
	type foreignKey struct{}
	signedIn := &auth.Auth{IsAuthenticated: true, UserID: "user_a"}
	//lint:ignore SA1029 what other code may do
	byString := context.WithValue(t.Context(), "auth", signedIn)
	for name, ctx := range map[string]context.Context{
		"empty":       t.Context(),
		"nil_pointer": auth.NewContext(t.Context(), nil),
		"foreign_key": context.WithValue(t.Context(), foreignKey{}, signedIn),
		"string_key":  byString,
		"overwritten": auth.NewContext(auth.NewContext(t.Context(), signedIn), &auth.Auth{Reason: auth.ReasonTokenMissing}),
		"nil_on_top":  auth.NewContext(auth.NewContext(t.Context(), signedIn), nil),
	} {
		if a := auth.FromContext(ctx); a.IsAuthenticated || a.UserID != "" {
			t.Errorf("%s: FromContext = %+v, want signed out", name, a)
		}
	}
	ctx, cancel := context.WithCancel(auth.NewContext(t.Context(), signedIn))
	defer cancel()
	if a := auth.FromContext(ctx); a.UserID != "user_a" {
		t.Errorf("FromContext = %+v", a)
	}
}

func TestContextPassesOn(t *testing.T) {
	type key struct{}
	parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, 1))
	me := new(auth.Marker)
	ctx := auth.NewContextBy(parent, &auth.Auth{}, me)
	if ctx.Value(key{}) != 1 || auth.MarkedBy(ctx) != me || auth.MarkedBy(parent) != nil {
		t.Errorf("Value = %v, MarkedBy = %p, of the parent %p", ctx.Value(key{}), auth.MarkedBy(ctx), auth.MarkedBy(parent))
	}
	if auth.MarkedBy(auth.NewContext(ctx, &auth.Auth{})) != nil {
		t.Error("NewContext keeps the marker of another Auth")
	}
	cancel()
	if ctx.Err() == nil {
		t.Error("cancelling the parent does not cancel it")
	}
}

func TestClaimsAreJWTClaims(t *testing.T) {
	c := &auth.Claims{Issuer: "i", Subject: "s", Audience: []string{"a"}, IssuedAt: 1, NotBefore: 2, ExpiresAt: 3}
	exp, _ := c.GetExpirationTime()
	iat, _ := c.GetIssuedAt()
	nbf, _ := c.GetNotBefore()
	iss, _ := c.GetIssuer()
	sub, _ := c.GetSubject()
	aud, _ := c.GetAudience()
	if exp.Unix() != 3 || iat.Unix() != 1 || nbf.Unix() != 2 || iss != "i" || sub != "s" || !slices.Equal(aud, jwt.ClaimStrings{"a"}) {
		t.Error(exp, iat, nbf, iss, sub, aud)
	}
}

func TestTokenError(t *testing.T) {
	cause := errors.New("cause")
	err := error(&auth.TokenError{Reason: auth.ReasonTokenIssuer, Err: cause})
	if err.Error() != "auth: session_token_issuer: cause" || !errors.Is(err, cause) {
		t.Errorf("error = %v", err)
	}
	if err := (&auth.TokenError{Reason: auth.ReasonTokenMissing}); err.Error() != "auth: session_token_missing" {
		t.Errorf("error = %v", err)
	}
}

// T-19: templates set no reserved claim.
func TestCheckTemplateClaims(t *testing.T) {
	if err := auth.CheckTemplateClaims([]byte(`{"plan":"gold","org":{"sub":1,"o":2},"subject":"x"}`)); err != nil {
		t.Errorf("CheckTemplateClaims = %v", err)
	}
	for _, name := range []string{"iss", "sub", "sid", "azp", "aud", "exp", "iat", "nbf", "jti", "act", "fva", "sts", "v", "o", "handshake"} {
		if !slices.Contains(auth.ReservedClaims(), name) {
			t.Errorf("%s is not reserved", name)
		}
		for _, text := range []string{`{"a":1,"` + name + `":"x"}`, `{"\u00` + hex(name[0]) + name[1:] + `":null}`} {
			err := auth.CheckTemplateClaims([]byte(text))
			if e, ok := errors.AsType[*auth.ReservedClaimError](err); !ok || e.Name != name {
				t.Errorf("CheckTemplateClaims(%s) = %v, want %s reserved", text, err, name)
			}
		}
	}
	for _, name := range []string{"SUB", "Sub", "ſub", "EXP"} {
		if err := auth.CheckTemplateClaims([]byte(`{"` + name + `":1}`)); err == nil {
			t.Errorf("%s is not reserved", name)
		}
	}
	for _, text := range []string{``, `[]`, `null`, `{"a":1,"a":2}`, `{"a":1}x`} {
		if err := auth.CheckTemplateClaims([]byte(text)); !errors.Is(err, auth.ErrTemplateClaims) {
			t.Errorf("CheckTemplateClaims(%s) = %v, want ErrTemplateClaims", text, err)
		}
	}
	auth.ReservedClaims()[0] = "changed"
	if auth.ReservedClaims()[0] != "iss" {
		t.Error("the list can be changed from outside")
	}
}

func hex(c byte) string { return string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]) }

func TestPublishableKey(t *testing.T) {
	const key = "pk_live_Y2xlcmsubG9jYWwudGVzdCQ="
	if got := auth.PublishableKey("clerk.local.test"); got != key {
		t.Errorf("PublishableKey = %s, want %s", got, key)
	}
	if got := auth.CookieSuffix(key); got != "4qziOR6R" {
		t.Errorf("CookieSuffix = %s, want 4qziOR6R", got)
	}
	for key, want := range map[string]string{
		key:                                 "clerk.local.test",
		"pk_test_Y2xlcmsubG9jYWwudGVzdCQ":   "clerk.local.test",
		auth.PublishableKey("localhost:80"): "localhost:80",
	} {
		if host, err := auth.ParsePublishableKey(key); err != nil || host != want {
			t.Errorf("ParsePublishableKey(%s) = %q, %v", key, host, err)
		}
	}
	for _, key := range []string{
		"", "pk_live_", "sk_live_Y2xlcmsubG9jYWwudGVzdCQ=", "pk_live_*", "pk_live_" + b64("a.b"), "pk_live_" + b64("$"), "pk_live_" + b64("a/b$"), "pk_live_" + b64("a$b$"),
	} {
		if host, err := auth.ParsePublishableKey(key); err == nil {
			t.Errorf("ParsePublishableKey(%s) = %q", key, host)
		}
	}
}
