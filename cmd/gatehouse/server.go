package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/gatehouse-dev/gatehouse"
)

// devCommand runs a development server.
type devCommand struct {
	serverFlags
	Dir     string `placeholder:"DIR" help:"Where secrets and the database are kept, .gatehouse by default (GATEHOUSE_DIR)."`
	DevBind string `name:"dev-bind" placeholder:"HOST:PORT" help:"Listen where other machines reach the server, as in a container; test addresses then accept a random code."`
}

// Run implements command.
func (c *devCommand) Run(ctx context.Context, p *program) error {
	more := map[string]string{"GATEHOUSE_DIR": c.Dir}
	if c.DevBind != "" {
		if c.Addr != "" {
			return &usageError{errors.New("--addr and --dev-bind both say where to listen: keep one")}
		}
		more["GATEHOUSE_ADDR"], more["GATEHOUSE_DEV_BIND"] = c.DevBind, "true"
	}
	s, err := c.resolve(p, true, more)
	if err != nil {
		return err
	}
	return c.serve(ctx, p, s)
}

// serveCommand runs a production server. It has no switch for anything that
// belongs to development (C-13).
type serveCommand struct {
	serverFlags
	RedisPlaintext bool `name:"redis-plaintext" help:"Allow redis:// to another machine, on a private network (GATEHOUSE_REDIS_PLAINTEXT)."`
}

// Run implements command.
func (c *serveCommand) Run(ctx context.Context, p *program) error {
	more := map[string]string{}
	if c.RedisPlaintext {
		more["GATEHOUSE_REDIS_PLAINTEXT"] = "true"
	}
	s, err := c.resolve(p, false, more)
	if err != nil {
		return err
	}
	return c.serve(ctx, p, s)
}

// serve opens the instance and answers requests until ctx ends.
func (f *serverFlags) serve(ctx context.Context, p *program, s settings) (err error) {
	if f.PrintConfig {
		return s.print(p)
	}
	config := s.gatehouse
	config.Logger = s.logger(p)
	logRedis(config.Logger)
	if config.Sender, err = s.sender(); err != nil {
		return &usageError{err}
	}
	server, err := gatehouse.Open(ctx, config)
	if err != nil {
		if _, ok := errors.AsType[*gatehouse.ConfigError](err); ok {
			return &usageError{err}
		}
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	return server.ListenAndServe(ctx, server.Mount(home(server)), func(net.Addr) {
		fmt.Fprintln(p.stdout, server.Welcome())
	})
}

// home leads whoever opens the bare address on to the app, or to their account
// where no app is named.
func home(server *gatehouse.Server) http.Handler {
	target := server.HomeURL()
	if target == server.PublicURL()+"/" {
		target = server.UserURL()
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, target, http.StatusSeeOther)
	})
	return mux
}
