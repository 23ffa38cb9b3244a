package digest_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/alexedwards/argon2id"

	"github.com/gatehouse-dev/gatehouse/internal/digesttest"
	"github.com/gatehouse-dev/gatehouse/user/internal/digest"
)

// wrap does to an imported digest what Service does.
func wrap(t *testing.T, i digest.Imported) string {
	t.Helper()
	if i.Inner() == "" {
		return i.Stored("")
	}
	p := &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	salt := []byte("0123456789abcdef")
	return i.Stored(digest.FormatArgon2id(p, salt, argon2.IDKey([]byte(i.Inner()), salt, p.Iterations, p.Memory, p.Parallelism, p.KeyLength)))
}

// P-08, P-10: the published digests of every family are their passwords' and no others'.
func TestVectors(t *testing.T) {
	for _, v := range digesttest.Vectors() {
		t.Run(v.Hasher, func(t *testing.T) {
			imported, err := digest.Import(v.Hasher, v.Digest)
			if err != nil {
				t.Fatalf("Import: %v", err)
			}
			stored := wrap(t, imported)
			d, err := digest.Parse(stored)
			if err != nil {
				t.Fatalf("Parse(%s): %v", stored, err)
			}
			if !d.Verify(v.Password) {
				t.Errorf("%s is not the digest of %q", v.Digest, v.Password)
			}
			if other := v.Password + "x"; d.Verify(other) {
				t.Errorf("%s is the digest of %q", v.Digest, other)
			}
			quick := imported.Inner() != ""
			if quick && strings.Contains(stored, imported.Inner()) {
				t.Errorf("the quick sum is stored: %s", stored)
			}
		})
	}
}

// A digest that Django has made (test suite of djangohashers), at Django's cost.
func TestDjangoBcrypt(t *testing.T) {
	d, err := digest.Parse("bcrypt_sha256_django:bcrypt_sha256$$2b$12$LZSJchsWG/DrBy1erNs4eeYo6tZNlLFQmONdxN9HPesa1EyXVcTXK")
	if err != nil || !d.Verify("ExjGmyUT73bFoT") {
		t.Errorf("Django's digest is not its password's, %v", err)
	}
}

// Every hasher has a vector.
func TestVectorsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range digesttest.Vectors() {
		seen[v.Hasher] = true
		if v.Source == "" {
			t.Errorf("the vector of %s has no source", v.Hasher)
		}
	}
	for _, name := range digest.Hashers() {
		if !seen[name] {
			t.Errorf("%s has no vector", name)
		}
	}
	if len(digest.Hashers()) != 20 {
		t.Errorf("%d hashers, want 20", len(digest.Hashers()))
	}
}

