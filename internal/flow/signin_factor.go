package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// PrepareFirstFactor starts a proof: it sends a code or a link.
//
// Errors: resource_not_found, resource_forbidden (not the client's current
// sign-in), strategy_for_user_invalid, form_param_value_invalid (strategy),
// verification_already_verified, verification_code_too_many_requests (30 s),
// too_many_requests, user_locked, user_banned.
func (e *Engine) PrepareFirstFactor(ctx context.Context, c Caller, id string, ask Prepare) (Outcome, error) {
	defer e.evenly(ctx)()
	a, st, r, err := e.firstFactorRound(ctx, c, id, ask.Strategy)
	if err != nil {
		return Outcome{}, err
	}
	sender, ok := st.(preparer)
	if !ok {
		return Outcome{}, badValue("strategy")
	}
	if err := e.admit(ctx, r, st); err != nil {
		return Outcome{}, err
	}
	to, err := sender.target(r.person, r.settings, ask)
	if err != nil {
		return Outcome{}, err
	}
	r.redirect = ask.RedirectURL
	if err := sender.prepare(ctx, r, to); err != nil {
		return Outcome{}, err
	}
	return Outcome{SignIn: e.signInView(a), Client: c.Client}, nil
}

// AttemptFirstFactor judges a proof. A right one completes the sign-in and starts a
// session, or leads to needs_second_factor or needs_new_password.
//
// Errors: form_password_incorrect, form_code_incorrect, verification_missing,
// verification_expired, verification_failed (no tries left),
// verification_already_verified, user_locked, user_banned, user.ErrBusy,
// sign_up_if_missing_transfer (the address was proved, and a sign-up may take it over),
// and those of PrepareFirstFactor.
func (e *Engine) AttemptFirstFactor(ctx context.Context, c Caller, id string, proof Proof) (Outcome, error) {
	defer e.evenly(ctx)()
	a, st, r, err := e.firstFactorRound(ctx, c, id, proof.Strategy)
	if err != nil {
		return Outcome{}, err
	}
	ch := r.challenge
	asOf, err := e.prove(ctx, r, st, proof)
	if err != nil {
		return Outcome{}, err
	}
	if r.person.user == nil {
		return e.offerTransfer(ctx, c, a, ch)
	}
	if _, resets := st.(resetter); resets {
		return e.mayReset(ctx, c, a, r.person, ch)
	}
	if _, sends := st.(preparer); !sends {
		ch = proved(st.name(), r.now)
	}
	seat, err := e.seatOf(ctx, c)
	if err != nil {
		return Outcome{}, err
	}
	return e.firstFactorProved(ctx, seat, a, r.person, ch, asOf, c.Activity)
}

// firstFactorRound loads what a step of the first factor works on. The sequence of
// steps is the attempt's status.
func (e *Engine) firstFactorRound(ctx context.Context, c Caller, id, name string) (*signInAttempt, strategy, *round, error) {
	a, err := e.loadSignIn(ctx, c, id)
	if err != nil {
		return nil, nil, nil, err
	}
	switch {
	case a.state.Status == statusComplete, a.state.Status == statusNeedsSecondFactor, a.state.Status == statusNeedsNewPassword:
		return nil, nil, nil, errVerified
	case c.Client.SignInID != a.id:
		return nil, nil, nil, errStale
	case a.state.Status != statusNeedsFirstFactor:
		return nil, nil, nil, missing("identifier")
	}
	s := e.settings()
	st, err := e.strategyNamed(name, s)
	if err != nil {
		return nil, nil, nil, err
	}
	p, err := e.personOf(ctx, a.state)
	if err != nil {
		return nil, nil, nil, err
	}
	r := &round{
		settings: s, now: e.now(), purpose: purposeSignIn, attempt: a.id, client: c.Client.ID, known: c.Client.KnownUserIDs,
		person: p, challenge: a.state.First,
	}
	r.begin = func(ctx context.Context, old, ch *challenge) error {
		return change(ctx, e, a, func(a *signInAttempt) error {
			return replaceChallenge(&a.state.First, old, ch, r.now)
		})
	}
	r.tried = func(ctx context.Context, n int) {
		e.note(ctx, a.id, change(ctx, e, a, func(a *signInAttempt) error {
			noteTries(&a.state.First, r.challenge.ID, n)
			return nil
		}))
	}
	return a, st, r, nil
}

