package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/jobs"
)

func TestRunsAtOnceAndAfterEachPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := jobs.NewRunner(jobs.Config{})
		var runs atomic.Int32
		r.Start(jobs.Job{Name: "tick", Every: time.Second, Run: func(context.Context) error { runs.Add(1); return nil }})
		for want := int32(1); want <= 3; want++ {
			synctest.Wait()
			if got := runs.Load(); got != want {
				t.Fatalf("runs = %d, want %d", got, want)
			}
			time.Sleep(time.Second)
		}
		r.Stop()
		after := runs.Load()
		time.Sleep(time.Hour)
		if got := runs.Load(); got != after {
			t.Errorf("ran %d times after Stop", got-after)
		}
	})
}

func TestFailuresAreTriedAgainEverLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lockedBuffer
		r := jobs.NewRunner(jobs.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		start := time.Now()
		var mu sync.Mutex
		var at []time.Duration
		r.Start(jobs.Job{Name: "flaky", Every: time.Second, Run: func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Since(start))
			switch len(at) {
			case 1:
				return errors.New("no database")
			case 2:
				panic("boom")
			case 3:
				return errors.New("no database")
			}
			return nil
		}})
		time.Sleep(8500 * time.Millisecond)
		r.Stop()
		want := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second, 8 * time.Second}
		if len(at) != len(want) {
			t.Fatalf("ran at %v, want %v", at, want)
		}
		for i := range want {
			if at[i] != want[i] {
				t.Errorf("run %d at %v, want %v", i, at[i], want[i])
			}
		}
		if got := log.String(); strings.Count(got, "job failed") != 1 || !strings.Contains(got, "job recovered") {
			t.Errorf("log has not one failure and one recovery:\n%s", got)
		}
	})
}

func TestForeverIsStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := jobs.NewRunner(jobs.Config{})
		var starts atomic.Int32
		r.Start(jobs.Job{Name: "follow", Forever: true, Run: func(ctx context.Context) error {
			if starts.Add(1) == 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}})
		time.Sleep(time.Minute)
		r.Stop()
		if got := starts.Load(); got != 2 {
			t.Errorf("starts = %d, want 2", got)
		}
	})
}

func TestAloneRunsOnOneNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lease := &memoryLease{}
		runs := map[string]*atomic.Int32{"a": {}, "b": {}}
		node := func(name string) *jobs.Runner {
			r := jobs.NewRunner(jobs.Config{Lease: lease, Holder: name})
			r.Start(jobs.Job{Name: "sweep", Alone: true, Every: time.Minute, Run: func(context.Context) error {
				runs[name].Add(1)
				return nil
			}})
			return r
		}
		a := node("a")
		synctest.Wait()
		b := node("b")
		time.Sleep(10 * time.Minute)
		if runs["a"].Load() < 10 || runs["b"].Load() != 0 {
			t.Fatalf("runs: a %d, b %d; want b to stay out", runs["a"].Load(), runs["b"].Load())
		}
		a.Stop()
		time.Sleep(10 * time.Minute)
		b.Stop()
		if runs["b"].Load() == 0 {
			t.Error("b did not take over")
		}
	})
}

// memoryLease is the contract of Lease in a few lines.
type memoryLease struct {
	mu     sync.Mutex
	holder string
	until  time.Time
}

func (l *memoryLease) Acquire(_ context.Context, _, holder string, now time.Time, ttl time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holder != holder && now.Before(l.until) {
		return false, nil
	}
	l.holder, l.until = holder, now.Add(ttl)
	return true, nil
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// What is asked to be quick is tried again soon, however long it has failed.
func TestMaxPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := jobs.NewRunner(jobs.Config{})
		var runs atomic.Int32
		r.Start(jobs.Job{Name: "quick", Every: time.Second, MaxPause: time.Second, Run: func(context.Context) error {
			runs.Add(1)
			return errors.New("no database")
		}})
		time.Sleep(10500 * time.Millisecond)
		r.Stop()
		if got := runs.Load(); got != 11 {
			t.Errorf("runs = %d, want 11", got)
		}
	})
}
