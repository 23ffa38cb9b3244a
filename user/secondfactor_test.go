package user_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/user"
)

// rfcSecret is the secret of RFC 6238, Appendix B, in base32.
const rfcSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// sealing gives a fixture a keyring.
func sealing(t testing.TB, list string) func(*user.Config) {
	t.Helper()
	ring, err := keyring.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *user.Config) { c.Sealer = ring }
}

// totpAt is the code of rfcSecret at a time, by the library that apps use.
func totpAt(t testing.TB, at time.Time) string {
	t.Helper()
	code, err := hotp.GenerateCodeCustom(rfcSecret, uint64(at.Unix()/30), hotp.ValidateOpts{Digits: otp.DigitsSix})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func withTOTP(nu *user.NewUser) { nu.TOTPSecret = rfcSecret }

// The vectors of RFC 6238, Appendix B, cut to six digits, in the order of their times.
func TestTOTPVectors(t *testing.T) {
	f := newFixture(t, sealing(t, keyring.New()))
	u := f.add(t, "ada@example.com", withTOTP)
	for _, v := range []struct {
		at   int64
		code string
	}{{1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}} {
		f.now = time.Unix(v.at, 0)
		if kind, err := f.VerifySecondFactor(t.Context(), u.ID, v.code); kind != user.FactorTOTP || err != nil {
			t.Errorf("code at %d: %q, %v", v.at, kind, err)
		}
	}
}

// M-01: a step is accepted once, none before it after that, and only as six ASCII digits.
func TestTOTPStepsIncrease(t *testing.T) {
	f := newFixture(t, sealing(t, keyring.New()))
	u := f.add(t, "ada@example.com", withTOTP)
	code := totpAt(t, f.now)
	for _, wrong := range []string{"", " " + code, code + " ", code[:5], code + "0", "１２３４５６", "+" + code[1:], totpAt(t, f.now.Add(2*time.Minute)), totpAt(t, f.now.Add(-time.Minute))} {
		if _, err := f.VerifySecondFactor(t.Context(), u.ID, wrong); !errors.Is(err, user.ErrCodeWrong) {
			t.Errorf("code %q = %v, want ErrCodeWrong", wrong, err)
		}
	}
	if kind, err := f.VerifySecondFactor(t.Context(), u.ID, code); err != nil || kind != user.FactorTOTP {
		t.Fatalf("VerifySecondFactor = %q, %v", kind, err)
	}
	for _, again := range []string{code, totpAt(t, f.now.Add(-30*time.Second))} {
		if _, err := f.VerifySecondFactor(t.Context(), u.ID, again); !errors.Is(err, user.ErrCodeWrong) {
			t.Errorf("a code of a step that is over = %v, want ErrCodeWrong", err)
		}
	}
	// The same secret given once more makes no code good again.
	if _, err := f.Update(t.Context(), u.ID, user.Change{TOTPSecret: rfcSecret}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.VerifySecondFactor(t.Context(), u.ID, code); !errors.Is(err, user.ErrCodeWrong) {
		t.Errorf("the code after the secret was given again = %v, want ErrCodeWrong", err)
	}
	if _, err := f.VerifySecondFactor(t.Context(), u.ID, totpAt(t, f.now.Add(30*time.Second))); err != nil {
		t.Errorf("the next step's code: %v", err)
	}
}

// M-01: of many who use one code at once, one does.
func TestTOTPParallel(t *testing.T) {
	f := newFixture(t, sealing(t, keyring.New()))
	u := f.add(t, "ada@example.com", withTOTP)
	if got := parallelUses(t, f, 20, u.ID, totpAt(t, f.now)); got != 1 {
		t.Errorf("%d of 20 uses succeeded, want 1", got)
	}
}

func parallelUses(t *testing.T, f *fixture, n int, id user.ID, code string) int32 {
	t.Helper()
	var wg sync.WaitGroup
	var good atomic.Int32
	for range n {
		wg.Go(func() {
			switch _, err := f.VerifySecondFactor(t.Context(), id, code); {
			case err == nil:
				good.Add(1)
			case !errors.Is(err, user.ErrCodeWrong) && !errors.Is(err, user.ErrNoSecondFactor):
				t.Errorf("VerifySecondFactor: %v", err)
			}
		})
	}
	wg.Wait()
	return good.Load()
}

// K-06: a TOTP secret is encrypted, and opens for the one user it was sealed for. K-07: an
// older key still opens it, and the next code that is used seals it again.
func TestTOTPSealed(t *testing.T) {
	old, fresh := keyring.New(), keyring.New()
	f := newFixture(t, sealing(t, old))
	ada, bob := f.add(t, "ada@example.com", withTOTP), f.add(t, "bob@example.com", withTOTP)
	if shown := fmt.Sprintf("%v %d %+v", ada.TOTPSecret, ada.TOTPSecret, ada); strings.Contains(shown, string(ada.TOTPSecret)) ||
		strings.Contains(string(ada.TOTPSecret), rfcSecret) {
		t.Error("the secret shows")
	}
	_, err := f.store.Update(t.Context(), bob.ID, func(u *user.User) ([]user.Event, error) {
		u.TOTPSecret = ada.TOTPSecret
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.VerifySecondFactor(t.Context(), bob.ID, totpAt(t, f.now)); !errors.Is(err, keyring.ErrSealed) {
		t.Errorf("a secret moved to another user: %v, want ErrSealed", err)
	}

	rotated, err := user.NewService(func() user.Config {
		cfg := user.Config{Store: f.store, Events: user.EventHandlerFunc(f.handle), Hasher: f.hasher, Now: func() time.Time { return f.now }}
		sealing(t, fresh+","+old)(&cfg)
		return cfg
	}())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rotated.VerifySecondFactor(t.Context(), ada.ID, totpAt(t, f.now)); err != nil {
		t.Fatalf("after the rotation: %v", err)
	}
	after, err := f.ByID(t.Context(), ada.ID)
	if err != nil || after.TOTPSecret == ada.TOTPSecret || !after.UpdatedAt.Equal(ada.UpdatedAt) {
		t.Errorf("the secret was not sealed again, or the user shows it: %v", err)
	}
	if _, err := f.VerifySecondFactor(t.Context(), ada.ID, totpAt(t, f.now.Add(30*time.Second))); err == nil {
		t.Error("the old key alone opens what the new one sealed")
	}
}

// M-03: backup codes are stored as argon2id under one salt, or as the bcrypt digests that
// were given, and good once each, also for many at once.
func TestBackupCodes(t *testing.T) {
	patient, err := user.NewHasher(user.HasherConfig{MemoryKiB: 19456, QueueTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, func(c *user.Config) { c.Hasher = patient })
	u := f.add(t, "ada@example.com", func(nu *user.NewUser) {
		// crypt_blowfish, test suite: the digest of U*U.
		nu.BackupCodes = []string{"first-code", "second-code", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}
	})
	if !u.BackupCodeEnabled || u.TwoFactorEnabled() || len(u.BackupCodes) != 3 {
		t.Fatalf("user with backup codes: %v %v %d", u.BackupCodeEnabled, u.TwoFactorEnabled(), len(u.BackupCodes))
	}
	salts := map[string]bool{}
	for _, d := range u.BackupCodes {
		if strings.Contains(string(d), "code") {
			t.Error("a code is stored")
		}
		if parts := strings.Split(string(d), "$"); parts[1] == "argon2id" {
			salts[parts[4]] = true
		}
	}
	if len(salts) != 1 {
		t.Errorf("%d salts, want 1", len(salts))
	}
	if _, err := f.VerifySecondFactor(t.Context(), u.ID, "FIRST-CODE"); !errors.Is(err, user.ErrCodeWrong) {
		t.Errorf("another spelling = %v", err)
	}
	if got := parallelUses(t, f, 4, u.ID, "first-code"); got != 1 {
		t.Errorf("%d of 4 uses succeeded, want 1", got)
	}
	for _, code := range []string{"U*U", "second-code"} {
		if kind, err := f.VerifySecondFactor(t.Context(), u.ID, code); err != nil || kind != user.FactorBackupCode {
			t.Errorf("VerifySecondFactor(%s) = %q, %v", code, kind, err)
		}
	}
	after, err := f.ByID(t.Context(), u.ID)
	if err != nil || after.BackupCodeEnabled || len(after.BackupCodes) != 0 {
		t.Errorf("after the last code: %v, %v", after.BackupCodeEnabled, err)
	}
	if _, err := f.VerifySecondFactor(t.Context(), u.ID, "second-code"); !errors.Is(err, user.ErrNoSecondFactor) {
		t.Errorf("no factor left = %v, want ErrNoSecondFactor", err)
	}
}

func TestSecretRules(t *testing.T) {
	f := newFixture(t, sealing(t, keyring.New()))
	for name, tt := range map[string]struct {
		nu    user.NewUser
		field string
		rule  user.Rule
	}{
		"totp not base32":    {user.NewUser{TOTPSecret: "GEZDGNBVGY3TQOJ1"}, "totp_secret", user.RuleTOTPSecret},
		"totp short":         {user.NewUser{TOTPSecret: "GEZDGNBV"}, "totp_secret", user.RuleTOTPSecret},
		"totp long":          {user.NewUser{TOTPSecret: strings.Repeat("GEZDGNBV", 14)}, "totp_secret", user.RuleTOTPSecret},
		"totp broken line":   {user.NewUser{TOTPSecret: rfcSecret + "\n"}, "totp_secret", user.RuleTOTPSecret},
		"backup short":       {user.NewUser{BackupCodes: []string{"12345"}}, "backup_codes", user.RuleFormat},
		"backup long":        {user.NewUser{BackupCodes: []string{strings.Repeat("a", 65)}}, "backup_codes", user.RuleFormat},
		"backup blank":       {user.NewUser{BackupCodes: []string{"first code"}}, "backup_codes", user.RuleFormat},
		"backup digest":      {user.NewUser{BackupCodes: []string{"$2a$05$short"}}, "backup_codes", user.RuleFormat},
		"backup cost":        {user.NewUser{BackupCodes: []string{"$2a$13$" + strings.Repeat("a", 53)}}, "backup_codes", user.RuleFormat},
		"backup many":        {user.NewUser{BackupCodes: slices.Repeat([]string{"abcdef"}, 21)}, "backup_codes", user.RuleTooLong},
		"timezone":           {user.NewUser{Timezone: "../../etc/passwd"}, "timezone", user.RuleFormat},
		"hasher":             {user.NewUser{ImportedPassword: user.ImportedPassword{Hasher: "awscognito", Digest: "awscognito#a#b#c"}}, "password_hasher", user.RuleValue},
		"imported":           {user.NewUser{ImportedPassword: user.ImportedPassword{Hasher: "md5", Digest: "x"}}, "password_digest", user.RuleDigest},
		"imported and plain": {user.NewUser{Password: good, ImportedPassword: user.ImportedPassword{Hasher: "md5", Digest: "f96b697d7cb7938d525a2f31aaf161d0"}}, "password_digest", user.RuleValue},
	} {
		t.Run(name, func(t *testing.T) {
			tt.nu.Username = "ada_l"
			_, err := f.Create(t.Context(), tt.nu)
			wantRule(t, err, tt.field, tt.rule)
		})
	}
	if _, err := newFixture(t).Create(t.Context(), user.NewUser{Username: "ada_l", TOTPSecret: rfcSecret}); err == nil || errors.Is(err, user.ErrInvalid) {
		t.Errorf("a TOTP secret without a Sealer: %v", err)
	}
}

// The times at which a second factor came and went are kept, and never reset.
func TestMFATimes(t *testing.T) {
	f := newFixture(t, sealing(t, keyring.New()))
	u := f.add(t, "ada@example.com", func(nu *user.NewUser) { nu.BackupCodes = []string{"first-code"} })
	if !u.MFAEnabledAt.IsZero() {
		t.Errorf("backup codes alone are a second factor since %v", u.MFAEnabledAt)
	}
	f.advance(time.Hour)
	u, err := f.Update(t.Context(), u.ID, user.Change{TOTPSecret: strings.ToLower(rfcSecret)})
	enabled := f.now
	if err != nil || !u.TOTPEnabled || !u.MFAEnabledAt.Equal(enabled) || !u.MFADisabledAt.IsZero() {
		t.Fatalf("with TOTP: %v %v %v, %v", u.TOTPEnabled, u.MFAEnabledAt, u.MFADisabledAt, err)
	}
	f.advance(time.Hour)
	u, err = f.RemoveTOTP(t.Context(), u.ID)
	if err != nil || u.TOTPEnabled || u.BackupCodeEnabled || !u.MFAEnabledAt.Equal(enabled) || !u.MFADisabledAt.Equal(f.now) {
		t.Fatalf("without: %v %v %v %v, %v", u.TOTPEnabled, u.BackupCodeEnabled, u.MFAEnabledAt, u.MFADisabledAt, err)
	}
	before := u.UpdatedAt
	f.advance(time.Hour)
	for _, remove := range []func() (*user.User, error){
		func() (*user.User, error) { return f.RemoveTOTP(t.Context(), u.ID) },
		func() (*user.User, error) { return f.RemoveBackupCodes(t.Context(), u.ID) },
		func() (*user.User, error) { return f.DisableMFA(t.Context(), u.ID) },
	} {
		if again, err := remove(); err != nil || !again.UpdatedAt.Equal(before) {
			t.Errorf("removing what is not there: %v, %v", again.UpdatedAt, err)
		}
	}
}

// DisableMFA takes every second factor, phone numbers' reservation included.
func TestDisableMFA(t *testing.T) {
	f := newFixture(t, sealing(t, keyring.New()))
	u := f.add(t, "ada@example.com", withTOTP, func(nu *user.NewUser) {
		nu.PhoneNumbers = []user.NewIdentifier{{Value: "+442071838750", Strategy: "admin"}}
		nu.BackupCodes = []string{"first-code"}
	})
	_, err := f.store.Update(t.Context(), u.ID, func(u *user.User) ([]user.Event, error) {
		u.Identifications[1].ReservedForSecondFactor, u.Identifications[1].DefaultSecondFactor = true, true
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if u, err = f.RemoveTOTP(t.Context(), u.ID); err != nil || !u.TwoFactorEnabled() || !u.BackupCodeEnabled {
		t.Errorf("a phone number is left: %v %v, %v", u.TwoFactorEnabled(), u.BackupCodeEnabled, err)
	}
	u, err = f.DisableMFA(t.Context(), u.ID)
	if err != nil || u.TwoFactorEnabled() || u.BackupCodeEnabled || u.Identifications[1].DefaultSecondFactor || u.PrimaryPhoneNumberID == "" {
		t.Errorf("DisableMFA left %+v, %v", u.Identifications, err)
	}
}
