package session

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// The algorithms of signing keys (RFC 7518 §3.1, RFC 8037 §3.1).
const (
	RS256 = "RS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// methods do the cryptography.
var methods = map[string]jwt.SigningMethod{
	RS256: jwt.SigningMethodRS256,
	ES256: jwt.SigningMethodES256,
	EdDSA: jwt.SigningMethodEdDSA,
}

const (
	keyPrefix = "ins"
	rsaBits   = 2048
	// Where private parts lie, which Sealer binds them to.
	keyTable  = "signing_keys"
	keyColumn = "private"
)

// signer is a private key that is ready to sign tokens.
type signer struct {
	key     auth.Key
	method  jwt.SigningMethod
	private crypto.Signer
	spki    []byte
	head    string // the encoded header and its dot
}

// newSigner readies a private key. An empty id means one that follows from the
// public key, so that every node names a key from the configuration alike.
func newSigner(id string, private crypto.Signer) (*signer, error) {
	algorithm, err := algorithmOf(private.Public())
	if err != nil {
		return nil, err
	}
	if err := signable(private); err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = derivedKeyID(spki)
	}
	// cat tells session tokens from the other classes that the instance signs (T-16).
	header := fmt.Sprintf(`{"alg":%q,"cat":%q,"kid":%q,"typ":"JWT"}`, algorithm, auth.CategorySession, id)
	return &signer{
		key:     auth.Key{ID: id, Algorithm: algorithm, Public: private.Public()},
		method:  methods[algorithm],
		private: private,
		spki:    spki,
		head:    base64.RawURLEncoding.EncodeToString([]byte(header)) + ".",
	}, nil
}

// algorithmOf says what a public key signs with, and refuses what verifiers would (T-10).
func algorithmOf(public crypto.PublicKey) (string, error) {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < rsaBits || bits > 8192 {
			return "", fmt.Errorf("RSA key of %d bits: want 2048 to 8192", bits)
		}
		if key.E != 65537 {
			return "", errors.New("RSA key with an exponent other than 65537")
		}
		return RS256, nil
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return "", fmt.Errorf("ECDSA key on %s: want P-256", key.Curve.Params().Name)
		}
		return ES256, nil
	case ed25519.PublicKey:
		return EdDSA, nil
	default:
		return "", fmt.Errorf("a key of type %T signs no tokens", public)
	}
}

// signable refuses signers that the signing methods cannot use.
func signable(private crypto.Signer) error {
	switch private.Public().(type) {
	case *rsa.PublicKey:
		if key, ok := private.(*rsa.PrivateKey); ok {
			return key.Validate()
		}
	case *ecdsa.PublicKey:
		if _, ok := private.(*ecdsa.PrivateKey); ok {
			return nil
		}
	case ed25519.PublicKey:
		return nil
	}
	return fmt.Errorf("a signer of type %T: want *rsa.PrivateKey, *ecdsa.PrivateKey or one of Ed25519", private)
}

// derivedKeyID makes a kid out of a SHA-256.
func derivedKeyID(of []byte) string {
	sum := sha256.Sum256(of)
	text := new(big.Int).SetBytes(sum[:20]).Text(62)
	return keyPrefix + "_" + fmt.Sprintf("%027s", text)[:idLength]
}

// generate makes a key pair and seals its private part (K-05).
func (k *Keys) generate(kid string, state KeyState) (StoredKey, error) {
	private, err := generatePrivate(k.cfg.Algorithm)
	if err != nil {
		return StoredKey{}, err
	}
	now := k.now()
	s, err := newSigner(kid, private)
	if err != nil {
		return StoredKey{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return StoredKey{}, err
	}
	sealed, err := k.cfg.Sealer.Seal(keyTable, keyColumn, s.key.ID, der)
	if err != nil {
		return StoredKey{}, fmt.Errorf("seal signing key: %w", err)
	}
	return StoredKey{
		ID: s.key.ID, Algorithm: k.cfg.Algorithm, State: state,
		SealedPrivate: sealed, PublicDER: s.spki, CreatedAt: now, StateAt: now,
	}, nil
}

func generatePrivate(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	default:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
}

// unseal turns a stored key into one that signs.
func (k *Keys) unseal(row StoredKey) (*signer, error) {
	der, err := k.cfg.Sealer.Open(keyTable, keyColumn, row.ID, row.SealedPrivate)
	if err != nil {
		return nil, fmt.Errorf("open signing key %s: %w", row.ID, err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil { // the cause could quote the key
		return nil, fmt.Errorf("open signing key %s: not PKCS #8", row.ID)
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("open signing key %s: a key of type %T signs nothing", row.ID, parsed)
	}
	s, err := newSigner(row.ID, private)
	if err != nil {
		return nil, fmt.Errorf("open signing key %s: %w", row.ID, err)
	}
	if !bytes.Equal(s.spki, row.PublicDER) {
		return nil, fmt.Errorf("open signing key %s: its halves are of two keys", row.ID)
	}
	return s, nil
}

// publicKey reads the public half of a stored key.
func publicKey(row StoredKey) (auth.Key, error) {
	public, err := x509.ParsePKIXPublicKey(row.PublicDER)
	if err != nil {
		return auth.Key{}, fmt.Errorf("signing key %s: %w", row.ID, err)
	}
	algorithm, err := algorithmOf(public)
	if err != nil {
		return auth.Key{}, fmt.Errorf("signing key %s: %w", row.ID, err)
	}
	return auth.Key{ID: row.ID, Algorithm: algorithm, Public: public}, nil
}
