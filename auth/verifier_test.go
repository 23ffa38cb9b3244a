package auth_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

func TestVerify(t *testing.T) {
	v := verifier(t, nil)
	a := accepted(t, v, goodToken())
	want := auth.Auth{
		IsAuthenticated: true,
		UserID:          "user_2aB",
		SessionID:       "sess_3cD",
		SessionStatus:   "active",
		FactorAges:      auth.FactorAges{First: 3 * time.Minute, Second: -time.Minute},
		Claims: &auth.Claims{
			Issuer: issuer, Subject: "user_2aB", SessionID: "sess_3cD", AuthorizedParty: "https://app.example.com",
			ID: "4eF", IssuedAt: 1800000000, NotBefore: 1799999990, ExpiresAt: 1800000060, Version: 2, Status: "active",
			FactorAges: auth.FactorAges{First: 3 * time.Minute, Second: -time.Minute},
			Raw:        []byte(goodClaims.String()),
		},
	}
	if !reflect.DeepEqual(*a, want) {
		t.Errorf("Verify = %+v\nclaims %+v\nwant %+v\nclaims %+v", *a, *a.Claims, want, *want.Claims)
	}
	accepted(t, v, sign(ecKey(), goodHeader.with("alg", `"ES256"`).with("kid", `"ec"`).String(), goodClaims.String()))
	accepted(t, v, sign(edKey(), goodHeader.with("alg", `"EdDSA"`).with("kid", `"ed"`).String(), goodClaims.String()))
}

// T-09: of a forged token nothing is known but that.
func TestVerifyForgedBeforeClaims(t *testing.T) {
	v := verifier(t, nil)
	forge := func(claims string) string {
		token := sign(rsaKey(), goodHeader.String(), claims)
		i := strings.LastIndexByte(token, '.')
		return token[:i+1] + strings.Repeat("A", len(token)-i-1)
	}
	var errs []string
	for _, claims := range []string{
		goodClaims.String(),
		goodClaims.with("iat", "1").with("nbf", "1").with("exp", "2").String(),
		goodClaims.with("iss", `"https://evil.example"`).String(),
		goodClaims.with("sts", `"pending"`).String(),
		goodClaims.without("sub").String(),
		"not json",
	} {
		e := refused(t, v, forge(claims), auth.ReasonTokenSignature)
		if e.Expired != nil || e.Pending != nil {
			t.Errorf("claims of a forged token in %+v", e)
		}
		errs = append(errs, e.Error())
	}
	for _, text := range errs {
		if text != errs[0] {
			t.Errorf("forged tokens are told apart: %q, %q", text, errs[0])
		}
	}
}

type brokenKeys struct {
	key auth.Key
	err error
}

func (k brokenKeys) Key(context.Context, string) (auth.Key, error) { return k.key, k.err }

// A key set that cannot answer, or answers with a key that it must not have.
func TestVerifyKeySetFails(t *testing.T) {
	for _, keys := range []brokenKeys{
		{err: auth.ErrKeysUnavailable},
		{err: errors.New("other")},
		{},
		{key: auth.Key{ID: kid, Algorithm: "none"}},
		{key: auth.Key{ID: kid, Algorithm: "HS256", Public: []byte("secret")}},
		{key: auth.Key{ID: kid, Algorithm: "ES256", Public: &rsaKey().PublicKey}},
		{key: weakRSA(1024, 65537)},
		{key: weakRSA(2048, 3)},
	} {
		v := verifier(t, func(cfg *auth.VerifierConfig) { cfg.Keys = keys })
		refused(t, v, goodToken(), auth.ReasonKeysUnavailable)
	}
}

// half a configuration is an error that names the field.
func TestNewVerifierConfig(t *testing.T) {
	good := auth.VerifierConfig{Keys: keySet(t), Issuer: issuer}
	for field, change := range map[string]func(*auth.VerifierConfig){
		"Keys":              func(c *auth.VerifierConfig) { c.Keys = nil },
		"Issuer":            func(c *auth.VerifierConfig) { c.Issuer = "" },
		"Audiences":         func(c *auth.VerifierConfig) { c.Audiences = []string{"a", ""} },
		"AllowAnyAudience":  func(c *auth.VerifierConfig) { c.Audiences, c.AllowAnyAudience = []string{"a"}, true },
		"AuthorizedParties": func(c *auth.VerifierConfig) { c.AuthorizedParties = []string{""} },
		"Leeway":            func(c *auth.VerifierConfig) { c.Leeway = time.Hour },
		"MaxLifetime":       func(c *auth.VerifierConfig) { c.MaxLifetime = -1 },
	} {
		cfg := good
		change(&cfg)
		if v, err := auth.NewVerifier(cfg); err == nil || v != nil || !strings.Contains(err.Error(), field) {
			t.Errorf("NewVerifier without a good %s = %v, %v", field, v, err)
		}
	}
	if _, err := auth.NewVerifier(good); err != nil {
		t.Error(err)
	}
}
