package gatehouse

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

// One node at a time has a lease, until it lets it run out.
func TestLeases(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "db") },
		"PostgreSQL": func(t *testing.T) string { return testservers.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			db, err := sqldb.Open(t.Context(), url(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			if err := db.Migrate(t.Context(), "instance", schema); err != nil {
				t.Fatal(err)
			}
			l, start := leases{db}, time.UnixMilli(1_000_000)
			steps := []struct {
				job, holder string
				after       time.Duration
				want        bool
			}{
				{"sweep", "a", 0, true},
				{"sweep", "b", 0, false},
				{"other", "b", 0, true},
				{"sweep", "a", 30 * time.Second, true}, // extends to 90 s
				{"sweep", "b", 89 * time.Second, false},
				{"sweep", "b", 90 * time.Second, true},
				{"sweep", "a", 91 * time.Second, false},
			}
			for i, s := range steps {
				got, err := l.Acquire(t.Context(), s.job, s.holder, start.Add(s.after), time.Minute)
				if err != nil || got != s.want {
					t.Fatalf("step %d: %v, %v; want %v", i, got, err, s.want)
				}
			}
			var winners atomic.Int32
			var group sync.WaitGroup
			for i := range 16 {
				group.Go(func() {
					mine, err := l.Acquire(t.Context(), "race", string(rune('a'+i)), start, time.Minute)
					if err != nil {
						t.Error(err)
					}
					if mine {
						winners.Add(1)
					}
				})
			}
			group.Wait()
			if winners.Load() != 1 {
				t.Errorf("%d nodes have one lease", winners.Load())
			}
		})
	}
}
