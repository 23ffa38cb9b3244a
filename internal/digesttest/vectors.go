// Package digesttest holds published digests of every hasher that users may come from.
package digesttest

// Vector is a digest with its password.
type Vector struct {
	Hasher, Digest, Password string
	// Source is where the digest was published. Where nobody has published one that is
	// cheap enough for tests, it was computed by what shares nothing with this
	// implementation: the hash functions of Python's hashlib, or libxcrypt.
	Source string
}

// Vectors returns one vector of each hasher, and more where a hasher has several forms.
func Vectors() []Vector {
	return []Vector{
		{
			"argon2id", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password",
			"reference implementation of argon2 (phc-winner-argon2), test suite",
		},
		{
			"argon2i", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8", "password",
			"reference implementation of argon2 (phc-winner-argon2), test suite",
		},
		{"bcrypt", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U", "crypt_blowfish, test suite"},
		{
			"bcrypt_sha256_django", "bcrypt_sha256$$2b$04$LZSJchsWG/DrBy1erNs4ee4iJRLR0U06qvb4oTd06e4TsxO2tKFxm", "ExjGmyUT73bFoT",
			"computed with libxcrypt, which gives Django's digest of this password at a cost of 12, too",
		},
		{
			"bcrypt_peppered", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW$*U", "U",
			"crypt_blowfish, test suite: its password U*U as the password U and the pepper *U",
		},
		{"pbkdf2_sha1", "pbkdf2_sha1$4096$salt$4b007901b765489abead49d926f721d065a429c1", "password", "RFC 6070"},
		{
			"pbkdf2_sha1", "pbkdf2_sha1$4096$73616c7453414c5473616c7453414c5473616c7453414c5473616c7453414c5473616c74$3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038$25",
			"passwordPASSWORDpassword", "RFC 6070, the salt in hex",
		},
		{
			"pbkdf2_sha256", "pbkdf2_sha256$1$c2FsdA==$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw==",
			"passwd", "RFC 7914 §11",
		},
		{
			"pbkdf2_sha256_django", "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY=", "lètmein",
			"Django 1.5, tests/auth_tests/test_hashers.py",
		},
		{
			"pbkdf2_sha512", "pbkdf2_sha512$1$salt$867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce",
			"password", "CPython, Lib/test/test_hashlib.py",
		},
		{
			"pbkdf2_sha512_hex", "pbkdf2_sha512_hex$1$73616c74$867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce",
			"password", "CPython, Lib/test/test_hashlib.py, the salt in hex",
		},
		{"phpass", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "test12345", "PHPass, test.php"},
		{"phpass", "$H$9PE8jEklgZhgLmZl5.HYJAzfGCQtzi1", "123456", "passlib, test suite"},
		{"md5_phpass", "$P$9IQRaTwmfhtXH3jpukQ8NU9Hcm1oHj1", "test12345", "computed with hashlib: PHPass of the MD5 in hex"},
		{
			"scrypt_firebase", "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$42xEC+ixf3L2lw==$" +
				"jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$Bw==$8$14",
			"user1password", "README of firebase/scrypt",
		},
		{
			"scrypt_werkzeug", "scrypt:16384:8:1$SodiumChloride$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
			"pleaseletmein", "RFC 7914 §12",
		},
		{
			"scrypt_werkzeug", "$scrypt:16384:8:1$SodiumChloride$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw==",
			"pleaseletmein", "RFC 7914 §12, the sum in base64",
		},
		{"ldap_ssha", "{SSHA}0H+zTv8o4MR4H43n03eCsvw1luG8LdB7", "secret", "passlib, test suite"},
		{"ldap_ssha", "{SSHA}P90+qijSp8MJ1tN25j5o1PflUvlqjXHOGeOckw==", "test", "passlib, test suite"},
		{"md5", "f96b697d7cb7938d525a2f31aaf161d0", "message digest", "RFC 1321, A.5"},
		{"sha256", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", "abc", "FIPS 180-4, examples"},
		{"md5_salted", "salt$67a1e09bb1f83f5007dc119c14d663aa", "password", "computed with hashlib: the salt first"},
		{"md5_salted", "salt$b305cadbb3bce54f3aa59c64fec00dea", "password", "computed with hashlib: the salt last"},
		{"sha256_salted", "salt$13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322", "password", "computed with hashlib: the salt first"},
		{"sha256_salted", "salt$7a37b85c8918eac19a9089c0fa5a2ab4dce3f90528dcdeec108b23ddf3607b99", "password", "computed with hashlib: the salt last"},
		{
			"sha512_symfony", "sha512_symfony$5000$36237gk2wzwgc80k4swcow4wo0sk4k0$wFPmCMPQg2t8l2PQdBi8iHpoqHy5HK4EwsTeD9qY59JntNZOx9TPHfNpEzTVsQNr09ud1ASqMppyJj+dArDpng==",
			"password", "computed with hashlib, by the documentation of MessageDigestPasswordEncoder",
		},
	}
}
