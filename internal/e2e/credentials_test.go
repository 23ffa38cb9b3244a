package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/clerk/clerk-sdk-go/v2"
	clerkuser "github.com/clerk/clerk-sdk-go/v2/user"
	"github.com/pquerna/otp/totp"

	"github.com/gatehouse-dev/gatehouse/internal/digesttest"
)

const totpSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // RFC 6238, Appendix B

// Users come from another system with their digests, sign in, and are asked by operators
// for what they know; answers are checked against the published descriptions, and none of
// their secrets lies anywhere (K-03, K-06, P-10).
func TestCredentials(t *testing.T) {
	for _, kind := range stores {
		t.Run(kind, func(t *testing.T) {
			s := newStack(t, kind)
			checked, transport := described(t), http.DefaultTransport
			if checked != nil {
				transport = checked
			}
			jane := s.newBrowser(1, transport)
			importAndVerify(t, s, jane)
			if checked != nil {
				reportDifferences(t, checked, 20)
			}
			lookForCanaries(t, s, keepSecrets(t, jane))
		})
	}
}

func importAndVerify(t *testing.T, s *stack, jane *browser) {
	seen := map[string]bool{}
	for _, v := range digesttest.Vectors() {
		if seen[v.Hasher] {
			continue
		}
		seen[v.Hasher] = true
		made := jane.backend("POST", "/users", map[string]any{
			"email_address": []string{v.Hasher + "@example.com"}, "password_hasher": v.Hasher, "password_digest": v.Digest,
		}).want(t, 200, "")
		jane.backend("POST", "/users/"+made.str("id")+"/verify_password", map[string]any{"password": v.Password}).want(t, 200, "")
	}
	id := jane.backend("POST", "/users", map[string]any{
		"email_address": []string{"jane@example.com"}, "password": "a fine long secret",
		"totp_secret": totpSecret, "backup_codes": []string{"first-code"},
	}).want(t, 200, "").str("id")
	code, err := totp.GenerateCode(totpSecret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	path := "/users/" + id
	jane.backend("POST", path+"/verify_totp", map[string]any{"code": code}).want(t, 200, "")
	jane.backend("POST", path+"/verify_totp", map[string]any{"code": code}).want(t, 422, "totp_incorrect_code")
	if kind := jane.backend("POST", path+"/verify_totp", map[string]any{"code": "first-code"}).want(t, 200, "").str("code_type"); kind != "backup_code" {
		t.Errorf("code_type = %s", kind)
	}
	// Nobody gets past a second factor that they have.
	in := jane.form("/v1/client/sign_ins", "identifier", "jane@example.com", "password", "a fine long secret").want(t, 200, "")
	if status := in.str("response", "status"); status != "needs_second_factor" {
		t.Errorf("a sign-in with an authenticator app is %s", status)
	}
	for _, factor := range []string{"totp", "backup_code", "mfa"} {
		jane.backend("DELETE", path+"/"+factor, nil).want(t, 200, "")
	}
	jane.backend("POST", path+"/password/set_compromised", map[string]any{"revoke_all_sessions": true}).want(t, 200, "")
	joe := s.newBrowser(2, http.DefaultTransport)
	joe.form("/v1/client/sign_ins", "identifier", "jane@example.com", "password", "a fine long secret").want(t, 422, "form_password_compromised")
	jane.backend("POST", path+"/password/unset_compromised", nil).want(t, 200, "")
	jane.backend("POST", path+"/remove_password", nil).want(t, 200, "")
	jane.backend("POST", "/users/ban", map[string]any{"user_ids": []string{id}}).want(t, 200, "")
	jane.backend("POST", "/users/unban", map[string]any{"user_ids": []string{id}}).want(t, 200, "")
	jane.backend("DELETE", path+"/passkeys/idn_2J2MvPu9PnXcuhbPZNao0LOXqK9", nil).want(t, 404, "resource_not_found")
	jane.backend("DELETE", path+"/web3_wallets/idn_2J2MvPu9PnXcuhbPZNao0LOXqK9", nil).want(t, 404, "resource_not_found")
}

// keepSecrets makes a user who has credentials of every kind and keeps them.
func keepSecrets(t *testing.T, jane *browser) []canary {
	const sum, code = "f96b697d7cb7938d525a2f31aaf161d0", "canary-backup-code" // RFC 1321
	jane.backend("POST", "/users", map[string]any{
		"email_address": []string{"keeps@example.com"}, "password_hasher": "md5", "password_digest": sum,
		"totp_secret": totpSecret, "backup_codes": []string{code},
	}).want(t, 200, "")
	in := jane.form("/v1/client/sign_ins", "identifier", "bcrypt@example.com", "password", "U*U").want(t, 200, "")
	jane.get("/v1/me?_clerk_session_id="+in.str("response", "created_session_id")).want(t, 200, "")
	return []canary{
		{"imported sum", sum, nowhere},
		{"backup code", code, nowhere},
		{"TOTP secret", totpSecret, nowhere},
		{"TOTP secret", "12345678901234567890", nowhere},
	}
}

// The official Go SDK handles what users sign in with.
func TestGoSDKManagesCredentials(t *testing.T) {
	s := newStack(t, "SQLite")
	users, ctx := clerkuser.NewClient(sdkConfig(s)), t.Context()
	created, err := users.Create(ctx, &clerkuser.CreateParams{
		EmailAddresses: &[]string{"jane@example.com", "other@example.com"}, Username: clerk.String("jane"),
		PasswordHasher: clerk.String("sha256"), PasswordDigest: clerk.String("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
		TOTPSecret: clerk.String(totpSecret), BackupCodes: &[]string{"first-code"},
		SkipLegalChecks: clerk.Bool(true), SkipPasswordChecks: clerk.Bool(true), SkipPasswordRequirement: clerk.Bool(true),
		LegalAcceptedAt: clerk.String("2020-01-02T03:04:05Z"), CreatedAt: clerk.String("2020-01-02T03:04:05Z"),
		DeleteSelfEnabled: clerk.Bool(false), CreateOrganizationEnabled: clerk.Bool(false), CreateOrganizationsLimit: new(3),
	})
	if err != nil || !created.PasswordEnabled || !created.TOTPEnabled || !created.BackupCodeEnabled || !created.TwoFactorEnabled ||
		created.CreatedAt != 1577934245000 || created.DeleteSelfEnabled || *created.LegalAcceptedAt != 1577934245000 {
		t.Fatalf("Create = %+v, %v", created, err)
	}
	right, err := users.VerifyPassword(ctx, &clerkuser.VerifyPasswordParams{UserID: created.ID, Password: "abc"})
	if err != nil || !right.Verified {
		t.Fatalf("VerifyPassword = %+v, %v", right, err)
	}
	_, err = users.VerifyPassword(ctx, &clerkuser.VerifyPasswordParams{UserID: created.ID, Password: "abd"})
	wantSDKError(t, err, http.StatusUnprocessableEntity, "incorrect_password")

	updated, err := users.Update(ctx, created.ID, &clerkuser.UpdateParams{
		PrimaryEmailAddressID: &created.EmailAddresses[1].ID, NotifyPrimaryEmailAddressChanged: clerk.Bool(true),
		PasswordHasher: clerk.String("bcrypt"), PasswordDigest: clerk.String("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
		SignOutOfOtherSessions: clerk.Bool(true), BackupCodes: &[]string{"second-code"}, Username: clerk.String(""),
	})
	if err != nil || updated.Username != nil || *updated.PrimaryEmailAddressID != created.EmailAddresses[1].ID {
		t.Fatalf("Update = %+v, %v", updated, err)
	}
	if right, err := users.VerifyPassword(ctx, &clerkuser.VerifyPasswordParams{UserID: created.ID, Password: "U*U"}); err != nil || !right.Verified {
		t.Fatalf("VerifyPassword = %+v, %v", right, err)
	}
	_, err = users.Update(ctx, created.ID, &clerkuser.UpdateParams{ProfileImageID: clerk.String("img_2J2MvPu9PnXcuhbPZNao0LOXqK9")})
	wantSDKError(t, err, http.StatusUnprocessableEntity, "form_resource_not_found")

	for name, drop := range map[string]func() (*clerkuser.MultifactorAuthentication, error){
		"DeleteBackupCode": func() (*clerkuser.MultifactorAuthentication, error) { return users.DeleteBackupCode(ctx, created.ID) },
		"DeleteTOTP":       func() (*clerkuser.MultifactorAuthentication, error) { return users.DeleteTOTP(ctx, created.ID) },
		"DeleteMFA": func() (*clerkuser.MultifactorAuthentication, error) {
			return users.DeleteMFA(ctx, &clerkuser.DeleteMFAParams{ID: created.ID})
		},
	} {
		if gone, err := drop(); err != nil || gone.UserID != created.ID {
			t.Errorf("%s = %+v, %v", name, gone, err)
		}
	}
	_, err = users.DeletePasskey(ctx, created.ID, "idn_2J2MvPu9PnXcuhbPZNao0LOXqK9")
	wantSDKError(t, err, http.StatusNotFound, "resource_not_found")
	_, err = users.DeleteWeb3Wallet(ctx, created.ID, "idn_2J2MvPu9PnXcuhbPZNao0LOXqK9")
	wantSDKError(t, err, http.StatusNotFound, "resource_not_found")
	if locked, err := users.Lock(ctx, created.ID); err != nil || !locked.Locked {
		t.Errorf("Lock = %+v, %v", locked, err)
	}
	if unlocked, err := users.Unlock(ctx, created.ID); err != nil || unlocked.Locked {
		t.Errorf("Unlock = %+v, %v", unlocked, err)
	}
	got, err := users.Get(ctx, created.ID)
	if err != nil || got.TOTPEnabled || got.BackupCodeEnabled || got.TwoFactorEnabled {
		t.Errorf("Get = %+v, %v", got, err)
	}
}
