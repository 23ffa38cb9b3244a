package backendapi

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user"
)

// actorTokenJSON is an actor token. Only the answer to its creation has token and url:
// nothing keeps the secret.
type actorTokenJSON struct {
	Object    string          `json:"object"`
	ID        string          `json:"id"`
	UserID    string          `json:"user_id"`
	Actor     json.RawMessage `json:"actor"`
	Token     string          `json:"token,omitempty"`
	URL       *string         `json:"url"`
	Status    string          `json:"status"`
	CreatedAt int64           `json:"created_at"`
	UpdatedAt int64           `json:"updated_at"`
}

func newActorTokenJSON(t *user.Ticket) actorTokenJSON {
	return actorTokenJSON{
		Object: "actor_token", ID: string(t.ID), UserID: string(t.UserID), Actor: t.Actor, Status: string(t.Status),
		CreatedAt: millis(t.CreatedAt), UpdatedAt: millis(t.UpdatedAt),
	}
}

// createActorToken serves POST /v1/actor_tokens: a ticket by which somebody acts as a
// user (B-05).
func (c *call) createActorToken() error {
	f := c.fields("user_id", "actor", "expires_in_seconds", "session_max_duration_in_seconds")
	id := f.text("user_id")
	asked := user.NewActorToken{
		UserID: user.ID(id), Life: f.seconds("expires_in_seconds"), SessionLife: f.seconds("session_max_duration_in_seconds"),
	}
	if raw, sent := f.members["actor"]; sent && string(raw) != "null" {
		asked.Actor = f.object("actor")
	} else {
		f.fail(apierr.ParamMissing.At("actor"))
	}
	if id == "" {
		f.fail(apierr.ParamMissing.At("user_id"))
	}
	if f.err != nil {
		return f.err
	}
	if !random.ValidID("user", id) {
		return apierr.NotFound // what is no id is nobody's (I-09)
	}
	t, err := c.h.cfg.Flow.IssueActorToken(c.r.Context(), asked)
	if err != nil {
		return err
	}
	j := newActorTokenJSON(&t.Ticket)
	j.Token, j.URL = string(t.Secret), &t.Link
	return httpjson.Write(c.w, http.StatusOK, j)
}

// revokeActorToken serves POST /v1/actor_tokens/{id}/revoke. A session that began by the
// token is revoked like every other.
func (c *call) revokeActorToken() error {
	t, err := c.revokeTicket(user.TicketActor)
	if errors.Is(err, user.ErrTicketSpent) {
		return apierr.ActorTokenNotPending.Because(err)
	}
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, newActorTokenJSON(t))
}
