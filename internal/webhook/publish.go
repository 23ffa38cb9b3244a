package webhook

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

// Message is an event as others are told of it.
type Message struct {
	ID      string // "msg_…": who publishes it again gives it the same, see MessageID
	Type    string // "user.created"
	Subject string // the user's id
	At      time.Time
	// Data makes what the event is about as JSON. It is called only if somebody wants it.
	Data func() (json.RawMessage, error)
	// Address and UserAgent are of the request behind the event, "" if there was none.
	Address, UserAgent string
}

// MessageID is the id of the message of a record with an id or a name of its own.
func MessageID(record string) string {
	// Of a name such as "session.ended:sess_…" all counts, not the id in it alone.
	if _, body, ok := strings.Cut(record, "_"); ok && !strings.Contains(record, ":") {
		return "msg_" + body
	}
	sum := sha256.Sum256([]byte(record))
	return "msg_" + new(big.Int).SetBytes(sum[:20]).Text(62)
}

// envelope is a payload.
type envelope struct {
	Data       json.RawMessage `json:"data"`
	Attributes attributes      `json:"event_attributes"`
	Object     string          `json:"object"`
	Type       string          `json:"type"`
	Timestamp  int64           `json:"timestamp"`
	InstanceID string          `json:"instance_id"`
}

type attributes struct {
	Request request `json:"http_request"`
}

type request struct {
	ClientIP  string `json:"client_ip"`
	UserAgent string `json:"user_agent"`
}

// payload is the body that is sent.
func (s *Service) payload(m Message) (string, error) {
	data, err := m.Data()
	if err != nil {
		return "", err
	}
	body, err := Stringify(envelope{
		Data: data, Attributes: attributes{request{m.Address, m.UserAgent}},
		Object: "event", Type: m.Type, Timestamp: m.At.UnixMilli(), InstanceID: s.cfg.InstanceID,
	})
	return string(body), err
}

const (
	insertMessage = `
	insert into webhook_messages (id, type, subject, payload, created_at)
	values ($1, $2, $3, $4, $5)
	on conflict (id) do nothing
	returning seq`
	insertDelivery = `
	insert into webhook_deliveries (message_seq, endpoint_id, subject, status, attempts, tries, next_at, updated_at)
	values ($1, $2, $3, 'pending', '[]', 0, $4, $4)
	on conflict (endpoint_id, message_seq) do nothing`
)

// Publish stores messages and what is to be delivered of them, all or nothing. A message
// that was published before is passed over; one that no endpoint asks for is not kept.
// For an endpoint that is disabled a message is kept without a delivery, which a replay
// makes.
func (s *Service) Publish(ctx context.Context, messages ...Message) error {
	if len(messages) == 0 {
		return nil
	}
	var all []Endpoint
	// Read apart, since on most instances there is nobody to tell.
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) (err error) {
		all, err = listEndpoints(ctx, q, ``)
		return err
	})
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	wanted, err := s.wanted(all, messages)
	if err == nil && len(wanted) > 0 {
		err = s.db.InTx(ctx, func(ctx context.Context, q sqldb.Querier) error {
			for _, w := range wanted {
				if err := s.publish(ctx, q, w); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// wanted is a message that somebody asks for.
type wanted struct {
	Message
	payload string
	by      []Endpoint
}

// wanted makes the payloads of what is asked for: before the transaction, since that may
// have to read.
func (s *Service) wanted(all []Endpoint, messages []Message) ([]wanted, error) {
	var out []wanted
	for _, m := range messages {
		w := wanted{Message: m}
		for _, e := range all {
			if Wants(e.Events, m.Type) {
				w.by = append(w.by, e)
			}
		}
		if len(w.by) == 0 {
			continue
		}
		var err error
		if w.payload, err = s.payload(m); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Type, err)
		}
		out = append(out, w)
	}
	return out, nil
}

func (s *Service) publish(ctx context.Context, q sqldb.Querier, m wanted) error {
	var seq int64
	now := sqldb.Millis(s.now())
	err := q.QueryRowContext(ctx, insertMessage, m.ID, m.Type, m.Subject, m.payload, now).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // published before
	}
	if err != nil {
		return err
	}
	for _, e := range m.by {
		if !e.Enabled {
			continue
		}
		if _, err := q.ExecContext(ctx, insertDelivery, seq, e.ID, m.Subject, now); err != nil {
			return err
		}
	}
	return nil
}
