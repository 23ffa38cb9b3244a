package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// HandleUserEvent does what must follow a change of a user: sessions end with a
// deletion or ban or where that was asked for, and a changed password is told to its owner. The Engine is the
// user.EventHandler of an instance.
func (e *Engine) HandleUserEvent(ctx context.Context, ev user.Event) error {
	switch ev.Type {
	case user.EventDeleted:
		return e.exclude(ctx, ev.UserID, "user deleted")
	case user.EventBanned:
		return e.exclude(ctx, ev.UserID, "user banned")
	case user.EventSessionsEnd:
		if err := e.sessions.RevokeUser(ctx, string(ev.UserID), "password changed", session.ID(ev.KeepSession)); err != nil {
			return fmt.Errorf("revoke sessions: %w", err)
		}
		return nil
	case user.EventPasswordChanged:
		return e.tellPassword(ctx, ev.UserID)
	}
	return nil
}

// HandleUserEvents implements user.BatchHandler.
func (e *Engine) HandleUserEvents(ctx context.Context, events []user.Event) error {
	cause := map[user.EventType]string{user.EventDeleted: "user deleted", user.EventBanned: "user banned"}[events[0].Type]
	ids := make([]string, len(events))
	for n, ev := range events {
		ids[n] = string(ev.UserID)
	}
	if err := e.sessions.ExcludeUsers(ctx, ids, cause); err != nil {
		return fmt.Errorf("revoke sessions: %w", err)
	}
	for _, id := range ids {
		e.event(ctx, "sessions revoked", slog.String("user_id", id), slog.String("cause", cause))
	}
	return nil
}

// exclude ends what a user has who may not sign in any more.
func (e *Engine) exclude(ctx context.Context, id user.ID, cause string) error {
	if err := e.sessions.ExcludeUser(ctx, string(id), cause); err != nil {
		return fmt.Errorf("revoke sessions: %w", err)
	}
	e.event(ctx, "sessions revoked", slog.String("user_id", string(id)), slog.String("cause", cause))
	return nil
}

// tellPassword tells each verified address that the password was changed or removed
// (L-05). A notice that cannot be sent is logged: the event is done all the same.
func (e *Engine) tellPassword(ctx context.Context, id user.ID) error {
	u, err := e.users.ByID(ctx, id)
	if errors.Is(err, user.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read user: %w", err)
	}
	s, kind := e.settings(), kindPasswordChanged
	if u.PasswordDigest == "" {
		kind = kindPasswordRemoved
	}
	for _, i := range u.Identifications {
		if i.Kind != user.KindEmailAddress || !i.Verified() || e.isTest(i.Kind, i.Key, s) {
			continue
		}
		m, err := e.templates.compose(kind, i.Value, words{AppName: s.AppName, Name: u.FirstName, SignIn: s.SignInURL}, e.now())
		if err != nil {
			return err
		}
		e.post.sendLater(ctx, m)
	}
	return nil
}
