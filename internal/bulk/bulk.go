// Package bulk deletes, bans and unbans many users off the request that asked for it.
//
// [Service.Create] records a job; [Service.Run], which every node calls again and again,
// does it in steps. A step is one transaction that changes up to a thousand users,
// records their events and moves the job on: a crash at any point leaves a job that goes
// on where it was and counts nobody twice. After each step the events are handled, so
// that the sessions of those users have ended before the next step begins.
//
// One job at a time runs, on one node. A node that dies leaves it to another one after
// three seconds.
//
// A job on a filter takes who was stored when it was made and who matches the filter when
// their turn comes: users who come later are left alone, and so is who has stopped to
// match.
package bulk

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

//go:embed schema
var schema embed.FS

// MaxIDs is how many users a job may name.
const MaxIDs = 10_000

// sampleSize is how many users a preview shows.
const sampleSize = 10

// Errors of this package.
var (
	ErrNotFound = errors.New("bulk: no such job")
	ErrFinished = errors.New("bulk: the job has finished")
)

// Type is what a job does.
type Type string

// The types.
const (
	Delete Type = "bulk_delete"
	Ban    Type = "bulk_ban"
	Unban  Type = "bulk_unban"
)

// Status is how far a job is.
type Status string

// The statuses. The last three are final.
const (
	Queued    Status = "queued"
	Running   Status = "running"
	Completed Status = "completed"
	Failed    Status = "failed"
	Cancelled Status = "cancelled"
)

// Request says what to do with whom: UserIDs or Filter.
type Request struct {
	Type    Type
	UserIDs []user.ID   // 1…MaxIDs; ids of nobody count as failed
	Filter  *user.Query // order and page do not matter
}

// Job is the record of a job.
type Job struct {
	ID     string // "job_…"
	Type   Type
	Status Status
	// Total is how many users were named, or matched when the job was made; Done how many
	// were changed, or were so already; Failed how many named ones there were not.
	Total, Done, Failed int
	Error               string // why it failed, for people; "" otherwise

	CreatedAt, UpdatedAt time.Time
	FinishedAt           time.Time // zero until it has
}

// Config sets up a Service.
type Config struct {
	DB     *sqldb.DB        // required: the one that users are kept in
	Users  *user.Service    // required
	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means discard
}

// Service makes and runs jobs. It is safe for concurrent use.
type Service struct {
	db     *sqldb.DB
	users  *user.Service
	now    func() time.Time
	log    *slog.Logger
	holder string // of the jobs that this Service runs
	pace   pace

	failures int // of Run in a row, that are not of a store that is away
	halvings int // of the size of steps, after some took longer than the store allows
}

// Open returns a Service, after it has brought its table up to date.
func Open(ctx context.Context, cfg Config) (*Service, error) {
	switch {
	case cfg.DB == nil:
		return nil, errors.New("bulk: Config.DB is required")
	case cfg.Users == nil:
		return nil, errors.New("bulk: Config.Users is required")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if err := cfg.DB.Migrate(ctx, "bulk", schema); err != nil {
		return nil, err
	}
	return &Service{
		db: cfg.DB, users: cfg.Users, now: cfg.Now, log: cfg.Logger,
		holder: random.ID("node", cfg.Now()), pace: newPace(time.Now),
	}, nil
}

// Preview returns how many users a job would take now, and the newest of them, up to ten.
// Errors: *user.FieldError.
func (s *Service) Preview(ctx context.Context, r Request) (total int, sample []*user.User, err error) {
	if r.Filter != nil {
		if total, err = s.users.Count(ctx, *r.Filter); err != nil {
			return 0, nil, err
		}
		q := *r.Filter
		q.OrderBy, q.Limit, q.Offset, q.StartingAfter, q.After = "", sampleSize, 0, "", nil
		sample, err = s.users.Find(ctx, q)
		return total, sample, err
	}
	ids, err := r.ids()
	if err != nil {
		return 0, nil, err
	}
	for some := range slices.Chunk(ids, 100) {
		n, err := s.users.Count(ctx, user.Query{IDs: some})
		if err != nil {
			return 0, nil, err
		}
		if total += n; len(sample) == 0 && n > 0 {
			if sample, err = s.users.Find(ctx, user.Query{IDs: some, Limit: sampleSize}); err != nil {
				return 0, nil, err
			}
		}
	}
	return total, sample, nil
}

// Create records a job, which Run will do. Errors: *user.FieldError.
func (s *Service) Create(ctx context.Context, r Request) (Job, error) {
	now := s.now()
	w := work{Job: Job{ID: random.ID("job", now), Type: r.Type, Status: Queued, CreatedAt: now, UpdatedAt: now}}
	if r.Filter != nil {
		// The end of the scan comes before the count: who is stored in between is in neither.
		last, err := s.users.LastOrdinal(ctx)
		if err != nil {
			return Job{}, err
		}
		if w.Total, err = s.users.Count(ctx, *r.Filter); err != nil {
			return Job{}, err
		}
		w.filter, w.through = r.Filter, int64(last)
	} else {
		ids, err := r.ids()
		if err != nil {
			return Job{}, err
		}
		w.ids, w.through, w.Total = ids, int64(len(ids)), len(ids)
	}
	if err := s.insert(ctx, w); err != nil {
		return Job{}, err
	}
	s.log.InfoContext(ctx, "bulk job made", "job_id", w.ID, "type", w.Type, "total", w.Total)
	return s.Get(ctx, w.ID)
}

// ids returns the ids without repetitions.
func (r Request) ids() ([]user.ID, error) {
	switch {
	case len(r.UserIDs) == 0:
		return nil, &user.FieldError{Field: "user_ids", Rule: user.RuleMissing}
	case len(r.UserIDs) > MaxIDs:
		return nil, &user.FieldError{Field: "user_ids", Rule: user.RuleTooLong, Limit: MaxIDs}
	}
	seen := make(map[user.ID]bool, len(r.UserIDs))
	var ids []user.ID
	for _, id := range r.UserIDs {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}
