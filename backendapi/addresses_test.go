package backendapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

func TestEmailAddresses(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"email_address":["jane@example.com"]}`)
	other := s.create(`{"email_address":["joan@example.com"]}`)

	a := s.call(http.MethodPost, "/v1/email_addresses", `{"user_id":"`+id+`","email_address":"New@Example.com"}`).ok()
	if a.text("object") != "email_address" || a.text("email_address") != "New@example.com" || a.at("verification") != nil || a.at("reserved") != false {
		t.Errorf("added: %s", a.raw)
	}
	path := "/v1/email_addresses/" + a.text("id")
	if got := s.call(http.MethodGet, path, "").ok(); got.raw != a.raw {
		t.Errorf("read: %s", got.raw)
	}
	// what is not proved is never primary.
	s.call(http.MethodPatch, path, `{"primary":true}`).refused(422, "form_verification_needed").blames("primary")
	for _, body := range []string{"", "null", "{}"} {
		if got := s.call(http.MethodPatch, path, body).ok(); got.raw != a.raw {
			t.Errorf("nothing changed: %s", got.raw)
		}
	}
	p := s.call(http.MethodPatch, path, `{"verified":true,"primary":true}`).ok()
	if p.text("verification.status") != "verified" || p.text("verification.strategy") != "admin" {
		t.Errorf("verified: %s", p.raw)
	}
	if u := s.call(http.MethodGet, "/v1/users/"+id, "").ok(); u.text("primary_email_address_id") != a.text("id") {
		t.Errorf("primary: %s", u.raw)
	}
	s.call(http.MethodPatch, path, `{"primary":false}`).refused(422, "form_param_value_invalid").blames("primary")
	s.call(http.MethodGet, "/v1/phone_numbers/"+a.text("id"), "").refused(404, "resource_not_found")

	// The oldest verified one takes the place of a primary one that is gone.
	if d := s.call(http.MethodDelete, path, "null").ok(); d.raw != `{"object":"email_address","id":"`+a.text("id")+`","deleted":true}` {
		t.Errorf("deleted: %s", d.raw)
	}
	s.call(http.MethodGet, path, "").refused(404, "resource_not_found")
	u := s.call(http.MethodGet, "/v1/users/"+id, "").ok()
	first := "/v1/email_addresses/" + u.text("primary_email_address_id")
	if u.text("email_addresses.0.id") != u.text("primary_email_address_id") {
		t.Errorf("after the deletion: %s", u.raw)
	}
	s.call(http.MethodDelete, first, "").refused(400, "identification_deletion_failed")
	s.call(http.MethodPatch, first, `{"verified":false}`).refused(400, "identification_update_failed")

	for _, tt := range []struct{ body, code, param string }{
		{`{}`, "form_param_missing", "user_id"},
		{`{"user_id":"` + id + `"}`, "form_param_missing", "email_address"},
		{`{"user_id":"` + id + `","email_address":"x@example.com","bogus":1}`, "form_param_unknown", "bogus"},
		{`{"user_id":"` + id + `","email_address":"x"}`, "form_param_format_invalid", "email_address"},
		{`{"user_id":"` + id + `","email_address":"JOAN@example.com"}`, "form_identifier_exists", "email_address"},
		{`{"user_id":"` + id + `","email_address":"jane@example.com","verified":true}`, "form_identifier_exists", "email_address"},
		{`{"user_id":"` + id + `","email_address":"x@example.com","primary":true}`, "form_verification_needed", "primary"},
		{`{"user_id":"` + id + `","email_address":"x@example.com","verified":"yes"}`, "form_param_type_invalid", "verified"},
	} {
		s.call(http.MethodPost, "/v1/email_addresses", tt.body).refused(422, tt.code).blames(tt.param)
	}
	for _, nobody := range []string{"user_nobody", "user_2J2MvPu9PnXcuhbPZNao0LOXqK9"} { // I-09
		s.call(http.MethodPost, "/v1/email_addresses", `{"user_id":"`+nobody+`","email_address":"x@example.com"}`).refused(404, "resource_not_found")
	}
	s.call(http.MethodPut, "/v1/users/"+other+"/email_address", `{"email_address":"jane@example.com"}`).refused(422, "form_identifier_exists")
}

func TestReplaceEmailAddresses(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"email_address":["jane@example.com","second@example.com"]}`)
	path := "/v1/users/" + id + "/email_address"
	a := s.call(http.MethodPut, path, `{"email_address":"only@example.com"}`).ok()
	u := s.call(http.MethodGet, "/v1/users/"+id, "").ok()
	if u.text("primary_email_address_id") != a.text("id") || u.at("email_addresses.1") != nil || a.text("verification.status") != "verified" {
		t.Errorf("replaced: %s", u.raw)
	}
	// What the user has already keeps its id.
	if b := s.call(http.MethodPut, path, `{"email_address":"only@example.com","identification_status":"reserved"}`).ok(); b.text("id") != a.text("id") || b.at("reserved") != true {
		t.Errorf("reserved: %s", b.raw)
	}
	s.call(http.MethodPut, path, `{"email_address":"only@example.com","identification_status":"unverified"}`).refused(400, "identification_update_failed")
	s.call(http.MethodPut, path, `{"email_address":"only@example.com","identification_status":"maybe"}`).refused(422, "form_param_value_invalid")
	s.call(http.MethodPut, path, `{}`).refused(422, "form_param_missing").blames("email_address")
	s.create(`{"email_address":["jane@example.com"]}`) // free again
}

