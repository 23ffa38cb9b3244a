package jwks_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
)

// member is a JWK on P-256 whose members can be changed.
type member map[string]any

func jwk(t testing.TB, kid string) member {
	t.Helper()
	b, err := jwks.Marshal([]auth.Key{newKey(t, kid)})
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []member }
	if err := json.Unmarshal(b, &set); err != nil {
		t.Fatal(err)
	}
	return set.Keys[0]
}

func (m member) with(name string, value any) member {
	out := member{}
	for k, v := range m {
		out[k] = v
	}
	if out[name] = value; value == nil {
		delete(out, name)
	}
	return out
}

func set(keys ...member) string {
	b, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestMarshalParse(t *testing.T) {
	want := []auth.Key{newKey(t, "a"), newKey(t, "b")}
	b, err := jwks.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := jwks.Parse(b, 2)
	if err != nil || len(got) != 2 || got[0].ID != "a" || got[1].ID != "b" || got[0].Algorithm != auth.ES256 {
		t.Fatalf("Parse = %v, %v", got, err)
	}
	m := jwk(t, "a")
	if m["use"] != "sig" || m["alg"] != "ES256" || m["kid"] != "a" || m["kty"] != "EC" || m["d"] != nil {
		t.Errorf("Marshal = %v", m)
	}
	if _, err := jwks.Marshal([]auth.Key{{ID: "a"}}); err == nil {
		t.Error("Marshal takes a key that is none")
	}
}

// T-10: what a set says about its keys is heeded; one that does not fit is left
// out and the others stay.
func TestParseSkips(t *testing.T) {
	good, k := jwk(t, "good"), jwk(t, "k")
	rsa := member{"kty": "RSA", "kid": "k", "e": "AQAB", "n": strings.Repeat("_", 342)}
	for name, other := range map[string]member{
		"use_enc":        k.with("use", "enc"),
		"key_ops":        k.with("key_ops", []string{"sign"}),
		"key_ops_empty":  k.with("key_ops", []string{}),
		"alg_es384":      k.with("alg", "ES384"),
		"alg_of_rsa":     k.with("alg", "RS256"),
		"no_kid":         k.with("kid", nil),
		"long_kid":       k.with("kid", strings.Repeat("k", 129)),
		"off_curve":      k.with("y", k["x"]),
		"wrong_curve":    k.with("crv", "P-384"),
		"unknown_kty":    k.with("kty", "AKP"),
		"no_kty":         k.with("kty", nil),
		"rsa_1024":       rsa.with("n", strings.Repeat("_", 171)),
		"rsa_e_1":        rsa.with("e", "AQ"),
		"rsa_e_3":        rsa.with("e", "Aw"),
		"rsa_e_overflow": rsa.with("e", "AQAAAAAAAAAAAQAB"),
		"x25519":         {"kty": "OKP", "crv": "X25519", "kid": "k", "x": strings.Repeat("A", 43)},
		"ed25519_short":  {"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": strings.Repeat("A", 42)},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := jwks.Parse([]byte(set(other, good)), 16)
			if err != nil || len(keys) != 1 || keys[0].ID != "good" {
				t.Errorf("Parse = %v, %v, want the good key alone", keys, err)
			}
			if keys, err := jwks.Parse([]byte(set(other)), 16); err == nil {
				t.Errorf("Parse = %v, want an error without a usable key", keys)
			}
		})
	}
	for name, other := range map[string]member{
		"no_use": k.with("use", nil), "no_alg": k.with("alg", nil), "verify": k.with("key_ops", []string{"verify"}),
		"unknown_member": k.with("x-own", map[string]any{"a": 1}), "rsa": rsa,
	} {
		if keys, err := jwks.Parse([]byte(set(good, other)), 16); err != nil || len(keys) != 2 {
			t.Errorf("%s: Parse = %v, %v, want both keys", name, keys, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	k := jwk(t, "k")
	good := set(k)
	for name, text := range map[string]string{
		"empty":            "",
		"html":             "<html>",
		"array":            "[" + good + "]",
		"no_keys":          "{}",
		"keys_null":        `{"keys":null}`,
		"keys_empty":       `{"keys":[]}`,
		"one_key":          good[len(`{"keys":[`) : len(good)-2],
		"trailing":         good + "x",
		"keys_twice":       good[:len(good)-1] + `,"keys":[]}`,
		"name_twice":       strings.Replace(good, `"kty":`, `"kty":"RSA","kty":`, 1),
		"kid_twice":        set(k, jwk(t, "k")),
		"private":          set(jwk(t, "good"), k.with("d", k["x"])),
		"secret":           set(jwk(t, "good"), member{"kty": "oct", "kid": "s", "k": "AAAA"}),
		"three_for_two":    set(jwk(t, "a"), jwk(t, "b"), jwk(t, "c")),
		"unusable_counted": set(k, member{"kty": "AKP"}, member{"kty": "AKP"}),
		"deep":             `{"keys":[` + strings.Repeat("[", 10) + strings.Repeat("]", 10) + `]}`,
	} {
		if keys, err := jwks.Parse([]byte(text), 2); err == nil {
			t.Errorf("%s: Parse = %v, want an error", name, keys)
		}
	}
}

func FuzzParse(f *testing.F) {
	k := jwk(f, "k")
	f.Add([]byte(set(k)))
	f.Add([]byte(set(k.with("key_ops", []string{"sign"}), k.with("kid", nil))))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"k","e":"AQAB","n":"` + strings.Repeat("_", 342) + `"},{"kty":"OKP","crv":"Ed25519","x":""}]}`))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := jwks.Parse(data, 16)
		if err != nil {
			return
		}
		if len(keys) == 0 || len(keys) > 16 {
			t.Fatalf("%d keys", len(keys))
		}
		for _, k := range keys {
			if err := auth.CheckKey(k); err != nil {
				t.Fatalf("accepted %v: %v", k, err)
			}
		}
		if _, err := jwks.Marshal(keys); err != nil {
			t.Fatal(err)
		}
	})
}

func ExampleNew() {
	set, err := jwks.New(jwks.Config{URL: "https://clerk.example.com/.well-known/jwks.json"})
	if err != nil {
		panic(err)
	}
	// go set.Run(ctx) keeps the keys fresh in the background.
	v, err := auth.NewVerifier(auth.VerifierConfig{Keys: set, Issuer: "https://clerk.example.com"})
	fmt.Println(v != nil, err)
	// Output: true <nil>
}
