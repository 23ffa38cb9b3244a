package frontendapi

import (
	"slices"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// userByID returns a user as of their first mention in the request: answers show the same
// one several times. Whoever changes a user after that says so by know.
func (c *call) userByID(id user.ID) (*user.User, error) {
	if u, ok := c.users[id]; ok {
		return u, nil
	}
	u, err := c.h.cfg.Users.ByID(c.r.Context(), id)
	c.know(u, err)
	return u, err
}

// know notes a user that was read or changed, unless that failed.
func (c *call) know(u *user.User, err error) {
	if err != nil {
		return
	}
	if c.users == nil {
		c.users = map[user.ID]*user.User{}
	}
	c.users[u.ID] = u
}

// readUsers reads the users of several sessions at once.
func (c *call) readUsers(sessions []session.Session) error {
	var ids []user.ID
	for _, ss := range sessions {
		if id := user.ID(ss.UserID); c.users[id] == nil && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) < 2 {
		return nil // userByID does as well
	}
	users, err := c.h.cfg.Users.Find(c.r.Context(), user.Query{IDs: ids, Limit: len(ids)})
	for _, u := range users {
		c.know(u, err)
	}
	return err
}