// note logs that a number for display could not be stored. The number that counts
// is the store's own.
func (e *Engine) note(ctx context.Context, attempt string, err error) {
	if err != nil {
		e.log.WarnContext(ctx, "tries not noted", slog.String("attempt_id", attempt), slog.Any("err", err))
	}
}

// personOf reads whom a sign-in is about.
func (e *Engine) personOf(ctx context.Context, st signInState) (*person, error) {
	p := &person{identifier: st.Identifier, found: st.Found, key: e.keyOf(st.Identifier), hidden: st.Hidden, joins: st.Joins}
	if st.UserID == "" && !st.Hidden {
		return p, nil
	}
	u, err := e.users.ByID(ctx, e.orDecoy(st.UserID, p))
	switch {
	case errors.Is(err, user.ErrNotFound) && st.Hidden:
		return p, nil
	case errors.Is(err, user.ErrNotFound):
		return nil, errUserGone
	case err != nil:
		return nil, fmt.Errorf("read user: %w", err)
	}
	p.user = u
	return p, nil
}

// firstFactorProved goes on after the first factor: to the second where the user has
// one, else to a session. The proof is used up before that (C-04).
func (e *Engine) firstFactorProved(ctx context.Context, seat *seat, a *signInAttempt, p *person, ch *challenge, asOf time.Time, seen session.Activity) (Outcome, error) {
	second := secondFactorOn(p.user)
	if !second {
		if err := e.mayEnter(ctx, seat.client, string(p.user.ID), e.settings()); err != nil {
			return seat.outcome(), err
		}
	}
	now := e.now()
	err := change(ctx, e, a, func(a *signInAttempt) error {
		if err := consume(&a.state.First, ch); err != nil {
			return err
		}
		a.state.FirstFactorAt = now
		if second {
			a.state.Status = statusNeedsSecondFactor
			a.expireAt = earlier(a.expireAt, now.Add(secondFactorLifetime))
		}
		return nil
	})
	if err != nil {
		return seat.outcome(), err
	}
	if second { // S-10: nothing more than this attempt knows about it
		e.event(ctx, "first factor proved", slog.String("attempt_id", a.id), slog.String("user_id", string(p.user.ID)))
		return e.goOn(ctx, seat, a)
	}
	return e.completeSignIn(ctx, seat, a, session.NewSession{
		UserID: string(p.user.ID), AsOf: asOf, Strategy: ch.Strategy, FirstFactorAt: a.state.FirstFactorAt, Activity: seen,
	})
}

// goOn makes a sign-in the client's current one, and shows it.
func (e *Engine) goOn(ctx context.Context, seat *seat, a *signInAttempt) (Outcome, error) {
	err := e.point(ctx, seat, a.id, "")
	out := seat.outcome()
	if err == nil {
		out.SignIn = e.signInView(a)
	}
	return out, err
}

// secondFactorOn reports whether the user must prove a second factor to sign in.
func secondFactorOn(u *user.User) bool {
	if u.TOTPEnabled {
		return true
	}
	for _, i := range u.Identifications {
		if i.Kind == user.KindPhoneNumber && i.ReservedForSecondFactor && i.Verified() {
			return true
		}
	}
	return false
}

// completeSignIn starts the session and closes the attempt, which stays readable.
func (e *Engine) completeSignIn(ctx context.Context, seat *seat, a *signInAttempt, ns session.NewSession) (Outcome, error) {
	ss, err := e.enter(ctx, seat, ns)
	if err != nil {
		return seat.outcome(), err
	}
	if err := e.point(ctx, seat, "", ""); err != nil {
		return seat.outcome(), err
	}
	err = change(ctx, e, a, func(a *signInAttempt) error {
		a.state.Status, a.state.SessionID = statusComplete, ss.ID
		return nil
	})
	if err != nil {
		return seat.outcome(), err
	}
	at := ss.CreatedAt
	if _, err := e.users.Update(ctx, user.ID(ns.UserID), user.Change{LastSignInAt: &at}); err != nil {
		e.log.WarnContext(ctx, "last sign-in not noted", slog.String("user_id", ns.UserID), slog.Any("err", err))
	}
	out := seat.outcome()
	out.SignIn = e.signInView(a)
	return out, nil
}

// earlier returns the earlier of two moments.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
