package bulk_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/bulk"
	"github.com/gatehouse-dev/gatehouse/internal/people"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/user"
	"github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

// fixture is one node on a database of its own.
type fixture struct {
	*bulk.Service
	t     *testing.T
	db    *sqldb.DB
	users *user.Service
	now   time.Time

	handled map[user.ID]int // events of users who may not sign in any more
	onEvent func() error    // runs before each batch of events; nil does nothing
	most    int             // how many users the store deletes in time; 0 means any number, -1 not even none
}

// slowStore runs out of time where there is too much to do.
type slowStore struct {
	*sqlstore.Store
	most *int
}

func (s slowStore) WithTx(tx *sql.Tx) user.Store {
	return slowStore{s.Store.WithTx(tx).(*sqlstore.Store), s.most}
}

func (s slowStore) DeleteMany(ctx context.Context, ids []user.ID, event func(user.ID) user.Event) ([]user.ID, error) {
	if *s.most != 0 && len(ids) > *s.most {
		return nil, fmt.Errorf("%w: %w", sqldb.ErrUnavailable, context.DeadlineExceeded)
	}
	return s.Store.DeleteMany(ctx, ids, event)
}

func each(t *testing.T, run func(t *testing.T, f *fixture)) {
	t.Run("SQLite", func(t *testing.T) { run(t, newFixture(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))) })
	t.Run("PostgreSQL", func(t *testing.T) { run(t, newFixture(t, testservers.Postgres(t))) })
}

func newFixture(t *testing.T, url string) *fixture {
	t.Helper()
	f := &fixture{t: t, now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), handled: map[user.ID]int{}}
	var err error
	if f.db, err = sqldb.Open(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.db.Close() })
	store, err := sqlstore.New(t.Context(), f.db)
	if err != nil {
		t.Fatal(err)
	}
	f.users, err = user.NewService(user.Config{Store: slowStore{store, &f.most}, Events: f, Now: f.clock})
	if err != nil {
		t.Fatal(err)
	}
	f.Service = f.node()
	return f
}

func (f *fixture) clock() time.Time { return f.now }

// node is one more process on the same database.
func (f *fixture) node() *bulk.Service {
	f.t.Helper()
	s, err := bulk.Open(f.t.Context(), bulk.Config{DB: f.db, Users: f.users, Now: f.clock})
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fixture) HandleUserEvent(_ context.Context, e user.Event) error {
	if e.Type != user.EventDeleted && e.Type != user.EventBanned {
		return nil
	}
	return f.HandleUserEvents(context.Background(), []user.Event{e})
}

func (f *fixture) HandleUserEvents(_ context.Context, events []user.Event) error {
	if f.onEvent != nil {
		if err := f.onEvent(); err != nil {
			return err
		}
	}
	for _, e := range events {
		f.handled[e.UserID]++
	}
	return nil
}

// fill stores n users.
func (f *fixture) fill(n int) []user.ID {
	f.t.Helper()
	maker := people.New(7)
	var ids []user.ID
	for done := 0; done < n; {
		list := make([]user.NewUser, min(user.MaxBatch, n-done))
		for i := range list {
			list[i] = maker.NewUser()
		}
		created, err := f.users.CreateMany(f.t.Context(), list)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, c := range created {
			if c.Err != nil {
				f.t.Fatal(c.Err)
			}
			ids = append(ids, c.User.ID)
		}
		done += len(list)
	}
	return ids
}

func (f *fixture) create(r bulk.Request) bulk.Job {
	f.t.Helper()
	j, err := f.Create(f.t.Context(), r)
	if err != nil {
		f.t.Fatal(err)
	}
	return j
}

func (f *fixture) run(s *bulk.Service) {
	f.t.Helper()
	if err := s.Run(f.t.Context()); err != nil {
		f.t.Fatalf("Run: %v", err)
	}
}

