package user

import (
	"context"
	"errors"
	"slices"
	"time"
)

// SecondFactor names what a code was good for.
type SecondFactor string

// The second factors that are proved by a code of the user's own.
const (
	FactorTOTP       SecondFactor = "totp"
	FactorBackupCode SecondFactor = "backup_code"
)

// TwoFactorEnabled reports whether the user has a second factor: an authenticator app, or
// a verified phone number that is reserved for it. Backup codes stand in for one and are
// none by themselves.
func (u *User) TwoFactorEnabled() bool {
	return u.TOTPEnabled || slices.ContainsFunc(u.Identifications, func(i Identification) bool {
		return i.Kind == KindPhoneNumber && i.ReservedForSecondFactor && i.Verified()
	})
}

// noteSecondFactor keeps the times at which the user got a first second factor, and lost
// the last.
func (u *User) noteSecondFactor(before *User, now time.Time) {
	switch had, has := before.TwoFactorEnabled(), u.TwoFactorEnabled(); {
	case has && !had:
		u.MFAEnabledAt = now
	case had && !has:
		u.MFADisabledAt = now
	}
}

// VerifySecondFactor uses up a code of the user's authenticator app, or a backup code: each
// is good once, whoever else tries it at the same time (M-01, M-03). It counts no failures;
// who calls it does. Errors: ErrCodeWrong, ErrNoSecondFactor if the user has neither,
// ErrNotFound, ErrBusy: nothing was checked, and the attempt must not be counted.
func (s *Service) VerifySecondFactor(ctx context.Context, id ID, code string) (SecondFactor, error) {
	u, err := s.ByID(ctx, id)
	if err != nil {
		return "", err
	}
	if u.TOTPSecret == "" && len(u.BackupCodes) == 0 {
		return "", ErrNoSecondFactor
	}
	if u.TOTPSecret != "" {
		if err := s.useTOTP(ctx, u, code); !errors.Is(err, ErrCodeWrong) {
			return FactorTOTP, err
		}
	}
	return FactorBackupCode, s.useBackupCode(ctx, u, code)
}

// RemoveTOTP takes the user's authenticator app away, and with the last second factor the
// backup codes that stood in for it. A user without one stays as they are. ErrNotFound.
func (s *Service) RemoveTOTP(ctx context.Context, id ID) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]Event, error) {
		if u.TOTPSecret == "" {
			return nil, nil
		}
		u.setTOTP("")
		if !u.TwoFactorEnabled() {
			u.setBackupCodes(nil)
		}
		return tell(EventUpdated), nil
	})
}

// RemoveBackupCodes takes the user's backup codes away. ErrNotFound.
func (s *Service) RemoveBackupCodes(ctx context.Context, id ID) (*User, error) {
	return s.change(ctx, id, func(u *User, _ time.Time) ([]Event, error) {
		u.setBackupCodes(nil)
		return tell(EventUpdated), nil
	})
}

// DisableMFA takes every second factor of the user away: authenticator app, backup codes,
// and the reservation of phone numbers, which stay theirs. ErrNotFound.
func (s *Service) DisableMFA(ctx context.Context, id ID) (*User, error) {
	return s.change(ctx, id, func(u *User, now time.Time) ([]Event, error) {
		u.setTOTP("")
		u.setBackupCodes(nil)
		for n := range u.Identifications {
			if i := &u.Identifications[n]; i.ReservedForSecondFactor || i.DefaultSecondFactor {
				i.ReservedForSecondFactor, i.DefaultSecondFactor, i.UpdatedAt = false, false, now
			}
		}
		return tell(EventUpdated), nil
	})
}