// P-08: a digest that is not its hasher's, or would cost too much, is refused before
// anything is computed.
func TestImportRefuses(t *testing.T) {
	const salt16, sum32 = "c2FsdHNhbHRzYWx0c2FsdA", "aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
	tail, hex32 := strings.Repeat("a", 53), strings.Repeat("0a", 32)
	for _, tt := range []struct {
		hasher, text string
		want         error
	}{
		{"awscognito", "awscognito#pool#client#identifier", digest.ErrHasher},
		{"", "5f4dcc3b5aa765d61d8327deb882cf99", digest.ErrHasher},
		{"MD5", "5f4dcc3b5aa765d61d8327deb882cf99", digest.ErrHasher},

		{"bcrypt", "$2a$31$" + tail, digest.ErrCost},
		{"bcrypt", "$2a$15$" + tail, digest.ErrCost},
		{"bcrypt", "$2a$99$" + tail, digest.ErrFormat},
		{"bcrypt", "$2x$10$" + tail, digest.ErrFormat},
		{"bcrypt", "$2a$10$" + tail + "a", digest.ErrFormat},
		{"bcrypt", "$2a$10$" + tail[:52] + "-", digest.ErrFormat},
		{"bcrypt_sha256_django", "$2a$10$" + tail, digest.ErrFormat},
		{"bcrypt_sha256_django", "bcrypt_sha256$$2a$15$" + tail, digest.ErrCost},
		{"bcrypt_peppered", "$2a$10$" + tail, digest.ErrFormat},
		{"bcrypt_peppered", "$2a$10$" + tail + "$", digest.ErrFormat},
		{"bcrypt_peppered", "$2a$31$" + tail + "$pepper", digest.ErrCost},

		{"argon2id", "$argon2id$v=19$m=4194304,t=2,p=1$" + salt16 + "$" + sum32, digest.ErrCost},
		{"argon2id", "$argon2id$v=19$m=65536,t=11,p=1$" + salt16 + "$" + sum32, digest.ErrCost},
		{"argon2id", "$argon2id$v=19$m=65536,t=2,p=9$" + salt16 + "$" + sum32, digest.ErrCost},
		{"argon2id", "$argon2id$v=16$m=65536,t=2,p=1$" + salt16 + "$" + sum32, digest.ErrFormat},
		{"argon2id", "$argon2id$v=19$m=065536,t=2,p=1$" + salt16 + "$" + sum32, digest.ErrFormat},
		{"argon2id", "$argon2id$v=19$m=65536,t=0,p=1$" + salt16 + "$" + sum32, digest.ErrFormat},
		{"argon2id", "$argon2id$v=19$m=65536,t=2,p=1$" + salt16 + "$YQ", digest.ErrFormat},
		{"argon2id", "$argon2i$v=19$m=65536,t=2,p=1$" + salt16 + "$" + sum32, digest.ErrFormat},
		{"argon2i", "$argon2id$v=19$m=65536,t=2,p=1$" + salt16 + "$" + sum32, digest.ErrFormat},
		{"argon2i", "$argon2i$v=19$m=4194304,t=2,p=1$" + salt16 + "$" + sum32, digest.ErrCost},

		{"pbkdf2_sha1", "pbkdf2_sha1$2000000000$salt$" + hex32, digest.ErrCost},
		{"pbkdf2_sha1", "pbkdf2_sha1$2000001$salt$" + hex32, digest.ErrCost},
		{"pbkdf2_sha1", "pbkdf2_sha1$99999999999999999999$salt$" + hex32, digest.ErrCost},
		{"pbkdf2_sha1", "pbkdf2_sha1$0$salt$" + hex32, digest.ErrFormat},
		{"pbkdf2_sha1", "pbkdf2_sha1$-1$salt$" + hex32, digest.ErrFormat},
		{"pbkdf2_sha1", "pbkdf2_sha1$1$$" + hex32, digest.ErrFormat},
		{"pbkdf2_sha1", "pbkdf2_sha1$1$salt$0a", digest.ErrFormat},
		{"pbkdf2_sha1", "pbkdf2_sha1$1$salt$" + hex32 + "$31", digest.ErrFormat},
		{"pbkdf2_sha1", "pbkdf2_sha1$1$salt$" + hex32 + "$", digest.ErrFormat},
		{"pbkdf2_sha1", "pbkdf2_sha1$1$salt$" + hex32 + "$32$", digest.ErrFormat},
		{"pbkdf2_sha256", "pbkdf2_sha256$1$s*lt$" + sum32, digest.ErrFormat},
		{"pbkdf2_sha256", "pbkdf2_sha256$2000001$" + salt16 + "$" + sum32, digest.ErrCost},
		{"pbkdf2_sha256_django", "pbkdf2_sha1$1$salt$" + sum32, digest.ErrFormat},
		{"pbkdf2_sha256_django", "pbkdf2_sha256$2000001$salt$" + sum32, digest.ErrCost},
		{"pbkdf2_sha512", "pbkdf2_sha512$2000001$salt$" + hex32, digest.ErrCost},
		{"pbkdf2_sha512", "pbkdf2_sha512$1$salt$" + strings.Repeat(hex32, 3), digest.ErrFormat},
		{"pbkdf2_sha512_hex", "pbkdf2_sha512_hex$1$salt$" + hex32, digest.ErrFormat},
		{"pbkdf2_sha512_hex", "pbkdf2_sha512_hex$2000001$aa$" + hex32, digest.ErrCost},

		{"phpass", "$P$4aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", digest.ErrFormat},
		{"phpass", "$P$z" + strings.Repeat("a", 30), digest.ErrCost},
		{"phpass", "$P$4" + strings.Repeat("a", 30), digest.ErrFormat},
		{"phpass", "$P$B" + strings.Repeat("=", 30), digest.ErrFormat},
		{"md5_phpass", "$S$B" + strings.Repeat("a", 30), digest.ErrFormat},

		{"scrypt_werkzeug", "scrypt:4194304:8:1$salt$" + hex32, digest.ErrCost},
		{"scrypt_werkzeug", "scrypt:1048576:8:1$salt$" + hex32, digest.ErrCost},
		{"scrypt_werkzeug", "scrypt:32768:8:9$salt$" + hex32, digest.ErrCost},
		{"scrypt_werkzeug", "scrypt:2:1:2097152$salt$" + hex32, digest.ErrCost},
		{"scrypt_werkzeug", "scrypt:32767:8:1$salt$" + hex32, digest.ErrFormat},
		{"scrypt_werkzeug", "scrypt:1:8:1$salt$" + hex32, digest.ErrFormat},
		{"scrypt_werkzeug", "pbkdf2:sha256:1$salt$" + hex32, digest.ErrFormat},
		{"scrypt_firebase", "aGFzaGhhc2hoYXNoaGFzaA$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA$Bw==$8$22", digest.ErrCost},
		{"scrypt_firebase", "aGFzaGhhc2hoYXNoaGFzaA$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA$Bw==$64$20", digest.ErrCost},
		{"scrypt_firebase", "aGFzaA$c2FsdA$aGFzaA$Bw==$8$14", digest.ErrFormat},
		{"scrypt_firebase", "aGFzaGhhc2hoYXNoaGFzaA$c2FsdA$c2hvcnQ$Bw==$8$14", digest.ErrFormat},

		{"ldap_ssha", "{SHA}0H+zTv8o4MR4H43n03eCsvw1luG8LdB7", digest.ErrFormat},
		{"ldap_ssha", "{SSHA}0H+zTv8o4MR4H43n03eCsvw1luE=", digest.ErrFormat},
		{"ldap_ssha", "{SSHA}0H+zTv8o4MR4H43n03eCsvw1luG8LdB7=", digest.ErrFormat},
		{"md5", "5f4dcc3b5aa765d61d8327deb882cf9", digest.ErrFormat},
		{"md5", "5f4dcc3b5aa765d61d8327deb882cf99\n", digest.ErrFormat},
		{"sha256", "5f4dcc3b5aa765d61d8327deb882cf99", digest.ErrFormat},
		{"md5_salted", "$5f4dcc3b5aa765d61d8327deb882cf99", digest.ErrFormat},
		{"sha256_salted", "salt$" + hex32 + "00", digest.ErrFormat},
		{"sha512_symfony", "sha512_symfony$2000000$salt$" + sum32, digest.ErrCost},
		{"sha512_symfony", "sha512_symfony$1$salt$" + sum32, digest.ErrFormat},
		{"bcrypt_peppered", "$2a$10$" + tail + "$" + strings.Repeat("p", 500), digest.ErrFormat},
		{"bcrypt_peppered", "$2a$10$" + tail + "$\x00", digest.ErrFormat},
		{"bcrypt_peppered", "$2a$10$" + tail + "$\xff", digest.ErrFormat},
	} {
		if _, err := digest.Import(tt.hasher, tt.text); !errors.Is(err, tt.want) {
			t.Errorf("Import(%s, %q) = %v, want %v", tt.hasher, tt.text, err, tt.want)
		}
	}
}

