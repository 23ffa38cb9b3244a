package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// Reverification proves a factor again for a live session: a step-up.
type Reverification struct {
	Status                string // needs_first_factor, needs_second_factor, complete
	Level                 string // first_factor, second_factor, multi_factor
	Session               session.Session
	SupportedFirstFactors []Factor
	FirstFactor           *Verification
}

// The levels of a reverification. A user without a second factor is asked for the
// first at every level.
const (
	levelFirst  = "first_factor"
	levelSecond = "second_factor"
	levelMulti  = "multi_factor"
)

// reverifyState is a reverification as it is stored, under an id that follows from
// the session's: one at a time.
type reverifyState struct {
	SessionID session.ID       `json:"session_id"`
	ClientID  session.ClientID `json:"client_id"`
	Level     string           `json:"level"`
	Status    string           `json:"status"`
	Factors   []Factor         `json:"factors,omitempty"`
	First     *challenge       `json:"first,omitempty"`
}

type reverifyAttempt = attempt[reverifyState]

func reverificationID(id session.ID) string {
	return prefixReverification + "_" + strings.TrimPrefix(string(id), "sess_")
}

// StartReverification begins anew. level is first_factor, second_factor or
// multi_factor; "" means second_factor.
//
// Errors: resource_not_found (not the caller's session), authentication_invalid (not
// live), form_param_value_invalid (level), invalid_action_for_session (impersonated).
func (e *Engine) StartReverification(ctx context.Context, c Caller, sid session.ID, level string) (*Reverification, error) {
	ss, p, err := e.ownSession(ctx, c, sid)
	if err != nil {
		return nil, err
	}
	switch level {
	case "":
		level = levelSecond
	case levelFirst, levelSecond, levelMulti:
	default:
		return nil, badValue("level")
	}
	if !secondFactorOn(p.user) {
		level = levelFirst
	}
	a := &reverifyAttempt{id: reverificationID(sid), expireAt: e.now().Add(reverificationLifetime)}
	a.state = reverifyState{
		SessionID: sid, ClientID: c.Client.ID, Level: level, Status: statusNeedsFirstFactor,
		Factors: e.provingFactorsOf(p, e.settings()),
	}
	if err := e.attempts.DeleteAttempt(ctx, a.id); err != nil && !errors.Is(err, session.ErrNotFound) {
		return nil, fmt.Errorf("drop reverification: %w", err)
	}
	if err := create(ctx, e, a); err != nil {
		return nil, err
	}
	return e.reverificationView(a, ss), nil
}

// PrepareReverification sends a code. Errors as PrepareFirstFactor's, and
// session_reverification_missing if none was started.
func (e *Engine) PrepareReverification(ctx context.Context, c Caller, sid session.ID, ask Prepare) (*Reverification, error) {
	ss, a, st, r, err := e.reverificationRound(ctx, c, sid, ask.Strategy)
	if err != nil {
		return nil, err
	}
	sender, ok := st.(preparer)
	if !ok {
		return nil, badValue("strategy")
	}
	if err := e.admit(ctx, r, st); err != nil {
		return nil, err
	}
	to, err := sender.target(r.person, r.settings, ask)
	if err != nil {
		return nil, err
	}
	if err := sender.prepare(ctx, r, to); err != nil {
		return nil, err
	}
	return e.reverificationView(a, ss), nil
}

