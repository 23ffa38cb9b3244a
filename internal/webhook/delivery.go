package webhook

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

// The statuses of a delivery.
const (
	StatusPending   = "pending"
	StatusDelivered = "delivered"
	StatusFailed    = "failed" // given up, or its endpoint was disabled
)

// Delivery is a message on its way to one endpoint.
type Delivery struct {
	EndpointID string
	MessageID  string
	Type       string
	Subject    string
	Status     string
	Attempts   []Attempt // the oldest first; at most the last maxAttempts
	NextAt     time.Time // when a pending one is tried
	CreatedAt  time.Time

	seq     int64
	tries   int // of the present round
	payload string
}

// Attempt is one try.
type Attempt struct {
	At       time.Time     `json:"at"`
	Status   int           `json:"status,omitempty"` // of the answer, 0 for none
	Error    string        `json:"error,omitempty"`  // why it does not count, "" if it does
	Duration time.Duration `json:"duration"`
}

// maxAttempts are kept of a delivery.
const maxAttempts = 32

const selectDeliveries = `
	select d.endpoint_id, d.message_seq, d.status, d.attempts, d.tries, d.next_at, m.id, m.type, m.subject, m.payload, m.created_at
	from webhook_deliveries d join webhook_messages m on m.seq = d.message_seq`

func scanDeliveries(ctx context.Context, q sqldb.Querier, query string, args ...any) ([]Delivery, error) {
	rows, err := q.QueryContext(ctx, selectDeliveries+query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []Delivery{}
	for rows.Next() {
		var d Delivery
		var attempts string
		var nextAt, created int64
		err := rows.Scan(&d.EndpointID, &d.seq, &d.Status, &attempts, &d.tries, &nextAt, &d.MessageID, &d.Type, &d.Subject, &d.payload, &created)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(attempts), &d.Attempts); err != nil {
			return nil, err
		}
		d.NextAt, d.CreatedAt = sqldb.Time(nextAt), sqldb.Time(created)
		all = append(all, d)
	}
	return all, rows.Err()
}

// DeliveryQuery selects deliveries of an endpoint.
type DeliveryQuery struct {
	Status        string // "" for any
	StartingAfter string // the message id of the last one of the page before
	Limit         int    // 0 means 100; 500 at most
}

// Deliveries returns a page, the newest message first. ErrNotFound for an unknown endpoint.
func (s *Service) Deliveries(ctx context.Context, endpointID string, dq DeliveryQuery) (all []Delivery, err error) {
	limit := dq.Limit
	if limit <= 0 {
		limit = 100
	}
	args := []any{endpointID, min(limit, 500)}
	where := ` where d.endpoint_id = $1`
	if dq.Status != "" {
		args = append(args, dq.Status)
		where += fmt.Sprintf(` and d.status = $%d`, len(args))
	}
	if dq.StartingAfter != "" {
		args = append(args, dq.StartingAfter)
		where += fmt.Sprintf(` and d.message_seq < (select seq from webhook_messages where id = $%d)`, len(args))
	}
	err = s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) error {
		if _, err := visible(ctx, q, endpointID); err != nil {
			return err
		}
		all, err = scanDeliveries(ctx, q, where+` order by d.message_seq desc limit $2`, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	return all, nil
}

const (
	// replayOne makes a delivery of a message, or begins another round of one that ended.
	replayOne = `
	insert into webhook_deliveries (message_seq, endpoint_id, subject, status, attempts, tries, next_at, updated_at)
	select m.seq, cast($1 as text), m.subject, 'pending', '[]', 0, cast($3 as bigint), cast($3 as bigint)
	from webhook_messages m where m.id = $2
	on conflict (endpoint_id, message_seq) do update set status = 'pending', tries = 0, next_at = excluded.next_at, updated_at = excluded.updated_at`
	replayFailed = `
	update webhook_deliveries set status = 'pending', tries = 0, next_at = $3, updated_at = $3
	where endpoint_id = $1 and status = 'failed'
		and message_seq in (select seq from webhook_messages where created_at >= $2)`
	missing = `
	select m.id, m.type from webhook_messages m
	where m.created_at >= $2
		and not exists (select 1 from webhook_deliveries d where d.endpoint_id = $1 and d.message_seq = m.seq)
	order by m.seq`
)

// Replay sends one message again, whatever became of it. ErrNotFound for an unknown
// endpoint or message, ErrDisabled.
func (s *Service) Replay(ctx context.Context, endpointID, messageID string) (d Delivery, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		if _, err := replayable(ctx, q, endpointID); err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, replayOne, endpointID, messageID, sqldb.Millis(s.now())); err != nil {
			return err
		}
		found, err := scanDeliveries(ctx, q, ` where d.endpoint_id = $1 and m.id = $2`, endpointID, messageID)
		if err != nil || len(found) == 0 {
			return errors.Join(err, ErrNotFound)
		}
		d = found[0]
		return nil
	})
	if err != nil {
		return Delivery{}, fmt.Errorf("replay: %w", err)
	}
	return d, nil
}

