package digest

import (
	"crypto/aes"
	"crypto/cipher"
	"strings"

	"golang.org/x/crypto/scrypt"
)

const (
	// maxScrypt bounds 128·N·r·p in bytes: the memory of one hash, and with several lanes
	// its work.
	maxScrypt = 256 << 20
	// maxLogN is where 128·N alone reaches maxScrypt.
	maxLogN = 21
)

// scryptCost checks N = 2^logN, r and p (RFC 7914 §2).
func scryptCost(logN, r, p int) error {
	// The factors are bounded, so that their product is.
	if logN > maxLogN || r > maxScrypt>>7 || p > maxScrypt>>7 || (128<<logN)*r > maxScrypt || (128<<logN)*r*p > maxScrypt {
		return ErrCost
	}
	return nil
}

// readWerkzeug reads Werkzeug's "scrypt:N:r:p$salt$sum", and the same behind a dollar
// sign. The sum is hex or base64.
func readWerkzeug(text string) (Digest, error) {
	f, err := fields(strings.TrimPrefix(text, "$"), 3)
	if err != nil {
		return Digest{}, err
	}
	args := strings.Split(f[0], ":")
	if len(args) != 4 || args[0] != "scrypt" {
		return Digest{}, ErrFormat
	}
	n, err := count(args[1], 1<<maxLogN)
	if err != nil {
		return Digest{}, err
	}
	r, err := count(args[2], maxScrypt>>7)
	if err != nil {
		return Digest{}, err
	}
	p, err := count(args[3], maxScrypt>>7)
	if err != nil {
		return Digest{}, err
	}
	logN := log2(n)
	if logN < 1 {
		return Digest{}, ErrFormat
	}
	if err := scryptCost(logN, r, p); err != nil {
		return Digest{}, err
	}
	sum, err := sumOf(unhex, f[2])
	if err != nil {
		sum, err = sumOf(unbase64, f[2])
	}
	if err != nil {
		return Digest{}, err
	}
	return derived(sum, func(password []byte) []byte {
		made, _ := scrypt.Key(password, []byte(f[1]), n, r, p, len(sum)) // the parameters are good
		return made
	}), nil
}

// log2 returns the exponent of a power of two, 0 for every other number.
func log2(n int) int {
	for e := 1; e <= maxLogN; e++ {
		if n == 1<<e {
			return e
		}
	}
	return 0
}

// readFirebase reads "sum$salt$signer_key$salt_separator$rounds$mem_cost", all but the
// numbers in base64 of either alphabet: Firebase's scrypt encrypts the project's signer
// key, by AES-256-CTR, with a key that scrypt makes of the password.
func readFirebase(text string) (Digest, error) {
	f := strings.Split(text, "$")
	if len(f) != 6 {
		return Digest{}, ErrFormat
	}
	var parts [4][]byte
	for i := range parts {
		b, err := unbase64(strings.NewReplacer("-", "+", "_", "/").Replace(f[i]))
		if err != nil {
			return Digest{}, err
		}
		parts[i] = b
	}
	sum, salt, signer := parts[0], append(parts[1], parts[3]...), parts[2]
	if len(parts[1]) == 0 || len(sum) < minSum || len(sum) != len(signer) {
		return Digest{}, ErrFormat
	}
	r, err := count(f[4], maxScrypt>>7)
	if err != nil {
		return Digest{}, err
	}
	logN, err := count(f[5], maxLogN)
	if err != nil {
		return Digest{}, err
	}
	if err := scryptCost(logN, r, 1); err != nil {
		return Digest{}, err
	}
	return derived(sum, func(password []byte) []byte {
		key, _ := scrypt.Key(password, salt, 1<<logN, r, 1, 32) // the parameters are good
		return encryptCTR(key, signer)
	}), nil
}

// encryptCTR encrypts with a counter that begins at 0; nil for a key of the wrong size.
func encryptCTR(key, plain []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	out := make([]byte, len(plain))
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(out, plain)
	return out
}
