package backendapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/gatehouse-dev/gatehouse/internal/digesttest"
	"github.com/gatehouse-dev/gatehouse/session"
)

const (
	totpSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // RFC 6238, Appendix B
	// bcryptDigest is that of U*U (crypt_blowfish, test suite).
	bcryptDigest = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
)

// P-08: a digest of every hasher is taken; P-10: no answer and no log holds one, nor a
// TOTP secret or a backup code.
func TestCreateWithDigests(t *testing.T) {
	s := newServer(t)
	seen := map[string]bool{}
	for _, v := range digesttest.Vectors() {
		if seen[v.Hasher] {
			continue
		}
		seen[v.Hasher] = true
		s.now = s.now.Add(time.Second)
		body, err := json.Marshal(map[string]any{
			"username": "from_" + strings.ToLower(v.Hasher), "password_hasher": v.Hasher, "password_digest": v.Digest,
			"totp_secret": totpSecret, "backup_codes": []string{bcryptDigest},
		})
		must(t, err)
		a := s.call(http.MethodPost, "/v1/users", string(body)).ok()
		if a.at("password_enabled") != true || a.at("totp_enabled") != true || a.at("backup_code_enabled") != true ||
			a.at("two_factor_enabled") != true || a.at("mfa_enabled_at") == nil || a.at("mfa_disabled_at") != nil {
			t.Errorf("created: %s", a.raw)
		}
		for _, secret := range []string{v.Digest, "$argon2", "$2a", totpSecret} {
			if strings.Contains(a.raw, secret) || strings.Contains(s.log.String(), secret) {
				t.Errorf("%s shows", secret)
			}
		}
	}
}

// P-08: unknown hashers, digests of another form and those that cost too much are refused.
func TestDigestRefusals(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane"}`)
	tail := strings.Repeat("a", 53)
	for _, tt := range []struct{ body, code, param string }{
		{`"password_hasher":"awscognito","password_digest":"awscognito#pool#client#jane"`, "form_param_value_invalid", "password_hasher"},
		{`"password_hasher":"rot13","password_digest":"x"`, "form_param_value_invalid", "password_hasher"},
		{`"password_hasher":"bcrypt","password_digest":"$2a$31$` + tail + `"`, "form_password_digest_invalid_code", "password_digest"},
		{`"password_hasher":"argon2id","password_digest":"$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"`, "form_password_digest_invalid_code", "password_digest"},
		{`"password_hasher":"pbkdf2_sha256_django","password_digest":"pbkdf2_sha256$2000000000$salt$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"`, "form_password_digest_invalid_code", "password_digest"},
		{`"password_hasher":"md5","password_digest":"` + bcryptDigest + `"`, "form_password_digest_invalid_code", "password_digest"},
		{`"password_hasher":"bcrypt"`, "form_conditional_param_missing", "password_digest"},
		{`"password_digest":"` + bcryptDigest + `"`, "form_conditional_param_missing", "password_hasher"},
		{`"password_hasher":"bcrypt","password_digest":"` + bcryptDigest + `","password":"correct horse battery staple"`, "form_param_value_invalid", "password_digest"},
		{`"totp_secret":"not base32!"`, "invalid_totp_secret_code", "totp_secret"},
		{`"totp_secret":["x"]`, "form_param_type_invalid", "totp_secret"},
		{`"backup_codes":["x"]`, "form_param_format_invalid", "backup_codes"},
		{`"backup_codes":"abcdef"`, "form_param_type_invalid", "backup_codes"},
		{`"timezone":"Mars/../x"`, "form_param_format_invalid", "timezone"},
	} {
		s.now = s.now.Add(2 * time.Second)
		s.call(http.MethodPost, "/v1/users", `{"username":"fresh",`+tt.body+`}`).refused(422, tt.code).blames(tt.param)
		s.call(http.MethodPatch, "/v1/users/"+id, `{`+tt.body+`}`).refused(422, tt.code).blames(tt.param)
	}
}

func TestVerifyPassword(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane","password_hasher":"bcrypt","password_digest":"` + bcryptDigest + `"}`)
	path := "/v1/users/" + id + "/verify_password"
	if a := s.call(http.MethodPost, path, `{"password":"U*U"}`).ok(); a.raw != `{"verified":true}` {
		t.Errorf("verified: %s", a.raw)
	}
	s.call(http.MethodPost, path, `{"password":"U*V"}`).refused(422, "incorrect_password").blames("password")
	for _, body := range []string{"", "null", "{}", `{"password":""}`} {
		s.call(http.MethodPost, path, body).refused(422, "form_param_missing").blames("password")
	}
	s.call(http.MethodPost, path, `{"password":"U*U","strategy":"password"}`).refused(422, "form_param_unknown").blames("strategy")
	bare := s.create(`{"username":"joe_b"}`)
	s.call(http.MethodPost, "/v1/users/"+bare+"/verify_password", `{"password":"x"}`).refused(400, "no_password_set")
	s.call(http.MethodPost, "/v1/users/user_2J2MvPu9PnXcuhbPZNao0LOXqK9/verify_password", `{"password":"x"}`).refused(404, "resource_not_found")

	// B-07
	for range 11 {
		s.call(http.MethodPost, path, `{"password":"wrong"}`).refused(422, "incorrect_password")
	}
	s.call(http.MethodPost, path, `{"password":"U*U"}`).refused(422, "incorrect_password")
	if a := s.call(http.MethodGet, "/v1/users/"+id, "").ok(); a.at("locked") != true || a.at("lockout_expires_in_seconds") != 3600.0 {
		t.Errorf("after eleven wrong ones: %s", a.raw)
	}
}

