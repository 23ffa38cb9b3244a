// Package vectors holds the parts of auth against published test vectors that are
// too large to lie beside the code.
package vectors

import (
	"encoding/json"
	"io/fs"
	"slices"
	"testing"

	"github.com/c2sp/wycheproof"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
)

type group struct {
	Comment         string
	Public, Private json.RawMessage
	Tests           []struct {
		ID      int `json:"tcId"`
		Comment string
		JWS     json.RawMessage
		Result  string
	}
}

// T-23: the JWS vectors, through the key set reader and the verifier.
func TestWycheproofJWS(t *testing.T) { run(t, "json_web_signature_test.json", 10) }

// T-23, T-10: the JWK vectors: keys that must not be used.
func TestWycheproofJWK(t *testing.T) { run(t, "json_web_key_test.json", 1) }

// run checks that of the vectors in file exactly those verify that are valid and
// made with one of our algorithms, at least atLeast of them.
func run(t *testing.T, file string, atLeast int) {
	data, err := fs.ReadFile(wycheproof.TestVectors, file)
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		NumberOfTests int
		TestGroups    []group
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	seen, verified := 0, 0
	for _, g := range vectors.TestGroups {
		keys := g.keys()
		for _, test := range g.Tests {
			seen++
			var token string
			if json.Unmarshal(test.JWS, &token) != nil {
				token = string(test.JWS) // JSON serialisation
			}
			ok := false
			if keys != nil {
				_, err = auth.VerifySignature(t.Context(), keys, token)
				ok = err == nil
			}
			want := test.Result == "valid" && g.ours()
			if ok != want {
				t.Errorf("%s %d, %s (%s): verified %t, want %t (%v)", g.Comment, test.ID, test.Comment, test.Result, ok, want, err)
			}
			if ok {
				verified++
			}
		}
	}
	if seen != vectors.NumberOfTests || verified < atLeast {
		t.Errorf("%d of %d vectors seen, %d verified, want all and at least %d", seen, vectors.NumberOfTests, verified, atLeast)
	}
}

// keys returns the group's public keys as a key set, nil if none of them is usable.
func (g group) keys() auth.KeySet {
	raw := g.Public
	if raw == nil {
		raw = g.Private // symmetric
	}
	var set struct{ Keys []json.RawMessage }
	if json.Unmarshal(raw, &set) != nil || set.Keys == nil {
		raw = json.RawMessage(`{"keys":[` + string(raw) + `]}`)
	}
	list, err := jwks.Parse(raw, 16)
	if err != nil {
		return nil
	}
	keys, err := auth.FixedKeys(list...)
	if err != nil {
		return nil
	}
	return keys
}

// ours reports whether a key of the group has one of our algorithms.
func (g group) ours() bool {
	var set struct {
		Alg  string
		Keys []struct{ Alg string }
	}
	if json.Unmarshal(g.Public, &set) != nil {
		return false
	}
	algs := []string{set.Alg}
	for _, k := range set.Keys {
		algs = append(algs, k.Alg)
	}
	return slices.ContainsFunc(algs, func(alg string) bool {
		return alg == auth.RS256 || alg == auth.ES256 || alg == auth.EdDSA
	})
}
