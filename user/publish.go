package user

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/internal/origin"
)

// Public reports whether others than this module hear of events of the type: webhooks,
// subscribers and the audit log.
func (t EventType) Public() bool {
	return t == EventCreated || t == EventUpdated || t == EventDeleted
}

// Publication is a public event with what it takes to tell of it: all of it was
// recorded in the transaction of the change.
type Publication struct {
	Event
	// User is the user as the change left them, whatever became of them since; nil for
	// EventDeleted. PasswordDigest holds no digest: it only says whether there was one.
	User *User
	// ExternalID is that of a user who was deleted.
	ExternalID string
	// Origin is who asked for the change.
	Origin origin.Origin
}

// Publisher tells others of public events. It is called with events of one user in the
// order of their changes, at least once for each, possibly by several nodes at once: it
// must recognise an event by its id. An error leaves all of them for the next time. It
// must not do what takes long or fails for reasons of its own: it puts them in a queue.
type Publisher interface {
	PublishUserEvents(ctx context.Context, events []Publication) error
}

// publish hands public events that nobody was told of to Config.Publisher.
func (s *Service) publish(ctx context.Context) error {
	for {
		events, err := s.outbox.Unpublished(ctx, drainBatch)
		if err != nil {
			return fmt.Errorf("publish events: %w", err)
		}
		if len(events) == 0 {
			return nil
		}
		told, err := s.complete(ctx, events)
		if err == nil && s.cfg.Publisher != nil {
			err = s.cfg.Publisher.PublishUserEvents(ctx, told)
		}
		if err != nil {
			return fmt.Errorf("publish events: %w", err)
		}
		ids := make([]string, len(events))
		for n, e := range events {
			ids[n] = e.ID
		}
		if err := s.outbox.Published(ctx, s.now(), ids...); err != nil {
			return fmt.Errorf("publish events: %w", err)
		}
		if len(events) < drainBatch {
			return nil
		}
	}
}

// complete gives events that were recorded without a user the user of now. Who is gone
// has nothing to be told but the deletion.
func (s *Service) complete(ctx context.Context, events []Publication) ([]Publication, error) {
	told := events[:0:0]
	for _, e := range events {
		if e.User == nil && e.Type != EventDeleted {
			u, err := s.store.ByID(ctx, e.UserID)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			e.User = u
		}
		told = append(told, e)
	}
	return told, nil
}
