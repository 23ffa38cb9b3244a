package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

// batch is how many rows one statement removes, so that others write in between.
const batch = 500

const (
	// sweepMessages removes messages with their deliveries, also what nobody would take.
	sweepMessages = `
	delete from webhook_messages where seq in (select seq from webhook_messages where created_at < $1 limit $2)`
	overfull = `
	select endpoint_id from webhook_deliveries where status = 'pending' group by endpoint_id having count(*) > $1`
)

// Sweep removes messages whose life is over at now, and disables endpoints that more
// deliveries wait for than may: a queue has a bound. What they miss can be replayed while
// the messages live.
func (s *Service) Sweep(ctx context.Context, now time.Time) error {
	for {
		var n int64
		err := s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
			result, err := q.ExecContext(ctx, sweepMessages, sqldb.Millis(now.Add(-s.cfg.Keep)), batch)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil {
			return fmt.Errorf("sweep webhooks: %w", err)
		}
		if n < batch {
			return s.sweepQueues(ctx)
		}
	}
}

func (s *Service) sweepQueues(ctx context.Context) error {
	var full []string
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		rows, err := q.QueryContext(ctx, overfull, s.cfg.MaxPending)
		if err != nil {
			return err
		}
		defer rows.Close()
		full = nil
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			full = append(full, id)
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("sweep webhooks: %w", err)
	}
	for _, id := range full {
		e, err := s.change(ctx, id, func(e *Endpoint, _ time.Time) error {
			e.Enabled, e.DisabledReason = false, ReasonQueueFull
			return nil
		})
		if err != nil {
			return fmt.Errorf("sweep webhooks: %w", err)
		}
		s.disabled(ctx, e)
	}
	return nil
}
