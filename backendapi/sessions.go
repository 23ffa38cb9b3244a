package backendapi

import (
	"errors"
	"net/http"
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// pageJSON is a list of which paginated=true was asked.
type pageJSON struct {
	Data  []sessionJSON `json:"data"`
	Total int           `json:"total_count"`
}

// listSessions serves GET /v1/sessions, newest first, by user or by client.
func (c *call) listSessions() error {
	q := c.query("user_id", "client_id", "status", "paginated", "limit", "offset")
	status, limit, offset := q.sessionStatus(), q.number("limit", 1, maxLimit, 10), q.number("offset", 0, maxOffset, 0)
	userID, clientID := q.text("user_id"), q.text("client_id")
	if userID == "" && clientID == "" {
		q.fail(apierr.ParamMissing.At("user_id"))
	}
	if q.err != nil {
		return q.err
	}
	all, err := c.sessionsOf(userID, clientID)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(ss session.Session) bool {
		return status != "" && ss.Status != status || clientID != "" && string(ss.ClientID) != clientID ||
			userID != "" && ss.UserID != userID
	})
	out := []sessionJSON{}
	for _, ss := range all[min(offset, len(all)):min(offset+limit, len(all))] {
		out = append(out, newSessionJSON(ss))
	}
	if q.text("paginated") == "true" {
		return httpjson.Write(c.w, http.StatusOK, pageJSON{Data: out, Total: len(all)})
	}
	return httpjson.Write(c.w, http.StatusOK, out)
}

// sessionsOf reads the sessions of a user or, without one, of a client, newest first.
// Unknown ones have none.
func (c *call) sessionsOf(userID, clientID string) ([]session.Session, error) {
	if userID != "" {
		if !random.ValidID("user", userID) {
			return nil, nil
		}
		return c.h.cfg.Sessions.OfUser(c.r.Context(), userID)
	}
	if !random.ValidID("client", clientID) {
		return nil, nil
	}
	client, err := c.h.cfg.Sessions.Client(c.r.Context(), session.ClientID(clientID))
	if errors.Is(err, session.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := c.h.cfg.Sessions.OfClient(c.r.Context(), client)
	slices.Reverse(all)
	return all, err
}

// createSession serves POST /v1/sessions, on a client of its own: for tests of apps, so on
// development servers alone.
func (c *call) createSession() error {
	f := c.fields("user_id", "active_organization_id")
	f.absent("active_organization_id")
	id := f.text("user_id")
	if !c.h.cfg.Development {
		return apierr.EnvironmentWrong
	}
	if id == "" {
		f.fail(apierr.ParamMissing.At("user_id"))
	}
	if f.err != nil {
		return f.err
	}
	if !random.ValidID("user", id) {
		return apierr.NotFound // I-09
	}
	ss, err := c.h.cfg.Flow.StartSession(c.r.Context(), user.ID(id))
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, newSessionJSON(ss))
}

// getSession serves GET /v1/sessions/{id}.
func (c *call) getSession() error {
	ss, err := c.pathSession()
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, newSessionJSON(ss))
}

// revokeSession serves POST /v1/sessions/{id}/revoke. No token of it counts any more.
func (c *call) revokeSession() error {
	id, err := c.sessionID()
	if err != nil {
		return err
	}
	if err := c.fields().err; err != nil {
		return err
	}
	ss, err := c.h.cfg.Sessions.Revoke(c.r.Context(), id, "revoked by an operator")
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, newSessionJSON(ss))
}

// pathSession reads the session in the path.
func (c *call) pathSession() (session.Session, error) {
	id, err := c.sessionID()
	if err != nil {
		return session.Session{}, err
	}
	return c.h.cfg.Sessions.Get(c.r.Context(), id)
}

// sessionOver answers for a session that ended as for one that there is not: to servers
// a 401 says that their key is bad.
func sessionOver(err error) error {
	if errors.Is(err, session.ErrNotActive) {
		return apierr.NotFound.Because(err)
	}
	return err
}

func (c *call) sessionID() (session.ID, error) {
	if id := c.values["id"]; random.ValidID("sess", id) {
		return session.ID(id), nil
	}
	return "", apierr.NotFound
}
