package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/auth"
)

const (
	issuer = "https://clerk.example.com"
	kid    = "ins_test"
)

// epoch is when the tests happen.
var epoch = time.Unix(1_800_000_000, 0)

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

var ecKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
})

var edKey = sync.OnceValue(func() ed25519.PrivateKey {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	return must(k, err)
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// object is a JSON object whose members are put together as they come, which
// encoding/json would not do: twice, out of order, malformed.
type object []string // name, raw value, name, raw value …

// with returns o with one value replaced or added.
func (o object) with(name, raw string) object {
	out := append(object(nil), o...)
	for i := 0; i < len(out); i += 2 {
		if out[i] == name {
			out[i+1] = raw
			return out
		}
	}
	return append(out, name, raw)
}

func (o object) without(name string) object {
	var out object
	for i := 0; i < len(o); i += 2 {
		if o[i] != name {
			out = append(out, o[i], o[i+1])
		}
	}
	return out
}

func (o object) String() string {
	var b strings.Builder
	for i := 0; i < len(o); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + o[i] + `":` + o[i+1])
	}
	return "{" + b.String() + "}"
}

var goodHeader = object{"alg", `"RS256"`, "typ", `"JWT"`, "kid", `"` + kid + `"`, "cat", `"cl_B7d4PD111AAA"`}

var goodClaims = object{
	"iss", `"` + issuer + `"`,
	"sub", `"user_2aB"`,
	"sid", `"sess_3cD"`,
	"azp", `"https://app.example.com"`,
	"iat", "1800000000",
	"nbf", "1799999990",
	"exp", "1800000060",
	"jti", `"4eF"`,
	"v", "2",
	"sts", `"active"`,
	"fva", "[3,-1]",
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// sign makes a token of any header and payload. The method follows from the key.
func sign(key any, header, payload string) string {
	signed := b64(header) + "." + b64(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature(key, signed))
}

func signature(key any, signed string) []byte {
	switch key.(type) {
	case *rsa.PrivateKey:
		return must(jwt.SigningMethodRS256.Sign(signed, key))
	case *ecdsa.PrivateKey:
		return must(jwt.SigningMethodES256.Sign(signed, key))
	case ed25519.PrivateKey:
		return must(jwt.SigningMethodEdDSA.Sign(signed, key))
	}
	panic("no such key")
}

func goodToken() string { return sign(rsaKey(), goodHeader.String(), goodClaims.String()) }

// countingKeys counts how often it is asked.
type countingKeys struct {
	auth.KeySet
	asked int
}

func (k *countingKeys) Key(ctx context.Context, kid string) (auth.Key, error) {
	k.asked++
	return k.KeySet.Key(ctx, kid)
}

// keySet has the three keys under "ins_test", "ec" and "ed".
func keySet(t testing.TB) auth.KeySet {
	t.Helper()
	set, err := auth.FixedKeys(
		must(auth.NewKey(kid, &rsaKey().PublicKey)),
		must(auth.NewKey("ec", &ecKey().PublicKey)),
		must(auth.NewKey("ed", edKey().Public())),
	)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func verifier(t testing.TB, change func(*auth.VerifierConfig)) *auth.Verifier {
	t.Helper()
	cfg := auth.VerifierConfig{Keys: keySet(t), Issuer: issuer, Now: func() time.Time { return epoch }}
	if change != nil {
		change(&cfg)
	}
	v, err := auth.NewVerifier(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// refused checks that v refuses token for the given reason, and returns the error.
func refused(t *testing.T, v *auth.Verifier, token string, want auth.Reason) *auth.TokenError {
	t.Helper()
	a, err := v.Verify(t.Context(), token)
	if err == nil {
		t.Fatalf("accepted as %+v, want %s", a, want)
	}
	if a != nil {
		t.Errorf("an Auth beside the error %v", err)
	}
	e, ok := errors.AsType[*auth.TokenError](err)
	if !ok {
		t.Fatalf("error is a %T, want *TokenError", err)
	}
	if e.Reason != want {
		t.Errorf("refused with %v, want %s", e, want)
	}
	return e
}

func accepted(t *testing.T, v *auth.Verifier, token string) *auth.Auth {
	t.Helper()
	a, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	if !a.IsAuthenticated || a.Reason != auth.ReasonNone {
		t.Errorf("IsAuthenticated = %t, Reason = %q", a.IsAuthenticated, a.Reason)
	}
	return a
}
