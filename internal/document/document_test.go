package document_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/document"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

// each runs fn on an empty database of every kind.
func each(t *testing.T, fn func(t *testing.T, url string)) {
	t.Run("SQLite", func(t *testing.T) { fn(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { fn(t, testservers.Postgres(t)) })
}

// process opens a database as a process of its own does.
func process(t *testing.T, url string) (*document.Store, *sqldb.DB) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	store, err := document.NewStore(t.Context(), db)
	must(t, err)
	return store, db
}

var errDecode = errors.New("no number")

// number is the test's document: nothing yet is 0.
func number(body []byte) (int, error) {
	if body == nil {
		return 0, nil
	}
	n, err := strconv.Atoi(string(body))
	if err != nil {
		return 0, errDecode
	}
	return n, nil
}

func open(t *testing.T, store *document.Store, name string) *document.Document[int] {
	t.Helper()
	d, err := document.Open(t.Context(), store, name, number, func() time.Time { return time.UnixMilli(1_800_000_000_000) })
	must(t, err)
	return d
}

// add adds to a document.
func add(n int) func(*document.Snapshot[int]) ([]byte, error) {
	return func(now *document.Snapshot[int]) ([]byte, error) {
		return strconv.AppendInt(nil, int64(now.Value+n), 10), nil
	}
}

func want(t *testing.T, d *document.Document[int], value int, version int64) {
	t.Helper()
	if got := d.Current(); got.Value != value || got.Version != version {
		t.Errorf("document is %d at version %d, want %d at %d", got.Value, got.Version, value, version)
	}
}

func TestOtherProcessesFollow(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		one, _ := process(t, url)
		two, _ := process(t, url)
		here, there, other := open(t, one, "a"), open(t, two, "a"), open(t, two, "b")
		want(t, here, 0, 0)
		for version := range int64(3) {
			_, err := here.Update(t.Context(), add(10))
			must(t, err)
			want(t, here, 10*int(version+1), version+1)
			want(t, there, 10*int(version), version)
			must(t, there.Refresh(t.Context()))
			want(t, there, 10*int(version+1), version+1)
		}
		must(t, other.Refresh(t.Context()))
		want(t, other, 0, 0)
		want(t, open(t, two, "a"), 30, 3) // who starts later, too
	})
}

// Changes that come at once all count: each is made of the one before.
func TestUpdatesAreCompareAndSet(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		const processes, each = 4, 5
		var all sync.WaitGroup
		errs := make(chan error, processes*each)
		for range processes {
			store, _ := process(t, url)
			d := open(t, store, "a")
			all.Go(func() {
				for done := 0; done < each; {
					_, err := d.Update(t.Context(), add(1))
					switch {
					case err == nil:
						done++
					case !errors.Is(err, document.ErrConflict):
						errs <- err
						return
					}
				}
			})
		}
		all.Wait()
		close(errs)
		for err := range errs {
			t.Error(err)
		}
		store, _ := process(t, url)
		want(t, open(t, store, "a"), processes*each, processes*each)
	})
}

func TestUpdateThatChangesNothing(t *testing.T) {
	store, _ := process(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	d := open(t, store, "a")
	_, err := d.Update(t.Context(), add(1))
	must(t, err)
	errRefused := errors.New("refused")
	for name, change := range map[string]func(*document.Snapshot[int]) ([]byte, error){
		"no body": func(*document.Snapshot[int]) ([]byte, error) { return nil, nil },
		"refused": func(*document.Snapshot[int]) ([]byte, error) { return []byte("2"), errRefused },
		"no form": func(*document.Snapshot[int]) ([]byte, error) { return []byte("x"), nil },
	} {
		_, err := d.Update(t.Context(), change)
		if wanted := map[string]error{"refused": errRefused, "no form": errDecode}[name]; !errors.Is(err, wanted) || (err == nil) != (wanted == nil) {
			t.Errorf("%s: Update = %v, want %v", name, err, wanted)
		}
		want(t, d, 1, 1)
		want(t, open(t, store, "a"), 1, 1)
	}
}

// Whatever becomes of the database, the last good form stays, and a good one after that
// is taken over.
func TestTheLastGoodFormStays(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		one, db := process(t, url)
		two, away := process(t, url)
		here, there := open(t, one, "a"), open(t, two, "a")
		_, err := here.Update(t.Context(), add(7))
		must(t, err)
		must(t, there.Refresh(t.Context()))

		set := func(body string) {
			t.Helper()
			must(t, db.Write(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
				_, err := q.ExecContext(ctx, "update instance_documents set body = $1, version = version + 1", body)
				return err
			}))
		}
		set("broken")
		if err := there.Refresh(t.Context()); !errors.Is(err, errDecode) {
			t.Errorf("Refresh of a broken row = %v", err)
		}
		want(t, there, 7, 1)
		if _, err := there.Update(t.Context(), add(1)); !errors.Is(err, errDecode) {
			t.Errorf("Update of a broken row = %v", err)
		}
		set("8")
		must(t, there.Refresh(t.Context()))
		want(t, there, 8, 3)

		must(t, away.Close())
		if err := there.Refresh(t.Context()); err == nil {
			t.Error("Refresh without a database succeeded")
		}
		if _, err := there.Update(t.Context(), add(1)); err == nil {
			t.Error("Update without a database succeeded")
		}
		want(t, there, 8, 3)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Errorf("unexpected: %w", err))
	}
}
