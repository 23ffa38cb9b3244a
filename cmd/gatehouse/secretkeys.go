package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/client"
)

// secretKeysCommand groups what is about the keys that apps show to the Backend API.
type secretKeysCommand struct {
	List   secretKeysListCommand   `cmd:"" help:"List the secret keys, and when each was used last."`
	Add    secretKeysAddCommand    `cmd:"" help:"Make a secret key and print it, once."`
	Revoke secretKeysRevokeCommand `cmd:"" help:"Make secret keys useless at once."`
}

type secretKeysListCommand struct {
	jsonFlag
	instanceFlags
}

// Run implements command.
func (c *secretKeysListCommand) Run(ctx context.Context, p *program) error {
	return c.callDatabase(ctx, p, func(api *client.Client) error {
		page, err := api.SecretKeys.List(ctx, client.MaxLimit, 0)
		if err != nil {
			return err
		}
		return printList(p, listFlags{jsonFlag: c.jsonFlag}, page.Data, func(keys []*client.SecretKey) *table {
			t := newTable("ID", "LABEL", "KEY", "STATUS", "CREATED", "EXPIRES", "LAST USED")
			for _, k := range keys {
				t.row(k.ID, orDash(k.Label), k.Hint, k.Status, local(k.CreatedAt), local(k.ExpiresAt), local(k.LastUsedAt))
			}
			return t
		})
	})
}

type secretKeysAddCommand struct {
	Label     string        `arg:"" help:"What it is for: \"billing service\"."`
	ExpiresIn time.Duration `name:"expires-in" placeholder:"HOURS" help:"How long it is good for, 720h for 30 days; until it is revoked by default."`
	jsonFlag
	instanceFlags
}

// secretKeyMade is a key with its secret, which is told once.
type secretKeyMade struct {
	*client.SecretKey
	Secret string `json:"secret"`
}

// Run implements command. Standard output gets the secret alone, so that it can go into a
// file.
func (c *secretKeysAddCommand) Run(ctx context.Context, p *program) error {
	return c.callDatabase(ctx, p, func(api *client.Client) error {
		k, err := api.SecretKeys.Create(ctx, c.Label, c.ExpiresIn)
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(p.stdout, secretKeyMade{k, string(k.Secret)})
		}
		fmt.Fprintf(p.stderr, "%s is made. Its secret is not shown again:\n", k.ID)
		_, err = fmt.Fprintln(p.stdout, string(k.Secret))
		return err
	})
}

type secretKeysRevokeCommand struct {
	Keys []string `arg:"" name:"id" help:"Ids, as list shows them."`
	confirmFlag
	jsonFlag
	instanceFlags
}

// Run implements command.
func (c *secretKeysRevokeCommand) Run(ctx context.Context, p *program) error {
	return c.callDatabase(ctx, p, func(api *client.Client) error {
		if err := c.confirm(p, "Revoke "+counted(len(c.Keys), "secret key")+", with which apps may be running", len(c.Keys)); err != nil {
			return err
		}
		return each(p, c.jsonFlag, c.Keys, func(id string) (*client.SecretKey, error) { return api.SecretKeys.Revoke(ctx, id) },
			func(k *client.SecretKey) string { return k.ID + " is revoked." })
	})
}
