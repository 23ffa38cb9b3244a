package middleware_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

const goodHeader = `{"alg":"EdDSA","kid":"ins_1","typ":"JWT"}`

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// rawToken signs any header and payload.
func rawToken(header, payload string, sign func(signed string) []byte) string {
	signed := b64([]byte(header)) + "." + b64([]byte(payload))
	return signed + "." + b64(sign(signed))
}

func bySelf(signed string) []byte { return ed25519.Sign(ours, []byte(signed)) }

func byHMAC(h func() hash.Hash, secret []byte) func(string) []byte {
	return func(signed string) []byte {
		mac := hmac.New(h, secret)
		mac.Write([]byte(signed))
		return mac.Sum(nil)
	}
}

func payload(claims jwt.MapClaims) string {
	b, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// attack is a published way to get past a verifier.
type attack struct {
	id, name, token string
}

// attacks returns at least one token for each id of docs/security.md that is about
// tokens themselves. listener is where keys must not be fetched from.
func attacks(c *clock, listener string) []attack {
	good := payload(c.claims("a"))
	public := ours.Public().(ed25519.PublicKey)
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	nobody := func(string) []byte { return nil }
	header := func(change string) string {
		return rawToken(strings.Replace(goodHeader, "{", "{"+change+",", 1), good, bySelf)
	}
	alg := func(value string) string { return strings.Replace(goodHeader, `"EdDSA"`, value, 1) }
	claim := func(change ...any) string { return rawToken(goodHeader, payload(c.claims("a", change...)), bySelf) }
	token := rawToken(goodHeader, good, bySelf)
	forger := func(signed string) []byte { return ed25519.Sign(theirs, []byte(signed)) }
	now := c.Load()
	all := []attack{
		{"T-03", "jku", header(`"jku":"` + listener + `"`)},
		{"T-03", "jwk", header(`"jwk":{"kty":"OKP","crv":"Ed25519","x":"` + b64(theirs.Public().(ed25519.PublicKey)) + `"}`)},
		{"T-03", "x5u", header(`"x5u":"` + listener + `"`)},
		{"T-04", "no kid", rawToken(`{"alg":"EdDSA","typ":"JWT"}`, good, bySelf)},
		{"T-04", "traversal", rawToken(strings.Replace(goodHeader, "ins_1", "../../dev/null", 1), good, bySelf)},
		{"T-04", "long", rawToken(strings.Replace(goodHeader, "ins_1", strings.Repeat("k", 129), 1), good, bySelf)},
		{"T-05", "crit", header(`"crit":["b64"],"b64":false`)},
		{"T-06", "four parts", token + ".x"},
		{"T-06", "dots", strings.Repeat(".", 8000)},
		{"T-06", "too long", token + strings.Repeat("A", 8192)},
		{"T-07", "padding", token + "=="},
		{"T-07", "stray bits", token[:len(token)-1] + string(token[len(token)-1]+1)},
		{"T-08", "duplicate", rawToken(goodHeader, strings.Replace(good, "{", `{"sub":"user_b",`, 1), bySelf)},
		{"T-08", "other case", rawToken(goodHeader, payload(c.claims("a", "exp", now-60, "EXP", now+60)), bySelf)},
		{"T-08", "trailing", rawToken(goodHeader, good+"{}", bySelf)},
		{"T-09", "forged", rawToken(goodHeader, good, forger)},
		{"T-09", "forged and expired", rawToken(goodHeader, payload(c.claims("a", "exp", now-60, "iat", now-120)), forger)},
		{"T-10", "no signature", rawToken(goodHeader, good, nobody)},
		{"T-10", "psychic zero", rawToken(goodHeader, good, func(string) []byte { return make([]byte, 64) })},
		{"T-10", "cut", rawToken(goodHeader, good, func(signed string) []byte { return bySelf(signed)[:63] })},
		{"T-11", "exp as text", claim("exp", fmt.Sprint(now+60))},
		{"T-11", "exp as float", rawToken(goodHeader, strings.Replace(good, fmt.Sprint(now+60), fmt.Sprint(now+60)+".5", 1), bySelf)},
		{"T-11", "old", claim("exp", now-5, "iat", now-60)},
		{"T-11", "of tomorrow", claim("iat", now+6, "nbf", now+6)},
		{"T-12", "longer iss", claim("iss", issuer+".evil.example")},
		{"T-12", "list of iss", claim("iss", []string{issuer})},
		{"T-13", "no azp", claim()},
		{"T-13", "other azp", claim("azp", origin+".evil.example")},
		{"T-13", "list of azp", claim("azp", []string{origin})},
		{"T-14", "aud of another", claim("aud", "https://other.example")},
		{"T-15", "sub of nobody", claim("sub", "")},
		{"T-15", "sid as number", claim("sid", 1)},
		{"T-16", "template", header(`"cat":"` + auth.CategoryTemplate + `"`)},
		{"T-16", "machine", header(`"cat":"` + auth.CategoryM2M + `"`)},
		{"T-16", "handshake", claim("handshake", []string{"__session=x"})},
		{"T-16", "other typ", rawToken(strings.Replace(goodHeader, "JWT", "at+jwt", 1), good, bySelf)},
		{"T-17", "encrypted", strings.Repeat("eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1cifQ.", 4) + "x"},
		{"T-17", "compressed", header(`"zip":"DEF"`)},
		{"T-17", "nested", header(`"cty":"JWT"`)},
		{"T-18", "pending", claim("sts", "pending")},
	}
	for _, value := range []string{`"none"`, `"None"`, `""`, `null`, `["EdDSA"]`, `"EdDSA "`, `"RS256"`, `"ES256"`} {
		all = append(all, attack{"T-01", "alg " + value, rawToken(alg(value), good, bySelf)}, attack{"T-01", "unsigned, alg " + value, rawToken(alg(value), good, nobody)})
	}
	for name, secret := range map[string][]byte{"PEM": text, "DER": spki, "raw": public, "base64": []byte(b64(public)), "nothing": nil} {
		all = append(
			all,
			attack{"T-02", "HS256 by " + name, rawToken(alg(`"HS256"`), good, byHMAC(sha256.New, secret))},
			attack{"T-02", "HS512 by " + name, rawToken(alg(`"HS512"`), good, byHMAC(sha512.New, secret))},
		)
	}
	return all
}

// T-01, T-02, T-03, T-04, T-05, T-06, T-07, T-08, T-09, T-10, T-11, T-12, T-13, T-14,
// T-15, T-16, T-17, T-18, T-22, T-23: what the verifier refuses no handler sees, from
// neither carrier, and the answer is the same for all of it.
func TestAttacks(t *testing.T) {
	c := newClock()
	var fetched atomic.Int64
	listener := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched.Add(1) }))
	defer listener.Close()
	keys := newKeys(t, ours)
	m := newMiddleware(t, c, func(cfg *middleware.Config) {
		v, err := auth.NewVerifier(auth.VerifierConfig{Keys: keys, Issuer: issuer, AuthorizedParties: []string{origin}, Now: c.now})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Verifier = v
	})
	lax := newMiddleware(t, c, nil) // asks for no authorized party
	admits(t, m, request("Authorization: Bearer "+c.token("a", "azp", origin)), "a")
	answers := map[string]bool{}
	for _, a := range attacks(c, listener.URL) {
		t.Run(a.id+"_"+a.name, func(t *testing.T) {
			m := m
			if a.id != "T-13" {
				m = lax
			}
			for carrier, r := range map[string]*http.Request{
				"bearer": request("Authorization: Bearer " + a.token),
				"cookie": request("Cookie: __session=" + a.token),
			} {
				w := do(m, r)
				if got := m.Auth(r); got.IsAuthenticated || got.Reason == auth.ReasonNone {
					t.Errorf("%s: let in as %+v", carrier, got)
				}
				answers[fmt.Sprint(w.Code, w.Header(), w.Body)] = true
			}
		})
	}
	if len(answers) != 1 {
		t.Errorf("there are %d answers to attacks, want one: %v", len(answers), answers)
	}
	if fetched.Load() != 0 {
		t.Errorf("%d requests went to where tokens point", fetched.Load())
	}
}
