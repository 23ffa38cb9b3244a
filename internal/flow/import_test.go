package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/digesttest"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

// P-02, P-08: a user of every family signs in with the password they had, and has an
// argon2id digest of it from then on.
func TestImportedUsersSignIn(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	for n, v := range digesttest.Vectors() {
		if seen[v.Hasher] { // its other forms are the reader's business
			continue
		}
		seen[v.Hasher] = true
		t.Run(v.Hasher, func(t *testing.T) {
			email := fmt.Sprintf("user%d@example.com", n)
			u := w.person(email, func(nu *user.NewUser) {
				nu.Password = ""
				nu.ImportedPassword = user.ImportedPassword{Hasher: v.Hasher, Digest: user.Digest(v.Digest)}
			})
			b := w.browser()
			out, err := b.signIn(flow.SignInFields{Identifier: email, Password: v.Password})
			if err != nil || out.SignIn.Status != "complete" {
				t.Fatalf("sign-in: %v", err)
			}
			after, err := w.users.ByID(t.Context(), u.ID)
			must(t, err)
			if !strings.HasPrefix(string(after.PasswordDigest), "$argon2id$v=19$m=19456,t=2,p=1$") || after.PasswordDigest == u.PasswordDigest {
				t.Errorf("the digest is %.20s", string(after.PasswordDigest))
			}
		})
	}
}
