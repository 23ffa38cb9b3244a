package flow

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// RemovePassword leaves the session's user without a password. It takes what
// ChangePassword takes: the current one, or a first factor proved in the last 10 minutes
// (P-06). With signOutOthers all other sessions of the user end. The cookie is rotated
// (S-04) and the removal is told to the user by mail.
//
// Errors: no_password_set, password_required (the instance requires one, or nothing
// else would let the user in), and those of ChangePassword about current_password.
func (e *Engine) RemovePassword(ctx context.Context, c Caller, ss session.Session, current string, signOutOthers bool) (*session.Cookie, error) {
	ss, p, err := e.ownSession(ctx, c, ss.ID)
	if err != nil {
		return nil, err
	}
	s := e.settings()
	switch {
	case p.user.PasswordDigest == "":
		return nil, errNoPassword
	case s.Password.Required:
		return nil, errPasswordRequired
	}
	if err := e.mayChangePassword(ctx, c, ss, p, current); err != nil {
		return nil, err
	}
	_, err = e.users.Update(ctx, p.user.ID, user.Change{
		RemovePassword: true, Check: e.keepsWayIn(s, errPasswordRequired), EndSessions: signOutOthers, KeepSession: string(ss.ID),
	})
	if err != nil {
		return nil, fmt.Errorf("remove password: %w", err)
	}
	e.event(ctx, "password removed", slog.String("user_id", ss.UserID), slog.String("session_id", string(ss.ID)))
	return e.rotate(ctx, c.Client.ID, c.Cookie, true)
}
