package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// signIn signs in the user of a sign-in token, or who has the address of an invitation.
// The ticket is used up before anything is granted, and nothing is stored for one that is
// not good (C-04).
func (t ticket) signIn(ctx context.Context, c Caller, s Settings, proof Proof) (Outcome, error) {
	e, asOf := t.e, t.e.now()
	found, err := t.find(ctx, proof)
	if err != nil {
		return Outcome{}, err
	}
	p, err := t.holder(ctx, found)
	if err != nil {
		return Outcome{}, err
	}
	r := &round{settings: s, now: asOf, purpose: purposeSignIn, client: c.Client.ID, person: p}
	if err := e.admit(ctx, r, t); err != nil {
		return Outcome{}, err
	}
	if err := e.mayEnter(ctx, c.Client, string(p.user.ID), s); err != nil {
		return Outcome{}, err
	}
	if _, err := e.users.AcceptTicket(ctx, found.ID, p.user.ID); err != nil {
		return Outcome{}, fmt.Errorf("accept ticket: %w", err)
	}
	e.event(ctx, "ticket accepted", slog.String("ticket_id", string(found.ID)), slog.String("user_id", string(p.user.ID)))
	return t.signedIn(ctx, c, s, found.Kind, p, asOf)
}

// holder finds whom a ticket signs in: invitation_account_not_exists if nobody has the
// address that was invited, invitation_account_exists if it went to somebody after that.
// They did without the invitation, and do not expect an old mail to open their account.
func (t ticket) holder(ctx context.Context, found *user.Ticket) (*person, error) {
	var u *user.User
	var i user.Identification
	var err error
	if found.Kind == user.TicketInvitation {
		u, i, err = t.e.users.ByIdentifier(ctx, found.EmailAddress)
	} else {
		u, err = t.e.users.ByID(ctx, found.UserID)
	}
	switch {
	case errors.Is(err, user.ErrNotFound) && found.Kind == user.TicketInvitation:
		return nil, errNotYetUser
	case errors.Is(err, user.ErrNotFound):
		return nil, errUserGone
	case err != nil:
		return nil, fmt.Errorf("read user: %w", err)
	case i.CreatedAt.After(found.CreatedAt):
		return nil, errAlreadyUser
	}
	return &person{user: u}, nil
}

// signedIn stores the sign-in and completes it. An invitation proves an address and no
// more, so a second factor is asked for as ever; a sign-in token stands for all factors.
func (t ticket) signedIn(ctx context.Context, c Caller, s Settings, kind user.TicketKind, p *person, asOf time.Time) (Outcome, error) {
	e := t.e
	seat, err := e.seatOf(ctx, c)
	if err != nil {
		return Outcome{}, err
	}
	now := e.now()
	a := &signInAttempt{id: random.ID(prefixSignIn, now), expireAt: now.Add(signInLifetime), state: signInState{
		ClientID: seat.client.ID, Status: statusNeedsFirstFactor, UserID: p.user.ID,
		Factors: e.factorsOf(p, s), First: proved(strategyTicket, now),
	}}
	second := kind == user.TicketInvitation && secondFactorOn(p.user)
	if second {
		a.state.Status, a.expireAt = statusNeedsSecondFactor, now.Add(secondFactorLifetime)
	}
	if err := create(ctx, e, a); err != nil {
		return seat.outcome(), err
	}
	if second {
		return e.goOn(ctx, seat, a)
	}
	// M-06: no FirstFactorAt, since no factor was proved.
	return e.completeSignIn(ctx, seat, a, session.NewSession{
		UserID: string(p.user.ID), AsOf: asOf, Strategy: strategyTicket, Activity: c.Activity,
	})
}
