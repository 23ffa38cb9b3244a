package user_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/user"
)

// told keeps what a Publisher is told.
type told struct {
	events []user.Publication
	fail   error
}

func (p *told) PublishUserEvents(_ context.Context, events []user.Publication) error {
	if p.fail != nil {
		return p.fail
	}
	p.events = append(p.events, events...)
	return nil
}

func (p *told) take() (out []string) {
	for _, e := range p.events {
		text := string(e.Type)
		if e.User != nil {
			text += " " + e.User.FirstName
		}
		out = append(out, text)
	}
	p.events = nil
	return out
}

// Each change is told as it was, in order, once; a failure leaves it for the next time and
// keeps nothing else from being handled.
func TestPublish(t *testing.T) {
	publisher := &told{}
	f := newFixture(t, func(c *user.Config) { c.Publisher = publisher })
	u := f.add(t, "ada@example.com")
	f.mustUpdate(t, u.ID, user.Change{FirstName: ptr("Ada")})
	f.mustUpdate(t, u.ID, user.Change{FirstName: ptr("Augusta")})
	if _, err := f.Ban(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if err := f.Delete(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	if got := publisher.take(); got != nil {
		t.Errorf("told before Drain: %v", got)
	}
	publisher.fail = errors.New("queue is full")
	if n, err := f.Drain(t.Context()); n != 4 || err == nil || !strings.Contains(err.Error(), "queue is full") {
		t.Errorf("Drain = %d, %v; want 4 handled, and the publisher's error", n, err)
	}
	publisher.fail = nil
	f.drain(t)
	want := []string{"user.created ", "user.updated Ada", "user.updated Augusta", "user.updated Augusta", "user.deleted"}
	if got := publisher.take(); !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	f.drain(t)
	if got := publisher.take(); got != nil {
		t.Errorf("told again: %v", got)
	}
}

// A handler that fails does not keep others from being told.
func TestPublishBesideFailures(t *testing.T) {
	publisher := &told{}
	f := newFixture(t, func(c *user.Config) { c.Publisher = publisher })
	f.add(t, "ada@example.com")
	f.setFail(errors.New("sessions are away"))
	if _, err := f.Drain(t.Context()); err == nil {
		t.Error("Drain hides the handler's error")
	}
	if got := publisher.take(); len(got) != 1 {
		t.Errorf("told %v, want the creation", got)
	}
}

// What is recorded inside a caller's transaction is told once that commits.
func TestPublishWithTx(t *testing.T) {
	publisher := &told{}
	f := newFixture(t, func(c *user.Config) { c.Publisher = publisher })
	for _, commit := range []bool{false, true} {
		tx, err := f.store.DB().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		nu := user.NewUser{EmailAddresses: []user.NewIdentifier{{Value: "ada@example.com", Strategy: "admin"}}, FirstName: "Ada"}
		if _, err := f.WithTx(tx).Create(t.Context(), nu); err != nil {
			t.Fatal(err)
		}
		end, want := tx.Rollback, []string(nil)
		if commit {
			end, want = tx.Commit, []string{"user.created Ada"}
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		f.drain(t)
		if got := publisher.take(); !slices.Equal(got, want) {
			t.Errorf("commit %v: told %q, want %q", commit, got, want)
		}
	}
}

// L-04: every change of a user says what it consisted of.
func TestChanges(t *testing.T) {
	publisher := &told{}
	f := newFixture(t, func(c *user.Config) { c.Publisher = publisher })
	u := f.add(t, "ada@example.com", func(nu *user.NewUser) { nu.Username = "ada_l" })
	f.drain(t)
	publisher.events = nil
	ctx := t.Context()
	change := func(c user.Change) func() error {
		return func() error { _, err := f.Update(ctx, u.ID, c); return err }
	}
	act := func(do func(context.Context, user.ID) (*user.User, error)) func() error {
		return func() error { _, err := do(ctx, u.ID); return err }
	}
	for _, tc := range []struct {
		want string
		do   func() error
	}{
		{"user.updated", change(user.Change{FirstName: ptr("Ada")})},
		{"user.updated user.password.changed", change(user.Change{Password: ptr(good)})},
		{"user.updated user.password.deleted", change(user.Change{RemovePassword: true})},
		{"user.updated username.updated", change(user.Change{Username: ptr("lovelace")})},
		{"user.updated username.deleted", change(user.Change{Username: ptr("")})},
		{"user.updated username.created", change(user.Change{Username: ptr("ada_l")})},
		{"user.updated user.metadata.updated", change(user.Change{PrivateMetadata: []byte(`{"a":1}`)})},
		{"user.updated user.banned", act(f.Ban)},
		{"user.updated user.unbanned", act(f.Unban)},
		{"user.updated user.locked", func() error { _, err := f.Lock(ctx, u.ID, noon.AddDate(1, 0, 0)); return err }},
		{"user.updated user.unlocked", act(f.Unlock)},
		{"user.deleted", func() error { return f.Delete(ctx, u.ID) }},
	} {
		if err := tc.do(); err != nil {
			t.Fatalf("%s: %v", tc.want, err)
		}
		f.drain(t)
		var got []string
		for _, p := range publisher.events {
			for name, id := range p.EachChange() {
				if strings.HasPrefix(name, "username.") != (id != "") {
					t.Errorf("%s is about %q", name, id)
				}
				got = append(got, name)
			}
		}
		publisher.events = nil
		if fmt.Sprint(got) != "["+tc.want+"]" {
			t.Errorf("changes are %v, want %s", got, tc.want)
		}
	}
}
