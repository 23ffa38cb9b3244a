package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// StartSession signs a user in for an operator, on a new client whose cookie nobody gets.
// No factor was proved, so whatever needs a fresh one refuses (M-06).
//
// Errors: user.ErrNotFound, user_banned, user_locked.
func (e *Engine) StartSession(ctx context.Context, id user.ID) (session.Session, error) {
	asOf := e.now()
	u, err := e.users.ByID(ctx, id)
	if err != nil {
		return session.Session{}, fmt.Errorf("read user: %w", err)
	}
	if err := excluded(u, asOf); err != nil {
		return session.Session{}, err
	}
	client, _, err := e.sessions.NewClient(ctx)
	if err != nil {
		return session.Session{}, fmt.Errorf("make client: %w", err)
	}
	ss, err := e.sessions.Start(ctx, session.NewSession{
		ClientID: client.ID, UserID: string(u.ID), AsOf: asOf, Strategy: session.StrategyTicket,
	})
	if errors.Is(err, session.ErrUserRevoked) {
		return session.Session{}, fmt.Errorf("start session: %w", errors.Join(user.ErrNotFound, err))
	}
	if err != nil {
		return session.Session{}, fmt.Errorf("start session: %w", err)
	}
	e.event(ctx, "session started by an operator", slog.String("user_id", ss.UserID), slog.String("session_id", string(ss.ID)))
	return ss, nil
}

// IssueActorToken makes a ticket by which somebody acts as a user. Errors are those of
// user.Service.CreateActorToken.
func (e *Engine) IssueActorToken(ctx context.Context, n user.NewActorToken) (Issued, error) {
	t, err := e.users.CreateActorToken(ctx, n)
	if err != nil {
		return Issued{}, fmt.Errorf("issue actor token: %w", err)
	}
	e.event(ctx, "actor token issued", slog.String("ticket_id", string(t.ID)), slog.String("user_id", string(t.UserID)),
		slog.String("actor_id", actorID(t.Actor)))
	return Issued{t, e.settings().linkOf(t.Secret)}, nil
}

// actorID is who an actor is, for the log.
func actorID(actor json.RawMessage) string {
	var who struct {
		Subject string `json:"sub"`
	}
	_ = json.Unmarshal(actor, &who) // it was checked when the token was made
	return who.Subject
}

// Refresh mints a session token in place of an expired one for the server of an app. The
// user is read anew (S-08). *session.RefreshError.
func (e *Engine) Refresh(ctx context.Context, q session.RefreshRequest, cookies bool) (session.Refreshed, error) {
	ss, err := e.sessions.Refreshable(ctx, q)
	if err != nil {
		return session.Refreshed{}, err
	}
	u, err := e.users.ByID(ctx, user.ID(ss.UserID))
	if errors.Is(err, user.ErrNotFound) || err == nil && u.Banned {
		return session.Refreshed{}, &session.RefreshError{Rule: session.RefreshUserUnknown, Err: err}
	}
	if err != nil {
		return session.Refreshed{}, fmt.Errorf("read user: %w", err)
	}
	return e.sessions.Refresh(ctx, ss, q, cookies)
}
