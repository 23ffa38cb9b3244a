package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/origin"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// EventType names what happened to a session.
type EventType string

// The event types. A session that expires or is replaced has none.
const (
	EventCreated EventType = "session.created"
	EventPending EventType = "session.pending" // began, and is not active yet
	EventEnded   EventType = "session.ended"   // signed out, or there were too many
	EventRemoved EventType = "session.removed" // signed out of all sessions of the client
	EventRevoked EventType = "session.revoked" // by an operator, another device, a ban, …
)

// SessionEvent is what others are told of a session. One of a type and session may be told
// more than once: these two name it.
type SessionEvent struct {
	Type     EventType
	Session  Session // as the change left it
	At       time.Time
	Strategy string // that a session began by, "" otherwise or if nobody remembers
	Origin   origin.Origin
}

// Publisher tells others of events of sessions, at least once. An error leaves all of them
// for the next time. It must not do what takes long: it puts them in a queue.
type Publisher interface {
	PublishSessionEvents(ctx context.Context, events []SessionEvent) error
}

// Intent is a note, made before the change, that a session is about to begin or to end.
// Sessions may lie where no transaction reaches both them and what tells of them, so a note comes
// first: a crash at any moment leaves it, and whoever finds it looks what became of the session.
type Intent struct {
	ID        string // "int_…"
	Begins    bool   // else it ends
	SessionID ID     // "" for all sessions of the user
	UserID    string
	At        time.Time
	Origin    origin.Origin
}

// IntentStore keeps intents where a crash does not take them.
type IntentStore interface {
	AddIntent(ctx context.Context, i Intent) error
	// Intents returns up to limit intents made before a time, the oldest first.
	Intents(ctx context.Context, before time.Time, limit int) ([]Intent, error)
	DropIntents(ctx context.Context, ids ...string) error
}

const (
	// orphanAfter is when nobody is at an intent any more: far longer than a change takes.
	orphanAfter = time.Minute
	// orphanPoll is how often orphans are looked for.
	orphanPoll = 5 * time.Second
	// maxConcluded bounds what waits in memory to be told; the rest is left to become orphans.
	maxConcluded = 10_000
	intentBatch  = 100
)

// concluded is an intent of this process and what came of it.
type concluded struct {
	intent string // its id
	events []SessionEvent
}

// journal is what this process has concluded and not told yet.
type journal struct {
	mu      sync.Mutex
	waiting []concluded
	looked  time.Time // for orphans
}

func (j *journal) add(c concluded) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.waiting) < maxConcluded {
		j.waiting = append(j.waiting, c)
	}
}

func (j *journal) take() []concluded {
	j.mu.Lock()
	defer j.mu.Unlock()
	batch := j.waiting[:min(len(j.waiting), intentBatch)]
	j.waiting = j.waiting[len(batch):]
	return batch
}

// orphansDue reports whether it is time to look for orphans again.
func (j *journal) orphansDue(now time.Time) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if now.Sub(j.looked).Abs() < orphanPoll {
		return false
	}
	j.looked = now
	return true
}

// intend notes that a session, or with id "" all of a user's, is about to begin or end.
func (s *Service) intend(ctx context.Context, begins bool, id ID, userID string) (Intent, error) {
	if s.cfg.Intents == nil {
		return Intent{}, nil
	}
	now := s.now()
	i := Intent{ID: random.ID("int", now), Begins: begins, SessionID: id, UserID: userID, At: now, Origin: origin.From(ctx)}
	return i, s.cfg.Intents.AddIntent(ctx, i)
}

// conclude hands on what came of an intent: no session at all where nothing changed.
func (s *Service) conclude(i Intent, strategy string, changed ...Session) {
	if i.ID == "" {
		return
	}
	s.journal.add(concluded{intent: i.ID, events: i.events(strategy, changed)})
}

func (i Intent) events(strategy string, changed []Session) []SessionEvent {
	var events []SessionEvent
	for _, ss := range changed {
		t := eventOf(i.Begins, ss.Status)
		if t == "" {
			continue
		}
		if i.Begins && t == EventCreated {
			ss.Status = StatusActive // what it was, whatever became of it since
		}
		events = append(events, SessionEvent{Type: t, Session: ss, At: i.At, Strategy: strategy, Origin: i.Origin})
	}
	return events
}

// eventOf is what is told of a session that began, or has a status now; "" is nothing.
func eventOf(begins bool, status Status) EventType {
	switch {
	case begins && status == StatusPending:
		return EventPending
	case begins && status != StatusAbandoned:
		return EventCreated
	case begins:
		return ""
	}
	return map[Status]EventType{StatusEnded: EventEnded, StatusRemoved: EventRemoved, StatusRevoked: EventRevoked}[status]
}

// PublishEvents tells Config.Publisher what happened to sessions: what this process has
// done, and what processes have left that did not finish. Call it on every node, several
// times a second.
func (s *Service) PublishEvents(ctx context.Context) error {
	if s.cfg.Intents == nil {
		return nil
	}
	for {
		batch := s.journal.take()
		if len(batch) == 0 {
			break
		}
		if err := s.publishEvents(ctx, batch); err != nil {
			for _, c := range batch {
				s.journal.add(c)
			}
			return err
		}
	}
	if now := s.now(); s.journal.orphansDue(now) {
		return s.adopt(ctx, now)
	}
	return nil
}

// publishEvents tells of what was concluded and drops the intents.
func (s *Service) publishEvents(ctx context.Context, batch []concluded) error {
	var events []SessionEvent
	var ids []string
	for _, c := range batch {
		events = append(events, c.events...)
		ids = append(ids, c.intent)
	}
	if s.cfg.Publisher != nil && len(events) > 0 {
		if err := s.cfg.Publisher.PublishSessionEvents(ctx, events); err != nil {
			return fmt.Errorf("publish events of sessions: %w", err)
		}
	}
	return wrap("publish events of sessions", s.cfg.Intents.DropIntents(ctx, ids...))
}

// adopt looks what became of sessions whose intents nobody concluded.
func (s *Service) adopt(ctx context.Context, now time.Time) error {
	for {
		orphans, err := s.cfg.Intents.Intents(ctx, now.Add(-orphanAfter), intentBatch)
		if err != nil {
			return wrap("read intents", err)
		}
		var batch []concluded
		for _, i := range orphans {
			changed, err := s.outcome(ctx, i)
			if err != nil {
				return wrap("read outcome of intent", err)
			}
			batch = append(batch, concluded{intent: i.ID, events: i.events("", changed)})
		}
		if len(batch) > 0 {
			if err := s.publishEvents(ctx, batch); err != nil {
				return err
			}
		}
		if len(orphans) < intentBatch {
			return nil
		}
	}
}

// outcome reads the sessions that an intent has changed.
func (s *Service) outcome(ctx context.Context, i Intent) ([]Session, error) {
	if i.SessionID == "" {
		all, err := s.cfg.Sessions.OfUser(ctx, i.UserID)
		var revoked []Session
		for _, ss := range all {
			if ss.Status == StatusRevoked && !ss.UpdatedAt.Before(i.At) {
				revoked = append(revoked, ss)
			}
		}
		return revoked, err
	}
	ss, err := s.cfg.Sessions.Get(ctx, i.SessionID)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil // it never began, or was forgotten since
	case err != nil:
		return nil, err
	}
	return []Session{ss}, nil
}
