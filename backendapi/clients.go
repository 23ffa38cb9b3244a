package backendapi

import (
	"errors"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

// clientJSON is one browser or device as servers see it.
type clientJSON struct {
	Object                     string        `json:"object"`
	ID                         string        `json:"id"`
	SessionIDs                 []string      `json:"session_ids"`
	Sessions                   []sessionJSON `json:"sessions"`
	SignInID                   *string       `json:"sign_in_id"`
	SignUpID                   *string       `json:"sign_up_id"`
	LastActiveSessionID        *string       `json:"last_active_session_id"`
	LastAuthenticationStrategy *string       `json:"last_authentication_strategy"`
	CreatedAt                  int64         `json:"created_at"`
	UpdatedAt                  int64         `json:"updated_at"`
}

// replyClient answers with a client and its sessions, ended ones included.
func (c *call) replyClient(client session.Client) error {
	sessions, err := c.h.cfg.Sessions.OfClient(c.r.Context(), client)
	if err != nil {
		return err
	}
	j := clientJSON{
		Object: "client", ID: string(client.ID), SessionIDs: []string{}, Sessions: []sessionJSON{},
		SignInID: orNull(client.SignInID), SignUpID: orNull(client.SignUpID),
		LastActiveSessionID:        orNull(string(client.LastActiveSessionID)),
		LastAuthenticationStrategy: orNull(client.LastAuthenticationStrategy),
		CreatedAt:                  millis(client.CreatedAt), UpdatedAt: millis(client.UpdatedAt),
	}
	for _, ss := range sessions {
		j.SessionIDs = append(j.SessionIDs, string(ss.ID))
		j.Sessions = append(j.Sessions, newSessionJSON(ss))
	}
	return httpjson.Write(c.w, http.StatusOK, j)
}

// getClient serves GET /v1/clients/{id}.
func (c *call) getClient() error {
	id := c.values["id"]
	if !random.ValidID("client", id) {
		return apierr.NotFound // I-09
	}
	client, err := c.h.cfg.Sessions.Client(c.r.Context(), session.ClientID(id))
	if err != nil {
		return err
	}
	return c.replyClient(client)
}

// verifyClient serves POST /v1/clients/verify: whose a value of the cookie __client is.
// Nothing else is taken for one, and looking at it changes nothing.
func (c *call) verifyClient() error {
	f := c.fields("token")
	token := f.text("token")
	if token == "" {
		f.fail(apierr.ParamMissing.At("token"))
	}
	if f.err != nil {
		return f.err
	}
	client, err := c.h.cfg.Sessions.ClientByCookie(c.r.Context(), token, true)
	if errors.Is(err, session.ErrNotFound) {
		return apierr.CookieInvalid.Because(err)
	}
	if err != nil {
		return err
	}
	return c.replyClient(client)
}

// withdrawn serves what the reference has withdrawn: listing all clients, and asking about
// a session's token what its signature tells.
func (c *call) withdrawn() error { return apierr.Withdrawn }
