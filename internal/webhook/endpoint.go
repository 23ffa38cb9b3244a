package webhook

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

const (
	maxEndpoints   = 50
	maxEvents      = 50
	maxURL         = 2048 // bytes
	maxDescription = 512  // bytes
)

// Why an endpoint is disabled.
const (
	ReasonOperator  = "operator"
	ReasonFailures  = "failures"   // it failed for 5 days
	ReasonQueueFull = "queue_full" // more waits for it than may
)

// The kinds of endpoints.
const (
	kindEndpoint     = "endpoint"
	kindSubscription = "subscription"
)

// Endpoint is who is told of events.
type Endpoint struct {
	ID             string // "ep_…", of a subscription "sub_…"
	URL            string
	Description    string
	Events         []string // types and patterns, see Wants; empty takes all
	Enabled        bool
	DisabledReason string // "" while enabled
	Health         Health
	CreatedAt      time.Time
	UpdatedAt      time.Time

	kind    string
	secrets []sealedSecret
}

// Fields are what an operator may set; nil leaves a field as it is.
type Fields struct {
	URL         *string
	Description *string
	Events      []string // nil leaves them
	Enabled     *bool
}

const (
	endpointColumns = `id, kind, url, description, events, enabled, disabled_reason, secrets, failing_since, failures, created_at, updated_at`
	insertEndpoint  = `
	insert into webhook_endpoints (` + endpointColumns + `)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	updateEndpoint = `
	update webhook_endpoints set kind = $2, url = $3, description = $4, events = $5, enabled = $6, disabled_reason = $7,
		secrets = $8, failing_since = $9, failures = $10, created_at = $11, updated_at = $12
	where id = $1`
	selectEndpoints = `select ` + endpointColumns + ` from webhook_endpoints`
)

// Create adds an enabled endpoint and returns it with its secret, which is shown but here
// and by RotateSecret. Errors: ErrURL, ErrEvents, ErrTooMany.
func (s *Service) Create(ctx context.Context, f Fields) (Endpoint, string, error) {
	now := s.now()
	e := Endpoint{ID: random.ID("ep", now), kind: kindEndpoint, Events: []string{}, Enabled: true, CreatedAt: now, UpdatedAt: now}
	if f.URL == nil {
		f.URL = new(string)
	}
	if err := s.apply(&e, f); err != nil {
		return Endpoint{}, "", err
	}
	secret, err := s.addSecret(&e, now)
	if err != nil {
		return Endpoint{}, "", err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		var n int
		if err := q.QueryRowContext(ctx, `select count(*) from webhook_endpoints where kind = $1`, kindEndpoint).Scan(&n); err != nil {
			return err
		}
		if n >= maxEndpoints {
			return ErrTooMany
		}
		_, err := q.ExecContext(ctx, insertEndpoint, e.row()...)
		return err
	})
	if err != nil {
		return Endpoint{}, "", fmt.Errorf("create endpoint: %w", err)
	}
	return e, secret, nil
}

// eventPattern is what an endpoint may ask for.
var eventPattern = regexp.MustCompile(`^(\*|[A-Za-z_]+(\.[A-Za-z_]+)*(\.\*)?)$`)

// apply sets fields. An operator who turns an endpoint on gives it a new chance.
func (s *Service) apply(e *Endpoint, f Fields) error {
	if f.URL != nil {
		if len(*f.URL) > maxURL {
			return ErrURL
		}
		if err := s.cfg.CheckURL(*f.URL); err != nil {
			return fmt.Errorf("%w: %w", ErrURL, err)
		}
		e.URL = *f.URL
	}
	if f.Description != nil {
		e.Description = (*f.Description)[:min(len(*f.Description), maxDescription)]
	}
	if f.Events != nil {
		if len(f.Events) > maxEvents {
			return ErrEvents
		}
		for _, name := range f.Events {
			if len(name) > 64 || !eventPattern.MatchString(name) {
				return ErrEvents
			}
		}
		e.Events = f.Events
	}
	switch {
	case f.Enabled == nil || *f.Enabled == e.Enabled:
	case *f.Enabled:
		e.Enabled, e.DisabledReason, e.Health = true, "", Health{}
	default:
		e.Enabled, e.DisabledReason = false, ReasonOperator
	}
	return nil
}

// Endpoint returns ErrNotFound for unknown ids.
func (s *Service) Endpoint(ctx context.Context, id string) (e Endpoint, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		e, err = visible(ctx, q, id)
		return err
	})
	if err != nil {
		return Endpoint{}, fmt.Errorf("endpoint: %w", err)
	}
	return e, nil
}

// visible reads an endpoint that operators see: subscriptions are the app's own.
func visible(ctx context.Context, q sqldb.Querier, id string) (Endpoint, error) {
	e, err := endpoint(ctx, q, id, "")
	if err == nil && e.kind != kindEndpoint {
		return Endpoint{}, ErrNotFound
	}
	return e, err
}

// endpoint reads one, locked by lock.
func endpoint(ctx context.Context, q sqldb.Querier, id, lock string) (Endpoint, error) {
	e, err := scanEndpoint(q.QueryRowContext(ctx, selectEndpoints+` where id = $1`+lock, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Endpoint{}, ErrNotFound
	}
	return e, err
}

// Endpoints returns all webhook endpoints, the oldest first.
func (s *Service) Endpoints(ctx context.Context) (all []Endpoint, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		all, err = listEndpoints(ctx, q, ` where kind = $1 order by created_at, id`, kindEndpoint)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("endpoints: %w", err)
	}
	return all, nil
}

func listEndpoints(ctx context.Context, q sqldb.Querier, where string, args ...any) ([]Endpoint, error) {
	rows, err := q.QueryContext(ctx, selectEndpoints+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []Endpoint{}
	for rows.Next() {
		e, err := scanEndpoint(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// Update changes an endpoint. ErrNotFound, and those of Create.
func (s *Service) Update(ctx context.Context, id string, f Fields) (Endpoint, error) {
	return s.change(ctx, id, func(e *Endpoint, _ time.Time) error {
		if e.kind != kindEndpoint {
			return ErrNotFound
		}
		return s.apply(e, f)
	})
}

// change stores what fn makes of an endpoint. Deliveries that wait for one that is
// disabled by it end as failed, so that they can be made up for.
func (s *Service) change(ctx context.Context, id string, fn func(e *Endpoint, now time.Time) error) (Endpoint, error) {
	var changed Endpoint
	err := s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		e, err := endpoint(ctx, q, id, s.db.Dialect.LockRow)
		if err != nil {
			return err
		}
		was := e.Enabled
		now := s.now()
		if err := fn(&e, now); err != nil {
			return err
		}
		e.UpdatedAt = now
		changed = e
		if _, err := q.ExecContext(ctx, updateEndpoint, e.row()...); err != nil {
			return err
		}
		if !was || e.Enabled {
			return nil
		}
		_, err = q.ExecContext(ctx, failPending, id, sqldb.Millis(now))
		return err
	})
	if err != nil {
		return Endpoint{}, fmt.Errorf("change endpoint: %w", err)
	}
	return changed, nil
}

const failPending = `
	update webhook_deliveries set status = 'failed', next_at = 0, updated_at = $2
	where endpoint_id = $1 and status = 'pending'`

// Delete removes an endpoint with its deliveries. ErrNotFound if there is none.
func (s *Service) Delete(ctx context.Context, id string) error {
	return s.remove(ctx, `delete from webhook_endpoints where id = $1 and kind = '`+kindEndpoint+`'`, id)
}

func (s *Service) remove(ctx context.Context, query, id string) error {
	err := s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		result, err := q.ExecContext(ctx, query, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete endpoint: %w", err)
	}
	return nil
}

// row is the endpoint in the order of endpointColumns.
func (e *Endpoint) row() []any {
	events, _ := json.Marshal(e.Events) // strings
	secrets, _ := json.Marshal(e.secrets)
	enabled := 0
	if e.Enabled {
		enabled = 1
	}
	return []any{
		e.ID, e.kind, e.URL, e.Description, string(events), enabled, e.DisabledReason, string(secrets),
		sqldb.Millis(e.Health.Since), e.Health.Failures, sqldb.Millis(e.CreatedAt), sqldb.Millis(e.UpdatedAt),
	}
}

func scanEndpoint(row interface{ Scan(...any) error }) (Endpoint, error) {
	var e Endpoint
	var events, secrets string
	var since, created, updated int64
	var enabled int
	err := row.Scan(&e.ID, &e.kind, &e.URL, &e.Description, &events, &enabled, &e.DisabledReason, &secrets,
		&since, &e.Health.Failures, &created, &updated)
	if err != nil {
		return Endpoint{}, err
	}
	e.Enabled = enabled == 1
	e.Health.Since, e.CreatedAt, e.UpdatedAt = sqldb.Time(since), sqldb.Time(created), sqldb.Time(updated)
	return e, errors.Join(json.Unmarshal([]byte(events), &e.Events), json.Unmarshal([]byte(secrets), &e.secrets))
}
