package gatehouse

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Event is something that happened to a user or a session, for [Server.Subscribe].
type Event struct {
	// ID is the same each time that an event is told: an app that must not act twice
	// remembers it.
	ID   string    // "msg_…"
	Type string    // "user.created", "user.updated", "user.deleted", "session.created", …
	Time time.Time // when it happened
	// UserID is the user that it happened to, or whose session it was.
	UserID string
	// Data is what a webhook carries: the user or the session as the change left it, in
	// the form of the Backend API; of user.deleted the id, and the external id if there was one.
	Data json.RawMessage
}

// Subscribe has handler called in this process for events, beginning with the next one;
// of no types, or "*", for all. Patterns such as "user.*" are types, too.
//
// Each event is told at least once, also if it was recorded while no process of the app
// ran, as long as one had subscribed under the name before; up to 30 days are kept. Events
// of one user come one after the other, in the order in which they happened: one that
// handler returns an error for, or takes more than 15 s for, is told again after a second, then after
// twice as long each time up to 5 minutes, and the user's later ones wait. Of several processes
// with one name, one is told of each event. name is 1 to 64 of a-z, 0-9, _ and -.
//
// An event is written in the transaction of the change, so that a crash loses none; it is told
// within half a second of the commit. Events of sessions are the exception in that one may be
// told a minute late after a crash.
func (s *Server) Subscribe(ctx context.Context, name string, handler func(ctx context.Context, e Event) error, types ...string) error {
	if handler == nil {
		return fmt.Errorf("gatehouse: subscription %q has no handler", name)
	}
	err := s.webhooks.Subscribe(ctx, name, types, func(ctx context.Context, id string, payload json.RawMessage) error {
		e, err := decodeEvent(id, payload)
		if err != nil {
			return err
		}
		return handler(ctx, e)
	})
	if err != nil {
		return fmt.Errorf("gatehouse: %w", err)
	}
	return nil
}

// Unsubscribe forgets a subscription with all that waits for it.
func (s *Server) Unsubscribe(ctx context.Context, name string) error {
	return s.webhooks.Unsubscribe(ctx, name)
}

func decodeEvent(id string, payload json.RawMessage) (Event, error) {
	var envelope struct {
		Type      string          `json:"type"`
		Timestamp int64           `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}
	var data struct {
		ID     string `json:"id"`
		UserID string `json:"user_id"` // of a session
	}
	if err := json.Unmarshal(payload, &envelope); err != nil {
		return Event{}, fmt.Errorf("decode event: %w", err)
	}
	if err := json.Unmarshal(envelope.Data, &data); err != nil {
		return Event{}, fmt.Errorf("decode event: %w", err)
	}
	e := Event{ID: id, Type: envelope.Type, Time: time.UnixMilli(envelope.Timestamp).UTC(), UserID: data.ID, Data: envelope.Data}
	if data.UserID != "" {
		e.UserID = data.UserID
	}
	return e, nil
}
