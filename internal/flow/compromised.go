package flow

import "github.com/gatehouse-dev/gatehouse/user"

// A password that an operator has marked as compromised proves nothing any more: it may be
// what somebody else knows. Its owner signs in by a code or a link, which leads to a new
// password instead of a session.

// guarded is a strategy that turns some users away whose proof is right.
type guarded interface {
	turnsAway(u *user.User) error
}

func (password) turnsAway(u *user.User) error {
	if u.PasswordCompromised {
		return errPasswordCompromised
	}
	return nil
}

// turnedAway says why the right proof of a strategy lets u in no more; nil if it does.
func turnedAway(st strategy, u *user.User) error {
	if g, ok := st.(guarded); ok {
		return g.turnsAway(u)
	}
	return nil
}

// mustReset reports whether a sign-in of u leads to a new password, whatever proved it.
func mustReset(u *user.User, s Settings) bool {
	return u.PasswordCompromised && s.enables(strategyPassword)
}
