package storetest

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/gatehouse-dev/gatehouse/user"
)

// begin returns a transaction on the store's database and the store inside it.
func begin(t *testing.T, s user.Store) (*sql.Tx, user.Store) {
	t.Helper()
	tx, err := s.(interface{ DB() *sql.DB }).DB().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx, s.(user.Transactor).WithTx(tx)
}

func txCommits(t *testing.T, s user.Store) {
	if _, err := s.(interface{ DB() *sql.DB }).DB().ExecContext(t.Context(),
		`create table notes (owner varchar(40) not null references users (id) on delete cascade, body varchar(20))`); err != nil {
		t.Fatalf("the app's own table: %v", err)
	}
	tx, inside := begin(t, s)
	u := newUser("ada@example.com")
	if err := inside.Create(t.Context(), u, newEvent(user.EventCreated, u.ID)); err != nil {
		t.Fatalf("Create: %v", err)
	}
	if _, err := tx.ExecContext(t.Context(), `insert into notes (owner, body) values ($1, 'hello')`, string(u.ID)); err != nil {
		t.Fatalf("a row of the app's: %v", err)
	}
	if got := byID(t, inside, u.ID); got.Version != 1 {
		t.Errorf("inside: version %d, want 1", got.Version)
	}
	if _, err := s.ByID(t.Context(), u.ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("outside before the commit: %v, want ErrNotFound", err)
	}
	if len(pending(t, s)) != 0 {
		t.Error("an event is visible before the commit")
	}
	if err := tx.Commit(); err != nil {
		t.Fatalf("commit: %v", err)
	}
	byID(t, s, u.ID)
	if len(pending(t, s)) != 1 {
		t.Error("no event after the commit")
	}
	// Deleting the user takes the app's rows along.
	if err := s.Delete(t.Context(), u.ID); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	var notes int
	row := s.(interface{ DB() *sql.DB }).DB().QueryRowContext(t.Context(), `select count(*) from notes`)
	if err := row.Scan(&notes); err != nil || notes != 0 {
		t.Errorf("%d notes are left, %v", notes, err)
	}
}

func txRollsBack(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	tx, inside := begin(t, s)
	v := newUser("bob@example.com")
	if err := inside.Create(t.Context(), v, newEvent(user.EventCreated, v.ID)); err != nil {
		t.Fatalf("Create: %v", err)
	}
	_, err := inside.Update(t.Context(), u.ID, func(u *user.User) ([]user.Event, error) {
		u.Banned = true
		return []user.Event{newEvent(user.EventBanned, u.ID)}, nil
	})
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatalf("rollback: %v", err)
	}
	if byID(t, s, u.ID).Banned {
		t.Error("an update survived the rollback")
	}
	if _, err := s.ByID(t.Context(), v.ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("ByID = %v, want ErrNotFound", err)
	}
	if got := pending(t, s); len(got) != 0 {
		t.Errorf("events survived the rollback: %v", got)
	}
}

// A call that fails leaves the transaction usable, and nothing of its own.
func txSavepoints(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	create(t, s, u)
	tx, inside := begin(t, s)
	late := newUser("late@example.com")
	identify(late, user.KindEmailAddress, "ada@example.com", true) // fails at its second identification
	if err := inside.Create(t.Context(), late); !errors.Is(err, user.ErrIdentifierTaken) {
		t.Fatalf("Create = %v, want ErrIdentifierTaken", err)
	}
	if err := inside.Delete(t.Context(), late.ID); !errors.Is(err, user.ErrNotFound) {
		t.Fatalf("Delete = %v, want ErrNotFound", err)
	}
	if _, err := inside.ByKey(t.Context(), user.KindEmailAddress, "late@example.com"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("ByKey = %v, want ErrNotFound", err)
	}
	next := newUser("late@example.com")
	create(t, inside, next)
	if err := tx.Commit(); err != nil {
		t.Fatalf("commit: %v", err)
	}
	byID(t, s, next.ID)
	if _, err := s.ByID(t.Context(), late.ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("ByID = %v, want ErrNotFound", err)
	}
}

func txOutbox(t *testing.T, s user.Store) {
	u := newUser("ada@example.com")
	e := newEvent(user.EventCreated, u.ID)
	if err := s.Create(t.Context(), u, e); err != nil {
		t.Fatalf("Create: %v", err)
	}
	tx, inside := begin(t, s)
	if err := inside.(user.Outbox).Done(t.Context(), noon, e.ID); err != nil {
		t.Fatalf("Done: %v", err)
	}
	if len(pending(t, inside)) != 0 || len(pending(t, s)) != 1 {
		t.Error("Done is not part of the transaction")
	}
	if err := tx.Rollback(); err != nil {
		t.Fatalf("rollback: %v", err)
	}
	if len(pending(t, s)) != 1 {
		t.Error("Done survived the rollback")
	}
}
