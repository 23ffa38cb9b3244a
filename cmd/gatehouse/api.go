package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/client"
)

// instanceFlags say which instance a command is about: the one in the configured
// database, whether servers run or not, or the one of the server at --api-url.
type instanceFlags struct {
	serverFlags `group:"instance"`

	Dev    bool   `name:"dev" group:"instance" help:"The server is a development server."`
	Dir    string `group:"instance" placeholder:"DIR" help:"Its folder, .gatehouse by default (GATEHOUSE_DIR); with --dev."`
	APIURL string `name:"api-url" group:"instance" placeholder:"URL" help:"Ask the server at this address, https://app.example.com/api, with the key in GATEHOUSE_SECRET_KEY, instead of opening the configured database (GATEHOUSE_API_URL)."`
}

// call hands a client of the instance to fn.
func (f *instanceFlags) call(ctx context.Context, p *program, fn func(*client.Client) error) error {
	return f.open(ctx, p, true, fn)
}

// callDatabase is call for what lies in the database alone: Redis may be away.
func (f *instanceFlags) callDatabase(ctx context.Context, p *program, fn func(*client.Client) error) error {
	return f.open(ctx, p, false, fn)
}

func (f *instanceFlags) open(ctx context.Context, p *program, sessions bool, fn func(*client.Client) error) error {
	s, err := f.resolve(p, f.Dev, map[string]string{"GATEHOUSE_DIR": f.Dir})
	if err != nil {
		return err
	}
	if f.PrintConfig {
		return s.print(p)
	}
	address := f.APIURL
	if address == "" {
		address = p.getenv("GATEHOUSE_API_URL")
	}
	if address != "" {
		return advise(remote(address, s.gatehouse.SecretKey, fn), address)
	}
	if f.LogLevel == "" && p.getenv("GATEHOUSE_LOG_LEVEL") == "" {
		s.logLevel = slog.LevelWarn // a command says itself what it did
	}
	config := s.gatehouse
	config.Logger = s.logger(p)
	if config.Sender, err = s.sender(); err != nil {
		return &usageError{err}
	}
	if !sessions {
		config.RedisURL = ""
	}
	err = gatehouse.Manage(ctx, config, fn)
	if bad, ok := errors.AsType[*gatehouse.ConfigError](err); ok {
		if bad.Field == "PublicURL" && !f.Dev {
			err = fmt.Errorf("%w; for the development server of this folder add --dev", err)
		}
		return &usageError{err}
	}
	return advise(err, "")
}

// remote calls fn with a client of the server at address.
func remote(address string, key gatehouse.Secret, fn func(*client.Client) error) error {
	if key == "" {
		return &usageError{errors.New("GATEHOUSE_SECRET_KEY is missing: the server takes requests with its secret key alone (or GATEHOUSE_SECRET_KEY_FILE)")}
	}
	if u, err := url.Parse(address); err == nil && u.User != nil {
		return &usageError{errors.New("the API's URL holds a user or a password, which it does not take: the key is in GATEHOUSE_SECRET_KEY")}
	}
	c, err := client.New(client.Config{URL: address, SecretKey: client.Secret(key)})
	if err != nil {
		return &usageError{fmt.Errorf("--api-url %s is no address of a Backend API, such as https://app.example.com/api", printable(address))}
	}
	return fn(c)
}

// advise says what to do about an error; address is where the server was, "" if it was
// this process.
func advise(err error, address string) error {
	e, answered := errors.AsType[*client.Error](err)
	u, unsent := errors.AsType[*url.Error](err)
	bad, isID := errors.AsType[*client.IDError](err)
	switch {
	case isID:
		return &usageError{fmt.Errorf("%q is no id: those begin with %s_", bad.ID, bad.Kind)}
	case errors.Is(err, client.ErrNotAnAPI), answered && address != "" && e.Has("http_status"):
		return &usageError{fmt.Errorf("what answers at %s is no Backend API: the address usually ends in /api", printable(address))}
	case answered && address != "" && errors.Is(err, client.ErrNotFound) && !strings.Contains(address, "/api"):
		return &usageError{fmt.Errorf("what answers at %s is no Backend API, or does not have this: the address usually ends in /api", printable(address))}
	case errors.Is(err, client.ErrUnauthorized):
		return fmt.Errorf("the server at %s refuses the key in GATEHOUSE_SECRET_KEY: it takes its own keys alone", printable(address))
	case errors.Is(err, client.ErrRateLimited):
		return fmt.Errorf("%s: try again in %v", plain(e), max(e.RetryAfter, time.Second))
	case answered && e.Has("form_data_missing"):
		return &usageError{errors.New(plain(e) + "; --skip-requirements creates the user all the same")}
	case answered && isUsage(e):
		return &usageError{errors.New(plain(e))}
	case answered && e.Status < 500:
		return errors.New(plain(e))
	case unsent && address != "":
		return fmt.Errorf("no answer from %s: %w; without --api-url the command opens the configured database itself", printable(address), u.Err)
	}
	return err
}

// isUsage reports whether what was typed is what the server does not take.
func isUsage(e *client.Error) bool {
	if errors.Is(e, client.ErrTaken) {
		return false
	}
	return e.Status == 422 || e.Has("feature_not_enabled")
}

// plain is what was wrong, in the server's sentences.
func plain(e *client.Error) string {
	var all []string
	for _, f := range e.Faults {
		text := strings.TrimSuffix(f.Message, ".")
		if f.Param != "" {
			text = f.Param + ": " + text
		}
		all = append(all, printable(text))
	}
	return strings.Join(all, "; ")
}
