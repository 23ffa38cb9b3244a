package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

// Handler takes the payloads of a subscription. An error has it called again later.
type Handler func(ctx context.Context, messageID string, payload json.RawMessage) error

// subscriptionName is what a subscription may be called.
var subscriptionName = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

const upsertSubscription = insertEndpoint + `
	on conflict (id) do update set events = excluded.events, enabled = 1, disabled_reason = '', updated_at = excluded.updated_at`

// Subscribe has handler called in this process for messages of the types, from now on and
// for those that waited since a process last subscribed under the name. Of several
// processes one gets each message, and messages of one subject come one after the other,
// in order: one that the handler fails for holds up those behind it. Run has to run.
func (s *Service) Subscribe(ctx context.Context, name string, events []string, handler Handler) error {
	if !subscriptionName.MatchString(name) {
		return fmt.Errorf("webhook: subscription %q: want 1 to 64 of a-z, 0-9, _ and -", name)
	}
	if handler == nil {
		return errors.New("webhook: a subscription needs a handler")
	}
	now := s.now()
	e := Endpoint{ID: "sub_" + name, kind: kindSubscription, Events: []string{}, Enabled: true, CreatedAt: now, UpdatedAt: now, secrets: []sealedSecret{}}
	if err := s.apply(&e, Fields{Events: events}); err != nil {
		return err
	}
	err := s.db.Write(ctx, func(ctx context.Context, q sqldb.Querier) error {
		_, err := q.ExecContext(ctx, upsertSubscription, e.row()...)
		return err
	})
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers[e.ID] = handler
	return nil
}

// Unsubscribe forgets a subscription and what waits for it. ErrNotFound if there is none.
func (s *Service) Unsubscribe(ctx context.Context, name string) error {
	id := "sub_" + name
	s.mu.Lock()
	delete(s.handlers, id)
	s.mu.Unlock()
	return s.remove(ctx, `delete from webhook_endpoints where id = $1 and kind = '`+kindSubscription+`'`, id)
}

// handler is this process's for an endpoint, nil if it has none.
func (s *Service) handler(id string) Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handlers[id]
}

// call hands a delivery to the handler of its subscription.
func (s *Service) call(ctx context.Context, e Endpoint, d Delivery) (err error) {
	handler := s.handler(e.ID)
	if handler == nil {
		return errors.New("unsubscribed")
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
			s.cfg.Logger.ErrorContext(ctx, "subscriber panicked", "subscription", e.ID, "panic", fmt.Sprint(v))
		}
	}()
	began := time.Now()
	err = handler(ctx, d.MessageID, json.RawMessage(d.payload))
	if err != nil {
		s.cfg.Logger.WarnContext(ctx, "subscriber failed", "subscription", e.ID, "type", d.Type, "message_id", d.MessageID,
			"duration_ms", time.Since(began).Milliseconds(), "err", err)
	}
	return err
}
