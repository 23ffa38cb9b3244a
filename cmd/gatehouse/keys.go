package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/client"
)

// keysCommand groups what is about keys.
type keysCommand struct {
	Show    keysShowCommand    `cmd:"" help:"Print the publishable key that goes with a public URL."`
	List    keysListCommand    `cmd:"" help:"List the signing keys, and what comes next for each."`
	Add     keysAddCommand     `cmd:"" help:"Make the next signing key: it is published and signs nothing yet."`
	Promote keysPromoteCommand `cmd:"" help:"Let a key sign. Wait 10 minutes after add."`
	Retire  keysRetireCommand  `cmd:"" help:"Take a key out whose tokens are dead. Wait 35 minutes after promote."`
	Revoke  keysRevokeCommand  `cmd:"" help:"Take a key out at once that somebody else may have, and end all sessions."`
}

// keysShowCommand prints the publishable key. It opens no store.
type keysShowCommand struct{ serverFlags }

// Run implements command.
func (c *keysShowCommand) Run(_ context.Context, p *program) error {
	s, err := c.resolve(p, true, nil)
	if err != nil {
		return err
	}
	if c.PrintConfig {
		return s.print(p)
	}
	key, err := gatehouse.PublishableKey(s.gatehouse)
	if err != nil {
		return &usageError{err}
	}
	fmt.Fprintln(p.stdout, key)
	return nil
}

// keyArgument names a key.
type keyArgument struct {
	KeyID string `arg:"" name:"key-id" help:"The key's id (kid), as list shows it."`
}

type keysListCommand struct {
	jsonFlag
	instanceFlags
}

// Run implements command.
func (c *keysListCommand) Run(ctx context.Context, p *program) error {
	return c.callDatabase(ctx, p, func(api *client.Client) error {
		keys, err := api.SigningKeys.List(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(p.stdout, keys)
		}
		if len(keys) == 0 {
			return errors.New("there are no signing keys yet: start the server once")
		}
		t := newTable("KEY", "ALGORITHM", "STATE", "SINCE", "NEXT STEP")
		for _, k := range keys {
			t.row(k.KeyID, k.Algorithm, k.Status, local(k.UpdatedAt), nextStep(k))
		}
		return t.print(p.stdout, columns(p.stdout))
	})
}

// nextStep says what comes next for a key, and when.
func nextStep(k *client.SigningKey) string {
	switch {
	case k.Status == "next":
		return "promote after " + local(k.SignsAfter)
	case k.Status == "retiring":
		return "retire after " + local(k.RetiresAt)
	case k.Configured:
		return "comes from the configuration"
	case !k.RotatesAt.IsZero():
		return "rotates at " + local(k.RotatesAt)
	}
	return "-"
}

type keysAddCommand struct {
	jsonFlag
	instanceFlags
}

// Run implements command.
func (c *keysAddCommand) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, c.jsonFlag, func(api *client.Client) (*client.SigningKey, string, error) {
		k, err := api.SigningKeys.Add(ctx)
		if err != nil {
			return nil, "", err
		}
		return k, fmt.Sprintf("%s is next. After %s: gatehouse keys promote %s\n", k.KeyID, local(k.SignsAfter), k.KeyID), nil
	})
}

// change does one step with a key and says what it came to.
func (f *instanceFlags) change(ctx context.Context, p *program, how jsonFlag, do func(*client.Client) (k *client.SigningKey, said string, err error)) error {
	return f.callDatabase(ctx, p, func(api *client.Client) error {
		k, said, err := do(api)
		if err != nil {
			return err
		}
		if how.JSON {
			return writeJSON(p.stdout, k)
		}
		_, err = io.WriteString(p.stdout, said)
		return err
	})
}

type keysPromoteCommand struct {
	keyArgument
	confirmFlag
	jsonFlag
	instanceFlags
}

// Run implements command. Before its time a key signs only for those who insist.
func (c *keysPromoteCommand) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, c.jsonFlag, func(api *client.Client) (*client.SigningKey, string, error) {
		keys, err := api.SigningKeys.List(ctx)
		if err != nil {
			return nil, "", err
		}
		for _, k := range keys {
			if k.KeyID != c.KeyID || k.Status != "next" || !time.Now().Before(k.SignsAfter.Time) {
				continue
			}
			what := fmt.Sprintf("Until %s apps may not know the key, and refuse its tokens. Promote it now", local(k.SignsAfter))
			if err := c.confirm(p, what, 1); err != nil {
				return nil, "", err
			}
		}
		k, err := api.SigningKeys.Promote(ctx, c.KeyID)
		return k, c.KeyID + " signs. `gatehouse keys list` says when the one before it can be retired.\n", err
	})
}

type keysRetireCommand struct {
	keyArgument
	jsonFlag
	instanceFlags
}

// Run implements command.
func (c *keysRetireCommand) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, c.jsonFlag, func(api *client.Client) (*client.SigningKey, string, error) {
		k, err := api.SigningKeys.Retire(ctx, c.KeyID)
		return k, c.KeyID + " is retired.\n", err
	})
}

type keysRevokeCommand struct {
	keyArgument
	confirmFlag
	jsonFlag
	instanceFlags
}

// exposed is what a revocation cannot reach.
const exposed = `%s is revoked. Servers of this instance refuse its tokens within a second, and
everybody has to sign in again.

It may still be accepted
  for up to 5 minutes   by apps that fetch the public keys with auth/jwks
  for up to an hour     by those, while they cannot reach this server,
                        and by SDKs that keep each key that they fetched
  until you change it   by apps with a copy of the key in their configuration
Restart those apps to end it sooner.
`

// Run implements command.
func (c *keysRevokeCommand) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, c.jsonFlag, func(api *client.Client) (*client.SigningKey, string, error) {
		if err := c.confirm(p, "Revoke "+printable(c.KeyID)+" and sign everybody out", 1); err != nil {
			return nil, "", err
		}
		k, err := api.SigningKeys.Revoke(ctx, c.KeyID)
		return k, fmt.Sprintf(exposed, c.KeyID), err
	})
}
