package client

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"time"
)

// Jobs watches work on many users, which servers do in the background: see
// [Users.DeleteMany].
type Jobs struct{ c *Client }

// Job is work on many users.
type Job struct {
	ID         string `json:"id,omitzero"` // "" of a preview
	Type       string `json:"type"`        // bulk_delete, bulk_ban, bulk_unban
	Status     string `json:"status"`      // queued, running; completed, failed, cancelled
	Total      int    `json:"total"`       // users that were named, or matched at first
	Done       int    `json:"done"`
	Failed     int    `json:"failed"`         // named users that there were not
	Error      string `json:"error,omitzero"` // why it failed
	CreatedAt  Time   `json:"created_at"`
	UpdatedAt  Time   `json:"updated_at"`
	FinishedAt Time   `json:"finished_at,omitzero"`

	DryRun bool    `json:"dry_run,omitzero"` // a preview: nothing was done
	Sample []*User `json:"sample,omitempty"` // of a preview: some of those it would take
}

// Finished reports whether nothing more will be done.
func (j *Job) Finished() bool { return j.Status != "queued" && j.Status != "running" }

// Selection says which users work is about: those of IDs, at most 10,000, or those of
// Filter, whose order and page do not matter. A Filter that filters nothing is refused.
type Selection struct {
	IDs    []string
	Filter *UserQuery
}

// members are what the body of a request says.
func (s Selection) members(dryRun bool) (map[string]any, error) {
	body := map[string]any{}
	if dryRun {
		body["dry_run"] = true
	}
	for _, id := range s.IDs {
		if err := checkID("user", id); err != nil {
			return nil, err
		}
	}
	if s.IDs != nil {
		body["user_ids"] = s.IDs
	}
	if s.Filter != nil {
		if err := s.Filter.check(); err != nil {
			return nil, err
		}
		body["filter"] = s.Filter.filters()
	}
	return body, nil
}

// DeleteMany begins to delete users for good, and returns while servers are at it; every
// session of theirs ends with them. See [Jobs.Watch].
func (s Users) DeleteMany(ctx context.Context, who Selection) (*Job, error) {
	return s.many(ctx, "/users/bulk_delete", who, false)
}

// PreviewDeleteMany returns what DeleteMany would do, and does nothing.
func (s Users) PreviewDeleteMany(ctx context.Context, who Selection) (*Job, error) {
	return s.many(ctx, "/users/bulk_delete", who, true)
}

func (s Users) many(ctx context.Context, path string, who Selection, dryRun bool) (*Job, error) {
	body, err := who.members(dryRun)
	if err != nil {
		return nil, err
	}
	j := new(Job)
	return orNil(j, s.c.send(ctx, http.MethodPost, path, body, j))
}

// List returns one page, newest first: limit is 1…MaxLimit, and 0 means 10.
func (s Jobs) List(ctx context.Context, limit, offset int) (*Page[*Job], error) {
	return list[*Job](ctx, s.c, "/jobs", values{}, limit, offset)
}

// Get returns the job with an id.
func (s Jobs) Get(ctx context.Context, id string) (*Job, error) {
	return one[Job](ctx, s.c, http.MethodGet, "/jobs/", "job", id, "")
}

// Cancel ends a job. What is done stays done; nobody further is touched.
func (s Jobs) Cancel(ctx context.Context, id string) (*Job, error) {
	return one[Job](ctx, s.c, http.MethodPost, "/jobs/", "job", id, "/cancel")
}

// pollEvery is how often Watch looks.
const pollEvery = time.Second

// Watch ranges over a job as it goes on, about once a second, until it has finished or ctx
// ends. The last thing that it yields is the finished job, or an error.
func (s Jobs) Watch(ctx context.Context, id string) iter.Seq2[*Job, error] {
	return func(yield func(*Job, error) bool) {
		for {
			j, err := s.Get(ctx, id)
			if !yield(j, err) || err != nil || j.Finished() {
				return
			}
			if !sleep(ctx, pollEvery) {
				yield(nil, cmp.Or(ctx.Err(), context.DeadlineExceeded))
				return
			}
		}
	}
}
