package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// The algorithms of session tokens (RFC 7518 §3.1, RFC 8037 §3.1). None of them
// is symmetric, so that a public key cannot be mistaken for a secret.
const (
	RS256 = "RS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// MaxKeyIDLength is the longest kid, in bytes.
const MaxKeyIDLength = 128

// ErrWeakKey means that a key must not sign session tokens. The error that wraps
// it says why.
var ErrWeakKey = errors.New("auth: unsuitable key")

// Key is one public key that signs session tokens. Make it with [NewKey].
type Key struct {
	ID        string           // kid, at most 128 bytes
	Algorithm string           // RS256, ES256 or EdDSA; never taken from a token
	Public    crypto.PublicKey // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
}

// NewKey returns the key with the given kid. Its algorithm follows from the type
// of public: RS256 for *rsa.PublicKey, ES256 for *ecdsa.PublicKey, EdDSA for
// ed25519.PublicKey. It returns ErrWeakKey as [CheckKey] does.
func NewKey(kid string, public crypto.PublicKey) (Key, error) {
	k := Key{ID: kid, Public: public}
	switch public.(type) {
	case *rsa.PublicKey:
		k.Algorithm = RS256
	case *ecdsa.PublicKey:
		k.Algorithm = ES256
	case ed25519.PublicKey:
		k.Algorithm = EdDSA
	default:
		return Key{}, fmt.Errorf("%w: type %T", ErrWeakKey, public)
	}
	if err := CheckKey(k); err != nil {
		return Key{}, err
	}
	return k, nil
}

// ParsePEM reads one public key with the given kid from a PEM block of type
// PUBLIC KEY (RFC 7468 §13). Nothing may stand beside the block.
func ParsePEM(kid string, data []byte) (Key, error) {
	block, rest := pem.Decode(data)
	switch {
	case block == nil:
		return Key{}, errors.New("parse key: no PEM block")
	case block.Type != "PUBLIC KEY":
		return Key{}, fmt.Errorf("parse key: PEM block is %q, want PUBLIC KEY", block.Type)
	case len(rest) != 0:
		return Key{}, errors.New("parse key: more than one PEM block")
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("parse key: %w", err)
	}
	return NewKey(kid, public)
}

// CheckKey returns an error that wraps ErrWeakKey unless k may sign session
// tokens (T-10): a kid of 1 to 128 bytes, the algorithm that belongs to the
// type, RSA of 2048 to 8192 bits with an odd exponent from 65537 to 2³¹−1
// (RFC 8725 §3.5, FIPS 186-5 §5.1), P-256 with the point on the curve, Ed25519.
func CheckKey(k Key) error {
	if err := k.check(); err != nil {
		return err
	}
	switch p := k.Public.(type) {
	case *ecdsa.PublicKey:
		if _, err := p.ECDH(); err != nil { // the library's test of the point
			return fmt.Errorf("%w: %w", ErrWeakKey, err)
		}
	case *rsa.PublicKey:
		if isROCA(p.N) {
			return fmt.Errorf("%w: RSA modulus of CVE-2017-15361", ErrWeakKey)
		}
	}
	return nil
}

// check is the part of CheckKey that costs nothing beside a signature. The
// Verifier repeats it, since any app may implement KeySet.
func (k Key) check() error {
	if len(k.ID) == 0 || len(k.ID) > MaxKeyIDLength {
		return fmt.Errorf("%w: kid of %d bytes", ErrWeakKey, len(k.ID))
	}
	switch p := k.Public.(type) {
	case *rsa.PublicKey:
		return checkRSA(k.Algorithm, p)
	case *ecdsa.PublicKey:
		if k.Algorithm != ES256 || p == nil || p.Curve != elliptic.P256() {
			return fmt.Errorf("%w: %s needs a key on P-256", ErrWeakKey, ES256)
		}
	case ed25519.PublicKey:
		if k.Algorithm != EdDSA || len(p) != ed25519.PublicKeySize {
			return fmt.Errorf("%w: %s needs a key of %d bytes", ErrWeakKey, EdDSA, ed25519.PublicKeySize)
		}
	default:
		return fmt.Errorf("%w: type %T", ErrWeakKey, p)
	}
	return nil
}

func checkRSA(algorithm string, p *rsa.PublicKey) error {
	switch {
	case algorithm != RS256:
		return fmt.Errorf("%w: an RSA key for algorithm %q", ErrWeakKey, algorithm)
	case p == nil || p.N == nil:
		return fmt.Errorf("%w: no modulus", ErrWeakKey)
	case p.N.BitLen() < 2048 || p.N.BitLen() > 8192:
		return fmt.Errorf("%w: RSA of %d bits", ErrWeakKey, p.N.BitLen())
	case p.N.Bit(0) == 0:
		return fmt.Errorf("%w: even RSA modulus", ErrWeakKey)
	case p.E < 65537 || p.E > 1<<31-1 || p.E%2 == 0:
		return fmt.Errorf("%w: RSA exponent %d", ErrWeakKey, p.E)
	}
	return nil
}

// method returns the signing method of an algorithm, nil if it is not one of ours.
func method(algorithm string) jwt.SigningMethod {
	switch algorithm {
	case RS256:
		return jwt.SigningMethodRS256
	case ES256:
		return jwt.SigningMethodES256
	case EdDSA:
		return jwt.SigningMethodEdDSA
	}
	return nil
}
