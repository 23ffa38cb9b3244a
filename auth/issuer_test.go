package auth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
)

const otherIssuer = "https://clerk.other.example"

// two is a verifier of two instances that both sign with a key of the kid "ins_test":
// the one with RSA, the other with Ed25519, under "ed" too.
func two(t testing.TB) (*auth.Verifier, *countingKeys, *countingKeys) {
	t.Helper()
	here := &countingKeys{KeySet: must(auth.FixedKeys(must(auth.NewKey(kid, &rsaKey().PublicKey))))}
	there := &countingKeys{KeySet: must(auth.FixedKeys(must(auth.NewKey(kid, edKey().Public())), must(auth.NewKey("ed", edKey().Public()))))}
	return verifier(t, func(cfg *auth.VerifierConfig) {
		cfg.Keys = here
		cfg.OtherIssuers = []auth.Issuer{{Name: otherIssuer, Keys: there}}
	}), here, there
}

var (
	theirHeader = goodHeader.with("alg", `"EdDSA"`)
	theirClaims = goodClaims.with("iss", `"`+otherIssuer+`"`).with("sub", `"user_other"`)
)

func TestSeveralIssuers(t *testing.T) {
	v, here, there := two(t)
	if a := accepted(t, v, goodToken()); a.Claims.Issuer != issuer {
		t.Errorf("Issuer = %s", a.Claims.Issuer)
	}
	if a := accepted(t, v, sign(edKey(), theirHeader.String(), theirClaims.String())); a.Claims.Issuer != otherIssuer || a.UserID != "user_other" {
		t.Errorf("Auth = %+v", a)
	}
	if here.asked != 1 || there.asked != 1 {
		t.Errorf("key sets asked %d and %d times, want each once", here.asked, there.asked)
	}
}

// T-20, T-12: two instances with one kid: neither signs for the other.
func TestKeysNeverCrossIssuers(t *testing.T) {
	v, here, _ := two(t)
	for name, test := range map[string]struct {
		token string
		want  auth.Reason
	}{
		"their key for ours":          {sign(edKey(), theirHeader.String(), goodClaims.String()), auth.ReasonTokenAlgorithm},
		"our key for theirs":          {sign(rsaKey(), goodHeader.String(), theirClaims.String()), auth.ReasonTokenAlgorithm},
		"their kid for ours":          {sign(edKey(), theirHeader.with("kid", `"ed"`).String(), goodClaims.String()), auth.ReasonTokenKeyUnknown},
		"their algorithm, our key":    {sign(rsaKey(), theirHeader.String(), theirClaims.String()), auth.ReasonTokenSignature},
		"our algorithm, their key":    {sign(edKey(), goodHeader.String(), goodClaims.String()), auth.ReasonTokenSignature},
		"a name that begins like one": {sign(rsaKey(), goodHeader.String(), goodClaims.with("iss", `"`+issuer+`.evil.example"`).String()), auth.ReasonTokenKeyUnknown},
	} {
		t.Run(name, func(t *testing.T) { refused(t, v, test.token, test.want) })
	}
	// Nor the same kind of key under the same kid.
	twin := must(rsa.GenerateKey(rand.Reader, 2048))
	v = verifier(t, func(cfg *auth.VerifierConfig) {
		cfg.Keys = here
		cfg.OtherIssuers = []auth.Issuer{{Name: otherIssuer, Keys: must(auth.FixedKeys(must(auth.NewKey(kid, &twin.PublicKey))))}}
	})
	accepted(t, v, sign(twin, goodHeader.String(), theirClaims.String()))
	refused(t, v, sign(twin, goodHeader.String(), goodClaims.String()), auth.ReasonTokenSignature)
	refused(t, v, sign(rsaKey(), goodHeader.String(), theirClaims.String()), auth.ReasonTokenSignature)
}

