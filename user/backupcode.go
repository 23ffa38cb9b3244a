package user

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user/internal/digest"
)

const (
	maxBackupCodes      = 20
	minBackupCodeLength = 6  // bytes
	maxBackupCodeLength = 64 // bytes
	// maxBackupCodeCost of bcrypt: a wrong code is compared with every digest.
	maxBackupCodeCost = 12
)

// isBackupDigest reports whether a code comes as a digest.
func isBackupDigest(code string) bool { return strings.HasPrefix(code, "$") }

// checkBackupCodes applies the rules that need no hash.
func checkBackupCodes(codes []string) error {
	if len(codes) > maxBackupCodes {
		return &FieldError{Field: "backup_codes", Rule: RuleTooLong}
	}
	for _, code := range codes {
		if isBackupDigest(code) {
			d, err := digest.Parse(code)
			if err != nil || d.BcryptCost() > maxBackupCodeCost {
				return &FieldError{Field: "backup_codes", Rule: RuleFormat}
			}
			continue
		}
		if len(code) < minBackupCodeLength || len(code) > maxBackupCodeLength ||
			strings.ContainsFunc(code, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return &FieldError{Field: "backup_codes", Rule: RuleFormat}
		}
	}
	return nil
}

// digestBackupCodes returns what is stored of codes: digests as they are, and argon2id of
// the plain ones. Plain codes cost a hash each.
func (s *Service) digestBackupCodes(ctx context.Context, codes []string) ([]Digest, error) {
	if err := checkBackupCodes(codes); err != nil || len(codes) == 0 {
		return nil, err
	}
	var plain []string
	digests := make([]Digest, 0, len(codes))
	for _, code := range codes {
		if isBackupDigest(code) {
			digests = append(digests, Digest(code))
		} else {
			plain = append(plain, code)
		}
	}
	if len(plain) == 0 {
		return digests, nil
	}
	if s.inTx {
		return nil, ErrHashInTx
	}
	hashed, err := s.cfg.Hasher.hashSet(ctx, plain)
	return append(digests, hashed...), err
}

func (u *User) setBackupCodes(digests []Digest) {
	if len(digests) == 0 {
		digests = nil
	}
	u.BackupCodes, u.BackupCodeEnabled = digests, len(digests) > 0
}

// useBackupCode takes the code from u's. ErrCodeWrong.
func (s *Service) useBackupCode(ctx context.Context, u *User, code string) error {
	if len(u.BackupCodes) == 0 || len(code) > maxBackupCodeLength {
		return ErrCodeWrong
	}
	n, err := s.cfg.Hasher.find(ctx, code, u.BackupCodes)
	if err != nil {
		return err
	}
	if n < 0 {
		return ErrCodeWrong
	}
	spent := u.BackupCodes[n]
	_, err = s.change(ctx, u.ID, func(u *User, _ time.Time) ([]Event, error) {
		left := slices.DeleteFunc(slices.Clone(u.BackupCodes), func(d Digest) bool { return d == spent })
		if len(left) == len(u.BackupCodes) {
			return nil, ErrCodeWrong // somebody was faster (M-03)
		}
		u.setBackupCodes(left)
		return tell(EventUpdated), nil
	})
	return err
}

// hashSet hashes codes under one salt: a guess is then compared with all of them at the
// price of one hash. Each takes a turn of its own, so that sign-ins come in between.
func (h *Hasher) hashSet(ctx context.Context, codes []string) ([]Digest, error) {
	salt := random.Bytes(saltLength)
	digests := make([]Digest, 0, len(codes))
	for _, code := range codes {
		release, err := h.acquire(ctx)
		if err != nil {
			return nil, err
		}
		begun := time.Now()
		sum := argon2.IDKey([]byte(code), salt, h.params.Iterations, h.params.Memory, h.params.Parallelism, keyLength)
		h.observe(time.Since(begun))
		release()
		digests = append(digests, Digest(digest.FormatArgon2id(h.params, salt, sum)))
	}
	return digests, nil
}

// find returns the index of the digest that is the code's, -1 if none is.
func (h *Hasher) find(ctx context.Context, code string, digests []Digest) (int, error) {
	release, err := h.acquire(ctx)
	if err != nil {
		return -1, err
	}
	defer release()
	texts := make([]string, len(digests))
	for i, d := range digests {
		texts[i] = string(d)
	}
	begun := time.Now()
	n, err := digest.Find(code, texts)
	h.observe(time.Since(begun))
	if err != nil {
		return -1, fmt.Errorf("verify backup code: %w", err)
	}
	return n, nil
}