// want checks a job's status and counts.
func (f *fixture) want(id string, status bulk.Status, total, done, failed int) {
	f.t.Helper()
	j, err := f.Get(f.t.Context(), id)
	if err != nil || j.Status != status || j.Total != total || j.Done != done || j.Failed != failed {
		f.t.Errorf("job is %s, total %d, done %d, failed %d, %v; want %s, %d, %d, %d", j.Status, j.Total, j.Done, j.Failed, err, status, total, done, failed)
	}
	if final := status != bulk.Queued && status != bulk.Running; final == j.FinishedAt.IsZero() {
		f.t.Errorf("job is %s and finished at %v", j.Status, j.FinishedAt)
	}
}

func (f *fixture) wantUsers(n int) {
	f.t.Helper()
	if got, err := f.users.Count(f.t.Context(), user.Query{}); err != nil || got != n {
		f.t.Errorf("%d users, %v; want %d", got, err, n)
	}
}

func TestDeleteByIDs(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ids := f.fill(1300)
		stranger := user.ID("user_" + string(ids[0][5:31]) + "x")
		j := f.create(bulk.Request{Type: bulk.Delete, UserIDs: append(slices.Clone(ids[:1100]), ids[0], stranger)})
		f.want(j.ID, bulk.Queued, 1101, 0, 0)
		f.run(f.Service)
		f.want(j.ID, bulk.Completed, 1101, 1100, 1)
		f.wantUsers(200)
		for _, id := range ids[:1100] {
			if f.handled[id] == 0 {
				t.Fatalf("%s is deleted and their sessions go on", id)
			}
		}
	})
}

// A filter selects who is there at the start and still matches when their turn comes.
func TestDeleteByFilter(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ids := f.fill(2500)
		q := user.Query{Text: "person."}
		total, sample, err := f.Preview(t.Context(), bulk.Request{Type: bulk.Delete, Filter: &q})
		if err != nil || total != 2500 || len(sample) != 10 {
			t.Fatalf("Preview = %d, %d users, %v", total, len(sample), err)
		}
		j := f.create(bulk.Request{Type: bulk.Delete, Filter: &q})
		late, err := f.users.Create(t.Context(), user.NewUser{
			EmailAddresses: []user.NewIdentifier{{Value: "person.late@example.com", Strategy: "admin"}}, CreatedAt: people.Start,
		})
		if err != nil {
			t.Fatal(err)
		}
		// The last one stops to match after the first step.
		first := true
		f.onEvent = func() error {
			if first {
				first = false
				_, err := f.db.Pool().ExecContext(t.Context(), `update user_search set email_addresses = 'other@example.com' where user_id = $1`, string(ids[2499]))
				return err
			}
			return nil
		}
		f.run(f.Service)
		f.want(j.ID, bulk.Completed, 2500, 2499, 0)
		f.wantUsers(2)
		for _, id := range []user.ID{late.ID, ids[2499]} {
			if _, err := f.users.ByID(t.Context(), id); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}

// A step that takes longer than the store allows is tried with fewer users, so that a job
// ends on a slow machine, too; where even a few take too long the store counts as away.
func TestSlowStore(t *testing.T) {
	f := newFixture(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	ids := f.fill(600)
	f.most = 70
	j := f.create(bulk.Request{Type: bulk.Delete, Filter: &user.Query{Text: "person."}})
	f.run(f.Service)
	f.want(j.ID, bulk.Completed, len(ids), len(ids), 0)
	f.wantUsers(0)

	if _, err := f.users.Create(t.Context(), people.New(9).NewUser()); err != nil {
		t.Fatal(err)
	}
	f.most = -1
	j = f.create(bulk.Request{Type: bulk.Delete, Filter: &user.Query{Text: "person."}})
	if err := f.Run(t.Context()); !errors.Is(err, sqldb.ErrUnavailable) {
		t.Errorf("Run = %v", err)
	}
	f.want(j.ID, bulk.Running, 1, 0, 0)
	f.wantUsers(1)
}

// A crash between two steps, or between a step and the end of its sessions, loses and
// repeats nothing: another node goes on after three seconds.
func TestCrash(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ids := f.fill(2500)
		j := f.create(bulk.Request{Type: bulk.Delete, UserIDs: ids})
		crash := errors.New("crash")
		var steps atomic.Int32
		f.onEvent = func() error {
			if steps.Add(1) == 3 {
				return crash
			}
			return nil
		}
		if err := f.Run(t.Context()); !errors.Is(err, crash) {
			t.Fatalf("Run = %v, want the crash", err)
		}
		f.want(j.ID, bulk.Running, 2500, 1500, 0)
		other := f.node()
		f.run(other)
		f.want(j.ID, bulk.Running, 2500, 1500, 0) // the first node may be alive
		f.now = f.now.Add(3 * time.Second)
		f.run(other)
		f.want(j.ID, bulk.Completed, 2500, 2500, 0)
		f.wantUsers(0)
		for _, id := range ids {
			if f.handled[id] != 1 {
				t.Fatalf("the end of %s was handled %d times", id, f.handled[id])
			}
		}
		f.run(f.Service) // the first node comes back, and there is nothing to do
	})
}