func TestVerifyTOTP(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane","totp_secret":"` + totpSecret + `","backup_codes":["first-code","` + bcryptDigest + `"]}`)
	path := "/v1/users/" + id + "/verify_totp"
	code, err := totp.GenerateCode(totpSecret, s.now)
	must(t, err)
	if a := s.call(http.MethodPost, path, `{"code":"`+code+`"}`).ok(); a.raw != `{"verified":true,"code_type":"totp"}` {
		t.Errorf("verified: %s", a.raw)
	}
	s.call(http.MethodPost, path, `{"code":"`+code+`"}`).refused(422, "totp_incorrect_code").blames("code")
	for _, backup := range []string{"first-code", "U*U"} {
		if a := s.call(http.MethodPost, path, `{"code":"`+backup+`"}`).ok(); a.raw != `{"verified":true,"code_type":"backup_code"}` {
			t.Errorf("verified: %s", a.raw)
		}
		s.call(http.MethodPost, path, `{"code":"`+backup+`"}`).refused(422, "totp_incorrect_code")
	}
	s.call(http.MethodPost, path, `{}`).refused(422, "form_param_missing").blames("code")
	bare := s.create(`{"username":"joe_b"}`)
	s.call(http.MethodPost, "/v1/users/"+bare+"/verify_totp", `{"code":"123456"}`).refused(400, "totp_disabled")
}

func TestFactorsGo(t *testing.T) {
	s := newServer(t)
	for path, left := range map[string][3]bool{ // totp, backup codes, two factors
		"mfa": {}, "totp": {}, "backup_code": {true, false, true},
	} {
		for _, body := range []string{"", "null", "{}"} {
			s.now = s.now.Add(time.Second)
			id := s.create(`{"username":"jane","totp_secret":"` + totpSecret + `","backup_codes":["` + bcryptDigest + `"]}`)
			for range 2 { // the second time there is nothing left
				if a := s.call(http.MethodDelete, "/v1/users/"+id+"/"+path, body).ok(); a.raw != `{"user_id":"`+id+`"}` {
					t.Errorf("DELETE %s: %s", path, a.raw)
				}
			}
			a := s.call(http.MethodGet, "/v1/users/"+id, "").ok()
			if a.at("totp_enabled") != left[0] || a.at("backup_code_enabled") != left[1] || a.at("two_factor_enabled") != left[2] ||
				a.at("mfa_enabled_at") == nil || (a.at("mfa_disabled_at") == nil) != left[2] {
				t.Errorf("after DELETE %s: %s", path, a.raw)
			}
			s.call(http.MethodDelete, "/v1/users/"+id, "").ok()
			s.call(http.MethodDelete, "/v1/users/"+id+"/"+path, "").refused(404, "resource_not_found")
		}
	}
	id := s.create(`{"username":"jane"}`)
	for _, path := range []string{"passkeys/idn_2J2MvPu9PnXcuhbPZNao0LOXqK9", "web3_wallets/idn_2J2MvPu9PnXcuhbPZNao0LOXqK9"} {
		s.call(http.MethodDelete, "/v1/users/"+id+"/"+path, "null").refused(404, "resource_not_found")
	}
}

func TestRemovePassword(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane","password_hasher":"bcrypt","password_digest":"` + bcryptDigest + `"}`)
	ss := s.start(id)
	s.now = s.now.Add(time.Second)
	path := "/v1/users/" + id + "/remove_password"
	a := s.call(http.MethodPost, path, `{"sign_out_of_other_sessions":true}`).ok()
	if a.at("password_enabled") != false || a.at("password_last_updated_at") != nil {
		t.Errorf("removed: %s", a.raw)
	}
	if got, err := s.sessions.Get(t.Context(), ss.ID); err != nil || got.Status != session.StatusRevoked {
		t.Errorf("session: %v, %v", got.Status, err)
	}
	s.now = s.now.Add(time.Second)
	for _, body := range []string{"", "null", "{}"} {
		if again := s.call(http.MethodPost, path, body).ok(); again.raw != a.raw {
			t.Errorf("removed again: %s", again.raw)
		}
	}
}

func TestCompromisedPassword(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane","password_hasher":"bcrypt","password_digest":"` + bcryptDigest + `"}`)
	ss := s.start(id)
	path := "/v1/users/" + id + "/password/"
	for _, body := range []string{"", "null", "{}", `{"revoke_all_sessions":false}`} {
		if a := s.call(http.MethodPost, path+"set_compromised", body).ok(); a.at("requires_password_reset") != true {
			t.Errorf("marked: %s", a.raw)
		}
	}
	if got, err := s.sessions.Get(t.Context(), ss.ID); err != nil || got.Status != session.StatusActive {
		t.Errorf("session: %v, %v", got.Status, err)
	}
	s.now = s.now.Add(time.Second)
	s.call(http.MethodPost, path+"set_compromised", `{"revoke_all_sessions":true}`).ok()
	if got, err := s.sessions.Get(t.Context(), ss.ID); err != nil || got.Status != session.StatusRevoked {
		t.Errorf("session: %v, %v", got.Status, err)
	}
	if a := s.call(http.MethodPost, path+"unset_compromised", "null").ok(); a.at("requires_password_reset") != nil {
		t.Errorf("unmarked: %s", a.raw)
	}
	bare := s.create(`{"username":"joe_b"}`)
	s.call(http.MethodPost, "/v1/users/"+bare+"/password/set_compromised", "").refused(400, "no_password_set")
	s.flow.Password.Enabled = false
	s.call(http.MethodPost, path+"set_compromised", "").refused(403, "password_disabled")
}
