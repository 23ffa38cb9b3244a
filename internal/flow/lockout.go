package flow

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// Wrong proofs of every kind count against the user they are about, whatever the
// attempt, client, address or spelling they come with (C-06). A right one clears
// nothing: they expire after the lock's duration. What a lock is told of where
// identifiers are hidden stands in hidden.go.

// counter names a person's wrong proofs.
func (p *person) counter() string {
	if p.user == nil {
		return "flow:wrong:nobody:" + p.key
	}
	return "flow:wrong:user:" + string(p.user.ID)
}

// prove judges a proof and does what must follow. It returns the moment just before
// the person was read for the last time, for session.NewSession.AsOf.
//
// The lock is looked at after judging, on a fresh read: guesses that run side by
// side are then stopped by each other's failures.
func (e *Engine) prove(ctx context.Context, r *round, st strategy, proof Proof) (asOf time.Time, err error) {
	right, err := st.judge(ctx, r, proof)
	if err != nil {
		return asOf, err
	}
	p := r.person
	judged := p.user
	if asOf, err = e.refresh(ctx, p); err != nil {
		return asOf, err
	}
	_, sends := st.(preparer)
	if !sends && !samePassword(judged, p.user) {
		right = false // judged by a password that is the user's no more (S-08)
	}
	locked, err := e.lockedByFailures(ctx, p, r)
	if err != nil {
		return asOf, err
	}
	if p.hidden {
		return asOf, e.concludeHidden(ctx, r, st, right, locked)
	}
	spared := false
	if locked {
		if spared, err = e.spared(ctx, r, st); err != nil {
			return asOf, err
		}
		p.user = unlockedIf(spared, p.user)
	}
	switch {
	case locked && !spared:
		return asOf, errUserLocked // the right proof, too
	case right && p.user == nil && p.joins:
		return asOf, nil
	case right && p.user == nil:
		return asOf, errUserGone
	case p.user != nil && (lockedNow(p.user, r.now) || p.user.Banned):
		return asOf, excluded(p.user, r.now)
	case right && sends:
		return asOf, p.current(r.challenge)
	case right:
		return asOf, nil
	case spared:
		return asOf, e.failSpared(ctx, r, st)
	}
	if err := e.countFailure(ctx, p, r); err != nil {
		return asOf, err
	}
	return asOf, st.wrong()
}

// excluded says why a user may not sign in; nil if they may.
func excluded(u *user.User, now time.Time) error {
	switch {
	case lockedNow(u, now):
		return errUserLocked
	case u.Banned:
		return errUserBanned
	}
	return nil
}

// samePassword reports whether a user who is still there has the password that was
// judged. A digest that was only brought up to date is the same password.
func samePassword(judged, now *user.User) bool {
	if judged == nil || now == nil {
		return true // told apart by whether there is a user at all
	}
	return now.PasswordDigest != "" && now.PasswordUpdatedAt.Equal(judged.PasswordUpdatedAt)
}

// admit fails for a person to whom nothing may be sent.
func (e *Engine) admit(ctx context.Context, r *round, st strategy) error {
	p := r.person
	locked, err := e.lockedByFailures(ctx, p, r)
	switch {
	case err != nil:
		return err
	case p.hidden:
		return e.admitHidden(ctx, r, st, locked)
	case locked:
		spared, err := e.spared(ctx, r, st)
		if err != nil {
			return err
		}
		if !spared {
			return errUserLocked
		}
		return excluded(unlockedIf(spared, p.user), r.now)
	case p.user == nil:
		return nil
	}
	return excluded(p.user, r.now)
}

// lockedNow reports whether the user is locked, by failures or by an operator.
func lockedNow(u *user.User, now time.Time) bool {
	return u.Locked && (u.LockedUntil.IsZero() || now.Before(u.LockedUntil))
}

// lockedByFailures reports whether too many wrong proofs were given of late. It costs one
// count whatever the answer.
func (e *Engine) lockedByFailures(ctx context.Context, p *person, r *round) (bool, error) {
	limit, d := r.settings.lockout()
	n, err := e.limits.CountIn(ctx, p.counter(), d, r.now)
	if err != nil || p.user == nil {
		return false, err
	}
	return n >= limit || lockedNow(p.user, r.now) && !p.user.LockedUntil.IsZero(), nil
}

// countFailure counts one more wrong proof; the last one that is allowed locks and
// is answered user_locked.
func (e *Engine) countFailure(ctx context.Context, p *person, r *round) error {
	limit, d := r.settings.lockout()
	n, err := e.countWrong(ctx, p.counter(), r)
	if err != nil {
		return err
	}
	e.event(ctx, "wrong proof", slog.String("attempt_id", r.attempt), slog.String("purpose", r.purpose),
		slog.String("user_id", userID(p)), slog.Int("failures", n))
	if n < limit {
		return nil
	}
	// The lock is set before the failures are forgotten: whoever looks in between
	// sees one of the two. Forgetting them gives a user whom an operator unlocks
	// the whole budget again.
	_, err = e.users.Lock(ctx, e.orDecoy(user.ID(userID(p)), p), r.now.Add(d))
	if err != nil && (p.user != nil || !errors.Is(err, user.ErrNotFound)) {
		return err
	}
	if err := e.limits.Reset(ctx, p.counter()); err != nil {
		return err
	}
	e.event(ctx, "user locked", slog.String("user_id", userID(p)), slog.Duration("duration", d))
	return errUserLocked
}

// countWrong counts a wrong proof under a name and returns how many there were of late.
func (e *Engine) countWrong(ctx context.Context, name string, r *round) (int, error) {
	limit, d := r.settings.lockout()
	if _, _, err := e.limits.Take(ctx, name, limit, d, r.now); err != nil {
		return 0, err
	}
	return e.limits.CountIn(ctx, name, d, r.now)
}

func userID(p *person) string {
	if p.user == nil {
		return ""
	}
	return string(p.user.ID)
}
