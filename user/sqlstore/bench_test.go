package sqlstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user"
	"github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

const benchUsers = 10_000

// population returns a store with benchUsers users, and one in their middle.
func population(b *testing.B) (*sqlstore.Store, *user.User) {
	b.Helper()
	s := openSQLite(b)
	tx, err := s.DB().BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	inside := s.WithTx(tx)
	var middle *user.User
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range benchUsers {
		at := start.Add(time.Duration(n) * time.Second)
		address := fmt.Sprintf("person%d@example.com", n)
		u := &user.User{ID: user.ID(random.ID("user", at)), FirstName: "Person", LastName: fmt.Sprint(n), CreatedAt: at, UpdatedAt: at}
		u.Identifications = []user.Identification{{
			ID: user.IdentificationID(random.ID("idn", at)), UserID: u.ID, Kind: user.KindEmailAddress,
			Value: address, Key: address, Claimed: true, CreatedAt: at, UpdatedAt: at,
		}}
		if err := inside.Create(b.Context(), u); err != nil {
			b.Fatal(err)
		}
		if n == benchUsers/2 {
			middle = u
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	return s, middle
}

func BenchmarkByID(b *testing.B) {
	s, u := population(b)
	for b.Loop() {
		if _, err := s.ByID(b.Context(), u.ID); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkByKey(b *testing.B) {
	s, u := population(b)
	for b.Loop() {
		if _, err := s.ByKey(b.Context(), user.KindEmailAddress, u.Identifications[0].Key); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFind searches ten thousand users for a text that one of them has.
func BenchmarkFind(b *testing.B) {
	s, _ := population(b)
	q := user.Query{Text: "Person5000@", OrderBy: "-created_at", Limit: 10}
	for b.Loop() {
		if users, err := s.Find(b.Context(), q); err != nil || len(users) != 1 {
			b.Fatal(users, err)
		}
	}
}

// BenchmarkFindPage is the first page of all users.
func BenchmarkFindPage(b *testing.B) {
	s, _ := population(b)
	q := user.Query{OrderBy: "-created_at", Limit: 10}
	for b.Loop() {
		if users, err := s.Find(b.Context(), q); err != nil || len(users) != 10 {
			b.Fatal(users, err)
		}
	}
}
