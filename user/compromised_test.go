package user_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/gatehouse-dev/gatehouse/user"
)

func TestPasswordCompromised(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com", func(nu *user.NewUser) { nu.PasswordDigest = digest1 })
	for range 2 { // the second time, too
		marked, err := f.SetPasswordCompromised(t.Context(), u.ID, true)
		if err != nil || !marked.PasswordCompromised {
			t.Fatalf("SetPasswordCompromised = %v, %v", marked, err)
		}
		if got := f.handled(); !slices.Equal(got, []user.EventType{user.EventSessionsEnd}) {
			t.Errorf("handled at once: %v", got)
		}
	}
	if u, err := f.UnsetPasswordCompromised(t.Context(), u.ID); err != nil || u.PasswordCompromised {
		t.Errorf("UnsetPasswordCompromised = %v, %v", u, err)
	}
	// Another password, or none, takes the mark away.
	for _, change := range []user.Change{{PasswordDigest: digest2}, {RemovePassword: true}} {
		if _, err := f.SetPasswordCompromised(t.Context(), u.ID, false); err != nil {
			t.Fatal(err)
		}
		if u, err := f.Update(t.Context(), u.ID, change); err != nil || u.PasswordCompromised {
			t.Errorf("after %v: %v, %v", change, u, err)
		}
	}
	if _, err := f.SetPasswordCompromised(t.Context(), u.ID, true); !errors.Is(err, user.ErrNoPassword) {
		t.Errorf("without a password = %v, want ErrNoPassword", err)
	}
}

// Digests of nobody.
const (
	digest1 user.Digest = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
	digest2 user.Digest = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
)
