package main

import (
	"context"
	"fmt"

	"github.com/gatehouse-dev/gatehouse"
)

// keysCommand groups what is about keys.
type keysCommand struct {
	Show keysShowCommand `cmd:"" help:"Print the publishable key that goes with a public URL."`
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
