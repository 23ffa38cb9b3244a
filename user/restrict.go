package user

import (
	"context"
	"time"
)

// Ban keeps the user from signing in and records user.banned; Config.Events has run
// when it returns, as after Delete. Banning a banned user changes nothing.
func (s *Service) Ban(ctx context.Context, id ID) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]EventType, error) {
		u.Banned = true
		return []EventType{EventUpdated, EventBanned}, nil
	})
}

// Unban lets the user sign in again. Sessions that the ban ended stay ended.
func (s *Service) Unban(ctx context.Context, id ID) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]EventType, error) {
		u.Banned = false
		return []EventType{EventUpdated}, nil
	})
}

// Lock keeps the user from signing in until the given time; the zero time means until
// Unlock. Sessions go on. A time that has passed locks nothing.
func (s *Service) Lock(ctx context.Context, id ID, until time.Time) (*User, error) {
	return s.change(ctx, id, func(u *User, now time.Time) ([]EventType, error) {
		u.Locked, u.LockedUntil = true, toMillis(until)
		u.unlockExpired(now)
		return []EventType{EventUpdated}, nil
	})
}

// Unlock ends a lock.
func (s *Service) Unlock(ctx context.Context, id ID) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]EventType, error) {
		u.Locked, u.LockedUntil = false, time.Time{}
		return []EventType{EventUpdated}, nil
	})
}
