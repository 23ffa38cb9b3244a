package jwks

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

// maxDepth is how deep a set may nest: set, keys, key, key_ops or x5c.
const maxDepth = 8

// Marshal returns the JWK Set of keys (RFC 7517 §5), in their order, each with
// kid, alg and use. It publishes nothing that a token is not verified with.
func Marshal(keys []auth.Key) ([]byte, error) {
	set := jwk.NewSet()
	for _, k := range keys {
		if err := auth.CheckKey(k); err != nil {
			return nil, fmt.Errorf("marshal key set: %w", err)
		}
		key, err := jwk.FromRaw(k.Public)
		if err == nil {
			err = errors.Join(
				key.Set(jwk.KeyIDKey, k.ID),
				key.Set(jwk.AlgorithmKey, jwa.SignatureAlgorithm(k.Algorithm)),
				key.Set(jwk.KeyUsageKey, jwk.ForSignature),
			)
		}
		if err == nil {
			err = set.AddKey(key)
		}
		if err != nil {
			return nil, fmt.Errorf("marshal key set: %w", err)
		}
	}
	b, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("marshal key set: %w", err)
	}
	return b, nil
}

// Parse returns the keys of a JWK Set that may sign session tokens. It skips keys
// of other types and for other uses (use, key_ops and alg are heeded, RFC 7517
// §4.2 to §4.4), without a kid, and those that auth.CheckKey refuses. It fails
// for a text that is not strictly JSON or holds more than maxKeys keys, for a kid
// that two keys share, for a set with secrets in it, and if no key is left.
func Parse(data []byte, maxKeys int) ([]auth.Key, error) {
	if err := checkShape(data, maxKeys); err != nil {
		return nil, fmt.Errorf("parse key set: %w", err)
	}
	set, err := jwk.Parse(data, jwk.WithIgnoreParseError(true)) // key types of the future
	if err != nil {
		return nil, fmt.Errorf("parse key set: %w", err)
	}
	var keys []auth.Key
	for i := range set.Len() {
		key, _ := set.Key(i)
		if private, err := jwk.IsPrivateKey(key); err != nil || private {
			return nil, errors.New("parse key set: a secret or private key in a public set")
		}
		k, ok := convert(key)
		if !ok {
			continue
		}
		if slices.ContainsFunc(keys, func(have auth.Key) bool { return have.ID == k.ID }) {
			return nil, fmt.Errorf("parse key set: kid %q comes twice", k.ID)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("parse key set: no usable key")
	}
	return keys, nil
}

// checkShape judges a set before any key in it is looked at.
func checkShape(data []byte, maxKeys int) error {
	r := strictjson.NewReader(data, maxDepth)
	o := r.Object()
	n := -1
	for name, ok := o.Next(); ok; name, ok = o.Next() {
		if string(name) != "keys" || r.Peek() != strictjson.KindArray {
			r.Skip()
			continue
		}
		n = 0
		for a := r.Array(); a.Next(); n++ {
			r.Skip()
		}
	}
	switch err := r.Close(); {
	case err != nil:
		return err
	case n < 0:
		return errors.New("no keys in it")
	case n > maxKeys:
		return fmt.Errorf("%d keys, at most %d are allowed", n, maxKeys)
	}
	return nil
}

// convert returns what verifies with key, false if that is not a session token.
func convert(key jwk.Key) (auth.Key, bool) {
	public, ok := rawPublic(key)
	if !ok {
		return auth.Key{}, false
	}
	k, err := auth.NewKey(key.KeyID(), public)
	if err != nil {
		return auth.Key{}, false
	}
	if use := key.KeyUsage(); use != "" && use != string(jwk.ForSignature) {
		return auth.Key{}, false
	}
	if _, has := key.Get(jwk.KeyOpsKey); has && !slices.Contains(key.KeyOps(), jwk.KeyOpVerify) {
		return auth.Key{}, false
	}
	if alg := key.Algorithm().String(); alg != "" && alg != k.Algorithm {
		return auth.Key{}, false
	}
	return k, true
}

func rawPublic(key jwk.Key) (crypto.PublicKey, bool) {
	if p, ok := key.(jwk.RSAPublicKey); ok && len(bytes.TrimLeft(p.E(), "\x00")) > 4 {
		return nil, false // jwx would cut the exponent to 64 bits
	}
	var raw any
	if err := key.Raw(&raw); err != nil {
		return nil, false
	}
	switch p := raw.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return p, true
	}
	return nil, false
}
