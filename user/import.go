package user

import (
	"context"
	"errors"

	"github.com/gatehouse-dev/gatehouse/user/internal/digest"
)

// ImportedPassword is a password that another system has hashed. The zero value is none.
type ImportedPassword struct {
	// Hasher is how: argon2i, argon2id, bcrypt, bcrypt_peppered, bcrypt_sha256_django,
	// ldap_ssha, md5, md5_phpass, md5_salted, pbkdf2_sha1, pbkdf2_sha256,
	// pbkdf2_sha256_django, pbkdf2_sha512, pbkdf2_sha512_hex, phpass, scrypt_firebase,
	// scrypt_werkzeug, sha256, sha256_salted or sha512_symfony.
	Hasher string
	// Digest is what that has stored, at most 512 bytes. However it is printed it is
	// "[redacted]".
	Digest Digest
}

// check returns what is known of p without any work, or *FieldError (P-08).
func (p ImportedPassword) check() (digest.Imported, error) {
	imported, err := digest.Import(p.Hasher, string(p.Digest))
	if errors.Is(err, digest.ErrHasher) {
		return imported, &FieldError{Field: "password_hasher", Rule: RuleValue}
	}
	if err != nil {
		return imported, &FieldError{Field: "password_digest", Rule: RuleDigest}
	}
	return imported, nil
}

// importPassword returns what is stored for a password that another system has hashed. A
// digest that is quick to guess goes into one of our own, which takes a hash.
func (s *Service) importPassword(ctx context.Context, p ImportedPassword) (Digest, error) {
	imported, err := p.check()
	if err != nil {
		return "", err
	}
	inner := imported.Inner()
	if inner == "" {
		return Digest(imported.Stored("")), nil
	}
	if s.inTx {
		return "", ErrHashInTx
	}
	own, err := s.cfg.Hasher.Hash(ctx, inner)
	if err != nil {
		return "", err
	}
	return Digest(imported.Stored(string(own))), nil
}

// ParseDigest reads a digest in the form in which they are stored, as Service.HashPassword
// returns them and exports hold them. It accepts what Verify can verify at a bearable cost
// (P-08) and returns a *FieldError for everything else. Nothing is hashed.
func ParseDigest(s string) (Digest, error) {
	if _, err := parseDigest(Digest(s)); err != nil {
		return "", err
	}
	return Digest(s), nil
}

func parseDigest(d Digest) (digest.Digest, error) {
	parsed, err := digest.Parse(string(d))
	if err != nil {
		return parsed, &FieldError{Field: "password_digest", Rule: RuleDigest}
	}
	return parsed, nil
}
