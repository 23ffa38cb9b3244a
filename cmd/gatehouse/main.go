// Command gatehouse is the user and session system as one binary, beside apps in
// any language.
//
//	gatehouse dev      a development server on this machine, nothing to set up
//	gatehouse serve    a production server
//	gatehouse init     writes a configuration for serve
//	gatehouse users    lists, creates, changes and deletes users
//	gatehouse sessions lists and ends sessions
//	gatehouse invitations  invites people by e-mail
//	gatehouse settings shows and changes the settings of a running instance
//	gatehouse keys     shows the publishable key; lists, rotates and revokes signing keys
//	gatehouse token    says what a session token means, and why it is refused
//	gatehouse doctor   finds what keeps people out of a deployment
//	gatehouse version  says which build this is
//
// Settings come from flags, then the environment, then the file named by --config,
// then defaults. Secrets come from the environment or from files, never from flags.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The second signal ends the process the hard way: whoever sends it means it.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// run is the program without its process. It returns the exit code: 0, 1 for
// something that went wrong, 2 for a command line or configuration that is.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	p, err := parse(args, getenv, stdin, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "gatehouse:", trim(err))
		return 2
	}
	if p == nil { // --help was asked for and given
		return 0
	}
	if err := p.command.Run(ctx, p); err != nil {
		fmt.Fprintln(stderr, "gatehouse:", trim(err))
		if _, ok := errors.AsType[*usageError](err); ok {
			return 2
		}
		return 1
	}
	return 0
}

// usageError is a mistake in flags, environment or file.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
