package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gatehouse-dev/gatehouse/internal/audit"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// PrepareVerification sends a code or a link to an address of the client's current sign-up.
//
// Errors: resource_not_found, resource_forbidden, form_param_missing (the address),
// verification_strategy_invalid, verification_already_verified,
// verification_code_too_many_requests (30 s), too_many_requests,
// form_identifier_exists (somebody took the address meanwhile).
func (e *Engine) PrepareVerification(ctx context.Context, c Caller, id string, ask Prepare) (Outcome, error) {
	defer e.evenly(ctx)()
	a, st, r, err := e.verificationRound(ctx, c, id, ask.Strategy)
	if err != nil {
		return Outcome{}, err
	}
	k := st.verifies()
	at, _ := a.state.at(k)
	if r.challenge != nil && r.challenge.Verified && r.challenge.Key == at.Key {
		return Outcome{}, errVerified
	}
	to := destination{value: at.Value, key: at.Key, place: at.Key}
	if hides(k, r.settings) {
		to, err = e.ownerOf(ctx, at.Value, to)
	} else {
		err = e.free(ctx, k, at.Value)
	}
	if err != nil {
		return Outcome{}, err
	}
	r.redirect = ask.RedirectURL
	if err := st.prepare(ctx, r, to); err != nil {
		return Outcome{}, err
	}
	return Outcome{SignUp: e.signUpView(a), Client: c.Client}, nil
}

// ownerOf turns the destination into the address as its owner has it stored; without one
// it stays what it is.
func (e *Engine) ownerOf(ctx context.Context, value string, to destination) (destination, error) {
	to.typed = e.nameOf(to.key)
	u, i, err := e.users.ByIdentifier(ctx, value)
	if errors.Is(err, user.ErrNotFound) {
		return to, nil
	}
	if err != nil {
		return to, fmt.Errorf("find owner: %w", err)
	}
	to.value, to.owner, to.name = i.Value, true, u.FirstName
	return to, nil
}

// AttemptVerification judges a code. With the last proof that a sign-up needs it
// creates the user and starts a session.
//
// Errors: form_code_incorrect, verification_missing, verification_expired,
// verification_failed (no tries left), verification_already_verified,
// sign_up_outdated_verification (the address was changed since),
// *user.TakenError, and those of PrepareVerification.
func (e *Engine) AttemptVerification(ctx context.Context, c Caller, id string, proof Proof) (Outcome, error) {
	a, st, r, err := e.verificationRound(ctx, c, id, proof.Strategy)
	if err != nil {
		return Outcome{}, err
	}
	ch := r.challenge
	right, err := st.judge(ctx, r, proof)
	if err != nil {
		return Outcome{}, err
	}
	if !right {
		e.event(ctx, "wrong proof", slog.String("attempt_id", a.id), slog.String("purpose", r.purpose))
		e.record(ctx, audit.Entry{Type: audit.SignUpFailed, Details: audit.Details{"attempt": a.id, "strategy": st.name()}})
		return Outcome{}, st.wrong()
	}
	err = change(ctx, e, a, func(a *signUpAttempt) error {
		at, _ := a.state.at(st.verifies())
		if at.Key != ch.Key { // C-03
			return errSignUpOutdated
		}
		return consume(&at.Proof, ch)
	})
	if err != nil {
		return Outcome{}, err
	}
	seat, err := e.seatOf(ctx, c)
	if err != nil {
		return Outcome{}, err
	}
	return e.advanceSignUp(ctx, c, seat, a, Prepare{})
}

// addressStrategy is a strategy that proves an address.
type addressStrategy interface {
	strategy
	verifier
}

// verifierNamed returns an enabled strategy that proves an address.
func (e *Engine) verifierNamed(name string, s Settings) (addressStrategy, error) {
	st, err := e.strategyNamed(name, s)
	if err != nil {
		return nil, err
	}
	by, ok := st.(addressStrategy)
	if !ok {
		return nil, errStrategyMismatch
	}
	return by, nil
}

// sendingStrategy returns the strategy that a sign-up is to send by, "" for none. With
// "password" a caller says no more than that the fields hold one.
func (e *Engine) sendingStrategy(name string, s Settings) (string, error) {
	if name == "" || name == strategyPassword && s.Password.Enabled {
		return "", nil
	}
	_, err := e.verifierNamed(name, s)
	return name, err
}

