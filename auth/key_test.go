package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// weakRSA makes a key that looks like one of the given size and exponent.
func weakRSA(bits uint, e int) auth.Key {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return auth.Key{ID: kid, Algorithm: auth.RS256, Public: &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: e}}
}

// pointOf makes a key that the library itself would not make.
func pointOf(x, y int64) *ecdsa.PublicKey {
	//lint:ignore SA1019 a broken key is the point
	return &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(x), Y: big.NewInt(y)}
}

// T-10: which keys may sign.
func TestCheckKey(t *testing.T) {
	p256, n := &ecKey().PublicKey, rsaKey().N
	good := auth.Key{ID: kid, Algorithm: auth.RS256, Public: &rsaKey().PublicKey}
	with := func(change func(*auth.Key)) auth.Key {
		k := good
		change(&k)
		return k
	}
	for _, test := range []struct {
		name string
		key  auth.Key
		ok   bool
	}{
		{"rsa", good, true},
		{"p256", auth.Key{ID: kid, Algorithm: auth.ES256, Public: p256}, true},
		{"ed25519", auth.Key{ID: kid, Algorithm: auth.EdDSA, Public: edKey().Public()}, true},
		{"kid_128", with(func(k *auth.Key) { k.ID = strings.Repeat("k", 128) }), true},
		{"kid_129", with(func(k *auth.Key) { k.ID = strings.Repeat("k", 129) }), false},
		{"kid_empty", with(func(k *auth.Key) { k.ID = "" }), false},
		{"nothing", auth.Key{ID: kid}, false},
		{"alg_none", with(func(k *auth.Key) { k.Algorithm = "none" }), false},
		{"alg_hmac", with(func(k *auth.Key) { k.Algorithm = "HS256" }), false},
		{"alg_of_another_type", with(func(k *auth.Key) { k.Algorithm = auth.ES256 }), false},
		{"private", with(func(k *auth.Key) { k.Public = rsaKey() }), false},
		{"secret", with(func(k *auth.Key) { k.Public = []byte("secret") }), false},
		{"rsa_by_value", with(func(k *auth.Key) { k.Public = rsaKey().PublicKey }), false},
		{"rsa_nil", with(func(k *auth.Key) { k.Public = (*rsa.PublicKey)(nil) }), false},
		{"rsa_no_modulus", with(func(k *auth.Key) { k.Public = &rsa.PublicKey{E: 65537} }), false},
		{"rsa_1024", weakRSA(1024, 65537), false},
		{"rsa_2047", weakRSA(2047, 65537), false},
		{"rsa_8192", weakRSA(8192, 65537), true},
		{"rsa_8193", weakRSA(8193, 65537), false},
		{"rsa_even", with(func(k *auth.Key) { k.Public = &rsa.PublicKey{N: new(big.Int).Add(n, big.NewInt(1)), E: 65537} }), false},
		{"e_1", weakRSA(2048, 1), false},
		{"e_3", weakRSA(2048, 3), false},
		{"e_0", weakRSA(2048, 0), false},
		{"e_negative", weakRSA(2048, -65537), false},
		{"e_even", weakRSA(2048, 65538), false},
		{"e_65539", weakRSA(2048, 65539), true},
		{"e_too_big", weakRSA(2048, 1<<31+1), false},
		{"ec_nil", auth.Key{ID: kid, Algorithm: auth.ES256, Public: (*ecdsa.PublicKey)(nil)}, false},
		{"ec_p384", auth.Key{ID: kid, Algorithm: auth.ES256, Public: &must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)).PublicKey}, false},
		{"ec_off_curve", auth.Key{ID: kid, Algorithm: auth.ES256, Public: pointOf(1, 1)}, false},
		{"ec_infinity", auth.Key{ID: kid, Algorithm: auth.ES256, Public: pointOf(0, 0)}, false},
		{"ed_short", auth.Key{ID: kid, Algorithm: auth.EdDSA, Public: edKey().Public().(ed25519.PublicKey)[:31]}, false},
		{"ed_nil", auth.Key{ID: kid, Algorithm: auth.EdDSA, Public: ed25519.PublicKey(nil)}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := auth.CheckKey(test.key); (err == nil) != test.ok || err != nil && !errors.Is(err, auth.ErrWeakKey) {
				t.Errorf("CheckKey = %v, want ok %t", err, test.ok)
			}
			if _, err := auth.FixedKeys(test.key); (err == nil) != test.ok {
				t.Errorf("FixedKeys = %v, want ok %t", err, test.ok)
			}
		})
	}
}

