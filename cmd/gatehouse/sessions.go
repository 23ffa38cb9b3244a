package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse-dev/gatehouse/client"
)

// sessionsCommand groups what is about sessions.
type sessionsCommand struct {
	List   sessionsListCommand   `cmd:"" help:"List the sessions of a user, newest first."`
	Revoke sessionsRevokeCommand `cmd:"" help:"End sessions."`
}

type sessionsListCommand struct {
	User   string `arg:"" name:"user" help:"Id, e-mail address, username, phone number or external id."`
	Status string `placeholder:"STATUS" help:"Only those that are active, pending, ended, removed, replaced, revoked, expired or abandoned."`
	listFlags
	instanceFlags
}

// Run implements command.
func (c *sessionsListCommand) Run(ctx context.Context, p *program) error {
	return c.call(ctx, p, func(api *client.Client) error {
		u, err := findUser(ctx, api, c.User)
		if err != nil {
			return err
		}
		found, err := sessionsOf(ctx, api, client.SessionQuery{UserID: u.ID, Status: c.Status}, c.listFlags)
		if err != nil {
			return err
		}
		return printList(p, c.listFlags, found, sessionTable)
	})
}

// sessionsOf collects sessions: one page, or all.
func sessionsOf(ctx context.Context, api *client.Client, q client.SessionQuery, f listFlags) ([]*client.Session, error) {
	found := []*client.Session{}
	for s, err := range api.Sessions.All(ctx, q) {
		if err != nil {
			return nil, err
		}
		if found = append(found, s); f.enough(len(found)) {
			break
		}
	}
	return found, nil
}

func sessionTable(found []*client.Session) *table {
	t := newTable("ID", "STATUS", "LAST ACTIVE", "EXPIRES", "BROWSER", "ADDRESS", "ACTOR")
	for _, s := range found {
		t.row(s.ID, s.Status, local(s.LastActiveAt), local(s.ExpireAt), browser(s.Activity), address(s.Activity), actor(s))
	}
	return t
}

func browser(a *client.Activity) string {
	if a == nil {
		return "-"
	}
	return orDash(strings.TrimSpace(a.BrowserName + " " + a.BrowserVersion))
}

func address(a *client.Activity) string {
	if a == nil {
		return "-"
	}
	return orDash(strings.TrimSpace(a.IPAddress + " " + a.Country))
}

// actor is who acts as the user.
func actor(s *client.Session) string {
	var a struct {
		Sub string `json:"sub"`
	}
	_ = json.Unmarshal(s.Actor, &a) // none, most often
	return orDash(a.Sub)
}

type sessionsRevokeCommand struct {
	Sessions []string `arg:"" optional:"" name:"session" help:"Session ids, as list shows them."`
	User     string   `placeholder:"USER" help:"All sessions of this user, by id, e-mail address, username, phone number or external id."`
	confirmFlag
	jsonFlag
	instanceFlags
}

// Run implements command.
func (c *sessionsRevokeCommand) Run(ctx context.Context, p *program) error {
	if (len(c.Sessions) == 0) == (c.User == "") {
		return &usageError{errors.New("name sessions, or a user with --user")}
	}
	return c.call(ctx, p, func(api *client.Client) error {
		ids := c.Sessions
		if c.User != "" {
			u, err := findUser(ctx, api, c.User)
			if err != nil {
				return err
			}
			live, err := sessionsOf(ctx, api, client.SessionQuery{UserID: u.ID, Status: "active"}, listFlags{All: true})
			if err != nil {
				return err
			}
			for _, s := range live {
				ids = append(ids, s.ID)
			}
			if len(ids) == 0 {
				fmt.Fprintln(p.stderr, named([]*client.User{u}), "has no active session.")
			} else if err := c.confirm(p, fmt.Sprintf("End %s of %s", counted(len(ids), "session"), named([]*client.User{u})), len(ids)); err != nil {
				return err
			}
		}
		return each(p, c.jsonFlag, ids, func(id string) (*client.Session, error) { return api.Sessions.Revoke(ctx, id) },
			func(s *client.Session) string { return s.ID + " is " + s.Status + "." })
	})
}
