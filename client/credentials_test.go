package client_test

import (
	"testing"

	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

// Passwords and second factors of a user are proved and taken away.
func TestCredentials(t *testing.T) {
	s := gatehousetest.New(t)
	c, ctx := s.BackendAPI(), t.Context()
	u, err := c.Users.Create(ctx, client.NewUser{
		EmailAddresses: []string{"ada@example.com"}, Password: gatehousetest.Password,
		TOTPSecret: "JBSWY3DPEHPK3PXP", BackupCodes: []client.Secret{"backup-code-one", "backup-code-two"},
	})
	if err != nil || !u.TOTPEnabled || !u.BackupCodeEnabled {
		t.Fatalf("Create = %+v, %v", u, err)
	}
	for password, want := range map[client.Secret]bool{gatehousetest.Password: true, "something else": false} {
		if ok, err := c.Users.VerifyPassword(ctx, u.ID, password); ok != want || err != nil {
			t.Errorf("VerifyPassword = %v, %v; want %v", ok, err, want)
		}
	}
	for _, want := range []bool{true, false} { // once
		if ok, err := c.Users.VerifyTOTP(ctx, u.ID, "backup-code-one"); ok != want || err != nil {
			t.Errorf("VerifyTOTP = %v, %v; want %v", ok, err, want)
		}
	}
	if err := c.Users.DisableMFA(ctx, u.ID); err != nil {
		t.Errorf("DisableMFA = %v", err)
	}
	if _, err := c.Users.VerifyTOTP(ctx, u.ID, "000000"); !is(err, 400, "totp_disabled") {
		t.Errorf("VerifyTOTP without an app = %v", err)
	}
	if u, err = c.Users.RemovePassword(ctx, u.ID, true); err != nil || u.PasswordEnabled || u.TwoFactorEnabled {
		t.Errorf("RemovePassword = %+v, %v", u, err)
	}
	if _, err := c.Users.VerifyPassword(ctx, u.ID, "x"); !is(err, 400, "no_password_set") {
		t.Errorf("VerifyPassword without one = %v", err)
	}
	digest := client.Secret("$2a$04$3lTo2b5qMZtpxDkwx0qSh.L6rhDgQ7m7m.N3pwl2S5BhUoW4x5yLW")
	if _, err := c.Users.Create(ctx, client.NewUser{Username: "eve_1", PasswordDigest: digest, PasswordHasher: "nonsense", SkipUserRequirement: true, SkipPasswordRequirement: true}); !is(err, 422, "form_param_value_invalid") {
		t.Errorf("Create with a digest of nothing known = %v", err)
	}
	if u, err := c.Users.Create(ctx, client.NewUser{Username: "eve_1", PasswordDigest: digest, PasswordHasher: "bcrypt", SkipUserRequirement: true, SkipPasswordRequirement: true}); err != nil || !u.PasswordEnabled {
		t.Errorf("Create with a digest = %+v, %v", u, err)
	}
}
