package backendapi

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user"
)

// deletedJSON says what is gone.
type deletedJSON struct {
	Object  string `json:"object"`
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
}

// countJSON is the answer of a count.
type countJSON struct {
	Object string `json:"object"`
	Total  int    `json:"total_count"`
}

// listUsers serves GET /v1/users: always a bare array. Where a page may follow, the header
// Next-Cursor has what the parameter cursor takes.
func (c *call) listUsers() error {
	q := c.query(userFilters...)
	filter, none := q.users()
	if q.err != nil {
		return q.err
	}
	out := []userJSON{}
	if none {
		return httpjson.Write(c.w, http.StatusOK, out)
	}
	if err := c.h.cursors.open(q.text("cursor"), &filter); err != nil {
		return err
	}
	users, err := c.h.cfg.Users.Find(c.r.Context(), filter)
	if err != nil {
		return err
	}
	if next, ok := filter.NextPosition(users); ok {
		c.w.Header().Set("Next-Cursor", c.h.cursors.seal(filter.OrderBy, next))
	}
	for _, u := range users {
		out = append(out, c.renderUser(u))
	}
	return httpjson.Write(c.w, http.StatusOK, out)
}

// countUsers serves GET /v1/users/count. SDKs send it the paging of the list as well,
// which counts for nothing.
func (c *call) countUsers() error {
	q := c.query(userFilters...)
	filter, none := q.users()
	if q.err != nil {
		return q.err
	}
	total := 0
	if !none {
		var err error
		filter.Limit, filter.Offset, filter.OrderBy, filter.StartingAfter = 0, 0, "", ""
		if total, err = c.h.cfg.Users.Count(c.r.Context(), filter); err != nil {
			return err
		}
	}
	return httpjson.Write(c.w, http.StatusOK, countJSON{Object: "total_count", Total: total})
}

// getUser serves GET /v1/users/{id}.
func (c *call) getUser() error {
	return c.withUser(func(id user.ID) (*user.User, error) {
		return c.h.cfg.Users.ByID(c.r.Context(), id)
	})
}

// createUser serves POST /v1/users.
func (c *call) createUser() error {
	nu, waiver, err := c.newUser()
	if err != nil {
		return err
	}
	u, err := c.h.cfg.Flow.CreateUser(c.r.Context(), nu, waiver)
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, c.renderUser(u))
}

// updateUser serves PATCH /v1/users/{id}.
func (c *call) updateUser() error {
	id, err := c.userID()
	if err != nil {
		return err
	}
	if err := c.countUser(id); err != nil {
		return err
	}
	update, err := c.userUpdate()
	if err != nil {
		return err
	}
	if err := c.ownsImage(id, update.imageID); err != nil {
		return err
	}
	u, err := c.h.cfg.Flow.UpdateUser(c.r.Context(), id, update.change, update.waiver, update.notify)
	if err == nil && update.imageID != nil && *update.imageID == "" {
		u, err = c.h.cfg.Users.RemoveImage(c.r.Context(), id)
	}
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, c.renderUser(u))
}

// deleteUser serves DELETE /v1/users/{id}. Every session of the user is over when it
// answers.
func (c *call) deleteUser() error {
	id, err := c.userID()
	if err != nil {
		return err
	}
	if err := c.fields().err; err != nil {
		return err
	}
	if err := c.h.cfg.Users.Delete(c.r.Context(), id); err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, deletedJSON{Object: "user", ID: string(id), Deleted: true})
}

// mergeMetadata serves PATCH /v1/users/{id}/metadata (RFC 7396).
func (c *call) mergeMetadata() error {
	return c.changeMetadata(func(id user.ID, public, private, unsafe json.RawMessage) (*user.User, error) {
		return c.h.cfg.Users.MergeMetadata(c.r.Context(), id, user.MetadataPatch{Public: public, Private: private, Unsafe: unsafe})
	})
}

// replaceMetadata serves PUT /v1/users/{id}/metadata.
func (c *call) replaceMetadata() error {
	return c.changeMetadata(func(id user.ID, public, private, unsafe json.RawMessage) (*user.User, error) {
		return c.h.cfg.Users.Update(c.r.Context(), id, user.Change{
			PublicMetadata: public, PrivateMetadata: private, UnsafeMetadata: unsafe,
		})
	})
}

// changeMetadata reads the three kinds of metadata and answers with the user that do makes
// of them.
func (c *call) changeMetadata(do func(id user.ID, public, private, unsafe json.RawMessage) (*user.User, error)) error {
	return c.withUser(func(id user.ID) (*user.User, error) {
		if err := c.countUser(id); err != nil {
			return nil, err
		}
		f := c.fields(metadataFields...)
		public, private, unsafe := f.object("public_metadata"), f.object("private_metadata"), f.object("unsafe_metadata")
		if f.err != nil {
			return nil, f.err
		}
		return do(id, public, private, unsafe)
	})
}

// banUser serves POST /v1/users/{id}/ban: signed out everywhere, and no way in.
func (c *call) banUser() error {
	return c.act(func(id user.ID) (*user.User, error) { return c.h.cfg.Users.Ban(c.r.Context(), id) })
}

// unbanUser serves POST /v1/users/{id}/unban.
func (c *call) unbanUser() error {
	return c.act(func(id user.ID) (*user.User, error) { return c.h.cfg.Users.Unban(c.r.Context(), id) })
}

// lockUser serves POST /v1/users/{id}/lock: no new sign-in until it is unlocked.
func (c *call) lockUser() error {
	return c.act(func(id user.ID) (*user.User, error) {
		return c.h.cfg.Users.Lock(c.r.Context(), id, time.Time{})
	})
}

// unlockUser serves POST /v1/users/{id}/unlock.
func (c *call) unlockUser() error {
	return c.act(func(id user.ID) (*user.User, error) { return c.h.cfg.Users.Unlock(c.r.Context(), id) })
}

// act is withUser for routes whose body holds nothing.
func (c *call) act(do func(user.ID) (*user.User, error)) error {
	if err := c.fields().err; err != nil {
		return err
	}
	return c.withUser(do)
}

// withUser answers with the user that do returns for the id in the path.
func (c *call) withUser(do func(user.ID) (*user.User, error)) error {
	id, err := c.userID()
	if err != nil {
		return err
	}
	u, err := do(id)
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, c.renderUser(u))
}

// userID is the {id} of the path; what is no id is nobody's (I-09).
func (c *call) userID() (user.ID, error) {
	if id := c.values["id"]; random.ValidID("user", id) {
		return user.ID(id), nil
	}
	return "", apierr.NotFound
}
