package backendapi_test

import (
	"net/http"
	"testing"
)

func TestJWTTemplates(t *testing.T) {
	s := newServer(t)
	const path = "/v1/jwt_templates"
	a := s.call(http.MethodPost, path, `{"name":"hasura","claims":{"role":"{{user.public_metadata.role}}"}}`).ok()
	id := a.text("id")
	if a.text("object") != "jwt_template" || a.text("name") != "hasura" || a.text("claims.role") != "{{user.public_metadata.role}}" || a.at("lifetime") != 60.0 ||
		a.at("allowed_clock_skew") != 5.0 || a.at("custom_signing_key") != false || a.text("signing_algorithm") != "EdDSA" || a.at("created_at") != float64(s.now.UnixMilli()) {
		t.Errorf("created: %s", a.raw)
	}
	s.call(http.MethodPost, path, `{"name":"second","claims":{},"lifetime":600,"allowed_clock_skew":0,"custom_signing_key":false,"signing_algorithm":"EdDSA"}`).ok()
	if a := s.call(http.MethodGet, path, "").ok(); a.length() != 2 || a.text("0.name") != "hasura" {
		t.Errorf("list: %s", a.raw)
	}
	if a := s.call(http.MethodGet, path+"?paginated=true&limit=1&offset=1", "").ok(); a.at("total_count") != 2.0 || a.text("data.0.name") != "second" || a.at("data.1") != nil {
		t.Errorf("page: %s", a.raw)
	}
	a = s.call(http.MethodPatch, path+"/"+id, `{"name":"renamed","claims":{"a":1},"lifetime":30}`).ok()
	if a.text("id") != id || a.text("name") != "renamed" || a.at("claims.a") != 1.0 || a.at("lifetime") != 30.0 {
		t.Errorf("changed: %s", a.raw)
	}
	if a := s.call(http.MethodGet, path+"/"+id, "").ok(); a.text("name") != "renamed" {
		t.Errorf("read: %s", a.raw)
	}
	for _, tt := range []struct {
		body   string
		status int
		code   string
		param  string
	}{
		{`{"claims":{}}`, 422, "form_param_missing", "name"},
		{`{"name":"x"}`, 422, "form_param_missing", "claims"},
		{`{"name":"second","claims":{}}`, 422, "form_already_exists", "name"},
		{`{"name":"a/b","claims":{}}`, 422, "form_param_format_invalid", "name"},
		{`{"name":"x","claims":[]}`, 422, "form_param_format_invalid", "claims"},
		{`{"name":"x","claims":{},"lifetime":29}`, 422, "form_param_value_invalid", "lifetime"},
		{`{"name":"x","claims":{},"allowed_clock_skew":301}`, 422, "form_param_value_invalid", "allowed_clock_skew"},
		{`{"name":"x","claims":{},"custom_signing_key":true}`, 403, "feature_not_enabled", "custom_signing_key"},
		{`{"name":"x","claims":{},"signing_algorithm":"HS256"}`, 403, "feature_not_enabled", "signing_algorithm"},
		{`{"name":"x","claims":{},"signing_key":"secret"}`, 403, "feature_not_enabled", "signing_key"},
		{`{"name":"x","claims":{},"x":1}`, 422, "form_param_unknown", "x"},
		// T-19: what the server itself sets is refused when it is saved.
		{`{"name":"x","claims":{"sub":"user_1"}}`, 400, "jwt_template_reserved_claim", "claims"},
		{`{"name":"x","claims":{"Sid":"sess_1"}}`, 400, "jwt_template_reserved_claim", "claims"},
	} {
		s.call(http.MethodPost, path, tt.body).refused(tt.status, tt.code).blames(tt.param)
	}
	if a := s.call(http.MethodDelete, path+"/"+id, "").ok(); a.at("deleted") != true || a.text("object") != "jwt_template" || a.text("id") != id {
		t.Errorf("deleted: %s", a.raw)
	}
	for _, gone := range []string{id, "jtmp_x", "hasura"} {
		s.call(http.MethodGet, path+"/"+gone, "").refused(404, "resource_not_found")
		s.call(http.MethodPatch, path+"/"+gone, `{"name":"x","claims":{}}`).refused(404, "resource_not_found")
		s.call(http.MethodDelete, path+"/"+gone, "").refused(404, "resource_not_found")
	}
}