// T-09: what a token says of its issuer chooses whose keys decide; that it is forged is
// all that is told, whatever it claims.
func TestUnverifiedIssuerOnlyChooses(t *testing.T) {
	v, here, there := two(t)
	for name, claims := range map[string]string{
		"unknown":   goodClaims.with("iss", `"https://evil.example"`).String(),
		"missing":   goodClaims.without("iss").String(),
		"number":    goodClaims.with("iss", `1`).String(),
		"array":     goodClaims.with("iss", `["`+issuer+`","`+otherIssuer+`"]`).String(),
		"other":     goodClaims.with("ISS", `"`+issuer+`"`).without("iss").String(),
		"malformed": "{", "twice": strings.Replace(goodClaims.String(), "{", `{"iss":"`+otherIssuer+`",`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			want := auth.ReasonTokenKeyUnknown
			if name == "malformed" || name == "twice" {
				want = auth.ReasonTokenMalformed
			}
			refused(t, v, sign(rsaKey(), goodHeader.String(), claims), want)
		})
	}
	if here.asked+there.asked != 0 {
		t.Errorf("a key set was asked %d times for nobody's token", here.asked+there.asked)
	}
	forger := must(rsa.GenerateKey(rand.Reader, 2048))
	for _, claims := range []object{goodClaims, goodClaims.with("exp", "1700000000"), goodClaims.without("sub")} {
		if e := refused(t, v, sign(forger, goodHeader.String(), claims.String()), auth.ReasonTokenSignature); e.Expired != nil {
			t.Error("claims of a forged token were handed over")
		}
	}
	// An old one of either instance is told to be old.
	if e := refused(t, v, sign(edKey(), theirHeader.String(), theirClaims.with("iat", "1700000000").with("nbf", "1700000000").with("exp", "1700000060").String()),
		auth.ReasonTokenExpired); e.Expired == nil || e.Expired.Issuer != otherIssuer {
		t.Error("no claims of an expired token")
	}
}

func TestOtherIssuersAreChecked(t *testing.T) {
	keys := keySet(t)
	for name, others := range map[string][]auth.Issuer{
		"no name": {{Keys: keys}}, "no keys": {{Name: otherIssuer}},
		"the first again": {{Name: issuer, Keys: keys}}, "one twice": {{Name: otherIssuer, Keys: keys}, {Name: otherIssuer, Keys: keys}},
	} {
		_, err := auth.NewVerifier(auth.VerifierConfig{Keys: keys, Issuer: issuer, OtherIssuers: others})
		if err == nil || !strings.Contains(err.Error(), "OtherIssuers") {
			t.Errorf("%s: NewVerifier = %v, want an error that names OtherIssuers", name, err)
		}
	}
}

// shrinking is a key set that counts removals.
type shrinking struct {
	auth.KeySet
	removals atomic.Uint64
}

func (s *shrinking) Removals() uint64 { return s.removals.Load() }

func TestKeyRemovals(t *testing.T) {
	one, other := &shrinking{KeySet: keySet(t)}, &shrinking{KeySet: keySet(t)}
	v := verifier(t, func(cfg *auth.VerifierConfig) {
		cfg.Keys = one
		cfg.OtherIssuers = []auth.Issuer{{Name: otherIssuer, Keys: other}, {Name: "https://fixed.example", Keys: keySet(t)}}
	})
	seen := map[uint64]bool{v.KeyRemovals(): true}
	for _, set := range []*shrinking{one, other, other} {
		set.removals.Add(1)
		if n := v.KeyRemovals(); seen[n] {
			t.Errorf("KeyRemovals = %d again", n)
		} else {
			seen[n] = true
		}
	}
	if n := testing.AllocsPerRun(100, func() { v.KeyRemovals() }); n != 0 {
		t.Errorf("KeyRemovals allocates %v times", n)
	}
	if n := verifier(t, nil).KeyRemovals(); n != 0 {
		t.Errorf("KeyRemovals of fixed keys = %d", n)
	}
}
