package flow

import (
	"context"
	"errors"

	"github.com/gatehouse-dev/gatehouse/user"
)

// password proves a factor by the user's password.
type password struct{ e *Engine }

const strategyPassword = "password"

func (password) name() string   { return strategyPassword }
func (password) object() string { return "verification_password" }
func (password) wrong() *Error {
	return &Error{Code: "form_password_incorrect", Param: "password"}
}

// implied names the strategy that a sign-in asks for without naming one: a
// password alone says enough.
func implied(f SignInFields) string {
	if f.Strategy == "" && f.Password != "" {
		return strategyPassword
	}
	return f.Strategy
}

func (password) factors(p *person, _ Settings) []Factor {
	if !p.hidden && (p.user == nil || p.user.PasswordDigest == "") {
		return nil
	}
	return []Factor{{Strategy: strategyPassword}}
}

// judge spends one hash on every path: nobody, no password, banned and locked
// included (P-07).
func (s password) judge(ctx context.Context, r *round, p Proof) (bool, error) {
	if p.Password == "" {
		return false, missing("password")
	}
	err := s.e.verify(ctx, r.person.standing(), p.Password)
	switch {
	case err == nil:
		return r.person.user != nil, nil
	case errors.Is(err, user.ErrPasswordWrong):
		return false, nil
	case errors.Is(err, user.ErrNoPassword):
		if r.person.user == nil || r.person.hidden {
			return false, nil
		}
		return false, errStrategyForUser
	}
	return false, err // user.ErrBusy: nothing was checked, nothing counts (P-09)
}
