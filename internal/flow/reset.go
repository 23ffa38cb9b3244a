package flow

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// resetLifetime is left to a sign-in after the proof that lets it set a password.
const resetLifetime = 10 * time.Minute

// resetter is a strategy that leads to a new password.
type resetter interface{ resets() }

// mayReset lets a sign-in set a new password. The proof is used up before that (C-04).
func (e *Engine) mayReset(ctx context.Context, c Caller, a *signInAttempt, p *person, ch *challenge) (Outcome, error) {
	if err := e.mayEnter(ctx, c.Client, string(p.user.ID), e.settings()); err != nil {
		return Outcome{}, err
	}
	now := e.now()
	err := change(ctx, e, a, func(a *signInAttempt) error {
		if err := consume(&a.state.First, ch); err != nil {
			return err
		}
		a.state.Status, a.state.FirstFactorAt = statusNeedsNewPassword, now
		a.expireAt = earlier(a.expireAt, now.Add(resetLifetime))
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	e.event(ctx, "password reset allowed", slog.String("attempt_id", a.id), slog.String("user_id", string(p.user.ID)))
	return Outcome{SignIn: e.signInView(a), Client: c.Client}, nil
}

// mayResetLocked reports whether the proof that a sign-in rests on passes a lock by
// failures: what passed it when it was judged goes on to a new password.
func (e *Engine) mayResetLocked(a *signInAttempt) bool {
	return a.state.First != nil && isMailed(a.state.First.Strategy) && e.settings().excepts(ExceptMail)
}

// ResetPassword sets the password of the user whose sign-in has proved an address for
// it, and goes on with the sign-in: a second factor is asked for as ever (C-11). With
// signOutOthers all other sessions of the user end. The change is told by mail to each
// verified address.
//
// Errors: resource_not_found, resource_forbidden (not the client's current sign-in, or
// one that may not set a password), *user.FieldError about password, user.ErrBusy,
// user_locked, user_banned, verification_failed (the address that was proved is the
// user's no more), session_exists, identifier_already_signed_in.
func (e *Engine) ResetPassword(ctx context.Context, c Caller, id, newPassword string, signOutOthers bool) (Outcome, error) {
	a, p, asOf, err := e.resetRound(ctx, c, id)
	if err != nil {
		return Outcome{}, err
	}
	if newPassword == "" {
		return Outcome{}, missing(fieldPassword)
	}
	// The policy has its say before the right to set a password is used up.
	digest, err := e.users.HashPassword(ctx, newPassword, p.user.Identifiers()...)
	if err != nil {
		return Outcome{}, fmt.Errorf("hash password: %w", err)
	}
	second := secondFactorOn(p.user)
	err = change(ctx, e, a, func(a *signInAttempt) error {
		if a.state.Status != statusNeedsNewPassword {
			return errStale
		}
		a.state.Status = statusNeedsIdentifier // spent: what follows says where it leads
		if second {
			a.state.Status = statusNeedsSecondFactor
		}
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	entering := session.NewSession{
		ID: session.NewSessionID(string(p.user.ID)), UserID: string(p.user.ID), AsOf: asOf,
		Strategy: a.state.First.Strategy, FirstFactorAt: a.state.FirstFactorAt, Activity: c.Activity,
	}
	renewed := user.Change{PasswordDigest: digest, EndSessions: signOutOthers}
	if !second {
		renewed.KeepSession = string(entering.ID)
	}
	if _, err := e.users.Update(ctx, p.user.ID, renewed); err != nil {
		return Outcome{}, fmt.Errorf("set password: %w", err)
	}
	e.event(ctx, "password reset", slog.String("user_id", string(p.user.ID)), slog.String("attempt_id", a.id))
	seat := &seat{client: c.Client, sent: c.Cookie}
	if second {
		out := seat.outcome()
		out.SignIn = e.signInView(a)
		return out, nil
	}
	return e.completeSignIn(ctx, seat, a, entering)
}

// resetRound loads a sign-in that may set a password, and whom it is about as they are
// now: much may have happened since the proof.
func (e *Engine) resetRound(ctx context.Context, c Caller, id string) (*signInAttempt, *person, time.Time, error) {
	fail := func(err error) (*signInAttempt, *person, time.Time, error) { return nil, nil, time.Time{}, err }
	a, err := e.loadSignIn(ctx, c, id)
	switch {
	case err != nil:
		return fail(err)
	case c.Client.SignInID != a.id || a.state.Status != statusNeedsNewPassword:
		return fail(errStale)
	}
	asOf := e.now()
	p, err := e.personOf(ctx, a.state)
	switch {
	case err != nil:
		return fail(err)
	case p.user == nil:
		return fail(errUserGone)
	}
	if err := excluded(unlockedIf(e.mayResetLocked(a), p.user), asOf); err != nil {
		return fail(err)
	}
	if err := p.current(a.state.First); err != nil {
		return fail(err)
	}
	if err := e.mayEnter(ctx, c.Client, string(p.user.ID), e.settings()); err != nil {
		return fail(err)
	}
	return a, p, asOf, nil
}
