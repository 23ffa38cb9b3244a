package flow

import (
	"context"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/user"
)

// invitation finds the invitation that a sign-up comes with. It is used up with the
// creation of its user, so whoever breaks off may come again.
func (t ticket) invitation(ctx context.Context, p Proof) (*user.Ticket, error) {
	found, err := t.find(ctx, p)
	if err != nil {
		return nil, err
	}
	switch found.Kind {
	case user.TicketSignIn:
		return nil, errTokenForSignIn
	case user.TicketActor:
		return nil, errActorForSignIn
	}
	if err := t.e.free(ctx, user.KindEmailAddress, found.EmailAddress); err != nil {
		return nil, err
	}
	return found, nil
}

// readSignUp checks what was sent on top of what is there, and the invitation that may have
// come with it. It returns the edit that it makes and what it asks to be sent.
func (e *Engine) readSignUp(ctx context.Context, f SignUpFields, st signUpState, s Settings) (func(*signUpState), Prepare, error) {
	ask := Prepare{Strategy: f.Strategy, RedirectURL: f.RedirectURL}
	var invitation *user.Ticket
	if by, ok := e.bearerNamed(f.Strategy, s); ok {
		var err error
		if invitation, err = by.invitation(ctx, Proof{Strategy: f.Strategy, Ticket: f.Ticket}); err != nil {
			return nil, ask, err
		}
		ask.Strategy = "" // nothing is to be sent
	}
	e.invite(&st, invitation)
	if err := maySignUp(st, s); err != nil {
		return nil, ask, err
	}
	var err error
	if ask.Strategy, err = e.sendingStrategy(ask.Strategy, s); err != nil {
		return nil, ask, err
	}
	if err := keepsAddress(f, st); err != nil {
		return nil, ask, err
	}
	edit, err := e.readFields(ctx, f, st, s)
	return func(st *signUpState) {
		e.invite(st, invitation)
		edit(st)
	}, ask, err
}

// invite makes a sign-up one by an invitation: the address is the invited one, and proved.
func (e *Engine) invite(st *signUpState, invitation *user.Ticket) {
	if invitation == nil || st.Invitation == invitation.ID {
		return
	}
	proof := proved(strategyTicket, e.now())
	proof.Key = invitation.EmailKey
	st.Email = address{Value: invitation.EmailAddress, Key: invitation.EmailKey, Proof: proof}
	st.Invitation, st.PublicMetadata = invitation.ID, invitation.PublicMetadata
}

// keepsAddress fails for an e-mail address that is not the one which was invited.
func keepsAddress(f SignUpFields, st signUpState) error {
	if st.Invitation == "" || given(f.EmailAddress) == "" {
		return nil
	}
	_, key, err := user.Canonical(user.KindEmailAddress, *f.EmailAddress)
	if err != nil {
		return fmt.Errorf("check sign-up: %w", err)
	}
	if key != st.Email.Key {
		return badValue(string(user.KindEmailAddress))
	}
	return nil
}

// maySignUp fails where nobody signs up without an invitation.
func maySignUp(st signUpState, s Settings) error {
	if s.SignUpMode == signUpRestricted && st.Invitation == "" {
		return errSignUpRestricted
	}
	return nil
}
