package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// RequireFresh fails with session_reverification_required if the session's first
// factor was proved more than 10 minutes ago, or never by the user themselves (M-06),
// and with invalid_action_for_session if somebody impersonates the user. Where
// Settings.Reverification is off only the latter is refused.
func (e *Engine) RequireFresh(ss session.Session) error {
	switch {
	case len(ss.Actor) > 0:
		return errImpersonated
	case e.settings().Reverification && !e.fresh(ss):
		return errReverifyRequired
	}
	return nil
}

// fresh reports whether the session's first factor was really proved not more than 10
// minutes ago. Never, the zero time, is long ago.
func (e *Engine) fresh(ss session.Session) bool {
	return e.now().Sub(ss.FirstFactorAt) <= freshFor
}

// DeleteSelf deletes the session's user, at their own request; all their sessions
// end with them.
//
// Errors: user_delete_self_not_enabled, and those of RequireFresh.
func (e *Engine) DeleteSelf(ctx context.Context, ss session.Session) error {
	if !e.settings().DeleteSelf {
		return errDeleteSelfOff
	}
	if err := e.RequireFresh(ss); err != nil {
		return err
	}
	err := e.users.DeleteSelf(ctx, user.ID(ss.UserID))
	if errors.Is(err, user.ErrDeleteSelfOff) {
		return &Error{Code: errDeleteSelfOff.Code, Err: err}
	}
	if err != nil {
		return fmt.Errorf("delete user: %w", err)
	}
	e.event(ctx, "user deleted themselves", slog.String("user_id", ss.UserID), slog.String("session_id", string(ss.ID)))
	return nil
}
