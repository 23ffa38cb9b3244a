package backendapi

import (
	"errors"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user"
)

// signInTokenJSON is a sign-in token. Only the answer to its creation has token and url:
// nothing keeps the secret.
type signInTokenJSON struct {
	Object    string  `json:"object"`
	ID        string  `json:"id"`
	UserID    string  `json:"user_id"`
	Token     string  `json:"token,omitempty"`
	URL       *string `json:"url"`
	Status    string  `json:"status"`
	CreatedAt int64   `json:"created_at"`
	UpdatedAt int64   `json:"updated_at"`
}

func newSignInTokenJSON(t *user.Ticket) signInTokenJSON {
	return signInTokenJSON{
		Object: "sign_in_token", ID: string(t.ID), UserID: string(t.UserID), Status: string(t.Status),
		CreatedAt: millis(t.CreatedAt), UpdatedAt: millis(t.UpdatedAt),
	}
}

// createSignInToken serves POST /v1/sign_in_tokens.
func (c *call) createSignInToken() error {
	f := c.fields("user_id", "expires_in_seconds", "org_id")
	f.absent("org_id")
	id := f.text("user_id")
	if id == "" {
		f.fail(apierr.ParamMissing.At("user_id"))
	}
	life := f.seconds("expires_in_seconds")
	if f.err != nil {
		return f.err
	}
	if !random.ValidID("user", id) {
		return apierr.NotFound // what is no id is nobody's (I-09)
	}
	t, err := c.h.cfg.Flow.IssueSignInToken(c.r.Context(), user.ID(id), life)
	if err != nil {
		return err
	}
	j := newSignInTokenJSON(&t.Ticket)
	j.Token, j.URL = string(t.Secret), &t.Link
	return httpjson.Write(c.w, http.StatusOK, j)
}

// revokeSignInToken serves POST /v1/sign_in_tokens/{id}/revoke.
func (c *call) revokeSignInToken() error {
	t, err := c.revokeTicket(user.TicketSignIn)
	if errors.Is(err, user.ErrTicketSpent) {
		return apierr.TokenNotPending.Because(err)
	}
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, newSignInTokenJSON(t))
}

// revokeTicket revokes the ticket in the path; one of another kind is unknown (T-16).
func (c *call) revokeTicket(kind user.TicketKind) (*user.Ticket, error) {
	id := user.TicketID(c.values["id"])
	if id.Kind() != kind {
		return nil, apierr.NotFound
	}
	if err := c.fields().err; err != nil {
		return nil, err
	}
	return c.h.cfg.Flow.RevokeTicket(c.r.Context(), id)
}
