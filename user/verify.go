package user

import (
	"context"
	"errors"
)

// HashPassword applies the policy and hashes, for callers that then Create inside
// a transaction (a hash must not hold a database lock). identifiers are the user's own.
// Errors: *FieldError, ErrBusy.
func (s *Service) HashPassword(ctx context.Context, password string, identifiers ...string) (Digest, error) {
	if err := s.policy.check(password, identifiers); err != nil {
		return "", err
	}
	return s.cfg.Hasher.Hash(ctx, password)
}

// VerifyPassword checks a password against u's digest, and replaces a digest of
// another scheme or lower cost once it has proved right (P-02). A nil u and users
// without password, banned or locked cost the same work; they return ErrPasswordWrong,
// or ErrNoPassword, whatever the password (P-07). ErrBusy when the queue is full:
// nothing was checked, and the attempt must not be counted.
func (s *Service) VerifyPassword(ctx context.Context, u *User, password string) error {
	var digest Digest // "" is verified against a dummy
	// No password is longer, and reading a longer one is work that others do not cost.
	tooLong := len(password) > maxPasswordBytes
	if tooLong {
		password = ""
	}
	if u != nil && !u.Banned && !u.lockedAt(s.now()) && !tooLong {
		digest = u.PasswordDigest
	}
	ok, outdated, err := s.cfg.Hasher.Verify(ctx, password, digest)
	switch {
	case err != nil:
		return err
	case u != nil && u.PasswordDigest == "":
		return ErrNoPassword
	case !ok || digest == "":
		return ErrPasswordWrong
	}
	if outdated {
		s.rehash(ctx, u.ID, digest, password)
	}
	return nil
}

// rehash replaces the digest that password was verified against, unless somebody else
// did so meanwhile. The sign-in goes on if it fails: the next one tries again.
func (s *Service) rehash(ctx context.Context, id ID, old Digest, password string) {
	digest, err := s.cfg.Hasher.Hash(ctx, password)
	if err == nil {
		_, err = s.store.Update(ctx, id, func(u *User) ([]Event, error) {
			if u.PasswordDigest != old {
				return nil, errUnchanged
			}
			u.PasswordDigest = digest
			return nil, nil
		})
	}
	if err != nil && !errors.Is(err, errUnchanged) {
		s.cfg.Logger.WarnContext(ctx, "outdated password digest kept", "user_id", string(id), "err", err)
	}
}

// digestFor hashes the new password of c for the user.
func (s *Service) digestFor(ctx context.Context, id ID, c Change) (Digest, error) {
	if s.inTx {
		return "", ErrHashInTx
	}
	if c.PasswordDigest != "" {
		return "", &FieldError{Field: "password_digest", Rule: RuleValue}
	}
	u, err := s.ByID(ctx, id)
	if err != nil {
		return "", err
	}
	identifiers := u.Identifiers()
	if c.Username != nil && *c.Username != "" {
		identifiers = append(identifiers, *c.Username)
	}
	digest, err := s.newDigest(ctx, id, *c.Password, identifiers, c.SkipPasswordChecks, c.WarnPwnedPassword)
	if err != nil || !c.RefuseSamePassword || u.PasswordDigest == "" {
		return digest, err
	}
	same, _, err := s.cfg.Hasher.Verify(ctx, *c.Password, u.PasswordDigest)
	if err != nil {
		return "", err
	}
	if same {
		return "", &FieldError{Field: "password", Rule: RulePasswordSame}
	}
	return digest, nil
}

// newDigest checks a password as the caller asked for and hashes it.
func (s *Service) newDigest(ctx context.Context, id ID, password string, identifiers []string, skipChecks, warnPwned bool) (Digest, error) {
	if s.inTx {
		return "", ErrHashInTx
	}
	check := s.policy.check(password, identifiers)
	if skipChecks {
		check = s.policy.checkEncoding(password)
	}
	if broken, ok := errors.AsType[*FieldError](check); ok && broken.Rule == RulePasswordPwned && warnPwned {
		s.cfg.Logger.WarnContext(ctx, "breached password accepted", "user_id", string(id))
		check = nil
	}
	if check != nil {
		return "", check
	}
	return s.cfg.Hasher.Hash(ctx, password)
}
