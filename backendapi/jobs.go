package backendapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/bulk"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user"
)

// maxBulkBody bounds the JSON body of routes that take many users, in bytes.
const maxBulkBody = 1 << 20

// jobJSON is a job on many users; with a dry run it is what would be one: without id, and
// with a sample of those it would take.
type jobJSON struct {
	Object     string     `json:"object"`
	ID         string     `json:"id"`
	Type       string     `json:"type"`
	Status     string     `json:"status"`
	Total      int        `json:"total"`
	Done       int        `json:"done"`
	Failed     int        `json:"failed"`
	Error      string     `json:"error,omitempty"`
	CreatedAt  int64      `json:"created_at"`
	UpdatedAt  int64      `json:"updated_at"`
	FinishedAt *int64     `json:"finished_at"`
	DryRun     bool       `json:"dry_run,omitempty"`
	Sample     []userJSON `json:"sample,omitempty"`
}

func newJobJSON(j bulk.Job) jobJSON {
	out := jobJSON{
		Object: "job", ID: j.ID, Type: string(j.Type), Status: string(j.Status),
		Total: j.Total, Done: j.Done, Failed: j.Failed, Error: j.Error,
		CreatedAt: millis(j.CreatedAt), UpdatedAt: millis(j.UpdatedAt),
	}
	if !j.FinishedAt.IsZero() {
		out.FinishedAt = new(millis(j.FinishedAt))
	}
	return out
}

// jobPageJSON is a list of jobs.
type jobPageJSON struct {
	Data  []jobJSON `json:"data"`
	Total int       `json:"total_count"`
}

// bulkDelete serves POST /v1/users/bulk_delete.
func (c *call) bulkDelete() error { return c.startJob(bulk.Delete) }

// bulkBan serves POST /v1/users/bulk_ban.
func (c *call) bulkBan() error { return c.startJob(bulk.Ban) }

// bulkUnban serves POST /v1/users/bulk_unban.
func (c *call) bulkUnban() error { return c.startJob(bulk.Unban) }

// startJob reads who is meant and makes a job, or tells what it would be.
func (c *call) startJob(t bulk.Type) error {
	members, err := httpjson.Object(c.w, c.r, maxBulkBody)
	if err != nil {
		return err
	}
	f := only(members, []string{"user_ids", "filter", "dry_run"})
	request, dryRun := f.bulkRequest(t), f.isTrue("dry_run")
	if f.err != nil {
		return f.err
	}
	if dryRun {
		return c.previewJob(request)
	}
	j, err := c.h.cfg.Bulk.Create(c.r.Context(), request)
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, newJobJSON(j))
}

func (c *call) previewJob(request bulk.Request) error {
	total, users, err := c.h.cfg.Bulk.Preview(c.r.Context(), request)
	if err != nil {
		return err
	}
	now := millis(c.now())
	out := jobJSON{
		Object: "job", Type: string(request.Type), Status: string(bulk.Completed), DryRun: true, Total: total,
		CreatedAt: now, UpdatedAt: now, FinishedAt: &now,
	}
	for _, u := range users {
		out.Sample = append(out.Sample, c.renderUser(u))
	}
	return httpjson.Write(c.w, http.StatusOK, out)
}

// bulkRequest reads user_ids or filter, of which there has to be one.
func (f *fields) bulkRequest(t bulk.Type) bulk.Request {
	r := bulk.Request{Type: t}
	ids, named := value[[]string](f, "user_ids")
	filter := f.object("filter")
	switch {
	case named && filter != nil:
		f.fail(apierr.ParamUnknown.At("filter").Saying("Name users by user_ids or select them by filter, not both."))
	case named && len(ids) == 0, !named && filter == nil:
		f.fail(apierr.ParamMissing.At("user_ids"))
	case len(ids) > bulk.MaxIDs:
		f.fail(apierr.ParamArrayTooLong.At("user_ids"))
	case named:
		r.UserIDs = make([]user.ID, len(ids))
		for i, id := range ids {
			if !random.ValidID("user", id) { // I-09
				f.fail(apierr.ParamValue.At("user_ids"))
			}
			r.UserIDs[i] = user.ID(id)
		}
	default:
		q, err := userFilter(filter)
		if err != nil {
			f.fail(err)
		}
		r.Filter = &q
	}
	return r
}