// ReplaySince sends again what failed of the messages since a time, and what the endpoint
// would have got if it had been enabled then. It returns how many. ErrNotFound, ErrDisabled.
func (s *Service) ReplaySince(ctx context.Context, endpointID string, since time.Time) (n int, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
		e, err := replayable(ctx, q, endpointID)
		if err != nil {
			return err
		}
		now := sqldb.Millis(s.now())
		result, err := q.ExecContext(ctx, replayFailed, endpointID, sqldb.Millis(since), now)
		if err != nil {
			return err
		}
		failed, err := result.RowsAffected()
		if err != nil {
			return err
		}
		ids, err := missed(ctx, q, e, since)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := q.ExecContext(ctx, replayOne, endpointID, id, now); err != nil {
				return err
			}
		}
		n = int(failed) + len(ids)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("replay: %w", err)
	}
	return n, nil
}

// replayable reads an endpoint that may be sent something.
func replayable(ctx context.Context, q sqldb.Querier, id string) (Endpoint, error) {
	e, err := visible(ctx, q, id)
	if err == nil && !e.Enabled {
		err = ErrDisabled
	}
	return e, err
}

// missed are the messages since a time that an endpoint wants and has no delivery of.
func missed(ctx context.Context, q sqldb.Querier, e Endpoint, since time.Time) ([]string, error) {
	rows, err := q.QueryContext(ctx, missing, e.ID, sqldb.Millis(since))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id, eventType string
		if err := rows.Scan(&id, &eventType); err != nil {
			return nil, err
		}
		if Wants(e.Events, eventType) {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}

const (
	claimDelivery = `
	update webhook_deliveries set next_at = $4
	where endpoint_id = $1 and message_seq = $2 and next_at = $3 and status = 'pending'`
	recordDelivery = `
	update webhook_deliveries set status = $4, attempts = $5, tries = $6, next_at = $7, updated_at = $8
	where endpoint_id = $1 and message_seq = $2 and next_at = $3 and status = 'pending'`
)

// claim takes a delivery for one try, until a time. ok is false if another node has it.
func (s *Service) claim(ctx context.Context, d *Delivery, until time.Time) (ok bool, err error) {
	ok, err = s.compareAndSet(ctx, claimDelivery, d.EndpointID, d.seq, sqldb.Millis(d.NextAt), sqldb.Millis(until))
	if ok {
		d.NextAt = sqldb.Time(sqldb.Millis(until))
	}
	return ok, err
}

// record stores what a try has come to. A claim that was lost meanwhile stores nothing:
// who has it now will.
func (s *Service) record(ctx context.Context, d *Delivery, status string, nextAt time.Time) error {
	attempts, err := json.Marshal(d.Attempts[max(0, len(d.Attempts)-maxAttempts):])
	if err != nil {
		return err
	}
	_, err = s.compareAndSet(ctx, recordDelivery, d.EndpointID, d.seq, sqldb.Millis(d.NextAt), status, string(attempts), d.tries,
		sqldb.Millis(nextAt), sqldb.Millis(s.now()))
	return err
}

func (s *Service) compareAndSet(ctx context.Context, query string, args ...any) (bool, error) {
	var n int64
	err := s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		var result sql.Result
		result, err := q.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n == 1, err
}