// AttemptReverification judges a proof. A right one makes the session's first
// factor fresh and rotates the cookie (S-04). Errors as AttemptFirstFactor's, and
// session_reverification_missing.
func (e *Engine) AttemptReverification(ctx context.Context, c Caller, sid session.ID, proof Proof) (*Reverification, *session.Cookie, error) {
	ss, a, st, r, err := e.reverificationRound(ctx, c, sid, proof.Strategy)
	if err != nil {
		return nil, nil, err
	}
	ch := r.challenge
	if _, err := e.prove(ctx, r, st, proof); err != nil {
		return nil, nil, err
	}
	if _, sends := st.(preparer); !sends {
		ch = proved(st.name(), r.now)
	}
	err = change(ctx, e, a, func(a *reverifyAttempt) error {
		if err := consume(&a.state.First, ch); err != nil {
			return err
		}
		a.state.Status = statusComplete
		if a.state.Level != levelFirst {
			a.state.Status = statusNeedsSecondFactor
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if ss, err = e.sessions.Reverified(ctx, ss.ID, true, false); err != nil {
		return nil, nil, fmt.Errorf("note reverification: %w", err)
	}
	e.event(ctx, "reverified", slog.String("user_id", ss.UserID), slog.String("session_id", string(ss.ID)),
		slog.String("strategy", st.name()))
	cookie, err := e.rotate(ctx, c.Client.ID, c.Cookie, true)
	if err != nil {
		return nil, nil, err
	}
	return e.reverificationView(a, ss), cookie, nil
}

// Reverification returns what was started for a session of the caller. Errors as
// StartReverification's, and session_reverification_missing.
func (e *Engine) Reverification(ctx context.Context, c Caller, sid session.ID) (*Reverification, error) {
	ss, _, err := e.ownSession(ctx, c, sid)
	if err != nil {
		return nil, err
	}
	a, err := e.loadReverification(ctx, c, sid)
	if err != nil {
		return nil, err
	}
	return e.reverificationView(a, ss), nil
}

// loadReverification reads the reverification that this browser has started.
func (e *Engine) loadReverification(ctx context.Context, c Caller, sid session.ID) (*reverifyAttempt, error) {
	a, err := load[reverifyState](ctx, e, reverificationID(sid))
	switch {
	case errors.Is(err, errNotFound):
		return nil, errReverifyMissing
	case err != nil:
		return nil, err
	case a.state.ClientID != c.Client.ID || a.state.SessionID != sid:
		return nil, errReverifyMissing
	}
	return a, nil
}

func (e *Engine) reverificationView(a *reverifyAttempt, ss session.Session) *Reverification {
	return &Reverification{
		Status: a.state.Status, Level: a.state.Level, Session: ss,
		SupportedFirstFactors: a.state.Factors, FirstFactor: e.verification(a.state.First),
	}
}

// ownSession reads a live session of the caller's client and its user. Somebody who
// impersonates proves nothing for the user (M-06).
func (e *Engine) ownSession(ctx context.Context, c Caller, sid session.ID) (session.Session, *person, error) {
	ss, err := e.sessions.Get(ctx, sid)
	switch {
	case errors.Is(err, session.ErrNotFound):
		return session.Session{}, nil, errNotFound
	case err != nil:
		return session.Session{}, nil, fmt.Errorf("read session: %w", err)
	case c.Client.ID == "" || ss.ClientID != c.Client.ID:
		return session.Session{}, nil, errNotFound
	case !ss.Live(e.now()):
		return session.Session{}, nil, errAuthentication
	case len(ss.Actor) > 0:
		return session.Session{}, nil, errImpersonated
	}
	u, err := e.users.ByID(ctx, user.ID(ss.UserID))
	if errors.Is(err, user.ErrNotFound) {
		return session.Session{}, nil, errAuthentication
	}
	if err != nil {
		return session.Session{}, nil, fmt.Errorf("read user: %w", err)
	}
	return ss, &person{user: u}, nil
}

// reverificationRound loads what a step of a reverification works on.
func (e *Engine) reverificationRound(ctx context.Context, c Caller, sid session.ID, name string) (session.Session, *reverifyAttempt, strategy, *round, error) {
	fail := func(err error) (session.Session, *reverifyAttempt, strategy, *round, error) {
		return session.Session{}, nil, nil, nil, err
	}
	ss, p, err := e.ownSession(ctx, c, sid)
	if err != nil {
		return fail(err)
	}
	a, err := e.loadReverification(ctx, c, sid)
	switch {
	case err != nil:
		return fail(err)
	case a.state.Status != statusNeedsFirstFactor:
		return fail(errVerified)
	}
	s := e.settings()
	st, err := e.strategyNamed(name, s)
	if err != nil {
		return fail(err)
	}
	if !stepsUp(st) {
		return fail(badValue("strategy"))
	}
	r := &round{
		settings: s, now: e.now(), purpose: purposeReverification, attempt: a.id, client: c.Client.ID,
		person: p, challenge: a.state.First,
	}
	r.begin = func(ctx context.Context, old, ch *challenge) error {
		return change(ctx, e, a, func(a *reverifyAttempt) error {
			return replaceChallenge(&a.state.First, old, ch, r.now)
		})
	}
	r.tried = func(ctx context.Context, n int) {
		e.note(ctx, a.id, change(ctx, e, a, func(a *reverifyAttempt) error {
			noteTries(&a.state.First, r.challenge.ID, n)
			return nil
		}))
	}
	return ss, a, st, r, nil
}
