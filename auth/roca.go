package auth

import "math/big"

// rocaPrimes are the small primes by which keys of the library with
// CVE-2017-15361 ("ROCA") give themselves away.
var rocaPrimes = []uint64{
	3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
	101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
}

// isROCA reports whether a modulus has that library's fingerprint: its remainder
// by every small prime is a power of 65537. A modulus of another make has it with
// a probability of about 2⁻²⁷.
func isROCA(modulus *big.Int) bool {
	for _, p := range rocaPrimes {
		rest := new(big.Int).Mod(modulus, new(big.Int).SetUint64(p)).Uint64()
		if !isPower(rest, p) {
			return false
		}
	}
	return true
}

// isPower reports whether rest is a power of 65537 modulo p.
func isPower(rest, p uint64) bool {
	for x := uint64(1); ; {
		if x == rest {
			return true
		}
		if x = x * 65537 % p; x == 1 {
			return false
		}
	}
}
