package flow

import (
	"slices"

	"github.com/gatehouse-dev/gatehouse/user"
)

// keepsWayIn refuses what would leave a user unable to sign in: with nothing to be found
// by, or with nothing to prove. A reset of the password is offered only beside the
// password itself, so it never is the last factor.
func (e *Engine) keepsWayIn(s Settings, refusal *Error) user.Check {
	return func(after *user.User) error {
		if named(after, s) && len(e.factorsOf(&person{user: after}, s)) > 0 {
			return nil
		}
		return refusal
	}
}

// named reports whether the user has something that may be typed to begin a sign-in, or
// that begins one by itself.
func named(u *user.User, s Settings) bool {
	return slices.ContainsFunc(u.Identifications, func(i user.Identification) bool {
		return i.Claimed && (s.identifies(i.Kind) || i.Kind == user.KindExternalAccount || i.Kind == user.KindPasskey)
	})
}

// keepsKind refuses what would leave a user without an identification of a kind that the
// instance requires.
func keepsKind(k user.Kind, s Settings) user.Check {
	return func(after *user.User) error {
		a := s.identification(k)
		if !a.Enabled || !a.Required || slices.ContainsFunc(after.Identifications, func(i user.Identification) bool {
			return i.Claimed && i.Kind == k
		}) {
			return nil
		}
		return errLastRequired
	}
}

// both asks one check after the other.
func both(a, b user.Check) user.Check {
	return func(after *user.User) error {
		if err := a(after); err != nil {
			return err
		}
		return b(after)
	}
}
