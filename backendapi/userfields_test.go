package backendapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// Every field of a new user, and of a change, comes back.
func TestUserFields(t *testing.T) {
	s := newServer(t)
	a := s.call(http.MethodPost, "/v1/users", `{
		"email_address":["jane@example.com","other@example.com","reserved@example.com"],
		"email_address_identification_status":["verified","verified","reserved"],
		"phone_number":["+442071838750"],"phone_number_identification_status":["reserved"],
		"locale":"en-GB","timezone":"Europe/London","delete_self_enabled":false,"create_organization_enabled":false,
		"create_organizations_limit":3,"bypass_client_trust":true,"banned":true,"locked":true,"web3_wallet":[],
		"skip_legal_checks":false,"skip_user_requirement":null}`).ok()
	for path, want := range map[string]any{
		"locale": "en-GB", "timezone": "Europe/London", "delete_self_enabled": false, "create_organization_enabled": false,
		"create_organizations_limit": 3.0, "bypass_client_trust": true, "banned": true, "locked": true,
		"email_addresses.2.reserved": true, "email_addresses.2.verification": nil, "phone_numbers.0.reserved": true,
		"primary_phone_number_id": nil, "primary_email_address_id": a.text("email_addresses.0.id"),
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	id, other := a.text("id"), a.text("email_addresses.1.id")
	p := s.call(http.MethodPatch, "/v1/users/"+id, `{"locale":"de","timezone":"","delete_self_enabled":true,"create_organizations_limit":0,
		"primary_email_address_id":"`+other+`","notify_primary_email_address_changed":true,"profile_image_id":null,
		"primary_web3_wallet_id":null,"created_at":"2020-01-02T03:04:05Z","username":"jane"}`).ok()
	for path, want := range map[string]any{
		"locale": "de", "timezone": nil, "delete_self_enabled": true, "create_organizations_limit": 0.0,
		"primary_email_address_id": other, "created_at": 1577934245000.0, "username": "jane", "has_image": false,
	} {
		if got := p.at(path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	for _, tt := range []struct{ body, code, param string }{
		{`{"primary_email_address_id":"` + a.text("email_addresses.2.id") + `"}`, "form_verification_needed", "primary_email_address_id"},
		{`{"primary_email_address_id":"idn_2J2MvPu9PnXcuhbPZNao0LOXqK9"}`, "form_resource_not_found", "primary_email_address_id"},
		{`{"primary_phone_number_id":"` + other + `"}`, "form_resource_not_found", "primary_phone_number_id"},
		{`{"profile_image_id":"img_2J2MvPu9PnXcuhbPZNao0LOXqK9"}`, "form_resource_not_found", "profile_image_id"},
		{`{"created_at":"2020-01-02"}`, "form_param_invalid_time", "created_at"},
		{`{"banned":true}`, "form_param_unknown", "banned"},
	} {
		s.now = s.now.Add(2 * time.Second)
		s.call(http.MethodPatch, "/v1/users/"+id, tt.body).refused(422, tt.code).blames(tt.param)
	}
	s.call(http.MethodPatch, "/v1/users/"+id, `{"primary_web3_wallet_id":"idn_1"}`).refused(403, "feature_not_enabled")
}

// B-06: what the instance requires is required here, each skip_ waives its own rule, and is
// in the log.
func TestSkips(t *testing.T) {
	s := newServer(t)
	s.flow.Password.Required, s.flow.EmailAddress.Required, s.flow.LegalConsent = true, true, true
	a := s.call(http.MethodPost, "/v1/users", `{"username":"jane"}`).refused(422, "form_data_missing")
	if got := a.at("errors.0.meta.param_names"); len(got.([]any)) != 3 {
		t.Errorf("param_names = %v", got)
	}
	s.call(http.MethodPost, "/v1/users", `{"username":"jane","skip_user_requirement":true,"skip_legal_checks":true,"skip_password_requirement":true}`).
		refused(422, "form_data_missing") // nothing would let the user in
	s.call(http.MethodPost, "/v1/users", `{"email_address":["jane@example.com"],"password":"short","skip_password_checks":true,"skip_legal_checks":true}`).ok()
	s.call(http.MethodPost, "/v1/users", `{"email_address":["joe@example.com"],"legal_accepted_at":"2020-01-02T03:04:05Z","skip_password_requirement":true}`).ok()
	for _, skip := range []string{"skip_password_checks", "skip_legal_checks", "skip_password_requirement"} {
		if !strings.Contains(s.log.String(), skip) {
			t.Errorf("%s is not in the log", skip)
		}
	}
	s.flow.Username = flow.Attribute{}
	s.call(http.MethodPost, "/v1/users", `{"email_address":["x@example.com"],"username":"taken","skip_password_requirement":true,"skip_legal_checks":true}`).
		refused(422, "form_param_unknown").blames("username")
}

// E-02: ten changes of a user in ten seconds, on each of the routes.
func TestChangesOfAUserAreLimited(t *testing.T) {
	s := newServer(t)
	jane, joe := s.create(`{"username":"jane"}`), s.create(`{"username":"joe_b"}`)
	for _, route := range [][2]string{{http.MethodPatch, ""}, {http.MethodPatch, "/metadata"}, {http.MethodPut, "/metadata"}} {
		for range 10 {
			s.call(route[0], "/v1/users/"+jane+route[1], "{}").ok()
		}
		a := s.call(route[0], "/v1/users/"+jane+route[1], "{}").refused(429, "too_many_requests")
		if a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		s.call(route[0], "/v1/users/"+joe+route[1], "{}").ok()
	}
}