func TestPhoneNumbers(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"email_address":["jane@example.com"]}`)
	a := s.call(http.MethodPost, "/v1/phone_numbers", `{"user_id":"`+id+`","phone_number":"+1 (202) 555-0101","verified":true,"reserved_for_second_factor":false}`).ok()
	if a.text("object") != "phone_number" || a.text("phone_number") != "+12025550101" || a.at("reserved_for_second_factor") != false {
		t.Errorf("added: %s", a.raw)
	}
	if u := s.call(http.MethodGet, "/v1/users/"+id, "").ok(); u.text("primary_phone_number_id") != a.text("id") {
		t.Errorf("primary: %s", u.raw)
	}
	path := "/v1/phone_numbers/" + a.text("id")
	s.call(http.MethodPatch, path, `{"reserved_for_second_factor":true}`).refused(403, "feature_not_enabled").blames("reserved_for_second_factor")
	if p := s.call(http.MethodPatch, path, `{"verified":false}`).ok(); p.at("verification") != nil {
		t.Errorf("proof taken back: %s", p.raw)
	}
	if u := s.call(http.MethodGet, "/v1/users/"+id, "").ok(); u.at("primary_phone_number_id") != nil {
		t.Errorf("primary without proof: %s", u.raw)
	}
	b := s.call(http.MethodPut, "/v1/users/"+id+"/phone_number", `{"phone_number":"+12025550102"}`).ok()
	s.call(http.MethodGet, path, "").refused(404, "resource_not_found")
	s.call(http.MethodDelete, "/v1/phone_numbers/"+b.text("id"), "").ok()
	s.call(http.MethodPut, "/v1/users/"+id+"/phone_number", `{"phone_number":"+12025550102","notify_primary_email_address_changed":true}`).refused(422, "form_param_unknown")
}

// The last address of a kind that the instance requires stays.
func TestRequiredAddressStays(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"email_address":["jane@example.com"],"username":"jane_doe"}`)
	s.flow.EmailAddress = flow.Attribute{Enabled: true, Required: true}
	a := s.call(http.MethodGet, "/v1/users/"+id, "").ok()
	s.call(http.MethodDelete, "/v1/email_addresses/"+a.text("primary_email_address_id"), "").refused(400, "last_required_identification_deletion_failed")
	if strings.Contains(s.log.String(), "jane@example.com") {
		t.Error("L-01: the log holds an address")
	}
}

// L-05: whoever asks for it has the former and the present primary address told.
func TestPrimaryAddressChangeIsTold(t *testing.T) {
	s := newServer(t)
	for n, change := range []func(id, address string){
		func(id, address string) {
			s.call(http.MethodPost, "/v1/email_addresses",
				`{"user_id":"`+id+`","email_address":"`+address+`","verified":true,"primary":true,"notify_primary_email_address_changed":true}`).ok()
		},
		func(id, address string) {
			s.call(http.MethodPut, "/v1/users/"+id+"/email_address",
				`{"email_address":"`+address+`","notify_primary_email_address_changed":true}`).ok()
		},
		func(id, address string) {
			added := s.call(http.MethodPost, "/v1/email_addresses", `{"user_id":"`+id+`","email_address":"`+address+`","verified":true}`).ok()
			s.call(http.MethodPatch, "/v1/email_addresses/"+added.text("id"), `{"primary":true,"notify_primary_email_address_changed":true}`).ok()
		},
	} {
		before, after := fmt.Sprintf("before%d@example.com", n), fmt.Sprintf("after%d@example.com", n)
		id := s.call(http.MethodPost, "/v1/users", `{"email_address":["`+before+`"],"password":"a long enough one"}`).ok().text("id")
		change(id, after)
		s.config.Flow.Close()
		for _, to := range []string{before, after} {
			if mails := s.outbox.Messages(to); len(mails) != 1 || mails[0].Kind != "primary_address_changed" {
				t.Errorf("change %d: mails to %s = %+v", n, to, mails)
			}
		}
	}
}
