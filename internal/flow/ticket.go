package flow

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

const strategyTicket = session.StrategyTicket

// ticket lets in whoever holds a ticket that a server has issued. It is always on: without
// the Backend API there are no tickets. Who signs in by a sign-in token has proved no
// factor, and is asked for none (M-06); who comes by an actor token is somebody else, who
// acts as the user (B-05); who comes by an invitation has proved an e-mail address.
type ticket struct{ e *Engine }

// bearer is a strategy whose proof says by itself whom it lets in, so that nobody types an
// identifier: it begins an attempt and is no step of one.
type bearer interface {
	strategy
	// signIn signs in whom the proof is for.
	signIn(ctx context.Context, c Caller, s Settings, p Proof) (Outcome, error)
	// invitation finds the invitation that the proof is; its address counts as proved.
	invitation(ctx context.Context, p Proof) (*user.Ticket, error)
}

func (ticket) name() string                       { return strategyTicket }
func (ticket) object() string                     { return "verification_ticket" }
func (ticket) wrong() *Error                      { return errTicketInvalid }
func (ticket) factors(*person, Settings) []Factor { return nil }
func (ticket) entersOnly()                        {}
func (ticket) judge(context.Context, *round, Proof) (bool, error) {
	return false, errStrategyForUser
}

// bearerNamed returns the strategy if it is one that needs no identifier.
func (e *Engine) bearerNamed(name string, s Settings) (bearer, bool) {
	for _, st := range e.table {
		if by, ok := st.(bearer); ok && st.name() == name && s.enables(name) {
			return by, true
		}
	}
	return nil, false
}

// find reads a ticket: form_param_missing, ticket_invalid_code, and *user.TicketError for
// one that is good no more.
func (t ticket) find(ctx context.Context, p Proof) (*user.Ticket, error) {
	if p.Ticket == "" {
		return nil, missing("ticket")
	}
	found, err := t.e.users.TicketBySecret(ctx, p.Ticket)
	if errors.Is(err, user.ErrNotFound) {
		return nil, errTicketInvalid
	}
	if err != nil {
		return nil, fmt.Errorf("read ticket: %w", err)
	}
	if status := found.StatusAt(t.e.now()); status != user.TicketPending {
		return nil, &user.TicketError{Kind: found.Kind, Status: status}
	}
	return found, nil
}

// The statuses with which a ticket's link lands.
const (
	landSignIn   = "sign_in"
	landSignUp   = "sign_up"
	landComplete = "complete"
)

// TicketLanding is where the link of a ticket leads.
type TicketLanding struct {
	Status string // sign_in; sign_up (nobody has the address yet); complete (nothing left to do)
	// RedirectURL is the page that was named when the ticket was issued, else the
	// instance's own for the status.
	RedirectURL string
	// Ticket is to be handed to that page, "" if complete.
	Ticket string
}

// LandTicket says where the link of a ticket leads. It uses nothing up: that is for the
// page to do, which also is told what is wrong with a ticket that is good no more.
//
// Errors: ticket_invalid_code.
func (e *Engine) LandTicket(ctx context.Context, secret string) (TicketLanding, error) {
	t, err := e.users.TicketBySecret(ctx, secret)
	if errors.Is(err, user.ErrNotFound) {
		return TicketLanding{}, errTicketInvalid
	}
	if err != nil {
		return TicketLanding{}, fmt.Errorf("read ticket: %w", err)
	}
	s := e.settings()
	to := TicketLanding{Status: landSignIn, RedirectURL: s.SignInURL, Ticket: secret}
	if t.Kind == user.TicketInvitation {
		taken, err := e.users.Taken(ctx, user.KindEmailAddress, t.EmailAddress)
		if err != nil {
			return TicketLanding{}, fmt.Errorf("look for the invited: %w", err)
		}
		switch {
		case t.Status == user.TicketAccepted:
			to.Status, to.Ticket = landComplete, ""
		case !taken:
			to.Status, to.RedirectURL = landSignUp, s.SignUpURL
		}
	}
	if t.RedirectURL != "" {
		to.RedirectURL = t.RedirectURL
	}
	return to, nil
}

// linkOf is the link of a ticket.
func (s Settings) linkOf(secret user.TicketSecret) string {
	return s.TicketURL + "?" + url.Values{"ticket": {string(secret)}}.Encode()
}
