package user

import (
	"context"
	"time"
)

// SetPasswordCompromised marks the user's password as known to others: it signs nobody in
// any more, and the next sign-in by other means has to set another. endSessions records
// EventSessionsEnd for all sessions, of a user who is marked already, too. ErrNoPassword,
// ErrNotFound.
func (s *Service) SetPasswordCompromised(ctx context.Context, id ID, endSessions bool) (*User, error) {
	return s.change(ctx, id, func(u *User, now time.Time) ([]Event, error) {
		if u.PasswordDigest == "" {
			return nil, ErrNoPassword
		}
		u.PasswordCompromised = true
		if endSessions {
			u.UpdatedAt = now // so that the event is recorded whatever was marked before
			return tell(EventUpdated, EventSessionsEnd), nil
		}
		return tell(EventUpdated), nil
	})
}

// UnsetPasswordCompromised takes the mark away. ErrNotFound.
func (s *Service) UnsetPasswordCompromised(ctx context.Context, id ID) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]Event, error) {
		u.PasswordCompromised = false
		return tell(EventUpdated), nil
	})
}
