package auth_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"hash"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// header builds a token that is good but for its header, well signed.
func withHeader(o object) string { return sign(rsaKey(), o.String(), goodClaims.String()) }

// T-01: the algorithm comes from the key.
func TestVerifyAlgorithm(t *testing.T) {
	keys := &countingKeys{KeySet: keySet(t)}
	v := verifier(t, func(cfg *auth.VerifierConfig) { cfg.Keys = keys })
	for _, alg := range []string{
		`"none"`, `"None"`, `"NONE"`, `""`, `null`, `["RS256"]`, `{"a":"RS256"}`, `0`, `"RS256 "`, `" RS256"`, `"rs256"`,
		`"RS256\u0000"`, `"RS384"`, `"RS512"`, `"PS256"`, `"ES256"`, `"ES384"`, `"EdDSA"`, `"HS256"`, `"dir"`, `"RSA1_5"`,
	} {
		t.Run(alg, func(t *testing.T) {
			refused(t, v, withHeader(goodHeader.with("alg", alg)), auth.ReasonTokenAlgorithm)
			bare := b64(goodHeader.with("alg", alg).String()) + "." + b64(goodClaims.String()) + "."
			refused(t, v, bare, auth.ReasonTokenAlgorithm)
		})
	}
	refused(t, v, withHeader(goodHeader.without("alg")), auth.ReasonTokenAlgorithm)
	keys.asked = 0
	refused(t, v, withHeader(goodHeader.with("alg", `"HS256"`)), auth.ReasonTokenAlgorithm)
	if keys.asked != 0 {
		t.Error("a key was looked up for an algorithm that none may have")
	}
	// Each key with the right algorithm of another key.
	refused(t, v, sign(ecKey(), goodHeader.with("alg", `"ES256"`).String(), goodClaims.String()), auth.ReasonTokenAlgorithm)
	refused(t, v, withHeader(goodHeader.with("kid", `"ed"`)), auth.ReasonTokenAlgorithm)
}

// T-02: nothing public is an HMAC secret.
func TestVerifyHMACOverPublicKey(t *testing.T) {
	v := verifier(t, nil)
	public := &rsaKey().PublicKey
	der := must(x509.MarshalPKIXPublicKey(public))
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	n := base64.RawURLEncoding.EncodeToString(public.N.Bytes())
	secrets := map[string][]byte{
		"PEM": block, "PEM_trimmed": bytes.TrimSpace(block), "DER": der, "PKCS1": x509.MarshalPKCS1PublicKey(public),
		"modulus": public.N.Bytes(), "modulus_base64": []byte(n), "JWK": []byte(`{"kty":"RSA","n":"` + n + `","e":"AQAB"}`), "empty": {},
	}
	for alg, newHash := range map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New} {
		for name, secret := range secrets {
			t.Run(alg+"/"+name, func(t *testing.T) {
				signed := b64(goodHeader.with("alg", `"`+alg+`"`).String()) + "." + b64(goodClaims.String())
				mac := hmac.New(newHash, secret)
				mac.Write([]byte(signed))
				refused(t, v, signed+"."+base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), auth.ReasonTokenAlgorithm)
			})
		}
	}
	if key, err := auth.NewKey("k", []byte("secret")); !errors.Is(err, auth.ErrWeakKey) {
		t.Errorf("NewKey(bytes) = %v, %v, want ErrWeakKey", key, err)
	}
}

// T-03: keys and addresses of keys that the token brings along.
func TestVerifyEmbeddedKey(t *testing.T) {
	called := 0
	listener := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called++ }))
	defer listener.Close()
	n := base64.RawURLEncoding.EncodeToString(rsaKey().N.Bytes())
	for name, raw := range map[string]string{
		"jwk":      `{"kty":"RSA","kid":"` + kid + `","n":"` + n + `","e":"AQAB"}`,
		"jku":      `"` + listener.URL + `/jwks.json"`,
		"x5u":      `"` + listener.URL + `/cert.pem"`,
		"x5c":      `["MII"]`,
		"x5t":      `"AAAA"`,
		"x5t#S256": `"AAAA"`,
	} {
		for _, raw := range []string{raw, "null"} {
			refused(t, verifier(t, nil), withHeader(goodHeader.with(name, raw)), auth.ReasonTokenHeader)
		}
	}
	if called != 0 {
		t.Errorf("the listener was called %d times", called)
	}
}

