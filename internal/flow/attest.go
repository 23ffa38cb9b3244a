package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/user"
)

// Operators let their servers ask whether a password or a code is a user's. Whatever a
// wrong one is told, it counts like one at the sign-in, and while the user is locked
// nothing is right (B-07): a server that passes guesses on buys none.

const purposeAttest = "attest"

// VerifyPassword returns nil if the password is the user's. Errors: incorrect_password,
// also for the right one of a locked user, no_password_set, user.ErrNotFound, user.ErrBusy.
func (e *Engine) VerifyPassword(ctx context.Context, id user.ID, password string) error {
	return e.attest(ctx, id, errPasswordIncorrect, func(p *person) (bool, error) {
		err := e.verify(ctx, p.standing(), password)
		switch {
		case errors.Is(err, user.ErrNoPassword):
			return false, errNoPassword
		case errors.Is(err, user.ErrPasswordWrong):
			return false, nil
		}
		return err == nil, err
	})
}

// VerifySecondFactor uses up a code of the user's authenticator app or a backup code, and
// tells which it was. Errors: totp_incorrect_code, also for the right one of a locked user,
// totp_disabled if the user has neither, user.ErrNotFound, user.ErrBusy.
func (e *Engine) VerifySecondFactor(ctx context.Context, id user.ID, code string) (kind user.SecondFactor, err error) {
	err = e.attest(ctx, id, errTOTPIncorrect, func(*person) (right bool, err error) {
		kind, err = e.users.VerifySecondFactor(ctx, id, code)
		switch {
		case errors.Is(err, user.ErrNoSecondFactor):
			return false, errTOTPOff
		case errors.Is(err, user.ErrCodeWrong):
			return false, nil
		}
		return err == nil, err
	})
	return kind, err
}

// attest judges a proof of a user and counts a wrong one. The lock is looked at before,
// so that it spends no backup code, and after, for guesses that run side by side.
func (e *Engine) attest(ctx context.Context, id user.ID, wrong *Error, judge func(*person) (bool, error)) error {
	u, err := e.users.ByID(ctx, id)
	if err != nil {
		return fmt.Errorf("read user: %w", err)
	}
	r := &round{settings: e.settings(), now: e.now(), purpose: purposeAttest, person: &person{user: u}}
	if closed, err := e.closed(ctx, r); err != nil || closed {
		return orElse(err, wrong)
	}
	right, err := judge(r.person)
	if err != nil {
		return err
	}
	if _, err := e.refresh(ctx, r.person); err != nil {
		return err
	}
	if r.person.user == nil {
		return user.ErrNotFound
	}
	switch closed, err := e.closed(ctx, r); {
	case err != nil || closed:
		return orElse(err, wrong)
	case right:
		return nil
	}
	if err := e.countFailure(ctx, r.person, r); err != nil && !errors.Is(err, errUserLocked) {
		return err
	}
	return wrong
}

// closed reports whether the user is locked, by failures or by an operator.
func (e *Engine) closed(ctx context.Context, r *round) (bool, error) {
	locked, err := e.lockedByFailures(ctx, r.person, r)
	return locked || lockedNow(r.person.user, r.now), err
}

// orElse is err, or otherwise where that is nil.
func orElse(err error, otherwise *Error) error {
	if err != nil {
		return err
	}
	return otherwise
}
