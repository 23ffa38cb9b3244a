package frontendapi_test

import (
	"testing"
	"time"
)

// The way of the SDK's sign-in-or-up form: a code for an address of nobody ends in a
// refusal with the client beside it, and a sign-up takes the address over.
func TestSignUpIfMissing(t *testing.T) {
	s := newServer(t)
	s.settings.EnumerationProtect = true
	if s.browser().get("/v1/environment").ok().at("user_settings.attack_protection.enumeration_protection.enabled") != true {
		t.Error("the environment hides the protection")
	}
	b := s.browser()
	begun := b.post("/v1/client/sign_ins", form("identifier", "new@example.com", "sign_up_if_missing", "true", "captcha_error", "x")).ok()
	path := "/v1/client/sign_ins/" + begun.text("response.id")
	factor := begun.text("response.supported_first_factors.1.email_address_id")
	sent := b.post(path+"/prepare_first_factor", form("strategy", "email_code", "email_address_id", factor)).ok()
	if sent.text("response.first_factor_verification.status") != "unverified" {
		t.Errorf("prepared: %s", sent.raw)
	}
	code := s.code("new@example.com")
	b.post(path+"/attempt_first_factor", form("strategy", "email_code", "code", wrongCode(code))).refused(422, "form_code_incorrect")
	a := b.post(path+"/attempt_first_factor", form("strategy", "email_code", "code", code)).refused(404, "sign_up_if_missing_transfer")
	if a.text("meta.client.sign_in.first_factor_verification.status") != "transferable" || a.length("meta.client.sessions") != 0 {
		t.Errorf("client beside the refusal: %s", a.raw)
	}
	polled := b.get(path).ok()
	if polled.text("response.first_factor_verification.status") != "transferable" {
		t.Errorf("polled: %s", polled.raw)
	}
	a = b.post("/v1/client/sign_ups", form("transfer", "true")).ok()
	if a.text("response.email_address") != "new@example.com" || a.text("response.verifications.email_address.status") != "verified" ||
		a.text("response.missing_fields.0") != "password" || a.at("client.sign_in") != nil {
		t.Errorf("transfer: %s", a.raw)
	}
	b.post("/v1/client/sign_ups", form("transfer", "true")).refused(400, "account_transfer_invalid")
	done := b.post("/v1/client/sign_ups/"+a.text("response.id")+"?_method=PATCH", form("password", password)).ok()
	if done.text("response.status") != "complete" || done.length("client.sessions") != 1 {
		t.Errorf("sign-up: %s", done.raw)
	}

	s.clock.Advance(time.Minute)
	s.browser().post("/v1/client/sign_ins", form("identifier", "x@example.com", "sign_up_if_missing", "maybe")).refused(422, "form_param_type_invalid")
}

func wrongCode(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}
