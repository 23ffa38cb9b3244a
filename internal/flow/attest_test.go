package flow_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

const totpSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // RFC 6238, Appendix B

func (w *world) totp() string {
	w.t.Helper()
	code, err := totp.GenerateCode(totpSecret, w.clock())
	must(w.t, err)
	return code
}

// B-07: what a server asks counts like what a browser sends. The eleventh wrong password
// finds the user locked, and then the right one is wrong, too.
func TestAttestationsCount(t *testing.T) {
	for _, tt := range []struct {
		name, wrong string
		ask         func(ctx context.Context, w *world, id user.ID, right bool) error
	}{
		{"password", "incorrect_password", func(ctx context.Context, w *world, id user.ID, right bool) error {
			if right {
				return w.VerifyPassword(ctx, id, secret)
			}
			return w.VerifyPassword(ctx, id, "not the password")
		}},
		{"totp", "totp_incorrect_code", func(ctx context.Context, w *world, id user.ID, right bool) error {
			code := w.totp()
			if !right {
				code = wrong(code)
			}
			_, err := w.VerifySecondFactor(ctx, id, code)
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			u := w.person(jane, func(nu *user.NewUser) { nu.TOTPSecret = totpSecret })
			must(t, tt.ask(t.Context(), w, u.ID, true))
			w.pass(time.Minute)
			for range 11 {
				wantCode(t, tt.ask(t.Context(), w, u.ID, false), tt.wrong)
			}
			if u, err := w.users.ByID(t.Context(), u.ID); err != nil || !u.Locked || u.LockedUntil.IsZero() {
				t.Fatalf("after eleven wrong ones: locked %v, %v", u.Locked, err)
			}
			wantCode(t, tt.ask(t.Context(), w, u.ID, true), tt.wrong)
			_, err := w.browser().signIn(flow.SignInFields{Identifier: jane, Password: secret})
			wantCode(t, err, "user_locked")
			w.pass(time.Hour)
			must(t, tt.ask(t.Context(), w, u.ID, true))
		})
	}
}

// B-07: guesses side by side buy no more than guesses in a row, and a locked user's backup
// code is not spent.
func TestAttestationsInParallel(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, func(nu *user.NewUser) {
		nu.Password = ""
		nu.TOTPSecret, nu.BackupCodes = totpSecret, []string{"first-code"}
	})
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			if _, err := w.VerifySecondFactor(t.Context(), u.ID, wrong(w.totp())); err == nil {
				t.Error("a wrong code is right")
			}
		})
	}
	wg.Wait()
	if u, err := w.users.ByID(t.Context(), u.ID); err != nil || !u.Locked {
		t.Errorf("locked = %v, %v", u.Locked, err)
	}
	_, err := w.VerifySecondFactor(t.Context(), u.ID, "first-code")
	wantCode(t, err, "totp_incorrect_code")
	if u, err := w.users.ByID(t.Context(), u.ID); err != nil || !u.BackupCodeEnabled {
		t.Errorf("the backup code of a locked user was spent, %v", err)
	}
}

// B-07: a lock that comes while a guess is judged holds for it, too.
func TestAttestationMeetsLock(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane)
	flow.BeforeVerify(w.Engine, func() {
		_, err := w.users.Lock(t.Context(), u.ID, w.clock().Add(time.Hour))
		must(t, err)
	})
	wantCode(t, w.VerifyPassword(t.Context(), u.ID, secret), "incorrect_password")
}

func TestAttestationRefusals(t *testing.T) {
	w := newWorld(t)
	u := w.person(jane, func(nu *user.NewUser) { nu.Password = "" })
	wantCode(t, w.VerifyPassword(t.Context(), u.ID, secret), "no_password_set")
	_, err := w.VerifySecondFactor(t.Context(), u.ID, "123456")
	wantCode(t, err, "totp_disabled")
	if _, err := w.VerifySecondFactor(t.Context(), "user_unknown", "123456"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("of nobody: %v", err)
	}
	if err := w.VerifyPassword(t.Context(), "user_unknown", secret); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("of nobody: %v", err)
	}
}

// S-10: whoever has an authenticator app is asked for it, whatever proved the first factor.
func TestTOTPIsAskedFor(t *testing.T) {
	w := newWorld(t)
	w.person(jane, func(nu *user.NewUser) { nu.TOTPSecret = totpSecret })
	out, err := w.browser().signIn(flow.SignInFields{Identifier: jane, Password: secret})
	if err != nil || out.SignIn.Status != "needs_second_factor" || out.SignIn.CreatedSessionID != "" {
		t.Errorf("by password: %+v, %v", out.SignIn, err)
	}
	b := w.browser()
	out, err = b.signIn(flow.SignInFields{Identifier: jane, Strategy: "email_code"})
	must(t, err)
	out, err = b.emailCode(out.SignIn.ID, b.code(jane))
	if err != nil || out.SignIn.Status != "needs_second_factor" || out.SignIn.CreatedSessionID != "" {
		t.Errorf("by code: %+v, %v", out.SignIn, err)
	}
}
