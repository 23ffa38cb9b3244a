package user

import (
	"context"
	"time"
)

// The lives of tickets.
const (
	defaultTicketLife = 30 * 24 * time.Hour
	maxInvitationLife = 365 * 24 * time.Hour
	// keepTokens is how long a sign-in or actor token that has expired is still known, so that who
	// comes with it is told so.
	keepTokens = 30 * 24 * time.Hour
)

// CreateSignInToken makes a ticket that signs the user in, whatever factors they have:
// hand its secret to nobody else. life is a second or more; 0 means 30 days.
// Errors: ErrNotFound, *FieldError.
func (s *Service) CreateSignInToken(ctx context.Context, id ID, life time.Duration) (*IssuedTicket, error) {
	switch {
	case !id.Valid():
		return nil, ErrNotFound
	case life == 0:
		life = defaultTicketLife
	case life < time.Second:
		return nil, &FieldError{Field: "expires_in_seconds", Rule: RuleValue}
	}
	t := newTicket(TicketSignIn, s.now(), life)
	t.UserID = id
	if err := s.tickets.CreateTickets(ctx, t.CreatedAt, &t.Ticket); err != nil {
		return nil, err
	}
	return t, nil
}

// TicketBySecret finds a ticket in whatever status. ErrNotFound for every text that is
// not the whole secret of one (C-10).
func (s *Service) TicketBySecret(ctx context.Context, secret string) (*Ticket, error) {
	if len(secret) != ticketSecretLength {
		return nil, ErrNotFound
	}
	return s.tickets.TicketByHash(ctx, ticketHash(secret))
}

// AcceptTicket uses a ticket up for the user who comes in by it. Of parallel callers, on
// whatever nodes, exactly one succeeds. An invitation that makes a new user is accepted by
// Create instead. Errors: *TicketError, ErrNotFound.
func (s *Service) AcceptTicket(ctx context.Context, id TicketID, by ID) (*Ticket, error) {
	if id.Kind() == "" || !by.Valid() {
		return nil, ErrNotFound
	}
	return s.tickets.SettleTicket(ctx, id, TicketAccepted, by, s.now())
}

// RevokeTicket makes a ticket that nobody has used good for nothing, expired or not.
// Errors: *TicketError (accepted or revoked), ErrNotFound.
func (s *Service) RevokeTicket(ctx context.Context, id TicketID) (*Ticket, error) {
	if id.Kind() == "" {
		return nil, ErrNotFound
	}
	return s.tickets.SettleTicket(ctx, id, TicketRevoked, "", s.now())
}
