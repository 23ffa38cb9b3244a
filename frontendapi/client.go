package frontendapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// clientJSON is the whole state of a browser. The SDK replaces what it knows by it, so
// it is always complete.
type clientJSON struct {
	Object                     string        `json:"object"`
	ID                         string        `json:"id"`
	Sessions                   []sessionJSON `json:"sessions"`
	SignIn                     *signInJSON   `json:"sign_in"`
	SignUp                     *signUpJSON   `json:"sign_up"`
	LastActiveSessionID        *string       `json:"last_active_session_id"`
	LastAuthenticationStrategy *string       `json:"last_authentication_strategy"`
	CookieExpiresAt            *int64        `json:"cookie_expires_at"` // null: no renewal by navigation
	CaptchaBypass              bool          `json:"captcha_bypass"`
	CreatedAt                  int64         `json:"created_at"`
	UpdatedAt                  int64         `json:"updated_at"`
}

// envelope is the body of most answers.
type envelope struct {
	Response any         `json:"response"`
	Client   *clientJSON `json:"client"`
}

// renderClient renders c.client: its live sessions, each with its user and a fresh
// token, and the attempts under way. nil if the browser has no client.
func (c *call) renderClient() (*clientJSON, error) {
	if c.client.ID == "" {
		return nil, nil
	}
	live, err := c.liveSessions()
	if err != nil {
		return nil, err
	}
	if err := c.readUsers(live); err != nil {
		return nil, err
	}
	j := &clientJSON{
		Object: "client", ID: string(c.client.ID), Sessions: []sessionJSON{},
		LastAuthenticationStrategy: orNull(c.client.LastAuthenticationStrategy),
		CreatedAt:                  c.client.CreatedAt.UnixMilli(),
		UpdatedAt:                  c.client.UpdatedAt.UnixMilli(),
	}
	for _, ss := range live {
		s, err := c.renderSession(ss)
		if err != nil {
			return nil, err
		}
		if s.User == nil || s.LastActiveToken == nil {
			continue // deleted, or revoked since it was read
		}
		j.Sessions = append(j.Sessions, s)
		j.UpdatedAt = max(j.UpdatedAt, s.UpdatedAt)
		if ss.ID == c.client.LastActiveSessionID {
			j.LastActiveSessionID = orNull(string(ss.ID))
		}
	}
	if err := c.renderAttempts(j); err != nil {
		return nil, err
	}
	c.setUAT(j.Sessions)
	return j, nil
}

// liveSessions reads the client's live sessions. The acting one was read with the client,
// and is as it was unless the request changes something.
func (c *call) liveSessions() ([]session.Session, error) {
	var read []session.Session
	if c.session.ID != "" && !c.changes {
		read = []session.Session{c.session}
	}
	all, err := c.h.cfg.Sessions.OfClient(c.r.Context(), c.client, read...)
	now := c.now()
	return slices.DeleteFunc(all, func(ss session.Session) bool { return !ss.Live(now) }), err
}

// renderSession renders a session with its user and, while it is live, a token.
func (c *call) renderSession(ss session.Session) (sessionJSON, error) {
	j := newSessionJSON(ss, c.now())
	u, err := c.userByID(user.ID(ss.UserID))
	if errors.Is(err, user.ErrNotFound) {
		return j, nil
	}
	if err != nil {
		return j, err
	}
	j.User, j.PublicUserData = new(c.renderUser(u)), c.renderPublicUser(u)
	// Hooks keep what they have unless the session's own time moves, which a change to the
	// user does not do.
	j.UpdatedAt = max(j.UpdatedAt, j.User.UpdatedAt)
	if !ss.Live(c.now()) {
		return j, nil
	}
	jwt, err := c.h.cfg.Sessions.Token(c.r.Context(), ss, c.origin)
	if isSignedOut(err) {
		return j, nil
	}
	if err != nil {
		return j, err
	}
	j.LastActiveToken = &tokenJSON{Object: "token", JWT: jwt}
	return j, nil
}

// renderUser renders a user; the button that deletes an account shows only where the
// instance allows that too.
func (c *call) renderUser(u *user.User) userJSON {
	j := newUserJSON(u, c.now())
	j.ImageURL = c.imageURL(u.ImageName())
	j.DeleteSelfEnabled = j.DeleteSelfEnabled && c.h.cfg.Settings().DeleteSelf
	return j
}