// T-10: signatures that a careless check would take.
func TestVerifySignatureValues(t *testing.T) {
	v := verifier(t, nil)
	n := elliptic.P256().Params().N
	word := func(x *big.Int) string { return string(x.FillBytes(make([]byte, 32))) }
	zero, one := word(new(big.Int)), word(big.NewInt(1))
	order, below := word(n), word(new(big.Int).Sub(n, big.NewInt(1)))
	signed := b64(goodHeader.with("alg", `"ES256"`).with("kid", `"ec"`).String()) + "." + b64(goodClaims.String())
	good := string(signature(ecKey(), signed))
	s := new(big.Int).SetBytes([]byte(good[32:]))
	for name, sig := range map[string]string{
		"psychic": zero + zero, "r_zero": zero + good[32:], "s_zero": good[:32] + zero, "r_one_s_zero": one + zero, "r_n": order + good[32:],
		"s_n": good[:32] + order, "n_n": order + order, "n_zero": order + zero, "one_one": one + one, "below_below": below + below,
		"s_plus_n": good[:32] + string(new(big.Int).Add(s, n).Bytes()), "truncated": good[:63], "longer": good + "\x00", "prefixed": "\x00" + good,
		"halves_swapped": good[32:] + good[:32], "empty": "",
		"asn1": string(must(ecdsa.SignASN1(rand.Reader, ecKey(), make([]byte, 32)))),
	} {
		t.Run("ES256/"+name, func(t *testing.T) { refused(t, v, signed+"."+b64(sig), auth.ReasonTokenSignature) })
	}

	signed = b64(goodHeader.String()) + "." + b64(goodClaims.String())
	good = string(signature(rsaKey(), signed))
	modulus := rsaKey().N
	for name, sig := range map[string]string{
		"truncated": good[:255], "prefixed": "\x00" + good, "longer": good + "\x00", "empty": "", "zero": string(make([]byte, 256)),
		"one": string(big.NewInt(1).FillBytes(make([]byte, 256))), "modulus": string(modulus.Bytes()),
		"plus_modulus": string(new(big.Int).Add(new(big.Int).SetBytes([]byte(good)), modulus).Bytes()), "kilobytes": strings.Repeat(good, 10),
	} {
		t.Run("RS256/"+name, func(t *testing.T) { refused(t, v, signed+"."+b64(sig), auth.ReasonTokenSignature) })
	}

	signed = b64(goodHeader.with("alg", `"EdDSA"`).with("kid", `"ed"`).String()) + "." + b64(goodClaims.String())
	good = string(signature(edKey(), signed))
	for name, sig := range map[string]string{
		"truncated": good[:63], "longer": good + "\x00", "zero": string(make([]byte, 64)), "empty": "",
		"s_not_reduced": good[:32] + strings.Repeat("\xff", 32),
	} {
		t.Run("EdDSA/"+name, func(t *testing.T) { refused(t, v, signed+"."+b64(sig), auth.ReasonTokenSignature) })
	}
}

func TestIsROCA(t *testing.T) {
	if auth.IsROCA(rsaKey().N) {
		t.Error("a fresh key of the standard library has the fingerprint")
	}
	if !auth.IsROCA(new(big.Int).Exp(big.NewInt(65537), big.NewInt(120), nil)) {
		t.Error("a power of 65537 has not")
	}
}

// The examples of RFC 7515 A.2, A.3 and RFC 8037 A.4.
func TestRFCVectors(t *testing.T) {
	raw := func(s string) []byte { return must(base64.RawURLEncoding.DecodeString(s)) }
	number := func(s string) *big.Int { return new(big.Int).SetBytes(raw(s)) }
	const joe = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	for _, test := range []struct {
		name              string
		public            any
		signed, signature string
	}{
		{
			"RFC7515_A2",
			&rsa.PublicKey{E: 65537, N: number("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql" +
				"L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xs" +
				"mtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ")},
			"eyJhbGciOiJSUzI1NiJ9." + joe,
			"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAyn" +
				"RFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv" +
				"Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
		},
		{
			"RFC7515_A3",
			must(ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4},
				raw("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), raw("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")))),
			"eyJhbGciOiJFUzI1NiJ9." + joe,
			"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
		},
		{
			"RFC8037_A4",
			ed25519.PublicKey(raw("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
			"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
			"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			key, err := auth.NewKey(kid, test.public)
			if err != nil {
				t.Fatal(err)
			}
			if err := auth.Method(key.Algorithm).Verify(test.signed, raw(test.signature), key.Public); err != nil {
				t.Error(err)
			}
			if err := auth.Method(key.Algorithm).Verify(test.signed+"A", raw(test.signature), key.Public); err == nil {
				t.Error("accepted for another text")
			}
		})
	}
}

func TestParsePEM(t *testing.T) {
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(&ecKey().PublicKey))})
	k, err := auth.ParsePEM("ins_a", block)
	if err != nil || k.ID != "ins_a" || k.Algorithm != auth.ES256 || !ecKey().PublicKey.Equal(k.Public) {
		t.Errorf("ParsePEM = %+v, %v", k, err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(ecKey()))})
	small := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(weakRSA(1024, 65537).Public))})
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("key"), "private": private, "two": bytes.Repeat(block, 2), "weak": small,
		"broken": []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
	} {
		if k, err := auth.ParsePEM("ins_a", data); err == nil {
			t.Errorf("ParsePEM(%s) = %+v", name, k)
		}
	}
	if _, err := auth.ParsePEM("", block); !errors.Is(err, auth.ErrWeakKey) {
		t.Errorf("ParsePEM without a kid = %v", err)
	}
}

func TestFixedKeys(t *testing.T) {
	if _, err := auth.FixedKeys(); !errors.Is(err, auth.ErrKeysUnavailable) {
		t.Errorf("FixedKeys() = %v, want ErrKeysUnavailable", err)
	}
	k := must(auth.NewKey(kid, &ecKey().PublicKey))
	if _, err := auth.FixedKeys(k, k); err == nil {
		t.Error("one kid twice is accepted")
	}
	set := must(auth.FixedKeys(k))
	if got, err := set.Key(t.Context(), kid); err != nil || got != k {
		t.Errorf("Key = %v, %v", got, err)
	}
	if _, err := set.Key(t.Context(), "other"); !errors.Is(err, auth.ErrUnknownKey) {
		t.Errorf("Key(other) = %v, want ErrUnknownKey", err)
	}
}
