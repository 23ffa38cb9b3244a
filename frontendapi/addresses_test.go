package frontendapi_test

import (
	"net/http"
	"testing"
	"time"
)

// A person adds an address, proves it, makes it primary and removes the one from before.
func TestAddresses(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	old := b.me(http.MethodGet, "/v1/me", nil).ok().text("response.primary_email_address_id")

	a := b.me(http.MethodPost, "/v1/me/email_addresses/", form("email_address", "Jane@Example.org")).ok()
	id := a.text("response.id")
	if a.text("response.object") != "email_address" || a.at("response.verification") != nil || a.text("client.sessions.0.user.email_addresses.1.id") != id {
		t.Errorf("added: %s", a.raw)
	}
	path := "/v1/me/email_addresses/" + id
	a = b.me(http.MethodPost, path+"/prepare_verification", form("strategy", "email_code")).ok()
	if a.text("response.verification.status") != "unverified" || a.text("response.verification.strategy") != "email_code" {
		t.Errorf("prepared: %s", a.raw)
	}
	a = b.me(http.MethodPost, path+"/attempt_verification", form("code", "000000")).refused(422, "form_code_incorrect")
	if a.text("errors.0.meta.param_name") != "code" {
		t.Errorf("a wrong code: %s", a.raw)
	}
	before := b.cookies["__client"]
	a = b.me(http.MethodPost, path+"/attempt_verification", form("code", s.code("Jane@example.org"))).ok()
	if a.text("response.verification.status") != "verified" || b.cookies["__client"] == before {
		t.Errorf("proved: %s", a.raw)
	}
	s.clock.Advance(time.Second)
	b.me(http.MethodPatch, "/v1/me", form("primary_email_address_id", id)).ok()
	a = b.me(http.MethodDelete, "/v1/me/email_addresses/"+old, nil).ok()
	if a.text("response.id") != old || a.at("response.deleted") != true || a.text("client.sessions.0.user.primary_email_address_id") != id {
		t.Errorf("removed: %s", a.raw)
	}
	b.me(http.MethodDelete, path, nil).refused(400, "last_required_identification_deletion_failed")
	a = b.me(http.MethodGet, "/v1/me/email_addresses", nil).ok()
	if a.text("response.0.id") != id || a.at("response.1") != nil {
		t.Errorf("list: %s", a.raw)
	}
	if a = b.me(http.MethodGet, path, nil).ok(); a.text("response.id") != id {
		t.Errorf("one: %s", a.raw)
	}
	b.me(http.MethodGet, "/v1/me/phone_numbers/"+id, nil).refused(404, "resource_not_found")
	b.me(http.MethodPost, "/v1/me/phone_numbers", form("phone_number", "+12015550123")).refused(422, "form_param_unknown")
}
