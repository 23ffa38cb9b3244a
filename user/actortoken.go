package user

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

// The bounds of actor tokens (B-05).
const (
	defaultActorTokenLife = time.Hour
	maxActorTokenLife     = 24 * time.Hour
	// MaxActorSession is how long a session lasts at most in which somebody acts as the
	// user, and how long it lasts where nothing else is asked for.
	MaxActorSession = 30 * time.Minute

	maxActorBytes = 1024 // of compact JSON: it is in every token of the session
	maxActorDepth = 6    // of objects and arrays, the outermost included
)

// NewActorToken says who may act as whom.
type NewActorToken struct {
	UserID ID // whom they act as
	// Actor is who acts: an object with a sub. It becomes the claim act (RFC 8693 §4.1) of
	// every token of the session, as it is; a reason for what is done belongs in here.
	Actor       json.RawMessage
	Life        time.Duration // of the ticket: a second to a day; 0 means an hour
	SessionLife time.Duration // a second to MaxActorSession, which 0 means
}

// CreateActorToken makes a ticket by which somebody signs in as the user, once.
// Errors: ErrNotFound, *FieldError (actor, expires_in_seconds,
// session_max_duration_in_seconds).
func (s *Service) CreateActorToken(ctx context.Context, n NewActorToken) (*IssuedTicket, error) {
	if !n.UserID.Valid() {
		return nil, ErrNotFound
	}
	actor, err := compactActor(n.Actor)
	if err != nil {
		return nil, err
	}
	if n.Life == 0 {
		n.Life = defaultActorTokenLife
	}
	if n.SessionLife == 0 {
		n.SessionLife = MaxActorSession
	}
	switch {
	case n.Life < time.Second || n.Life > maxActorTokenLife:
		return nil, &FieldError{Field: "expires_in_seconds", Rule: RuleValue}
	case n.SessionLife < time.Second || n.SessionLife > MaxActorSession:
		return nil, &FieldError{Field: "session_max_duration_in_seconds", Rule: RuleValue}
	}
	t := newTicket(TicketActor, s.now(), n.Life)
	t.UserID, t.Actor, t.SessionLife = n.UserID, actor, n.SessionLife
	if err := s.tickets.CreateTickets(ctx, t.CreatedAt, &t.Ticket); err != nil {
		return nil, err
	}
	return t, nil
}

// compactActor returns what names an actor without blanks. What verifiers read of it has
// the form that they read.
func compactActor(raw json.RawMessage) (json.RawMessage, error) {
	const field = "actor"
	if len(raw) == 0 {
		return nil, &FieldError{Field: field, Rule: RuleMissing}
	}
	switch err := strictjson.CheckObject(raw, maxActorDepth); {
	case errors.Is(err, strictjson.ErrNotObject):
		return nil, &FieldError{Field: field, Rule: RuleValue}
	case errors.Is(err, strictjson.ErrDepth):
		return nil, &FieldError{Field: field, Rule: RuleTooLarge, Limit: maxActorDepth}
	case err != nil:
		return nil, &FieldError{Field: field, Rule: RuleFormat}
	}
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return nil, &FieldError{Field: field, Rule: RuleFormat}
	}
	if out.Len() > maxActorBytes {
		return nil, &FieldError{Field: field, Rule: RuleTooLarge, Limit: maxActorBytes}
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(out.Bytes(), &members); err != nil {
		return nil, &FieldError{Field: field, Rule: RuleFormat}
	}
	for _, name := range []string{"sub", "iss", "sid", "type"} {
		value, given := members[name]
		if !given {
			continue
		}
		var text *string
		if err := json.Unmarshal(value, &text); err != nil || text == nil {
			return nil, &FieldError{Field: field, Rule: RuleValue}
		}
	}
	if sub := string(members["sub"]); sub == "" || sub == `""` {
		return nil, &FieldError{Field: field, Rule: RuleMissing}
	}
	return out.Bytes(), nil
}