// What is stored tells its family: a quick sum that claims to be stored already, or a
// hasher that names itself in its digests, has no second spelling.
func TestParseRefuses(t *testing.T) {
	for _, stored := range []string{
		"", "md5:5f4dcc3b5aa765d61d8327deb882cf99", "md5:1$$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$", "md5:0$$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
		"md5:1$*$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
		"bcrypt:$2a$10$" + strings.Repeat("a", 53), "argon2id:$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
		"pbkdf2_sha256$1$c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g", "nobody:1", strings.Repeat("a", 2000),
	} {
		if _, err := digest.Parse(stored); err == nil {
			t.Errorf("Parse(%q) succeeded", stored)
		}
	}
}

// Digests under one salt are told apart.
func TestFind(t *testing.T) {
	p, salt := &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1}, []byte("0123456789abcdef")
	var set []string
	for _, code := range []string{"first", "second"} {
		set = append(set, digest.FormatArgon2id(p, salt, argon2.IDKey([]byte(code), salt, 1, 64, 1, 32)))
	}
	for code, want := range map[string]int{"first": 0, "second": 1, "third": -1, "": -1} {
		if got, err := digest.Find(code, set); got != want || err != nil {
			t.Errorf("Find(%q) = %d, %v; want %d", code, got, err, want)
		}
	}
	if _, err := digest.Find("first", []string{"nonsense"}); err == nil {
		t.Error("Find reads nonsense")
	}
}

// P-08: whatever is imported can be stored and read again, and nothing else can.
func FuzzImport(f *testing.F) {
	for _, v := range digesttest.Vectors() {
		f.Add(v.Hasher, v.Digest)
	}
	f.Add("bcrypt", "$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy")
	f.Add("scrypt_werkzeug", "$scrypt:2:1:1$salt$aGFzaGhhc2hoYXNoaGFzaGhhc2g=")
	f.Add("pbkdf2_sha1", "pbkdf2_sha1$1$00$0000000000000000000000000000000000000000$20")
	f.Fuzz(func(t *testing.T, hasher, text string) {
		imported, err := digest.Import(hasher, text)
		if err != nil {
			return
		}
		own := ""
		if imported.Inner() != "" {
			own = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
		}
		stored := imported.Stored(own)
		if _, err := digest.Parse(stored); err != nil {
			t.Fatalf("%s %q is stored as %q, which cannot be read: %v", hasher, text, stored, err)
		}
		if bare := strings.HasPrefix(stored, "$"); bare == strings.HasPrefix(stored, hasher+":") || len(text) > digest.MaxLength {
			t.Fatalf("%s %q is stored as %q", hasher, text, stored)
		}
	})
}
