package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/session"
)

// keysCommand groups what is about keys.
type keysCommand struct {
	Show    keysShowCommand    `cmd:"" help:"Print the publishable key that goes with a public URL."`
	List    keysListCommand    `cmd:"" help:"List the signing keys and say when the next rotation begins."`
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

// manage opens the keys for fn.
func (f *instanceFlags) manage(ctx context.Context, p *program, fn func(*session.Keys) error) error {
	return f.with(p, func(config gatehouse.Config) error { return gatehouse.ManageKeys(ctx, config, fn) })
}

// with resolves the configuration for fn, or prints it.
func (f *instanceFlags) with(p *program, fn func(gatehouse.Config) error) error {
	s, err := f.resolve(p, f.Dev, map[string]string{"GATEHOUSE_DIR": f.Dir})
	if err != nil {
		return err
	}
	if f.PrintConfig {
		return s.print(p)
	}
	config := s.gatehouse
	config.Logger = s.logger(p)
	err = fn(config)
	if _, ok := errors.AsType[*gatehouse.ConfigError](err); ok {
		return &usageError{err}
	}
	return err
}

func minutes(d time.Duration) int { return int(d / time.Minute) }

type keysListCommand struct{ instanceFlags }

// Run implements command.
func (c *keysListCommand) Run(ctx context.Context, p *program) error {
	return c.manage(ctx, p, func(keys *session.Keys) error {
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "KEY\tALGORITHM\tSTATE\tSINCE")
		for _, k := range keys.All() {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.ID, k.Algorithm, k.State, k.StateAt.UTC().Format(time.RFC3339))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if at := keys.NextRotation(); !at.IsZero() {
			fmt.Fprintln(p.stdout, "\nThe next rotation begins", at.UTC().Format(time.RFC3339))
		}
		return nil
	})
}

type keysAddCommand struct{ instanceFlags }

// Run implements command.
func (c *keysAddCommand) Run(ctx context.Context, p *program) error {
	return c.manage(ctx, p, func(keys *session.Keys) error {
		kid, err := keys.Add(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s is next. In %d minutes: gatehouse keys promote %s\n", kid, minutes(session.PromoteAfter), kid)
		return nil
	})
}

type keysPromoteCommand struct {
	keyArgument
	instanceFlags
}

// Run implements command.
func (c *keysPromoteCommand) Run(ctx context.Context, p *program) error {
	return c.manage(ctx, p, func(keys *session.Keys) error {
		if err := keys.Promote(ctx, c.KeyID); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s signs. The key before it can be retired in %d minutes.\n", c.KeyID, minutes(session.RetireAfter))
		return nil
	})
}

type keysRetireCommand struct {
	keyArgument
	instanceFlags
}

// Run implements command.
func (c *keysRetireCommand) Run(ctx context.Context, p *program) error {
	return c.manage(ctx, p, func(keys *session.Keys) error {
		if err := keys.Retire(ctx, c.KeyID); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, c.KeyID, "is retired.")
		return nil
	})
}

type keysRevokeCommand struct {
	keyArgument
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
	return c.manage(ctx, p, func(keys *session.Keys) error {
		if err := keys.Revoke(ctx, c.KeyID); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.stdout, exposed, c.KeyID)
		return err
	})
}
