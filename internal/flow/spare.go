package flow

import (
	"context"
	"slices"

	"github.com/gatehouse-dev/gatehouse/user"
)

// The exceptions that Settings.LockoutExceptions may hold.
const (
	ExceptKnownBrowser = "known_browser"
	ExceptMail         = "mail"
)

// LockoutExceptions lists the names that Settings.LockoutExceptions may hold.
func LockoutExceptions() []string { return []string{ExceptKnownBrowser, ExceptMail} }

// spareTries is how many wrong proofs an exception bears while the lock lasts.
const spareTries = 5

// A lock by failures is there to keep a guessing stranger out. If it kept the user out as
// well, ten guesses an hour would lock anybody out for good. So where the settings say so,
// two kinds of proof may still sign in (E-03), each with a few wrong ones of its own: any
// proof from a browser on which the user has signed in before, and what was mailed to the
// user. Neither is anything that a stranger has. An operator's lock has no exception.
//
// Whether a proof is one of them depends on the browser and on the strategy, never on whom
// an identifier points to (E-01).
//
// spare names the budget that a step may fall back on, "" for none.
func (e *Engine) spare(r *round, st strategy) string {
	switch {
	case r.purpose != purposeSignIn:
		return ""
	case r.settings.excepts(ExceptKnownBrowser) && r.person.user != nil && slices.Contains(r.known, string(r.person.user.ID)):
		return "flow:wrong:browser:" + string(r.client) + ":" + r.person.told()
	case r.settings.excepts(ExceptMail) && isMailed(st.name()):
		return "flow:wrong:mailed:" + r.person.told()
	}
	return ""
}

// excepts reports whether an exception is on.
func (s Settings) excepts(exception string) bool {
	return slices.Contains(s.LockoutExceptions, exception)
}

// isMailed reports whether a strategy proves who one is by what was sent to an e-mail
// address.
func isMailed(strategy string) bool {
	switch strategy {
	case strategyEmailCode, strategyEmailLink, strategyResetEmailCode:
		return true
	}
	return false
}

// told names whom a counter is about that answers are told by: the identifier where
// identifiers are hidden, else the user.
func (p *person) told() string {
	if p.hidden || p.user == nil {
		return p.key
	}
	return string(p.user.ID)
}

// spared reports whether a step may go on though the person is locked by failures. It
// costs one count for a step that has a budget of its own, none for others.
func (e *Engine) spared(ctx context.Context, r *round, st strategy) (bool, error) {
	name := e.spare(r, st)
	if name == "" {
		return false, nil
	}
	_, d := r.settings.lockout()
	n, err := e.limits.CountIn(ctx, name, d, r.now)
	return err == nil && n < spareTries, err
}

// failSpared counts a wrong proof against the budget of its own. The lock is not made
// longer by it.
func (e *Engine) failSpared(ctx context.Context, r *round, st strategy) error {
	n, err := e.countWrong(ctx, e.spare(r, st), r)
	switch {
	case err != nil:
		return err
	case n >= spareTries:
		return errUserLocked
	}
	return st.wrong()
}

// unlockedIf is the user, where spared as if a lock by failures were not there.
func unlockedIf(spared bool, u *user.User) *user.User {
	if !spared || u == nil || u.LockedUntil.IsZero() {
		return u
	}
	free := *u
	free.Locked = false
	return &free
}
