package bulk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// keepFinished is how long finished jobs can be looked at.
const keepFinished = 30 * 24 * time.Hour

const (
	jobColumns = `id, type, status, total, done, failed, error, created_at, updated_at, finished_at`

	insertJob = `
		insert into bulk_jobs (id, type, status, user_ids, filter, position, through, total, done, failed, error,
			holder, held_until, created_at, updated_at, finished_at)
		values ($1, $2, $3, $4, $5, 0, $6, $7, 0, 0, '', '', 0, $8, $8, 0)`
	purgeJobs  = `delete from bulk_jobs where finished_at > 0 and finished_at < $1`
	selectJob  = `select ` + jobColumns + ` from bulk_jobs where id = $1`
	selectJobs = `select ` + jobColumns + ` from bulk_jobs order by created_at desc, id desc limit $1 offset $2`
	countJobs  = `select count(*) from bulk_jobs`
	openJob    = `
		select id, user_ids, filter, position, through from bulk_jobs
		where finished_at = 0 order by created_at, id limit 1`
	claimJob = `
		update bulk_jobs set status = 'running', holder = $2, held_until = $3, updated_at = $4
		where id = $1 and finished_at = 0 and (holder = $2 or held_until <= $4)`
	advanceJob = `
		update bulk_jobs set position = $3, held_until = $5, updated_at = $6
		where id = $1 and position = $2 and holder = $4 and status = 'running'`
	countJob  = `update bulk_jobs set done = $2, failed = $3 where id = $1`
	finishJob = `
		update bulk_jobs set status = $2, error = $3, finished_at = $4, updated_at = $4
		where id = $1 and finished_at = 0`
)

// work is a job with what Run needs.
type work struct {
	Job
	ids               []user.ID
	filter            *user.Query
	position, through int64
}

func (s *Service) insert(ctx context.Context, w work) error {
	ids, err := json.Marshal(w.ids)
	if err != nil {
		return fmt.Errorf("encode ids: %w", err)
	}
	filter, err := json.Marshal(w.filter)
	if err != nil {
		return fmt.Errorf("encode filter: %w", err)
	}
	now := sqldb.Millis(w.CreatedAt)
	err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		if _, err := q.ExecContext(ctx, purgeJobs, sqldb.Millis(w.CreatedAt.Add(-keepFinished))); err != nil {
			return err
		}
		_, err := q.ExecContext(ctx, insertJob, w.ID, string(w.Type), string(w.Status), string(ids), string(filter), w.through, w.Total, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("make job: %w", err)
	}
	return nil
}

// Get returns a job, or ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (j Job, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		j, err = scanJob(q.QueryRowContext(ctx, selectJob, id))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Job{}, fmt.Errorf("job: %w", err)
	}
	return j, nil
}

// List returns jobs, the newest first, and how many there are in all. Finished ones are
// kept for 30 days.
func (s *Service) List(ctx context.Context, limit, offset int) (jobs []Job, total int, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		if err := q.QueryRowContext(ctx, countJobs).Scan(&total); err != nil {
			return err
		}
		rows, err := q.QueryContext(ctx, selectJobs, limit, offset)
		if err != nil {
			return err
		}
		defer rows.Close()
		jobs = nil
		for rows.Next() {
			j, err := scanJob(rows)
			if err != nil {
				return err
			}
			jobs = append(jobs, j)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, 0, fmt.Errorf("jobs: %w", err)
	}
	return jobs, total, nil
}

// Cancel ends a job that has not finished: when it returns nobody further is changed by
// it; what was done stays done. ErrFinished for one that completed or failed before,
// ErrNotFound.
func (s *Service) Cancel(ctx context.Context, id string) (Job, error) {
	err := s.finish(ctx, &work{Job: Job{ID: id}}, Cancelled, "")
	if err != nil && !errors.Is(err, errLost) {
		return Job{}, err
	}
	j, err := s.Get(ctx, id)
	if err != nil {
		return Job{}, err
	}
	if j.Status != Cancelled {
		return Job{}, ErrFinished
	}
	return j, nil
}

// claim makes the oldest open job this node's and returns it; nil if there is none, or
// another node has it.
func (s *Service) claim(ctx context.Context) (*work, error) {
	var w work
	var ids, filter string
	now := s.now()
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, openJob).Scan(&w.ID, &ids, &filter, &w.position, &w.through)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil // the usual case: one read, no write
	}
	if err != nil {
		return nil, fmt.Errorf("claim job: %w", err)
	}
	err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		n, err := affected(q.ExecContext(ctx, claimJob, w.ID, s.holder, sqldb.Millis(now.Add(holdFor)), sqldb.Millis(now)))
		if err != nil || n == 0 {
			return errors.Join(err, errLost)
		}
		// Another node may have moved it on since it was read.
		if err := q.QueryRowContext(ctx, `select position from bulk_jobs where id = $1`, w.ID).Scan(&w.position); err != nil {
			return err
		}
		w.Job, err = scanJob(q.QueryRowContext(ctx, selectJob, w.ID))
		return err
	})
	if errors.Is(err, errLost) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim job: %w", err)
	}
	if err := json.Unmarshal([]byte(ids), &w.ids); err != nil {
		return nil, fmt.Errorf("decode ids of job: %w", err)
	}
	if err := json.Unmarshal([]byte(filter), &w.filter); err != nil {
		return nil, fmt.Errorf("decode filter of job: %w", err)
	}
	return &w, nil
}

// advance moves w, which is at its old position, to the next; errLost unless the job is
// there and this node's.
func (s *Service) advance(ctx context.Context, q sqldb.Querier, w *work) error {
	size := int64(idsAtOnce)
	if w.filter != nil {
		size = ordinalsAtOnce
	}
	if w.Type != Delete {
		size = changedAtOnce
	}
	size = max(1, size>>s.halvings)
	was, now := w.position, s.now()
	w.position = min(w.through, was+size)
	n, err := affected(q.ExecContext(ctx, advanceJob, w.ID, was, w.position, s.holder, sqldb.Millis(now.Add(holdFor)), sqldb.Millis(now)))
	if err == nil && n == 0 {
		err = errLost
	}
	return err
}

func (s *Service) count(ctx context.Context, q sqldb.Querier, w *work) error {
	_, err := q.ExecContext(ctx, countJob, w.ID, w.Done, w.Failed)
	return err
}

// finish gives an open job its last status; errLost if there is none with the id.
func (s *Service) finish(ctx context.Context, w *work, status Status, reason string) error {
	err := s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		n, err := affected(q.ExecContext(ctx, finishJob, w.ID, string(status), reason, sqldb.Millis(s.now())))
		if err == nil && n == 0 {
			err = errLost
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("finish job: %w", err)
	}
	return nil
}

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func scanJob(row interface{ Scan(...any) error }) (j Job, err error) {
	var created, updated, finished int64
	err = row.Scan(&j.ID, &j.Type, &j.Status, &j.Total, &j.Done, &j.Failed, &j.Error, &created, &updated, &finished)
	j.CreatedAt, j.UpdatedAt, j.FinishedAt = sqldb.Time(created), sqldb.Time(updated), sqldb.Time(finished)
	return j, err
}
