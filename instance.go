package gatehouse

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

//go:embed schema
var schema embed.FS

// ErrEnvironment is a database of a development server opened by a production
// one, or the reverse: its users may have proved nothing (C-13, Z-03).
var ErrEnvironment = errors.New("gatehouse: the database belongs to the other mode")

const (
	insertInstance = `
		insert into instance (id, instance_id, environment, created_at)
		values (1, $1, $2, $3)
		on conflict (id) do nothing`
	selectInstance = `select instance_id, environment from instance where id = 1`

	// acquireLease changes the row of a lease that is free, expired or the holder's own.
	acquireLease = `
		insert into job_leases (name, holder, expire_at)
		values ($1, $2, $3)
		on conflict (name) do update
		set holder = excluded.holder, expire_at = excluded.expire_at
		where job_leases.holder = excluded.holder or job_leases.expire_at <= $4`
)

// claimInstance marks a new database as this server's and returns its id, or
// returns ErrEnvironment for a database of the other mode.
func claimInstance(ctx context.Context, db *sqldb.DB, development bool, now time.Time) (id string, err error) {
	environment := environmentName(development)
	var found string
	err = db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		if _, err := q.ExecContext(ctx, insertInstance, random.ID("ins", now), environment, sqldb.Millis(now)); err != nil {
			return err
		}
		return q.QueryRowContext(ctx, selectInstance).Scan(&id, &found)
	})
	if err != nil {
		return "", fmt.Errorf("read instance: %w", err)
	}
	return id, checkEnvironment(found, environment)
}

// checkInstance is claimInstance for a database that was claimed before.
func checkInstance(ctx context.Context, db *sqldb.DB, development bool) error {
	var id, found string
	err := db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, selectInstance).Scan(&id, &found)
	})
	if err != nil {
		return fmt.Errorf("read instance: %w", err)
	}
	return checkEnvironment(found, environmentName(development))
}

func environmentName(development bool) string {
	if development {
		return "development"
	}
	return "production"
}

func checkEnvironment(found, want string) error {
	if found == want {
		return nil
	}
	return fmt.Errorf("%w: it was made by a %s server, this is a %s one; give this server a database of its own",
		ErrEnvironment, found, want)
}

// leases keeps the leases of background jobs in the database.
type leases struct{ db *sqldb.DB }

// Acquire implements jobs.Lease.
func (l leases) Acquire(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error) {
	var mine bool
	err := l.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		result, err := q.ExecContext(ctx, acquireLease, name, holder, sqldb.Millis(now.Add(ttl)), sqldb.Millis(now))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		mine = n == 1
		return err
	})
	return mine, err
}
