package flow

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"math/big"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// Where identifiers are hidden (Settings.EnumerationProtect), an answer and what it costs
// follow from what was typed, never from whom that points to (E-01):
//   - nobody costs what somebody does: a user who does not exist is read and counted for,
//     see orDecoy;
//   - locks and limits hold for a person and are told for an identifier. If they were
//     told for the person, an identifier that nobody has touched would answer as locked
//     because another one is, and so give both away as one person's;
//   - messages are written and sent behind the answer, see sendChallenge;
//   - what is left, microseconds for a row that is there, is hidden by a floor, see evenly.

// evenly returns what to defer in a step that looks for somebody: it waits until the
// step has taken Config.Floor. Real time counts, not Config.Now.
func (e *Engine) evenly(ctx context.Context) (wait func()) {
	if e.floor <= 0 || !e.settings().EnumerationProtect {
		return func() {}
	}
	start := time.Now()
	return func() { e.pause(ctx, e.floor-time.Since(start)) }
}

// pause waits, but no longer than somebody listens.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// typedCounter and typedLock name what is told of the identifier that was typed.
func (p *person) typedCounter() string { return "flow:wrong:typed:" + p.key }
func (p *person) typedLock() string    { return "flow:locked:typed:" + p.key }

// toldLocked reports whether the identifier is told to be locked.
func (e *Engine) toldLocked(ctx context.Context, r *round) (bool, error) {
	_, d := r.settings.lockout()
	n, err := e.limits.CountIn(ctx, r.person.typedLock(), d, r.now)
	return n > 0, err
}

// concludeHidden is how prove ends for a hidden person. locked says that too many wrong
// proofs were given of late, by whatever identifier: then the right one is as good as a
// wrong one, and told so.
func (e *Engine) concludeHidden(ctx context.Context, r *round, st strategy, right, locked bool) error {
	p := r.person
	told, err := e.toldLocked(ctx, r)
	if err != nil {
		return err
	}
	spared, err := e.spared(ctx, r, st)
	switch {
	case err != nil:
		return err
	case !right && told && spared:
		return e.failSpared(ctx, r, st)
	case !right, locked && !spared:
		return e.failHidden(ctx, r, st, told, locked)
	case p.user == nil && p.joins:
		return nil
	case p.user == nil:
		return errUserGone
	}
	p.user = unlockedIf(spared, p.user)
	// Whoever proves to be the user is told the truth.
	if err := excluded(p.user, r.now); err != nil {
		return err
	}
	if _, sends := st.(preparer); sends {
		return p.current(r.challenge)
	}
	return nil
}

// failHidden counts a wrong proof for the person and, unless it is told to be locked
// anyway, for the identifier.
func (e *Engine) failHidden(ctx context.Context, r *round, st strategy, told, locked bool) error {
	limit, d := r.settings.lockout()
	p := *r.person
	if locked {
		p.user = nil // a lock is not made longer
	}
	if err := e.countFailure(ctx, &p, r); err != nil && !errors.Is(err, errUserLocked) {
		return err
	}
	if told {
		return errUserLocked
	}
	n, err := e.countWrong(ctx, p.typedCounter(), r)
	if err != nil {
		return err
	}
	if n < limit {
		return st.wrong()
	}
	if _, _, err := e.limits.Take(ctx, p.typedLock(), 1, d, r.now); err != nil {
		return err
	}
	if err := e.limits.Reset(ctx, p.typedCounter()); err != nil {
		return err
	}
	return errUserLocked
}

// admitHidden is admit for a hidden person: nobody learns of a lock by another identifier,
// and nothing is sent.
func (e *Engine) admitHidden(ctx context.Context, r *round, st strategy, locked bool) error {
	told, err := e.toldLocked(ctx, r)
	if err != nil {
		return err
	}
	spared, err := e.spared(ctx, r, st)
	switch {
	case err != nil:
		return err
	case spared:
		return nil
	case told:
		return errUserLocked
	case locked:
		nobody := *r.person
		nobody.user = nil
		r.person = &nobody
	}
	return nil
}

// orDecoy returns the id, or in place of none one that no user has: looking for it is the
// same work.
func (e *Engine) orDecoy(id user.ID, p *person) user.ID {
	decoy := user.ID("user_" + e.digitsOf("user "+p.key))
	if id == "" {
		return decoy
	}
	return id
}

// fakeID is the id of an identification of some kind that everybody who types the same
// identifier is shown.
func (e *Engine) fakeID(p *person, k user.Kind) user.IdentificationID {
	return user.IdentificationID("idn_" + e.digitsOf("identification "+string(k)+" "+p.key))
}

// digitsOf makes what follows the prefix of an id out of a text, always the same.
func (e *Engine) digitsOf(text string) string {
	m := hmac.New(sha256.New, e.nameKey)
	m.Write([]byte(text))
	digits := new(big.Int).SetBytes(m.Sum(nil)).Text(62)
	return digits[len(digits)-27:]
}
