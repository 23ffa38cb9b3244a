package digest

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
)

// What an argon2 digest may cost.
const (
	MaxMemoryKiB   = 256 * 1024
	MaxIterations  = 10
	MaxParallelism = 8
)

const (
	argon2idPrefix = "$argon2id$"
	argon2iPrefix  = "$argon2i$"
	minArgon2Salt  = 8 // bytes (RFC 9106 §3.1)
)

// argon2Text is an argon2 digest in the PHC string format.
type argon2Text struct {
	argon2id.Params
	salt, sum []byte
}

// readPHC reads "$argon2…$v=19$m=…,t=…,p=…$salt$sum" behind its prefix.
func readPHC(text, prefix string) (a argon2Text, err error) {
	rest, ok := strings.CutPrefix(text, fmt.Sprintf("%sv=%d$m=", prefix, argon2.Version))
	if !ok {
		return a, ErrFormat
	}
	parts, err := fields(rest, 3)
	if err != nil {
		return a, err
	}
	memory, rest, okT := strings.Cut(parts[0], ",t=")
	iterations, parallelism, okP := strings.Cut(rest, ",p=")
	if !okT || !okP {
		return a, ErrFormat
	}
	m, err := count(memory, MaxMemoryKiB)
	if err != nil {
		return a, err
	}
	t, err := count(iterations, MaxIterations)
	if err != nil {
		return a, err
	}
	p, err := count(parallelism, MaxParallelism)
	if err != nil {
		return a, err
	}
	if a.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[1]); err != nil || len(a.salt) < minArgon2Salt {
		return a, ErrFormat
	}
	if a.sum, err = base64.RawStdEncoding.Strict().DecodeString(parts[2]); err != nil || len(a.sum) < minSum || len(a.sum) > 2*maxSum {
		return a, ErrFormat
	}
	a.Params = argon2id.Params{
		Memory: uint32(m), Iterations: uint32(t), Parallelism: uint8(p),
		SaltLength: uint32(len(a.salt)), KeyLength: uint32(len(a.sum)),
	}
	return a, nil
}

// derive makes the sum of a password by argon2id.
func (a argon2Text) derive(password []byte) []byte {
	return argon2.IDKey(password, a.salt, a.Iterations, a.Memory, a.Parallelism, a.KeyLength)
}

func readArgon2id(text string) (Digest, error) {
	a, err := readPHC(text, argon2idPrefix)
	if err != nil {
		return Digest{}, err
	}
	d := derived(a.sum, a.derive)
	d.own = &a
	return d, nil
}

func readArgon2i(text string) (Digest, error) {
	a, err := readPHC(text, argon2iPrefix)
	if err != nil {
		return Digest{}, err
	}
	return derived(a.sum, func(password []byte) []byte {
		return argon2.Key(password, a.salt, a.Iterations, a.Memory, a.Parallelism, a.KeyLength)
	}), nil
}

// FormatArgon2id writes a sum of argon2id as a digest.
func FormatArgon2id(p *argon2id.Params, salt, sum []byte) string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", argon2idPrefix, argon2.Version,
		p.Memory, p.Iterations, p.Parallelism, encode(salt), encode(sum))
}
