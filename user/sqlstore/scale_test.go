package sqlstore_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/people"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/user"
	"github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

// sizes are how many users the benchmarks of scale have: 10,000 and 100,000, or those
// of GATEHOUSE_BENCH_USERS, separated by commas (`make bench-scale`).
func sizes(b *testing.B) []int {
	text := os.Getenv("GATEHOUSE_BENCH_USERS")
	if text == "" {
		text = "10000,100000"
	}
	var all []int
	for _, one := range strings.Split(text, ",") {
		n, err := strconv.Atoi(one)
		if err != nil || n < 1000 {
			b.Fatalf("GATEHOUSE_BENCH_USERS: %q is no number from 1000", one)
		}
		all = append(all, n)
	}
	return all
}

// BenchmarkScale asks for one user and for pages of ten among many users: what goes by an
// index costs the same among ten times as many.
func BenchmarkScale(b *testing.B) {
	for _, n := range sizes(b) {
		b.Run(fmt.Sprintf("SQLite/%d", n), func(b *testing.B) { scale(b, openSQLite(b), n) })
		b.Run(fmt.Sprintf("PostgreSQL/%d", n), func(b *testing.B) { scale(b, open(b, testservers.Postgres(b)), n) })
	}
}

func scale(b *testing.B, s *sqlstore.Store, n int) {
	users := populate(b, s, n)
	if _, err := s.DB().ExecContext(b.Context(), map[bool]string{true: "analyze", false: "vacuum analyze"}[s.Dialect() == "sqlite"]); err != nil {
		b.Fatal(err)
	}
	b.Run("by id", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := s.ByID(b.Context(), users[i*7919%n].ID); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by e-mail", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := s.ByKey(b.Context(), user.KindEmailAddress, people.Address(i*7919%n)); err != nil {
				b.Fatal(err)
			}
		}
	})
	middle := users[n/2]
	for _, order := range []string{"-created_at", "last_name", "email_address", "-last_sign_in_at"} {
		after := user.PositionOf(middle, order)
		find(b, s, "first page by "+order, user.Query{OrderBy: order})
		find(b, s, "deep page by "+order+", cursor", user.Query{OrderBy: order, After: &after})
	}
	find(b, s, "deep page by -created_at, offset 5000", user.Query{Offset: 5000})
	find(b, s, "deep page by -created_at, offset half", user.Query{Offset: n / 2})
	yes, no := true, false
	after := user.PositionOf(middle, "-created_at")
	for _, f := range []struct {
		name string
		q    user.Query
	}{
		{"banned", user.Query{Banned: &yes}},
		{"not banned", user.Query{Banned: &no}},
		{"e-mail address", user.Query{EmailAddresses: []string{people.Address(n / 2)}}},
		{"username", user.Query{Usernames: []string{"owl_17"}}},
		{"external id", user.Query{ExternalIDs: []string{"legacy-1234"}}},
		{"last active before, few", user.Query{LastActiveAt: user.TimeRange{Before: people.Start.Add(36 * time.Hour)}}},
		{"last active before, half", user.Query{LastActiveAt: user.TimeRange{Before: middle.CreatedAt}}},
		{"last sign-in before, few", user.Query{LastSignInAt: user.TimeRange{Before: people.Start.Add(36 * time.Hour)}}},
		{"created before, few", user.Query{CreatedAt: user.TimeRange{Before: people.Start.Add(time.Hour)}}},
		{"text of one user", user.Query{Text: fmt.Sprintf("rson.%d@", n/2+1)}},
		{"prefix of one user", user.Query{EmailAddressText: fmt.Sprintf("person.%d@", n/2+1)}},
		{"name of few", user.Query{NameText: "radia turing", EmailAddressText: "@company"}},
		{"text of nobody", user.Query{Text: "nobody has this"}},
		{"text of most", user.Query{Text: "example"}},
		{"text of most, deep", user.Query{Text: "example", After: &after}},
		{"two characters", user.Query{Text: "pe"}},
	} {
		find(b, s, f.name, f.q)
		if f.q.After == nil {
			count(b, s, f.name, f.q)
		}
	}
	count(b, s, "everybody", user.Query{})
}

func find(b *testing.B, s *sqlstore.Store, name string, q user.Query) {
	q.Limit = 10
	if q.OrderBy == "" {
		q.OrderBy = "-created_at"
	}
	b.Run(name, func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Find(b.Context(), q); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func count(b *testing.B, s *sqlstore.Store, name string, q user.Query) {
	b.Run("count "+name, func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Count(b.Context(), q); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCreateMany brings in users with ready digests, a thousand a transaction.
func BenchmarkCreateMany(b *testing.B) {
	for name, open := range map[string]func(b *testing.B) *sqlstore.Store{
		"SQLite":     func(b *testing.B) *sqlstore.Store { return openSQLite(b) },
		"PostgreSQL": func(b *testing.B) *sqlstore.Store { return open(b, testservers.Postgres(b)) },
	} {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			users, err := user.NewService(user.Config{Store: s, Events: user.EventHandlerFunc(nil)})
			if err != nil {
				b.Fatal(err)
			}
			maker, total := people.New(3), 0
			for b.Loop() {
				b.StopTimer()
				list := make([]user.NewUser, user.MaxBatch)
				for i := range list {
					list[i] = maker.NewUser()
				}
				b.StartTimer()
				created, err := users.CreateMany(b.Context(), list)
				if err != nil {
					b.Fatal(err)
				}
				for _, c := range created {
					if c.Err != nil {
						b.Fatal(c.Err)
					}
				}
				total += len(list)
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "users/s")
		})
	}
}

// BenchmarkDeleteMany deletes a thousand users a transaction.
func BenchmarkDeleteMany(b *testing.B) {
	for name, open := range map[string]func(b *testing.B) *sqlstore.Store{
		"SQLite":     func(b *testing.B) *sqlstore.Store { return openSQLite(b) },
		"PostgreSQL": func(b *testing.B) *sqlstore.Store { return open(b, testservers.Postgres(b)) },
	} {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			var left []*user.User
			total := 0
			for b.Loop() {
				if len(left) == 0 {
					b.StopTimer()
					left = populate(b, s, 20*user.MaxBatch)
					b.StartTimer()
				}
				ids := make([]user.ID, user.MaxBatch)
				for i, u := range left[:len(ids)] {
					ids[i] = u.ID
				}
				left = left[len(ids):]
				gone, err := s.DeleteMany(b.Context(), ids, func(id user.ID) user.Event {
					return user.Event{ID: "evt_" + string(id) + fmt.Sprint(b.N, total), Type: user.EventDeleted, UserID: id, At: people.Start}
				})
				if err != nil || len(gone) != len(ids) {
					b.Fatal(len(gone), err)
				}
				total += len(gone)
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "users/s")
		})
	}
}
