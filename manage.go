package gatehouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
)

// Manage hands a client of the instance that cfg names to fn, for tools that look at it or
// change it, whether servers run or not; those follow within two seconds. It serves nobody
// and does no background work. It opens settings, too, with which a server refuses to
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
	return fn(s.backend)
}
