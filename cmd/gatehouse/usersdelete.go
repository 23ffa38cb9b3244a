package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/client"
)

type usersDeleteCommand struct {
	Users []string `arg:"" optional:"" name:"user" help:"Id, e-mail address, username, phone number or external id; - reads them from standard input, one a line."`
	Query string   `placeholder:"TEXT" help:"Instead of naming users: those with this in an e-mail address, a phone number, a username, a name or their id."`
	userFilterFlags
	DryRun bool `name:"dry-run" help:"Say who it would be, and delete nobody."`
	Detach bool `help:"Do not wait for the end: print the job's id, for gatehouse jobs."`
	confirmFlag
	jsonFlag
	instanceFlags
}

// Help is what --help adds.
func (c *usersDeleteCommand) Help() string {
	return "Users who are named are deleted one by one. Those whom --query and the other filters select are deleted by a job, which goes on if this command is interrupted."
}

// Run implements command.
func (c *usersDeleteCommand) Run(ctx context.Context, p *program) error {
	q := c.query(c.Query)
	filtered := c.Query != "" || c.userFilterFlags != userFilterFlags{}
	switch {
	case filtered && len(c.Users) > 0:
		return &usageError{errors.New("name users or select them by a filter, not both")}
	case !filtered && len(c.Users) == 0:
		return &usageError{errors.New("name users, or select them by a filter: `gatehouse users delete --help` lists them")}
	}
	return c.call(ctx, p, func(api *client.Client) error {
		if filtered {
			return c.selected(ctx, p, api, client.Selection{Filter: &q})
		}
		return c.named(ctx, p, api)
	})
}

// deleted is what is left of a user.
type deleted struct {
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
}

// named deletes the users that the arguments name.
func (c *usersDeleteCommand) named(ctx context.Context, p *program, api *client.Client) error {
	args := userArguments{c.Users}
	users, err := args.find(ctx, p, api)
	if err != nil {
		return err
	}
	if c.DryRun {
		return printList(p, listFlags{jsonFlag: c.jsonFlag}, users, userTable)
	}
	if err := c.confirm(p, "Delete "+named(users)+" for good", len(users)); err != nil {
		return err
	}
	return each(p, c.jsonFlag, ids(users), func(id string) (deleted, error) {
		return deleted{id, true}, api.Users.Delete(ctx, id)
	}, func(d deleted) string { return d.ID + " is deleted." })
}

// selected deletes those whom a filter selects, by a job.
func (c *usersDeleteCommand) selected(ctx context.Context, p *program, api *client.Client, who client.Selection) error {
	preview, err := api.Users.PreviewDeleteMany(ctx, who)
	if err != nil {
		return err
	}
	if c.DryRun && c.JSON {
		return writeJSON(p.stdout, preview)
	}
	if !c.JSON && preview.Total > 0 {
		if err := userTable(preview.Sample).print(p.stdout, columns(p.stdout)); err != nil {
			return err
		}
	}
	if n := preview.Total - len(preview.Sample); n > 0 {
		fmt.Fprintln(p.stderr, "and", counted(n, "more user"))
	}
	if c.DryRun || preview.Total == 0 {
		fmt.Fprintln(p.stderr, counted(preview.Total, "user"), "selected, nobody deleted.")
		return nil
	}
	if err := c.confirm(p, "Delete "+counted(preview.Total, "user")+" for good", preview.Total); err != nil {
		return err
	}
	job, err := api.Users.DeleteMany(ctx, who)
	if err != nil {
		return err
	}
	if c.Detach {
		return printJob(p, c.jsonFlag, job)
	}
	return watch(ctx, p, api, c.jsonFlag, job.ID)
}
