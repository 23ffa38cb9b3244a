package main

import (
	"context"
	"strings"

	"github.com/gatehouse-dev/gatehouse"
)

// inspectFlags say which server a command looks at.
type inspectFlags struct {
	serverFlags
	Dev  bool   `name:"dev" help:"Look at the server of 'gatehouse dev', as is done, too, where no secrets of a production server are configured."`
	Dir  string `placeholder:"DIR" help:"Where a development server keeps secrets and database, .gatehouse by default (GATEHOUSE_DIR)."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// settings are those of the server that is looked at.
func (f *inspectFlags) settings(p *program) (settings, error) {
	more := map[string]string{"GATEHOUSE_DIR": f.Dir}
	s, err := f.resolve(p, true, more)
	if err != nil {
		return s, err
	}
	// A production server does not start without secrets; a development server makes its own.
	c := s.gatehouse
	secrets := c.SecretKey != "" || c.EncryptionKeys != ""
	if !f.Dev && secrets && !strings.HasPrefix(string(c.SecretKey), "sk_test_") {
		if s, err = f.resolve(p, false, more); err != nil {
			return s, err
		}
	}
	if s.gatehouse.Sender, err = s.smtp.sender(); err != nil {
		return s, &usageError{err}
	}
	s.gatehouse.Logger = s.logger(p)
	return s, nil
}

func (f *inspectFlags) printConfig(p *program) error {
	s, err := f.settings(p)
	if err != nil {
		return err
	}
	return s.print(p)
}

// inspect looks at the configured server. Close what it returns.
func (f *inspectFlags) inspect(ctx context.Context, p *program) (*gatehouse.Inspection, error) {
	s, err := f.settings(p)
	if err != nil {
		return nil, err
	}
	return gatehouse.Inspect(ctx, s.gatehouse), nil
}
