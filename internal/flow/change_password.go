package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// ChangePassword gives the session's user a new password. It takes the current one,
// or a first factor proved in the last 10 minutes; a first password takes the latter
// (P-06). A wrong current password counts like any wrong proof. With signOutOthers all
// other sessions of the user end. The cookie is rotated (S-04) and the change is told
// to the user by mail.
//
// Errors: form_password_incorrect (current_password), form_param_missing
// (current_password, new_password), session_reverification_required,
// invalid_action_for_session, user_locked, user.ErrBusy, and *user.FieldError about
// new_password.
func (e *Engine) ChangePassword(ctx context.Context, c Caller, ss session.Session, current, newPassword string, signOutOthers bool) (*session.Cookie, error) {
	if newPassword == "" {
		return nil, missing("new_password")
	}
	ss, p, err := e.ownSession(ctx, c, ss.ID)
	if err != nil {
		return nil, err
	}
	if err := e.mayChangePassword(ctx, c, ss, p, current); err != nil {
		return nil, err
	}
	// The end of the other sessions is recorded with the change: it follows whatever
	// befalls this request (S-08).
	_, err = e.users.Update(ctx, p.user.ID, user.Change{
		Password: &newPassword, RefuseSamePassword: true, EndSessions: signOutOthers, KeepSession: string(ss.ID),
	})
	if broken, ok := errors.AsType[*user.FieldError](err); ok && broken.Field == fieldPassword {
		renamed := *broken
		renamed.Field = "new_password"
		return nil, &renamed
	}
	if err != nil {
		return nil, fmt.Errorf("change password: %w", err)
	}
	e.event(ctx, "password changed", slog.String("user_id", ss.UserID), slog.String("session_id", string(ss.ID)))
	return e.rotate(ctx, c.Client.ID, c.Cookie, true)
}

// mayChangePassword checks what proves that it is the user who asks.
func (e *Engine) mayChangePassword(ctx context.Context, c Caller, ss session.Session, p *person, current string) error {
	s := e.settings()
	if current == "" || p.user.PasswordDigest == "" {
		if p.user.PasswordDigest != "" && !s.Reverification {
			return missing("current_password")
		}
		return e.RequireFresh(ss)
	}
	r := &round{settings: s, now: e.now(), purpose: purposeChangePassword, attempt: string(ss.ID), client: c.Client.ID, person: p}
	_, err := e.prove(ctx, r, password{e}, Proof{Password: current})
	if refused, ok := errors.AsType[*Error](err); ok && refused.Param == fieldPassword {
		return &Error{Code: refused.Code, Param: "current_password"}
	}
	return err
}
