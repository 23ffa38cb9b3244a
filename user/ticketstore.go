package user

import (
	"context"
	"time"
)

// TicketStore is the third part of a Store: tickets, in the database of the users whom
// they let in, so that an invitation is accepted in the transaction that makes the user.
// Times are compared with the caller's.
type TicketStore interface {
	// CreateTickets adds tickets, all or none. ErrNotFound if there is no user for a
	// sign-in or actor token; *InvitedError if an invitation is Sole and another of its address is
	// pending at now: two that come at once cannot both be.
	CreateTickets(ctx context.Context, now time.Time, tickets ...*Ticket) error
	// TicketByHash returns ErrNotFound for unknown ones.
	TicketByHash(ctx context.Context, hash string) (*Ticket, error)
	// SettleTicket turns a pending ticket into an accepted or a revoked one and returns
	// it; by, if not "", becomes its user. Of parallel callers exactly one succeeds.
	// Errors: *TicketError with the status it has instead (expired only where it was to
	// be accepted), ErrNotFound.
	SettleTicket(ctx context.Context, id TicketID, to TicketStatus, by ID, now time.Time) (*Ticket, error)
	// CreateInvited is Store.Create and, in the same transaction, SettleTicket of an
	// invitation that u accepts. *TicketError comes before any other error of Create;
	// ErrNotFound if the invitation is for none of u's claimed addresses.
	CreateInvited(ctx context.Context, u *User, id TicketID, now time.Time, events ...Event) error
	// FindInvitations returns a page of what q selects at now, in q's order; those that
	// are equal in it are ordered by id.
	FindInvitations(ctx context.Context, q InvitationQuery, now time.Time) ([]*Ticket, error)
	// CountInvitations counts what q selects at now, on all pages.
	CountInvitations(ctx context.Context, q InvitationQuery, now time.Time) (int, error)
	// PurgeTokens forgets sign-in and actor tokens that expired before the given time.
	PurgeTokens(ctx context.Context, before time.Time) error
}
