package auth_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
)

const app = "https://app.example.com"

// goodHandshake are claims that every test changes in one place.
var goodHandshake = object{
	"iss", `"` + issuer + `"`, "aud", `"` + app + `"`, "iat", "1800000000", "exp", "1800000060",
	"challenge", `"c"`, "handshake", `["__client_uat=1; Path=/","__session=x; Path=/"]`,
}

func TestVerifyHandshake(t *testing.T) {
	v := verifier(t, nil)
	got, err := v.VerifyHandshake(t.Context(), sign(rsaKey(), goodHeader.String(), goodHandshake.String()), app)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Directives, []string{"__client_uat=1; Path=/", "__session=x; Path=/"}) || got.Challenge != "c" {
		t.Errorf("answer = %+v", got)
	}
	if got, err := v.VerifyHandshake(t.Context(), sign(rsaKey(), goodHeader.String(), goodHandshake.without("challenge").String()), app); err != nil || got.Challenge != "" {
		t.Errorf("without a challenge: %+v, %v", got, err)
	}
}

// H-04, T-16: what is no handshake of this issuer for this app, at this time.
func TestVerifyHandshakeRefuses(t *testing.T) {
	v := verifier(t, nil)
	for name, test := range map[string]struct {
		claims object
		want   auth.Reason
	}{
		"session_token":     {goodClaims, auth.ReasonTokenType},
		"with_sub":          {goodHandshake.with("sub", `"user_a"`), auth.ReasonTokenType},
		"with_sid":          {goodHandshake.with("sid", `"sess_a"`), auth.ReasonTokenType},
		"no_directives":     {goodHandshake.without("handshake"), auth.ReasonTokenType},
		"directives_text":   {goodHandshake.with("handshake", `"__session=x"`), auth.ReasonTokenClaims},
		"directives_number": {goodHandshake.with("handshake", `[1]`), auth.ReasonTokenClaims},
		"issuer":            {goodHandshake.with("iss", `"https://clerk.example.com.evil.example"`), auth.ReasonTokenIssuer},
		"no_issuer":         {goodHandshake.without("iss"), auth.ReasonTokenIssuer},
		"audience":          {goodHandshake.with("aud", `"https://other.example.com"`), auth.ReasonTokenAudience},
		"audience_list":     {goodHandshake.with("aud", `["`+app+`"]`), auth.ReasonTokenClaims},
		"no_audience":       {goodHandshake.without("aud"), auth.ReasonTokenAudience},
		"challenge":         {goodHandshake.with("challenge", `1`), auth.ReasonTokenClaims},
		"expired":           {goodHandshake.with("iat", "1799999900").with("exp", "1799999960"), auth.ReasonTokenExpired},
		"future":            {goodHandshake.with("iat", "1800000010"), auth.ReasonTokenNotYet},
		"long_life":         {goodHandshake.with("exp", "1800000061"), auth.ReasonTokenClaims},
		"no_exp":            {goodHandshake.without("exp"), auth.ReasonTokenClaims},
		"no_iat":            {goodHandshake.without("iat"), auth.ReasonTokenClaims},
		"exp_text":          {goodHandshake.with("exp", `"1800000060"`), auth.ReasonTokenClaims},
		"twice":             {append(slices.Clone(goodHandshake), "handshake", `[]`), auth.ReasonTokenMalformed},
	} {
		token := sign(rsaKey(), goodHeader.String(), test.claims.String())
		got, err := v.VerifyHandshake(t.Context(), token, app)
		if refused, ok := errors.AsType[*auth.TokenError](err); !ok || refused.Reason != test.want || got != nil {
			t.Errorf("%s: %+v, %v, want %s", name, got, err, test.want)
		}
	}
	template := sign(rsaKey(), goodHeader.with("cat", `"`+auth.CategoryTemplate+`"`).String(), goodHandshake.String())
	if _, err := v.VerifyHandshake(t.Context(), template, app); err == nil {
		t.Error("a template token passed")
	}
	if _, err := v.VerifyHandshake(t.Context(), sign(rsaKey(), goodHeader.String(), goodHandshake.with("aud", `""`).String()), ""); err == nil {
		t.Error("an app without origin took an answer for nobody")
	}
}

func TestStripHandshake(t *testing.T) {
	for query, want := range map[string]string{
		"":                                   "",
		"a=1&b=%26&a":                        "a=1&b=%26&a",
		"__clerk_handshake=x":                "",
		"b=2&__clerk_handshake_nonce=x&a=1":  "b=2&a=1",
		"__clerk_help&__clerk_db_jwt=&a=%2F": "a=%2F",
		"__clerk%5Fhandshake=x&a=1":          "a=1",
		"__clerk_handshakes=1":               "__clerk_handshakes=1",
	} {
		if got := auth.StripHandshake(query); got != want {
			t.Errorf("StripHandshake(%q) = %q, want %q", query, got, want)
		}
	}
	const counted = "a=b&__clerk_hs_tries=2&__clerk_handshake=x"
	if got := auth.StripHandshake(counted); got != "a=b" {
		t.Errorf("StripHandshake keeps the tries: %q", got)
	}
	if got := auth.StripAnswer(counted); got != "a=b&__clerk_hs_tries=2" {
		t.Errorf("StripAnswer = %q", got)
	}
}