// pagingParameters are those of GET /v1/users that select nobody.
var pagingParameters = []string{"order_by", "limit", "offset", "starting_after", "cursor", "paginated"}

// userFilter reads the filters of GET /v1/users as members of an object. An empty one,
// which would be everybody, is refused: who means that says it by a filter.
func userFilter(raw json.RawMessage) (user.Query, error) {
	members, err := httpjson.Members(raw)
	if err != nil {
		return user.Query{}, err
	}
	if len(members) == 0 {
		return user.Query{}, apierr.ParamMissing.At("filter")
	}
	q := &query{values: url.Values{}}
	for name, value := range members {
		if !slices.Contains(userFilters, name) || slices.Contains(pagingParameters, name) {
			return user.Query{}, apierr.ParamUnknown.At(printable(name))
		}
		values, ok := filterValues(value)
		if !ok {
			return user.Query{}, apierr.ParamType.At(name)
		}
		if len(values) > maxValues {
			return user.Query{}, apierr.ParamArrayTooLong.At(name)
		}
		// A filter that says nothing must not select everybody.
		if len(values) == 0 || slices.Contains(values, "") {
			return user.Query{}, apierr.ParamValue.At(name)
		}
		q.values[name] = values
	}
	uq, none := q.users()
	if q.err != nil {
		return user.Query{}, q.err
	}
	if none {
		uq = user.Query{IDs: []user.ID{}}
	}
	uq.Limit = 0
	return uq, nil
}

// filterValues returns what a member would be in a query string.
func filterValues(raw json.RawMessage) ([]string, bool) {
	switch raw[0] {
	case '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return []string{text}, err == nil
	case '[':
		var list []string
		err := json.Unmarshal(raw, &list)
		return list, err == nil
	case 't', 'f':
		return []string{string(raw)}, true
	}
	if _, err := strconv.ParseUint(string(raw), 10, 48); err != nil {
		return nil, false
	}
	return []string{string(raw)}, true
}

// listJobs serves GET /v1/jobs, the newest first.
func (c *call) listJobs() error {
	q := c.query("limit", "offset", "paginated")
	limit, offset := q.number("limit", 1, maxLimit, 10), q.number("offset", 0, maxOffset, 0)
	if q.err != nil {
		return q.err
	}
	jobs, total, err := c.h.cfg.Bulk.List(c.r.Context(), limit, offset)
	if err != nil {
		return err
	}
	page := jobPageJSON{Data: []jobJSON{}, Total: total}
	for _, j := range jobs {
		page.Data = append(page.Data, newJobJSON(j))
	}
	return httpjson.Write(c.w, http.StatusOK, page)
}

// getJob serves GET /v1/jobs/{id}.
func (c *call) getJob() error {
	return c.withJob(func(id string) (bulk.Job, error) { return c.h.cfg.Bulk.Get(c.r.Context(), id) })
}

// cancelJob serves POST /v1/jobs/{id}/cancel. Nobody further is touched once it answers.
func (c *call) cancelJob() error {
	if err := c.fields().err; err != nil {
		return err
	}
	return c.withJob(func(id string) (bulk.Job, error) { return c.h.cfg.Bulk.Cancel(c.r.Context(), id) })
}

// withJob answers with the job that do returns for the id in the path.
func (c *call) withJob(do func(id string) (bulk.Job, error)) error {
	id := c.values["id"]
	if !random.ValidID("job", id) { // I-09
		return apierr.NotFound
	}
	j, err := do(id)
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, newJobJSON(j))
}
