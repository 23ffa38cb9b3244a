package backendapi

import (
	"context"
	"net/http"
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user"
)

// maxBulk is how many users one request may ban.
const maxBulk = 50

// banUsers serves POST /v1/users/ban.
func (c *call) banUsers() error { return c.forEach(c.h.cfg.Users.Ban) }

// unbanUsers serves POST /v1/users/unban.
func (c *call) unbanUsers() error { return c.forEach(c.h.cfg.Users.Unban) }

// forEach does something to the users of user_ids, in that order and once each, and
// answers with all of them. One that is unknown keeps it from beginning; what fails later
// leaves those before done, and may be asked for again.
func (c *call) forEach(do func(context.Context, user.ID) (*user.User, error)) error {
	ids, err := c.bulkIDs()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := c.h.cfg.Users.ByID(c.r.Context(), id); err != nil {
			return err
		}
	}
	out := make([]userJSON, 0, len(ids))
	for _, id := range ids {
		u, err := do(c.r.Context(), id)
		if err != nil {
			return err
		}
		out = append(out, c.renderUser(u))
	}
	return httpjson.Write(c.w, http.StatusOK, out)
}

// bulkIDs reads user_ids, each of them once.
func (c *call) bulkIDs() ([]user.ID, error) {
	f := c.fields("user_ids")
	texts := f.texts("user_ids")
	if len(texts) == 0 {
		f.fail(apierr.ParamMissing.At("user_ids"))
	}
	if len(texts) > maxBulk {
		return nil, apierr.BulkSizeExceeded
	}
	ids := make([]user.ID, 0, len(texts))
	for _, text := range texts {
		if !random.ValidID("user", text) {
			f.fail(apierr.NotFound) // it is nobody's (I-09)
		}
		if id := user.ID(text); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, f.err
}
