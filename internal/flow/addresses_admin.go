package flow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// DropAddress takes an address from whoever has it, for an operator, unless it is their
// last identification or the last of a kind that the instance requires.
//
// Errors: resource_not_found, identification_deletion_failed,
// last_required_identification_deletion_failed, delete_linked_identification_disallowed.
func (e *Engine) DropAddress(ctx context.Context, k user.Kind, iid user.IdentificationID) error {
	u, _, err := e.users.ByIdentification(ctx, k, iid)
	if err != nil {
		return fmt.Errorf("drop address: %w", err)
	}
	if _, err := e.users.RemoveIdentification(ctx, u.ID, iid, keepsKind(k, e.settings())); err != nil {
		return fmt.Errorf("drop address: %w", err)
	}
	if err := e.attempts.DeleteAttempt(ctx, addressAttemptID(iid)); err != nil && !errors.Is(err, session.ErrNotFound) {
		e.log.WarnContext(ctx, "proof of a removed address not dropped", slog.Any("err", err))
	}
	e.event(ctx, "address removed by operator", slog.String("user_id", string(u.ID)), slog.String("identification_id", string(iid)))
	return nil
}

// GiveAddress gives a user an address as an operator vouches for it, see user.Service. With
// notify the former and the present primary address are told when they are not the same.
func (e *Engine) GiveAddress(ctx context.Context, id user.ID, n user.NewAddress, notify bool) (user.Identification, error) {
	return e.changeAddresses(ctx, id, notify, func() (*user.User, user.Identification, error) {
		return e.users.AddAddress(ctx, id, n)
	})
}

// ReplaceAddresses is GiveAddress for an address that is to be the user's only one of its
// kind.
func (e *Engine) ReplaceAddresses(ctx context.Context, id user.ID, n user.NewAddress, notify bool) (user.Identification, error) {
	return e.changeAddresses(ctx, id, notify, func() (*user.User, user.Identification, error) {
		return e.users.ReplaceAddresses(ctx, id, n)
	})
}

// ChangeAddress changes an address of some kind, whosever it is, as an operator says; notify
// is GiveAddress's.
func (e *Engine) ChangeAddress(ctx context.Context, k user.Kind, iid user.IdentificationID, change user.AddressChange, notify bool) (user.Identification, error) {
	u, _, err := e.users.ByIdentification(ctx, k, iid)
	if err != nil {
		return user.Identification{}, fmt.Errorf("change address: %w", err)
	}
	return e.changeAddresses(ctx, u.ID, notify, func() (*user.User, user.Identification, error) {
		return e.users.ChangeAddress(ctx, u.ID, iid, change)
	})
}

// changeAddresses makes a change and tells of another primary address if that is asked for.
func (e *Engine) changeAddresses(ctx context.Context, id user.ID, notify bool, change func() (*user.User, user.Identification, error)) (user.Identification, error) {
	before, err := e.users.ByID(ctx, id)
	if err != nil {
		return user.Identification{}, fmt.Errorf("read user: %w", err)
	}
	after, i, err := change()
	if err != nil {
		return user.Identification{}, err
	}
	if notify {
		e.tellPrimaryChanged(ctx, before, after)
	}
	return i, nil
}
