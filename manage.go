package gatehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/internal/jobs"
	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
)

// Manage hands a client of the instance that cfg names to fn, for tools that look at it or
// change it, whether servers run or not; those follow within two seconds. It serves nobody
// and does no background work, but for work on many users that no server has begun after
// three seconds. It opens settings, too, with which a server refuses to
// start, and makes no signing key. It needs the secrets that the server needs.
//
// Settings and keys lie in the database: without Config.RedisURL they can be managed while
// Redis is away, and sessions cannot. Errors: *ConfigError, ErrEnvironment, what the stores
// and fn return.
func Manage(ctx context.Context, cfg Config, fn func(*client.Client) error) (err error) {
	urls, err := cfg.complete()
	if err != nil {
		return err
	}
	s := &Server{cfg: cfg, urls: urls, log: cfg.Logger, manages: true}
	defer func() { err = errors.Join(err, s.Close()) }()
	st, err := openStorage(ctx, &s.cfg)
	if err != nil {
		return fmt.Errorf("gatehouse: %w", err)
	}
	s.closers = append(s.closers, st.closers...)
	if s.instanceID, err = claimInstance(ctx, st.db, cfg.Development, s.cfg.Now()); err != nil {
		return err
	}
	if s.live, err = openSettings(ctx, &s.cfg, st, true); err != nil {
		return err
	}
	if s.templates, err = jwttemplate.Open(ctx, st.documents, s.cfg.Now); err != nil {
		return fmt.Errorf("gatehouse: %w", err)
	}
	in, err := s.openServices(ctx, st)
	if err != nil {
		return fmt.Errorf("gatehouse: %w", err)
	}
	if _, err = s.openAPIs(in); err != nil {
		return err
	}
	s.helpOut()
	return fn(s.backend)
}

// patience is how long a tool leaves work on many users to the servers.
const patience = 3 * time.Second

// helpOut does work on many users where no server has begun it: a tool that waits for the
// end of a job would wait for ever if none runs.
func (s *Server) helpOut() {
	began := time.Now()
	s.jobs = jobs.NewRunner(jobs.Config{Now: s.cfg.Now, Logger: s.log})
	s.jobs.Start(jobs.Job{Name: "bulk jobs", Every: bulkEvery, Run: func(ctx context.Context) error {
		if time.Since(began) < patience {
			return nil
		}
		return s.bulk.Run(ctx)
	}})
}
