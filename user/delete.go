package user

import "context"

// Delete removes the user and everything of theirs, and records user.deleted in the
// same transaction. The identifiers are free at once; the id is never given again.
//
// Config.Events has run when Delete returns, unless it failed: the deletion stands
// and cannot be taken back, so Delete still returns nil, the failure is in the log,
// and Drain tries again until the handler succeeds. Inside WithTx it is left to Drain.
// ErrNotFound if there is no such user.
func (s *Service) Delete(ctx context.Context, id ID) error {
	if !id.Valid() {
		return ErrNotFound
	}
	e := s.newEvent(EventDeleted, id, s.now())
	if err := s.store.Delete(ctx, id, e); err != nil {
		return err
	}
	s.settle(ctx, []Event{e})
	return nil
}

// DeleteSelf is Delete for the user's own request: ErrDeleteSelfOff unless DeleteSelfEnabled.
func (s *Service) DeleteSelf(ctx context.Context, id ID) error {
	u, err := s.ByID(ctx, id)
	if err != nil {
		return err
	}
	if !u.DeleteSelfEnabled {
		return ErrDeleteSelfOff
	}
	return s.Delete(ctx, id)
}
