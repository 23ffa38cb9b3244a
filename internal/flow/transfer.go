package flow

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// A sign-in that asks for it (SignInFields.SignUpIfMissing) goes on as a sign-up where
// nobody has the address: the code or link goes to the address that was typed, and who
// proves it may take it over into a sign-up. Until then the answers are those that a known
// address gets under enumeration protection (E-01).

// transferLifetime is left to a sign-in after the proof of an address of nobody.
const transferLifetime = 10 * time.Minute

// mayAskToJoin checks what does not depend on the identifier, so that known and unknown
// ones are refused alike.
func mayAskToJoin(st strategy, s Settings) error {
	if s.SignUpMode == signUpRestricted {
		return errJoinOff
	}
	if _, proves := st.(verifier); st != nil && !proves {
		return errJoinStrategy
	}
	return nil
}

// join lets a person who is nobody prove the address that they typed, if one could sign
// up with it.
func (e *Engine) join(p *person, s Settings) {
	k, _, err := user.ParseIdentifier(p.identifier)
	if err != nil || !s.identifies(k) {
		return
	}
	nu := user.NewUser{}
	switch k {
	case user.KindEmailAddress:
		nu.EmailAddresses = []user.NewIdentifier{{Value: p.identifier}}
	case user.KindPhoneNumber:
		nu.PhoneNumbers = []user.NewIdentifier{{Value: p.identifier}}
	default:
		return
	}
	if e.users.Check(nu) == nil {
		p.joins, p.hidden = true, true
	}
}

// typed is the address of a kind that a person who joins has typed.
func (p *person) typed(k user.Kind) (destination, bool) {
	kind, _, err := user.ParseIdentifier(p.identifier)
	if !p.joins || p.user != nil || err != nil || kind != k {
		return destination{}, false
	}
	shown, key, err := user.Canonical(k, p.identifier)
	return destination{value: shown, key: key}, err == nil
}

// offerTransfer notes that nobody's address was proved. The proof is used up before that
// (C-04).
func (e *Engine) offerTransfer(ctx context.Context, c Caller, a *signInAttempt, ch *challenge) (Outcome, error) {
	now := e.now()
	err := change(ctx, e, a, func(a *signInAttempt) error {
		if err := consume(&a.state.First, ch); err != nil {
			return err
		}
		a.state.First.Transferable = true
		a.expireAt = earlier(a.expireAt, now.Add(transferLifetime))
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	e.event(ctx, "address of nobody proved", slog.String("attempt_id", a.id))
	return Outcome{Client: c.Client}, errSignUpIfMissing
}

// transferable returns the client's sign-in, if it has proved an address of nobody, and
// what a sign-up takes over from it.
func (e *Engine) transferable(ctx context.Context, c Caller) (*signInAttempt, signUpState, error) {
	a, err := e.loadSignIn(ctx, c, c.Client.SignInID)
	switch {
	case errors.Is(err, errNotFound):
		return nil, signUpState{}, errTransfer
	case err != nil:
		return nil, signUpState{}, err
	case a.state.First == nil || !a.state.First.Transferable:
		return nil, signUpState{}, errTransfer
	}
	k, _, err := user.ParseIdentifier(a.state.Identifier)
	if err != nil {
		return nil, signUpState{}, errTransfer
	}
	shown, key, err := user.Canonical(k, a.state.Identifier)
	if err != nil {
		return nil, signUpState{}, errTransfer
	}
	proof := *a.state.First
	proof.Transferable = false
	var st signUpState
	if at, ok := st.at(k); ok {
		*at = address{Value: shown, Key: key, Proof: &proof}
	}
	return a, st, nil
}

// spend uses up what a sign-in has to hand over. Of parallel sign-ups exactly one gets it.
func (e *Engine) spend(ctx context.Context, a *signInAttempt) error {
	return change(ctx, e, a, func(a *signInAttempt) error {
		if a.state.First == nil || !a.state.First.Transferable {
			return errTransfer
		}
		spent := *a.state.First
		spent.Transferable = false
		a.state.First, a.state.Status = &spent, statusNeedsIdentifier
		return nil
	})
}
