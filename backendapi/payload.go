package backendapi

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// UserJSON is a user as the routes answer it at a time: the data of user.created and
// user.updated.
func (h *Handler) UserJSON(u *user.User, at time.Time) (json.RawMessage, error) {
	return json.Marshal(h.userJSON(u, at))
}

// userJSON renders u with the URL of its picture.
func (h *Handler) userJSON(u *user.User, at time.Time) userJSON {
	j := newUserJSON(u, at)
	j.ImageURL = h.imageBase + u.ImageName()
	return j
}

// deletedUserJSON is the data of user.deleted.
type deletedUserJSON struct {
	Object     string `json:"object"`
	ID         string `json:"id"`
	Deleted    bool   `json:"deleted"`
	ExternalID string `json:"external_id,omitempty"`
}

// DeletedUserJSON is what is told of a user who is gone.
func (h *Handler) DeletedUserJSON(id user.ID, externalID string) (json.RawMessage, error) {
	return json.Marshal(deletedUserJSON{Object: "user", ID: string(id), Deleted: true, ExternalID: externalID})
}

// sessionUserJSON is the data of a session's events.
type sessionUserJSON struct {
	sessionJSON
	User *userJSON `json:"user"` // null once the user is gone
}

// SessionJSON is a session with its user as of now.
func (h *Handler) SessionJSON(ctx context.Context, ss session.Session) (json.RawMessage, error) {
	j := sessionUserJSON{sessionJSON: newSessionJSON(ss)}
	u, err := h.cfg.Users.ByID(ctx, user.ID(ss.UserID))
	switch {
	case err == nil:
		rendered := h.userJSON(u, h.cfg.Now())
		j.User = &rendered
	case !errors.Is(err, user.ErrNotFound):
		return nil, err
	}
	return json.Marshal(j)
}