func TestCancel(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ids := f.fill(1200)
		queued := f.create(bulk.Request{Type: bulk.Delete, UserIDs: ids})
		if j, err := f.Cancel(t.Context(), queued.ID); err != nil || j.Status != bulk.Cancelled {
			t.Errorf("Cancel = %v, %v", j.Status, err)
		}
		f.run(f.Service)
		f.wantUsers(1200)

		j := f.create(bulk.Request{Type: bulk.Delete, UserIDs: ids})
		f.onEvent = func() error { _, err := f.Cancel(t.Context(), j.ID); return err }
		f.run(f.Service)
		f.want(j.ID, bulk.Cancelled, 1200, 500, 0)
		f.wantUsers(700)
		f.onEvent = nil

		done := f.create(bulk.Request{Type: bulk.Delete, UserIDs: ids[1199:]})
		f.run(f.Service)
		if _, err := f.Cancel(t.Context(), done.ID); !errors.Is(err, bulk.ErrFinished) {
			t.Errorf("Cancel of a completed job: %v", err)
		}
		if _, err := f.Cancel(t.Context(), "job_unknown"); !errors.Is(err, bulk.ErrNotFound) {
			t.Errorf("Cancel of an unknown job: %v", err)
		}
		jobs, total, err := f.List(t.Context(), 2, 0)
		if err != nil || total != 3 || len(jobs) != 2 {
			t.Errorf("List = %d of %d, %v", len(jobs), total, err)
		}
	})
}

func TestBan(t *testing.T) {
	f := newFixture(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	f.fill(600)
	yes, no := true, false
	q := user.Query{Banned: &no}
	j := f.create(bulk.Request{Type: bulk.Ban, Filter: &q})
	f.run(f.Service)
	f.want(j.ID, bulk.Completed, j.Total, j.Total, 0)
	if n, err := f.users.Count(t.Context(), user.Query{Banned: &yes}); err != nil || n != 600 || len(f.handled) != j.Total {
		t.Errorf("%d are banned, of %d the sessions have ended, %v; want 600, %d", n, len(f.handled), err, j.Total)
	}
	j = f.create(bulk.Request{Type: bulk.Unban, Filter: &user.Query{Banned: &yes}})
	f.run(f.Service)
	f.want(j.ID, bulk.Completed, 600, 600, 0)
}

// I-10: a job names ten thousand users at most.
func TestRequests(t *testing.T) {
	f := newFixture(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	many := make([]user.ID, bulk.MaxIDs+1)
	for n := range many {
		many[n] = user.ID(fmt.Sprintf("user_%027d", n))
	}
	for name, r := range map[string]bulk.Request{
		"nobody":     {Type: bulk.Delete},
		"too many":   {Type: bulk.Delete, UserIDs: many},
		"bad filter": {Type: bulk.Delete, Filter: &user.Query{Text: "a\x00b"}},
	} {
		if _, err := f.Create(t.Context(), r); !errors.Is(err, user.ErrInvalid) {
			t.Errorf("%s: Create = %v, want a FieldError", name, err)
		}
		if _, _, err := f.Preview(t.Context(), r); !errors.Is(err, user.ErrInvalid) {
			t.Errorf("%s: Preview = %v, want a FieldError", name, err)
		}
	}
	if total, _, err := f.Preview(t.Context(), bulk.Request{Type: bulk.Delete, UserIDs: many[1:]}); err != nil || total != 0 {
		t.Errorf("Preview of strangers = %d, %v", total, err)
	}
}
