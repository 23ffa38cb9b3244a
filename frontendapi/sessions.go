package frontendapi

import (
	"errors"
	"net/http"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// getSession serves GET /v1/client/sessions/{id}.
func (c *call) getSession() error {
	id, err := c.pathID("id", "sess")
	if err != nil {
		return err
	}
	ss, err := c.ownSession(session.ID(id))
	if errors.Is(err, apierr.AuthenticationInvalid) {
		return apierr.NotFound
	}
	if err != nil {
		return err
	}
	j, err := c.renderSession(ss)
	if err != nil {
		return err
	}
	return c.reply(j)
}

// touchSession serves POST /v1/client/sessions/{id}/touch: the page has the focus, or
// the person chose this session of several.
func (c *call) touchSession() error {
	id, err := c.sessionID()
	if err != nil {
		return err
	}
	choose := c.params.values["intent"] != "focus"
	ss, err := c.h.cfg.Sessions.Touch(c.r.Context(), c.client.ID, id, choose, c.activity())
	if isSignedOut(err) {
		return apierr.AuthenticationInvalid.Because(err)
	}
	if err != nil {
		return err
	}
	if ss.Actor == nil { // else it is not the user who is here
		if err := c.noteActive(user.ID(ss.UserID)); err != nil {
			return err
		}
	}
	if c.client, err = c.h.cfg.Sessions.Client(c.r.Context(), c.client.ID); err != nil {
		return err
	}
	j, err := c.renderSession(ss)
	if err != nil {
		return err
	}
	return c.reply(j)
}

// noteActive records that the person was here. Package user keeps the day alone, so once
// a day is enough.
func (c *call) noteActive(id user.ID) error {
	u, err := c.userByID(id)
	if err == nil && c.now().Sub(u.LastActiveAt) >= 24*time.Hour {
		u, err = c.h.cfg.Users.Update(c.r.Context(), id, user.Change{LastActiveAt: new(c.now())})
		c.know(u, err)
	}
	if errors.Is(err, user.ErrNotFound) {
		return apierr.AuthenticationInvalid.Because(err)
	}
	return err
}

// mintToken serves POST /v1/client/sessions/{id}/tokens: the one bare answer that
// matters. The mint itself checks the cookie and counts, in the same read.
func (c *call) mintToken() error {
	return c.replyToken(func(id session.ID) (string, error) {
		return c.h.cfg.Sessions.Mint(c.r.Context(), c.cookie, id, c.origin, c.owe(eventOf(limitToken, string(id)))...)
	})
}

// mintTemplate serves POST /v1/client/sessions/{id}/tokens/{template}: a token for
// another service, of the claims that an operator chose.
func (c *call) mintTemplate() error {
	return c.replyToken(func(id session.ID) (string, error) {
		return c.h.cfg.Flow.TemplateToken(c.r.Context(), c.cookie, id, c.origin, c.values["template"], c.owe(eventOf(limitToken, string(id)))...)
	})
}

// replyToken answers with what mint returns for the session in the path.
func (c *call) replyToken(mint func(session.ID) (string, error)) error {
	id, err := c.sessionID()
	if err != nil {
		return err
	}
	if c.cookie == "" {
		return apierr.AuthenticationInvalid
	}
	jwt, err := mint(id)
	if limited, ok := errors.AsType[*session.LimitError](err); ok {
		return tooMany(limited.RetryAfter)
	}
	if isSignedOut(err) {
		return apierr.AuthenticationInvalid.Because(err)
	}
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, tokenJSON{Object: "token", JWT: jwt})
}

// endSession serves POST /v1/client/sessions/{id}/end; the client keeps the session.
func (c *call) endSession() error { return c.signOut(session.StatusEnded) }

// removeSession serves POST /v1/client/sessions/{id}/remove; the client forgets it.
func (c *call) removeSession() error { return c.signOut(session.StatusRemoved) }

func (c *call) signOut(status session.Status) error {
	id, err := c.sessionID()
	if err != nil {
		return err
	}
	ss, err := c.ownSession(id)
	if err != nil {
		return err
	}
	if !ss.Live(c.now()) {
		return apierr.AuthenticationInvalid
	}
	client, cookie, err := c.h.cfg.Flow.SignOut(c.r.Context(), c.caller(), id, status)
	if isSignedOut(err) {
		return apierr.AuthenticationInvalid.Because(err)
	}
	if err != nil {
		return err
	}
	c.took(client, cookie)
	ss.Status = status
	j, err := c.renderSession(ss)
	if err != nil {
		return err
	}
	return c.reply(j)
}

// activeSessions serves GET /v1/me/sessions/active: where the person is signed in.
func (c *call) activeSessions() error { return c.listSessions(true) }

// allSessions serves GET /v1/me/sessions.
func (c *call) allSessions() error { return c.listSessions(false) }

func (c *call) listSessions(liveOnly bool) error {
	all, err := c.h.cfg.Sessions.OfUser(c.r.Context(), c.session.UserID)
	if err != nil {
		return err
	}
	u, err := c.userByID(c.userID())
	if err != nil {
		return err
	}
	out := []activeSessionJSON{}
	for _, ss := range all {
		if !liveOnly || ss.Live(c.now()) {
			out = append(out, newActiveSessionJSON(ss, c.renderPublicUser(u), c.now()))
		}
	}
	return httpjson.Write(c.w, http.StatusOK, out)
}

// revokeSession serves POST /v1/me/sessions/{id}/revoke: sign another device out (S-09).
func (c *call) revokeSession() error {
	id, err := c.pathID("id", "sess")
	if err != nil {
		return err
	}
	ss, err := c.h.cfg.Sessions.Get(c.r.Context(), session.ID(id))
	if err != nil {
		return err
	}
	if ss.UserID != c.session.UserID {
		return apierr.NotFound
	}
	if err := c.h.cfg.Flow.RequireFresh(c.session); err != nil {
		return err
	}
	ss, err = c.h.cfg.Sessions.Revoke(c.r.Context(), ss.ID, "revoked by the user")
	if err != nil {
		return err
	}
	if c.client, err = c.h.cfg.Sessions.Client(c.r.Context(), c.client.ID); err != nil {
		return err
	}
	u, err := c.userByID(c.userID())
	if err != nil {
		return err
	}
	return c.reply(newActiveSessionJSON(ss, c.renderPublicUser(u), c.now()))
}
