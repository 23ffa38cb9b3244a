package auth_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// T-23: whatever comes as a token, it is refused with a reason or verifies with an
// independent implementation too.
func FuzzVerify(f *testing.F) {
	good := goodToken()
	for _, seed := range []string{
		good, "", "..", ".", good + ".", strings.ReplaceAll(good, ".", "\n."), good[:len(good)-1],
		b64(`{"alg":"none"}`) + "." + b64(goodClaims.String()) + ".",
		b64(goodHeader.with("crit", `["x"]`).String()) + "." + b64(goodClaims.String()) + ".AAAA",
		b64(`{"alg":"ES256","kid":"ec"}`) + "." + b64(goodClaims.String()) + "." + strings.Repeat("A", 86),
		sign(edKey(), `{"alg":"EdDSA","kid":"ed"}`, goodClaims.String()), strings.Repeat(".", 9000), "ey\xff.\x00.=",
	} {
		f.Add(seed)
	}
	v := verifier(f, nil)
	keyOf := func(t *jwt.Token) (any, error) {
		switch t.Header["kid"] {
		case kid:
			return &rsaKey().PublicKey, nil
		case "ec":
			return &ecKey().PublicKey, nil
		}
		return edKey().Public(), nil
	}
	f.Fuzz(func(t *testing.T, token string) {
		a, err := v.Verify(t.Context(), token)
		if err != nil {
			if e, ok := errors.AsType[*auth.TokenError](err); !ok || e.Reason == auth.ReasonNone || a != nil {
				t.Fatalf("Verify = %v, %v", a, err)
			}
			return
		}
		parser := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
		if _, err := parser.Parse(token, keyOf); err != nil {
			t.Fatalf("accepted %q, which golang-jwt refuses: %v", token, err)
		}
	})
}

// T-08, T-11, T-15: whatever an issuer signs, what is accepted says to
// encoding/json what it says to us.
func FuzzVerifySigned(f *testing.F) {
	header := object{"alg", `"EdDSA"`, "kid", `"ed"`}
	f.Add(header.String(), goodClaims.String())
	f.Add(header.with("typ", `"JWT"`).with("cat", `"cl_B7d4PD111AAA"`).String(), goodClaims.with("aud", `["a"]`).String())
	f.Add(header.with("b64", "false").String(), goodClaims.with("act", `{"sub":"user_b"}`).String())
	f.Add(header.String(), goodClaims.with("exp", "1e400").with("Sub", `"user_c"`).String())
	f.Add(header.String(), goodClaims.String()+"{}")
	v := verifier(f, nil)
	f.Fuzz(func(t *testing.T, header, payload string) {
		a, err := v.Verify(t.Context(), sign(edKey(), header, payload))
		if err != nil {
			return
		}
		var h, c map[string]any
		if err := errors.Join(json.Unmarshal([]byte(header), &h), json.Unmarshal([]byte(payload), &c)); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if h["alg"] != "EdDSA" || h["kid"] != "ed" || h["crit"] != nil || h["jwk"] != nil {
			t.Fatalf("accepted the header %s", header)
		}
		if c["iss"] != issuer || c["sub"] != a.UserID || c["sid"] != a.SessionID || c["aud"] != nil {
			t.Fatalf("%+v does not say what %s says", a, payload)
		}
		if exp, ok := c["exp"].(float64); !ok || int64(exp) <= epoch.Unix()-5 {
			t.Fatalf("accepted exp %v", c["exp"])
		}
	})
}
