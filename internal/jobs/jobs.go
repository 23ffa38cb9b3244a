// Package jobs runs what a server does besides answering requests: loops of every
// node, and chores that one node at a time does for all.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Lease lets one of several nodes run a chore.
type Lease interface {
	// Acquire takes or extends the lease on name for holder until now+ttl, and
	// reports whether holder has it.
	Acquire(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error)
}

// Job is one thing to do again and again.
type Job struct {
	Name string
	// Every is the pause between the end of one run and the start of the next;
	// required, except with Forever.
	Every time.Duration
	// MaxPause bounds the pause after failures; 0 means a minute.
	MaxPause time.Duration
	// Run does the work once. With Forever it works until ctx ends.
	Run func(ctx context.Context) error
	// Forever marks a Run that only returns when ctx ends or it failed; it is then
	// started again after Every, or a second.
	Forever bool
	// Alone makes one node at a time run the job, by a lease that outlives three
	// pauses.
	Alone bool
}

// Config sets up a Runner.
type Config struct {
	Lease  Lease            // required for jobs with Alone
	Holder string           // who takes leases: unique per process
	Now    func() time.Time // for leases; nil means time.Now
	Logger *slog.Logger     // nil means discard
}

// Runner runs jobs until Stop.
type Runner struct {
	cfg    Config
	ctx    context.Context // of the jobs: ends with Stop
	cancel context.CancelFunc
	group  sync.WaitGroup
}

// NewRunner returns a Runner without jobs.
func NewRunner(cfg Config) *Runner {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Runner{cfg: cfg}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// Start begins to run a job, at once and then after each pause. A run that fails
// or panics is logged, the first of a series as an error, and tried again after a
// pause that doubles up to Job.MaxPause.
func (r *Runner) Start(j Job) {
	r.group.Go(func() { r.loop(j) })
}

// Stop ends every job and waits until the last run has returned.
func (r *Runner) Stop() {
	r.cancel()
	r.group.Wait()
}

func (r *Runner) loop(j Job) {
	every := j.Every
	if every <= 0 {
		every = time.Second
	}
	for failures := 0; ; {
		err := r.once(j, every)
		if r.ctx.Err() != nil {
			return
		}
		pause := every
		if err != nil {
			failures++
			pause = backoff(every, j.MaxPause, failures)
			level := slog.LevelError
			if failures > 1 {
				level = slog.LevelDebug
			}
			r.cfg.Logger.Log(r.ctx, level, "job failed", "job", j.Name, "failures", failures, "retry_in", pause.String(), "err", err)
		} else {
			if failures > 0 {
				r.cfg.Logger.InfoContext(r.ctx, "job recovered", "job", j.Name, "failures", failures)
			}
			failures = 0
		}
		select {
		case <-r.ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// once runs the job one time, unless another node has the lease.
func (r *Runner) once(j Job, every time.Duration) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	if j.Alone {
		// A node that dies leaves the job to another one after three pauses.
		mine, err := r.cfg.Lease.Acquire(r.ctx, j.Name, r.cfg.Holder, r.cfg.Now(), 3*every)
		if err != nil {
			return fmt.Errorf("take lease: %w", err)
		}
		if !mine {
			return nil
		}
	}
	err = j.Run(r.ctx)
	if err == nil && j.Forever && r.ctx.Err() == nil {
		return fmt.Errorf("ended early")
	}
	return err
}

// backoff is the pause after n failures in a row.
func backoff(every, most time.Duration, n int) time.Duration {
	if most <= 0 {
		most = time.Minute
	}
	pause := max(every, 100*time.Millisecond)
	for range min(n-1, 10) {
		pause *= 2
	}
	return min(pause, max(most, every))
}
