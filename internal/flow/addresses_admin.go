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
