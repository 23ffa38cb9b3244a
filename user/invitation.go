package user

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// NewInvitation is what Invite needs. The zero value of every optional field works.
type NewInvitation struct {
	EmailAddress   string          // required
	PublicMetadata json.RawMessage // of the user who accepts; nil means {}
	RedirectURL    string          // where its link leads; checked by the caller
	Life           time.Duration   // at most 365 days; 0 means 30
	// BesideAnother allows it though another invitation of the address is pending, and
	// OfUser though a user has the address: who accepts it then signs in.
	BesideAnother, OfUser bool
}

// Invite makes invitations, all or none. Errors: *FieldError, *TakenError (a user has the
// address), *InvitedError.
func (s *Service) Invite(ctx context.Context, list ...NewInvitation) ([]*IssuedTicket, error) {
	now := s.now()
	issued := make([]*IssuedTicket, len(list))
	stored := make([]*Ticket, len(list))
	for n, ni := range list {
		t, err := s.newInvitation(ctx, ni, now)
		if err != nil {
			return nil, err
		}
		issued[n], stored[n] = t, &t.Ticket
	}
	if err := s.tickets.CreateTickets(ctx, now, stored...); err != nil {
		return nil, err
	}
	return issued, nil
}

func (s *Service) newInvitation(ctx context.Context, ni NewInvitation, now time.Time) (*IssuedTicket, error) {
	shown, key, err := Canonical(KindEmailAddress, ni.EmailAddress)
	if err != nil {
		return nil, err
	}
	metadata, err := compactMetadata("public_metadata", ni.PublicMetadata)
	if err != nil {
		return nil, err
	}
	life := orDefault(ni.Life, defaultTicketLife)
	if life < time.Second || life > maxInvitationLife {
		return nil, &FieldError{Field: "expires_in_days", Rule: RuleValue}
	}
	if !ni.OfUser {
		taken, err := s.Taken(ctx, KindEmailAddress, shown)
		if err != nil {
			return nil, err
		}
		if taken {
			return nil, &TakenError{Kind: KindEmailAddress}
		}
	}
	t := newTicket(TicketInvitation, now, life)
	t.EmailAddress, t.EmailKey, t.PublicMetadata = shown, key, metadata
	t.RedirectURL, t.Sole = ni.RedirectURL, !ni.BesideAnother
	return t, nil
}

// InvitationQuery selects invitations.
type InvitationQuery struct {
	Statuses []TicketStatus // alternatives, at most 4; nil means all but revoked
	Text     string         // substring of address or id, without case; at most 256 code points
	// OrderBy is "created_at", "email_address" or "expires_at" with an optional sign; ""
	// means "-created_at".
	OrderBy string
	Limit   int // 1…500; 0 means 10
	Offset  int // 0…1,000,000
}

// Invitations returns a page of invitations, and how many there are on all pages.
// Errors: *FieldError.
func (s *Service) Invitations(ctx context.Context, q InvitationQuery) (page []*Ticket, total int, err error) {
	if q, err = q.canonical(); err != nil {
		return nil, 0, err
	}
	now := s.now()
	if total, err = s.tickets.CountInvitations(ctx, q, now); err != nil {
		return nil, 0, err
	}
	if page, err = s.tickets.FindInvitations(ctx, q, now); err != nil {
		return nil, 0, err
	}
	return page, total, nil
}

// canonical checks q and fills its defaults in.
func (q InvitationQuery) canonical() (InvitationQuery, error) {
	if q.Statuses == nil {
		q.Statuses = []TicketStatus{TicketPending, TicketAccepted, TicketExpired}
	}
	known := []TicketStatus{TicketPending, TicketAccepted, TicketRevoked, TicketExpired}
	q.Statuses = slices.Compact(slices.Sorted(slices.Values(q.Statuses)))
	for _, status := range q.Statuses {
		if !slices.Contains(known, status) {
			return q, &FieldError{Field: "status", Rule: RuleValue}
		}
	}
	q.OrderBy = orDefault(q.OrderBy, "-created_at")
	field := strings.TrimPrefix(strings.TrimPrefix(q.OrderBy, "+"), "-")
	fields := []string{"created_at", "email_address", "expires_at"}
	switch {
	case strings.HasPrefix(q.OrderBy, "+-"), !slices.Contains(fields, field):
		return q, &FieldError{Field: "order_by", Rule: RuleValue}
	case q.Limit < 0 || q.Limit > maxLimit:
		return q, &FieldError{Field: "limit", Rule: RuleValue, Limit: maxLimit}
	case q.Offset < 0 || q.Offset > maxOffset:
		return q, &FieldError{Field: "offset", Rule: RuleValue, Limit: maxOffset}
	}
	q.Limit = orDefault(q.Limit, defaultLimit)
	var err error
	q.Text, err = cleanText("query", q.Text, maxNameLength)
	return q, err
}