// T-04: kid is compared and nothing else.
func TestVerifyKeyID(t *testing.T) {
	for _, raw := range []string{
		`"../../etc/passwd"`, `"' or 1=1 --"`, `"` + strings.Repeat("k", 4000) + `"`, `1`, `null`, `["` + kid + `"]`,
		`""`, `"\u0000"`, `"` + kid + `\u0000"`, `"INS_TEST"`, `" ` + kid + `"`, `"` + strings.Repeat("k", 129) + `"`,
	} {
		keys := &countingKeys{KeySet: keySet(t)}
		v := verifier(t, func(cfg *auth.VerifierConfig) { cfg.Keys = keys })
		refused(t, v, withHeader(goodHeader.with("kid", raw)), auth.ReasonTokenKeyUnknown)
		if keys.asked > 1 {
			t.Errorf("kid %.20s: the key set was asked %d times", raw, keys.asked)
		}
	}
	keys := &countingKeys{KeySet: keySet(t)}
	v := verifier(t, func(cfg *auth.VerifierConfig) { cfg.Keys = keys })
	refused(t, v, withHeader(goodHeader.without("kid")), auth.ReasonTokenKeyUnknown)
	refused(t, v, withHeader(goodHeader.with("kid", `"`+strings.Repeat("k", 129)+`"`)), auth.ReasonTokenKeyUnknown)
	if keys.asked != 0 {
		t.Errorf("the key set was asked %d times for no kid and for an overlong one", keys.asked)
	}
}

// T-05: extensions that would have to be understood.
func TestVerifyCritical(t *testing.T) {
	v := verifier(t, nil)
	refused(t, v, withHeader(goodHeader.with("crit", `["b64"]`).with("b64", "false")), auth.ReasonTokenHeader)
	for name, raws := range map[string][]string{"crit": {`["b64"]`, `[]`, `["exp"]`, `null`}, "b64": {`false`, `true`, `null`}} {
		for _, raw := range raws {
			refused(t, v, withHeader(goodHeader.with(name, raw)), auth.ReasonTokenHeader)
		}
	}
	unencoded := b64(goodHeader.with("b64", "false").String()) + "." + "{}"
	refused(t, v, unencoded+"."+base64.RawURLEncoding.EncodeToString(signature(rsaKey(), unencoded)), auth.ReasonTokenHeader)
}

// T-16: tokens of other classes, all well signed by the same key.
func TestVerifyClass(t *testing.T) {
	v := verifier(t, nil)
	for _, o := range []object{
		goodHeader.with("cat", `"`+auth.CategoryTemplate+`"`), goodHeader.with("cat", `"`+auth.CategoryM2M+`"`),
		goodHeader.with("cat", `"cl_I7d4PD111III"`), goodHeader.with("cat", `""`), goodHeader.with("cat", `null`), goodHeader.with("cat", `["cl_B7d4PD111AAA"]`),
		goodHeader.with("typ", `"at+jwt"`), goodHeader.with("typ", `"jwt"`), goodHeader.with("typ", `"dpop+jwt"`), goodHeader.with("typ", `""`),
		goodHeader.with("typ", `null`), goodHeader.with("typ", `"JOSE"`),
	} {
		refused(t, v, withHeader(o), auth.ReasonTokenType)
	}
	handshake := object{"handshake", `["__session=x; Path=/"]`}
	refused(t, v, sign(rsaKey(), goodHeader.String(), handshake.String()), auth.ReasonTokenType)
	refused(t, v, sign(rsaKey(), goodHeader.String(), goodClaims.with("handshake", `[]`).String()), auth.ReasonTokenType)
	// A template token without its header: it has no sid.
	refused(t, v, sign(rsaKey(), goodHeader.without("cat").String(), goodClaims.without("sid").String()), auth.ReasonTokenClaims)
}

// T-17: encrypted, nested and compressed tokens.
func TestVerifyEncrypted(t *testing.T) {
	v := verifier(t, nil)
	jwe := b64(`{"alg":"PBES2-HS256+A128KW","enc":"A128CBC-HS256","p2c":2147483647,"p2s":"AAAA","kid":"`+kid+`"}`) + ".AAAA.AAAA.AAAA.AAAA"
	refused(t, v, jwe, auth.ReasonTokenMalformed)
	for name, raw := range map[string]string{
		"cty": `"JWT"`, "zip": `"DEF"`, "enc": `"A128GCM"`, "p2c": `2147483647`, "p2s": `"AA"`, "epk": `{}`, "apu": `""`, "apv": `""`, "iv": `""`, "tag": `""`,
	} {
		refused(t, v, withHeader(goodHeader.with(name, raw)), auth.ReasonTokenHeader)
	}
}
