package user

import (
	"context"
	"time"
)

// Ban keeps the user from signing in and records user.banned; Config.Events has run
// when it returns, as after Delete. Banning a banned user changes nothing.
func (s *Service) Ban(ctx context.Context, id ID) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]Event, error) {
		u.Banned = true
		return tell(EventUpdated, EventBanned), nil
	})
}

// Unban lets the user sign in again. Sessions that the ban ended stay ended.
func (s *Service) Unban(ctx context.Context, id ID) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]Event, error) {
		u.Banned = false
		return tell(EventUpdated), nil
	})
}

// Lock keeps the user from signing in until the given time; the zero time means until
// Unlock. Sessions go on. A time that has passed locks nothing, and a lock that holds
// longer stays: only Unlock shortens one.
func (s *Service) Lock(ctx context.Context, id ID, until time.Time) (*User, error) {
	return s.change(ctx, id, func(u *User, now time.Time) ([]Event, error) {
		if u.Locked && !until.IsZero() && (u.LockedUntil.IsZero() || until.Before(u.LockedUntil)) {
			return nil, nil
		}
		u.Locked, u.LockedUntil = true, toMillis(until)
		u.unlockExpired(now)
		return tell(EventUpdated), nil
	})
}

// Unlock ends a lock.
func (s *Service) Unlock(ctx context.Context, id ID) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]Event, error) {
		u.Locked, u.LockedUntil = false, time.Time{}
		return tell(EventUpdated), nil
	})
}
