package webhook

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

// Errors of the application of SDKs, under which the reference keeps an instance's endpoints.
var (
	ErrAppExists  = errors.New("webhook: the application exists")
	ErrAppMissing = errors.New("webhook: there is no application")
)

// CreateApp notes that webhooks are wanted. ErrAppExists if that was noted before.
func (s *Service) CreateApp(ctx context.Context) error {
	return s.app(ctx, "create application", func(ctx context.Context, q sqldb.Querier) (int64, error) {
		result, err := q.ExecContext(ctx, `insert into webhook_app (id, created_at) values (1, $1) on conflict (id) do nothing`, sqldb.Millis(s.now()))
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	}, ErrAppExists)
}

// CheckApp returns ErrAppMissing unless CreateApp was called.
func (s *Service) CheckApp(ctx context.Context) error {
	var n int64
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, `select count(*) from webhook_app`).Scan(&n)
	})
	if err == nil && n == 0 {
		err = ErrAppMissing
	}
	if err != nil {
		return fmt.Errorf("read application: %w", err)
	}
	return nil
}

// DeleteApp removes every webhook endpoint, with what waits for it, and forgets that
// webhooks are wanted. ErrAppMissing.
func (s *Service) DeleteApp(ctx context.Context) error {
	return s.app(ctx, "delete application", func(ctx context.Context, q sqldb.Querier) (int64, error) {
		result, err := q.ExecContext(ctx, `delete from webhook_app`)
		if err != nil {
			return 0, err
		}
		n, err := result.RowsAffected()
		if err != nil || n == 0 {
			return n, err
		}
		_, err = q.ExecContext(ctx, `delete from webhook_endpoints where kind = $1`, kindEndpoint)
		return n, err
	}, ErrAppMissing)
}

// app runs a change that returns none where nothing changed.
func (s *Service) app(ctx context.Context, what string, change func(context.Context, sqldb.Querier) (int64, error), none error) error {
	err := s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		n, err := change(ctx, q)
		if err == nil && n == 0 {
			return none
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
