package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/audit"
	"github.com/gatehouse-dev/gatehouse/user"
)

// NewInvitation asks for somebody to be invited.
type NewInvitation struct {
	user.NewInvitation
	Notify bool // send the link by mail
}

// Issued is a new ticket with its secret and its link, which leads to GET
// /v1/tickets/accept.
type Issued struct {
	*user.IssuedTicket
	Link string
}

// IssueSignInToken makes a ticket that signs the user in. life 0 means 30 days. Errors are
// those of user.Service.CreateSignInToken.
func (e *Engine) IssueSignInToken(ctx context.Context, id user.ID, life time.Duration) (Issued, error) {
	t, err := e.users.CreateSignInToken(ctx, id, life)
	if err != nil {
		return Issued{}, fmt.Errorf("issue sign-in token: %w", err)
	}
	e.event(ctx, "sign-in token issued", slog.String("ticket_id", string(t.ID)), slog.String("user_id", string(id)))
	e.record(ctx, audit.Entry{Type: audit.SignInTokenCreated, Subject: string(id), Details: audit.Details{"ticket": string(t.ID)}})
	return Issued{t, e.settings().linkOf(t.Secret)}, nil
}

// RevokeTicket makes a ticket that nobody has used good for nothing. Errors are those of
// user.Service.RevokeTicket.
func (e *Engine) RevokeTicket(ctx context.Context, id user.TicketID) (*user.Ticket, error) {
	t, err := e.users.RevokeTicket(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("revoke ticket: %w", err)
	}
	e.event(ctx, "ticket revoked", slog.String("ticket_id", string(id)))
	revoked := audit.SignInTokenRevoked
	if id.Kind() == user.TicketInvitation {
		revoked = audit.InvitationRevoked
	}
	e.record(ctx, audit.Entry{Type: revoked, Subject: string(t.UserID), Details: audit.Details{"ticket": string(id)}})
	return t, nil
}

// Invite makes invitations, all or none, and sends their links where that is asked for. An
// invitation whose mail cannot be handed over is revoked again, and the error says so; the
// others stand.
//
// Errors: invitations_not_supported (e-mail addresses are off), and those of
// user.Service.Invite.
func (e *Engine) Invite(ctx context.Context, list ...NewInvitation) ([]Issued, error) {
	s := e.settings()
	if !s.EmailAddress.Enabled {
		return nil, &Error{Code: "invitations_not_supported"}
	}
	asked := make([]user.NewInvitation, len(list))
	for n := range list {
		asked[n] = list[n].NewInvitation
	}
	tickets, err := e.users.Invite(ctx, asked...)
	if err != nil {
		return nil, fmt.Errorf("invite: %w", err)
	}
	issued := make([]Issued, len(list))
	failures := make([]error, len(list))
	var sending sync.WaitGroup
	made := make([]audit.Entry, 0, len(tickets))
	for _, t := range tickets {
		made = append(made, audit.Entry{Type: audit.InvitationCreated, Details: audit.Details{"ticket": string(t.ID)}})
	}
	e.record(ctx, made...)
	for n, t := range tickets {
		issued[n] = Issued{t, s.linkOf(t.Secret)}
		e.event(ctx, "invited", slog.String("ticket_id", string(t.ID)))
		if list[n].Notify {
			sending.Go(func() { failures[n] = e.sendInvitation(ctx, s, issued[n]) })
		}
	}
	sending.Wait()
	if err := errors.Join(failures...); err != nil {
		return nil, fmt.Errorf("invite: %w", err)
	}
	return issued, nil
}

// sendInvitation sends the link. What cannot be handed over is taken back, so that the
// address can be invited again.
func (e *Engine) sendInvitation(ctx context.Context, s Settings, t Issued) error {
	m, err := e.templates.compose(kindInvitation, t.EmailAddress, words{
		AppName: s.AppName, Link: t.Link, Days: days(t.ExpireAt.Sub(t.CreatedAt)),
	}, e.now())
	if err == nil {
		err = e.post.send(ctx, m)
	}
	if err == nil {
		return nil
	}
	if _, undo := e.users.RevokeTicket(context.WithoutCancel(ctx), t.ID); undo != nil {
		e.log.WarnContext(ctx, "invitation was not sent and could not be revoked",
			slog.String("ticket_id", string(t.ID)), slog.Any("err", undo))
	}
	return err
}

// days rounds up.
func days(d time.Duration) int { return int((d + 24*time.Hour - 1) / (24 * time.Hour)) }
