package user_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/digesttest"
	"github.com/gatehouse-dev/gatehouse/user"
)

// P-08, P-10: what is stored of an imported digest that is quick to guess is inside
// argon2id; it proves the password once, and is argon2id of the password after that (P-02).
func TestImportedQuickDigest(t *testing.T) {
	f := newFixture(t)
	const sum = "f96b697d7cb7938d525a2f31aaf161d0" // RFC 1321
	u := f.add(t, "ada@example.com", func(nu *user.NewUser) {
		nu.ImportedPassword = user.ImportedPassword{Hasher: "md5", Digest: sum}
	})
	stored := string(u.PasswordDigest)
	if !strings.HasPrefix(stored, "md5:1$$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(stored, sum) || u.PasswordUpdatedAt.IsZero() {
		t.Fatalf("stored: %s", stored)
	}
	if _, err := user.ParseDigest(stored); err != nil {
		t.Errorf("ParseDigest of what is stored: %v", err)
	}
	if err := f.VerifyPassword(t.Context(), u, sum); !errors.Is(err, user.ErrPasswordWrong) {
		t.Errorf("the sum itself as a password: %v", err)
	}
	if err := f.VerifyPassword(t.Context(), u, "message digest"); err != nil {
		t.Fatalf("VerifyPassword: %v", err)
	}
	after, err := f.ByID(t.Context(), u.ID)
	if err != nil || !strings.HasPrefix(string(after.PasswordDigest), "$argon2id$") || !after.PasswordUpdatedAt.Equal(u.PasswordUpdatedAt) {
		t.Errorf("after the first good sign-in: %.20s, %v", string(after.PasswordDigest), err)
	}
}

// Every digest that can be imported can be changed to, and inside a transaction unless it
// takes a hash.
func TestImportedChange(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com")
	for _, v := range digesttest.Vectors() {
		change := user.Change{ImportedPassword: user.ImportedPassword{Hasher: v.Hasher, Digest: user.Digest(v.Digest)}}
		tx, err := f.store.DB().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		after, err := f.WithTx(tx).Update(t.Context(), u.ID, change)
		if err == nil {
			if _, err := user.ParseDigest(string(after.PasswordDigest)); err != nil {
				t.Errorf("%s is stored as %s", v.Hasher, string(after.PasswordDigest))
			}
		} else if !errors.Is(err, user.ErrHashInTx) {
			t.Errorf("%s: %v", v.Hasher, err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}