// renderAttempts adds the attempts that are neither complete nor abandoned.
func (c *call) renderAttempts(j *clientJSON) error {
	if id := c.client.SignInID; id != "" {
		si, err := c.h.cfg.Flow.SignIn(c.r.Context(), c.caller(), id)
		if err != nil && !isNotFound(err) {
			return err
		}
		if err == nil && si.Status != "complete" {
			j.SignIn = new(c.renderSignIn(si))
		}
	}
	if id := c.client.SignUpID; id != "" {
		su, err := c.h.cfg.Flow.SignUp(c.r.Context(), c.caller(), id)
		if err != nil && !isNotFound(err) {
			return err
		}
		if err == nil && su.Status == "missing_requirements" {
			j.SignUp = new(newSignUpJSON(su))
		}
	}
	return nil
}

// reply answers with an envelope around response and the complete client.
func (c *call) reply(response any) error {
	client, err := c.renderClient()
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, envelope{Response: response, Client: client})
}

// piggybackOnError is meta.client of an error: the state of the browser after a refused
// change, read anew. It is left out where the client is unknown, where nothing could
// change, and when reading it fails too.
func (c *call) piggybackOnError(e *apierr.Error) any {
	if !c.changes || c.client.ID == "" || e.Status >= 500 || e.Status == http.StatusTooManyRequests {
		return nil
	}
	client, err := c.h.cfg.Sessions.Client(c.r.Context(), c.client.ID)
	if err != nil {
		return nil
	}
	c.client, c.users = client, nil
	j, err := c.renderClient()
	if err != nil {
		return nil
	}
	return j
}

// getClient serves GET /v1/client. It answers 200 to anybody: the SDK cannot start
// otherwise. A cookie that is not known stays where it is (S-04).
func (c *call) getClient() error {
	client, err := c.renderClient()
	if err != nil {
		return err
	}
	return c.replyClient(client)
}

// replyClient answers with the client alone, which stands in the envelope twice and is
// encoded once: null rather than an empty one.
func (c *call) replyClient(client *clientJSON) error {
	body, err := json.Marshal(client)
	if err != nil {
		return fmt.Errorf("encode client: %w", err)
	}
	const response, and = `{"response":`, `,"client":`
	out := make([]byte, 0, len(response)+len(and)+2*len(body)+1)
	out = append(append(out, response...), body...)
	out = append(append(out, and...), body...)
	return httpjson.WriteRaw(c.w, http.StatusOK, append(out, '}'))
}

// createClient serves PUT and POST /v1/client.
func (c *call) createClient() error {
	if c.client.ID == "" {
		client, cookie, err := c.h.cfg.Sessions.NewClient(c.r.Context())
		if err != nil {
			return err
		}
		c.took(client, &cookie)
	}
	return c.getClient()
}

// deleteClient serves DELETE /v1/client: every session ends, the browser is forgotten.
func (c *call) deleteClient() error {
	client, _, err := c.h.cfg.Flow.SignOut(c.r.Context(), c.caller(), "", session.StatusRemoved)
	if err != nil {
		return err
	}
	c.client = client
	j, err := c.renderClient()
	if err != nil {
		return err
	}
	if err := c.h.cfg.Sessions.DeleteClient(c.r.Context(), c.client.ID, c.cookie); err != nil {
		return err
	}
	c.forgetClientCookie()
	return httpjson.Write(c.w, http.StatusOK, envelope{Response: j})
}

// signOutAll serves DELETE /v1/client/sessions: every session of this browser ends. The
// client outside of the response is null: the SDK signs out by itself.
func (c *call) signOutAll() error {
	client, cookie, err := c.h.cfg.Flow.SignOut(c.r.Context(), c.caller(), "", session.StatusRemoved)
	if err != nil {
		return err
	}
	c.took(client, cookie)
	j, err := c.renderClient()
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, envelope{Response: j})
}

// isNotFound covers attempts that ran out.
func isNotFound(err error) bool {
	fe, ok := errors.AsType[*flow.Error](err)
	return errors.Is(err, session.ErrNotFound) || ok && fe.Code == apierr.NotFound.Code
}

// isSignedOut covers sessions that ended between two reads.
func isSignedOut(err error) bool {
	return errors.Is(err, session.ErrNotFound) || errors.Is(err, session.ErrNotActive) ||
		errors.Is(err, session.ErrUserRevoked)
}
