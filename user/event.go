package user

import (
	"context"
	"time"
)

// EventType names what happened to a user.
type EventType string

// The event types.
const (
	EventCreated         EventType = "user.created"
	EventUpdated         EventType = "user.updated" // any change but LastSignInAt and LastActiveAt alone
	EventDeleted         EventType = "user.deleted"
	EventBanned          EventType = "user.banned"
	EventPasswordChanged EventType = "user.password.changed"
	// EventSessionsEnd asks for the user's sessions to end, all but Event.KeepSession.
	EventSessionsEnd EventType = "user.sessions.end"
)

// urgent reports whether Service handles the event before it answers: sessions must
// not outlive what these say. The others wait for Drain.
func (t EventType) urgent() bool {
	return t == EventDeleted || t == EventBanned || t == EventPasswordChanged || t == EventSessionsEnd
}

// Event is one row of the outbox.
type Event struct {
	ID     string // "evt_" and 27 characters
	Type   EventType
	UserID ID
	At     time.Time
	// KeepSession is the session that EventSessionsEnd lets go on, "" for none.
	KeepSession string
	// Changes says what the change consisted of, see EachChange: names, separated by
	// blanks, each with ":" and the identification's id where it is about one.
	Changes string
}

// EventHandler does what must follow an event. It is called at least once per
// event, for events of one user in the order they were recorded, possibly by
// several nodes at once; the event is done when it returns nil. It must bound its
// own time.
type EventHandler interface {
	HandleUserEvent(ctx context.Context, e Event) error
}

// BatchHandler is what an EventHandler implements to handle many events at once.
type BatchHandler interface {
	// HandleUserEvents does what must follow events of one type, user.deleted or
	// user.banned, of different users. If it fails, all of them come again.
	HandleUserEvents(ctx context.Context, events []Event) error
}

// EventHandlerFunc is a function that handles events.
type EventHandlerFunc func(ctx context.Context, e Event) error

// HandleUserEvent calls f.
func (f EventHandlerFunc) HandleUserEvent(ctx context.Context, e Event) error { return f(ctx, e) }

// Outbox is the second half of a Store: events recorded with the change itself. With a
// public event the store also records the user as stored, or of a user who is deleted the
// external id, and who is behind the context of the change. An event is handled (Pending,
// Done) and, if it is public, published (Unpublished, Published), one independent of the other.
type Outbox interface {
	// Pending returns up to limit events that are not done, in the order they were
	// recorded, the oldest first.
	Pending(ctx context.Context, limit int) ([]Event, error)
	// Done marks events handled at the given time. Ids that are unknown or done
	// already are passed over.
	Done(ctx context.Context, at time.Time, ids ...string) error
	// Unpublished returns up to limit public events that are not published, in the order
	// they were recorded, the oldest first.
	Unpublished(ctx context.Context, limit int) ([]Publication, error)
	// Published marks events published at the given time and forgets the users recorded
	// with them. Ids that are unknown or published already are passed over.
	Published(ctx context.Context, at time.Time, ids ...string) error
	// Purge forgets events that were handled before the given time and need not be
	// published any more.
	Purge(ctx context.Context, before time.Time) error
}
