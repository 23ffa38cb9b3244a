package user_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/gatehouse-dev/gatehouse/user"
)

func TestWithTx(t *testing.T) {
	f := newFixture(t)
	digest, err := f.HashPassword(t.Context(), good, "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	victim := f.add(t, "victim@example.com")
	f.drain(t)
	f.handled()
	for _, commit := range []bool{false, true} {
		tx, err := f.store.DB().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		users := f.WithTx(tx)
		nu := user.NewUser{EmailAddresses: []user.NewIdentifier{{Value: "ada@example.com", Strategy: "admin"}}, PasswordDigest: digest}
		u, err := users.Create(t.Context(), nu)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := users.Create(t.Context(), nu); !errors.Is(err, user.ErrIdentifierTaken) {
			t.Errorf("Create again = %v, want taken", err)
		}
		// A hash must not hold the database's lock.
		nu.PasswordDigest, nu.Password = "", good
		if _, err := users.Create(t.Context(), nu); err != user.ErrHashInTx {
			t.Errorf("Create = %v, want ErrHashInTx", err)
		}
		if _, err := users.Update(t.Context(), u.ID, user.Change{Password: ptr("another good one")}); err != user.ErrHashInTx {
			t.Errorf("Update = %v, want ErrHashInTx", err)
		}
		if err := users.Delete(t.Context(), victim.ID); err != nil {
			t.Fatal(err)
		}
		if got := f.handled(); len(got) != 0 {
			t.Errorf("handled before the commit: %v", got)
		}
		if !commit {
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			if _, err := f.ByID(t.Context(), victim.ID); err != nil {
				t.Errorf("a rolled back deletion: %v", err)
			}
			if got := f.pending(t); len(got) != 0 {
				t.Errorf("a rolled back transaction left %v", got)
			}
			continue
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := f.VerifyPassword(t.Context(), u, good); err != nil {
			t.Errorf("VerifyPassword: %v", err)
		}
	}
	if n := f.drain(t); n != 2 {
		t.Errorf("Drain = %d, want 2", n)
	}
	if got := f.handled(); !slices.Equal(got, []user.EventType{user.EventCreated, user.EventDeleted}) {
		t.Errorf("handled after the commit: %v", got)
	}
}

// nothing of a deleted user attaches to the next one of the same address.
func TestDeleteLeavesNothing(t *testing.T) {
	f := newFixture(t)
	nu := func(nu *user.NewUser) {
		nu.ExternalID, nu.Username, nu.Password, nu.FirstName = "crm-7", "ada_l", good, "Ada"
		nu.PrivateMetadata = []byte(`{"secret":"canary"}`)
	}
	first := f.add(t, "ada@example.com", nu)
	if err := f.Delete(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ByID(t.Context(), first.ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("ByID = %v", err)
	}
	if err := f.Delete(t.Context(), first.ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("Delete again = %v", err)
	}
	for _, table := range []string{"users", "identifications"} {
		var rows int
		if err := f.store.DB().QueryRowContext(t.Context(), `select count(*) from `+table).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("%d rows of %s are left, %v", rows, table, err)
		}
	}
	second := f.add(t, "ada@example.com")
	if second.ID == first.ID || second.PasswordDigest != "" || second.FirstName != "" || second.ExternalID != "" || string(second.PrivateMetadata) != "{}" || len(second.Identifications) != 1 {
		t.Errorf("the next user starts with %+v", second)
	}
	if err := f.VerifyPassword(t.Context(), second, good); !errors.Is(err, user.ErrNoPassword) {
		t.Errorf("the old password: %v", err)
	}
}

func TestDeleteSelf(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com", func(nu *user.NewUser) { nu.DeleteSelfEnabled = ptr(false) })
	if err := f.DeleteSelf(t.Context(), u.ID); !errors.Is(err, user.ErrDeleteSelfOff) {
		t.Errorf("DeleteSelf = %v, want ErrDeleteSelfOff", err)
	}
	f.mustUpdate(t, u.ID, user.Change{DeleteSelfEnabled: ptr(true)})
	if err := f.DeleteSelf(t.Context(), u.ID); err != nil {
		t.Errorf("DeleteSelf: %v", err)
	}
	if err := f.DeleteSelf(t.Context(), u.ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("DeleteSelf again = %v", err)
	}
}
