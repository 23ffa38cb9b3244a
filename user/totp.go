package user

import (
	"context"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// The parameters of RFC 6238 that every authenticator app knows.
const (
	totpPeriod = 30 // seconds
	totpSkew   = 1  // steps that a clock may be off, either way

	minTOTPSecret = 10 // bytes; RFC 4226 §4 asks for 16, many services have given 10
	maxTOTPSecret = 64 // bytes
)

// Where TOTP secrets lie, which they are bound to (K-06).
const (
	totpTable  = "users"
	totpColumn = "totp_secret"
)

// Sealer encrypts what has to be read back, bound to its place (K-06).
type Sealer interface {
	Seal(table, column, row string, plain []byte) ([]byte, error)
	Open(table, column, row string, sealed []byte) ([]byte, error)
	// Outdated reports whether sealed should be opened and sealed again, since Seal has
	// a newer key by now (K-07).
	Outdated(sealed []byte) bool
}

// SealedSecret is a secret that only Config.Sealer opens, for the one user that it was
// sealed for; base64. However it is printed, logged or marshalled, it is "[redacted]".
type SealedSecret string

// String returns "[redacted]".
func (SealedSecret) String() string { return redacted }

// GoString returns "[redacted]".
func (SealedSecret) GoString() string { return redacted }

// Format writes "[redacted]" whatever the verb.
func (SealedSecret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns "[redacted]".
func (SealedSecret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (SealedSecret) LogValue() slog.Value { return slog.StringValue(redacted) }

var errNoSealer = errors.New("user: Config.Sealer is required for TOTP secrets")

// parseTOTPSecret reads base32 in either case, padded or not (RFC 4648 §6).
func parseTOTPSecret(text string) ([]byte, error) {
	bare := strings.TrimRight(strings.ToUpper(text), "=")
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(bare)
	if err != nil || strings.ContainsAny(text, "\r\n") || len(secret) < minTOTPSecret || len(secret) > maxTOTPSecret {
		return nil, &FieldError{Field: "totp_secret", Rule: RuleTOTPSecret}
	}
	return secret, nil
}

// sealTOTP encrypts a secret in base32 for the user.
func (s *Service) sealTOTP(id ID, text string) (SealedSecret, error) {
	secret, err := parseTOTPSecret(text)
	if err != nil {
		return "", err
	}
	return s.seal(id, secret)
}

func (s *Service) seal(id ID, secret []byte) (SealedSecret, error) {
	if s.cfg.Sealer == nil {
		return "", errNoSealer
	}
	sealed, err := s.cfg.Sealer.Seal(totpTable, totpColumn, string(id), secret)
	if err != nil {
		return "", fmt.Errorf("seal TOTP secret: %w", err)
	}
	return SealedSecret(base64.StdEncoding.EncodeToString(sealed)), nil
}

// openTOTP decrypts the user's secret. outdated says that it should be sealed again.
func (s *Service) openTOTP(u *User) (secret []byte, outdated bool, err error) {
	if s.cfg.Sealer == nil {
		return nil, false, errNoSealer
	}
	sealed, err := base64.StdEncoding.DecodeString(string(u.TOTPSecret))
	if err == nil {
		secret, err = s.cfg.Sealer.Open(totpTable, totpColumn, string(u.ID), sealed)
	}
	if err != nil {
		return nil, false, fmt.Errorf("open TOTP secret: %w", err)
	}
	return secret, s.cfg.Sealer.Outdated(sealed), nil
}

// setTOTP gives u another secret, "" for none. The step that was used last stays: the same
// secret given once more makes no code good again.
func (u *User) setTOTP(sealed SealedSecret) { u.TOTPSecret, u.TOTPEnabled = sealed, sealed != "" }

// useTOTP uses up a code of u's authenticator app: its time step is accepted once, and none
// before it from then on (M-01). ErrCodeWrong.
func (s *Service) useTOTP(ctx context.Context, u *User, code string) error {
	if !isTOTPCode(code) {
		return ErrCodeWrong
	}
	secret, outdated, err := s.openTOTP(u)
	if err != nil {
		return err
	}
	step, ok := matchTOTP(secret, code, s.now())
	if !ok {
		return ErrCodeWrong
	}
	again := u.TOTPSecret
	if outdated {
		if again, err = s.seal(u.ID, secret); err != nil {
			return err
		}
	}
	// No event: that a code was used changes nothing that anybody sees.
	_, err = s.store.Update(ctx, u.ID, func(now *User) ([]Event, error) {
		if now.TOTPSecret != u.TOTPSecret || now.TOTPUsedStep >= step {
			return nil, ErrCodeWrong
		}
		now.TOTPSecret, now.TOTPUsedStep = again, step
		return nil, nil
	})
	return err
}

// isTOTPCode reports whether a code is six ASCII digits as it was sent: the library would
// trim blanks, and so take one code in several spellings.
func isTOTPCode(code string) bool {
	return len(code) == otp.DigitsSix.Length() && strings.Trim(code, "0123456789") == ""
}

// matchTOTP returns the latest time step around now whose code this is (RFC 6238 §5.2).
func matchTOTP(secret []byte, code string, now time.Time) (step int64, ok bool) {
	key := base32.StdEncoding.EncodeToString(secret)
	current := now.Unix() / totpPeriod
	for n := current - totpSkew; n <= current+totpSkew; n++ {
		// The comparison takes constant time; all steps are tried.
		right, err := hotp.ValidateCustom(code, uint64(n), key, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && right {
			step, ok = n, true
		}
	}
	return step, ok
}