// verificationRound loads what a step of a sign-up's verification works on.
func (e *Engine) verificationRound(ctx context.Context, c Caller, id, name string) (*signUpAttempt, addressStrategy, *round, error) {
	a, err := e.openSignUp(ctx, c, id, errVerified)
	if err != nil {
		return nil, nil, nil, err
	}
	s := e.settings()
	st, err := e.verifierNamed(name, s)
	if err != nil {
		return nil, nil, nil, err
	}
	k := st.verifies()
	at, ok := a.state.at(k)
	if !ok || at.Value == "" {
		return nil, nil, nil, missing(string(k))
	}
	r := &round{
		settings: s, now: e.now(), purpose: purposeSignUp, attempt: a.id, client: c.Client.ID, challenge: at.Proof,
	}
	r.begin = func(ctx context.Context, old, ch *challenge) error {
		return change(ctx, e, a, func(a *signUpAttempt) error {
			at, _ := a.state.at(k)
			return replaceChallenge(&at.Proof, old, ch, r.now)
		})
	}
	r.tried = func(ctx context.Context, n int) {
		e.note(ctx, a.id, change(ctx, e, a, func(a *signUpAttempt) error {
			at, _ := a.state.at(k)
			noteTries(&at.Proof, r.challenge.ID, n)
			return nil
		}))
	}
	return a, st, r, nil
}

// completeSignUp creates the user of a sign-up that has all it needs and signs them
// in. The user is created whole, in one transaction: whatever fails after that
// leaves somebody who can sign in.
func (e *Engine) completeSignUp(ctx context.Context, seat *seat, a *signUpAttempt, seen session.Activity) (Outcome, error) {
	s := e.settings()
	if err := maySignUp(a.state, s); err != nil { // the mode may be another by now
		return seat.outcome(), err
	}
	if err := e.mayEnter(ctx, seat.client, "", s); err != nil {
		return seat.outcome(), err
	}
	asOf := e.now()
	u, err := e.users.Create(ctx, newUser(a.state))
	if err != nil {
		return seat.outcome(), fmt.Errorf("create user: %w", err)
	}
	e.event(ctx, "signed up", slog.String("user_id", string(u.ID)), slog.String("attempt_id", a.id))
	ss, err := e.enter(ctx, seat, session.NewSession{
		UserID: string(u.ID), AsOf: asOf, Strategy: strategyOf(a.state), Activity: seen,
	})
	if err != nil {
		return seat.outcome(), err
	}
	if err := e.point(ctx, seat, "", ""); err != nil {
		return seat.outcome(), err
	}
	err = change(ctx, e, a, func(a *signUpAttempt) error {
		a.state.UserID, a.state.SessionID, a.state.Digest = u.ID, ss.ID, ""
		return nil
	})
	if err != nil {
		return seat.outcome(), err
	}
	at := ss.CreatedAt
	if _, err := e.users.Update(ctx, u.ID, user.Change{LastSignInAt: &at}); err != nil {
		e.log.WarnContext(ctx, "last sign-in not noted", slog.String("user_id", string(u.ID)), slog.Any("err", err))
	}
	out := seat.outcome()
	out.SignUp = e.signUpView(a)
	return out, nil
}

// newUser is the user that a sign-up makes. An address that needed no proof is
// reserved: its owner may sign in with it, and it does not count as verified.
func newUser(st signUpState) user.NewUser {
	nu := user.NewUser{
		Username: st.Username, FirstName: st.FirstName, LastName: st.LastName, Locale: st.Locale,
		PasswordDigest: user.Digest(st.Digest), UnsafeMetadata: st.UnsafeMetadata, LegalAcceptedAt: st.LegalAcceptedAt,
		PublicMetadata: st.PublicMetadata, Invitation: st.Invitation,
	}
	if st.Email.Value != "" {
		nu.EmailAddresses = []user.NewIdentifier{{Value: st.Email.Value, Strategy: st.Email.strategy()}}
	}
	if st.Phone.Value != "" {
		nu.PhoneNumbers = []user.NewIdentifier{{Value: st.Phone.Value, Strategy: st.Phone.strategy()}}
	}
	return nu
}

// strategy names how the address was proved, "" if it was not.
func (a address) strategy() string {
	if a.verified() {
		return a.Proof.Strategy
	}
	return ""
}

// strategyOf names how a person who just signed up proved who they are.
func strategyOf(st signUpState) string {
	for _, a := range []address{st.Email, st.Phone} {
		if s := a.strategy(); s != "" {
			return s
		}
	}
	return strategyPassword
}
