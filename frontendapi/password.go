package frontendapi

import "github.com/gatehouse-dev/gatehouse/session"

// changePassword serves POST /v1/me/change_password (P-06). The browser keeps its session
// under a new cookie; the person's other ones end if they ask for it (S-09).
func (c *call) changePassword() error {
	signOut, err := c.params.flag("sign_out_of_other_sessions")
	if err != nil {
		return err
	}
	v := c.params.values
	cookie, err := c.h.cfg.Flow.ChangePassword(c.r.Context(), c.caller(), c.session,
		v["current_password"], v["new_password"], signOut != nil && *signOut)
	if err != nil {
		return err
	}
	return c.replyWithUser(cookie)
}

// removePassword serves POST /v1/me/remove_password, likewise.
func (c *call) removePassword() error {
	signOut, err := c.params.flag("sign_out_of_other_sessions")
	if err != nil {
		return err
	}
	cookie, err := c.h.cfg.Flow.RemovePassword(c.r.Context(), c.caller(), c.session,
		c.params.values["current_password"], signOut != nil && *signOut)
	if err != nil {
		return err
	}
	return c.replyWithUser(cookie)
}

// replyWithUser answers with the user as they are after a change that rotated the cookie.
func (c *call) replyWithUser(cookie *session.Cookie) error {
	client, err := c.h.cfg.Sessions.Client(c.r.Context(), c.client.ID)
	if err != nil {
		return err
	}
	c.took(client, cookie)
	u, err := c.h.cfg.Users.ByID(c.r.Context(), c.userID())
	if err != nil {
		return err
	}
	return c.reply(c.renderUser(u))
}
