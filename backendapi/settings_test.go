package backendapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/backendapi"
	"github.com/gatehouse-dev/gatehouse/internal/settings"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

const settingsPath = "/v1/instance/settings"

func TestSettings(t *testing.T) {
	s := newServer(t)
	a := s.call(http.MethodGet, settingsPath, "").ok()
	if a.text("object") != "settings" || a.at("version") != 0.0 || a.text("settings.sign_up_mode") != "public" ||
		a.at("settings.email_address.enabled") != false || a.text("pinned.0") != "email_address.enabled" || a.at("changed.0") != nil {
		t.Errorf("at first: %s", a.raw)
	}
	a = s.call(http.MethodPatch, settingsPath, `{"settings":{"sign_up_mode":"restricted","email_address":{"required":true}}}`).ok()
	if a.at("version") != 1.0 || a.text("settings.sign_up_mode") != "restricted" || a.at("settings.email_address.required") != true ||
		a.text("changed.0") != "sign_up_mode" || a.text("changed.1") != "email_address.required" {
		t.Errorf("changed: %s", a.raw)
	}
	if now := s.settings.Current(); now.SignUpMode != "restricted" || !now.EmailAddress.Required {
		t.Errorf("settings are %+v", now)
	}
	// Only who has seen the newest may change it, if they say what they have seen.
	s.call(http.MethodPatch, settingsPath, `{"settings":{"sign_up_mode":"public"},"version":0}`).refused(409, "conflict")
	a = s.call(http.MethodPatch, settingsPath, `{"settings":{"sign_up_mode":null},"version":1}`).ok()
	if a.at("version") != 2.0 || a.text("settings.sign_up_mode") != "public" || a.at("changed.1") != nil {
		t.Errorf("back: %s", a.raw)
	}
}

func TestSettingsRefuse(t *testing.T) {
	s := newServer(t)
	for _, tt := range []struct {
		body   string
		status int
		code   string
		param  string
	}{
		{`{}`, 422, "form_param_missing", "settings"},
		{``, 422, "form_param_missing", "settings"},
		{`{"sign_up_mode":"restricted"}`, 422, "form_param_unknown", "sign_up_mode"},
		{`{"settings":[]}`, 422, "form_param_value_invalid", "settings"},
		{`{"settings":{"sign_up_modes":"x"}}`, 422, "form_param_unknown", "sign_up_modes"},
		{`{"settings":{"Sign_up_mode":"restricted"}}`, 422, "form_param_unknown", "Sign_up_mode"},
		{`{"settings":{"sign_up_mode":"open"}}`, 422, "form_param_value_invalid", "sign_up_mode"},
		{`{"settings":{"sign_up_mode":1}}`, 422, "form_param_value_invalid", "sign_up_mode"},
		{`{"settings":{"email_address":{"enabled":true}}}`, 403, "feature_not_enabled", "email_address.enabled"},
		{`{"settings":{},"version":"1"}`, 422, "form_param_type_invalid", "version"},
		{`{"settings":{"sign_up_mode":"restricted","sign_up_mode":"public"}}`, 400, "request_body_invalid", ""},
	} {
		s.call(http.MethodPatch, settingsPath, tt.body).refused(tt.status, tt.code).blames(tt.param)
	}
	if s.settings.Version() != 0 {
		t.Error("a refused change left something")
	}
}

func TestInstance(t *testing.T) {
	for environment, development := range map[string]bool{"production": false, "development": true} {
		s := newServer(t, func(c *backendapi.Config) { c.Development = development })
		a := s.call(http.MethodGet, "/v1/instance", "").ok()
		if a.text("object") != "instance" || !strings.HasPrefix(a.text("id"), "ins_") || a.text("environment_type") != environment ||
			a.text("allowed_origins.0") != "https://app.example.com" || a.at("workspace_id") != nil {
			t.Errorf("instance: %s", a.raw)
		}
	}
	s := newServer(t)
	s.config.AllowedOrigins = nil
	h, err := backendapi.New(s.config)
	must(t, err)
	s.handler = h
	if a := s.call(http.MethodGet, "/v1/instance", "").ok(); !strings.Contains(a.raw, `"allowed_origins":[]`) {
		t.Errorf("instance without further origins: %s", a.raw)
	}
}

// What the reference's routes change is a setting here, or is what it always is.
func TestReferenceSettings(t *testing.T) {
	s := newServer(t)
	const instance, restrictions, beta = "/v1/instance", "/v1/instance/restrictions", "/v1/beta_features/instance_settings"
	a := s.call(http.MethodPatch, instance, `{"test_mode":false,"support_email":"help@example.com","preferred_sign_in_strategy_when_password_required":"otp",
		"hibp":true,"allowed_origins":["https://app.example.com"],"url_based_session_syncing":true,"cookieless_dev":false,"clerk_js_version":null}`)
	if a.status != http.StatusNoContent || a.raw != "" {
		t.Fatalf("PATCH: %d %s", a.status, a.raw)
	}
	if now := s.settings.Current(); now.TestMode || now.SupportEmail != "help@example.com" || now.PreferredSignIn != "otp" {
		t.Errorf("settings are %+v", now)
	}
	if a := s.call(http.MethodPatch, instance, "null"); a.status != http.StatusNoContent || s.settings.Version() != 1 {
		t.Errorf("PATCH of nothing: %d, version %d", a.status, s.settings.Version())
	}
	r := s.call(http.MethodPatch, restrictions, `{"allowlist":false,"block_email_subaddresses":null}`).ok()
	if r.text("object") != "instance_restrictions" || r.at("allowlist") != false || r.at("block_disposable_email_domains") != false {
		t.Errorf("restrictions: %s", r.raw)
	}
	b := s.call(http.MethodPatch, beta, `{"test_mode":true,"progressive_sign_up":true}`).ok()
	if b.text("object") != "instance_settings" || b.at("test_mode") != true || b.at("progressive_sign_up") != true || b.at("restricted_to_allowlist") != false {
		t.Errorf("beta: %s", b.raw)
	}
	version := s.settings.Version()
	for _, tt := range []struct {
		path, body string
		status     int
		code       string
		param      string
	}{
		{instance, `{"hibp":false,"test_mode":false}`, 403, "feature_not_enabled", "hibp"},
		{instance, `{"allowed_origins":["https://app.example.com","https://evil.example"]}`, 403, "feature_not_enabled", "allowed_origins"},
		{instance, `{"allowed_origins":[]}`, 403, "feature_not_enabled", "allowed_origins"},
		{instance, `{"clerk_js_version":"5"}`, 403, "feature_not_enabled", "clerk_js_version"},
		{instance, `{"test_mode":"yes"}`, 422, "form_param_type_invalid", "test_mode"},
		{instance, `{"sign_up_mode":"restricted"}`, 422, "form_param_unknown", "sign_up_mode"},
		{restrictions, `{"allowlist":true}`, 403, "feature_not_enabled", "allowlist"},
		{restrictions, `{"blocklist":"no"}`, 422, "form_param_type_invalid", "blocklist"},
		{beta, `{"restricted_to_allowlist":true}`, 403, "feature_not_enabled", "restricted_to_allowlist"},
		{beta, `{"progressive_sign_up":false}`, 403, "feature_not_enabled", "progressive_sign_up"},
		{beta, `{"from_email_address":"x"}`, 403, "feature_not_enabled", "from_email_address"},
	} {
		s.call(http.MethodPatch, tt.path, tt.body).refused(tt.status, tt.code).blames(tt.param)
	}
	if s.settings.Version() != version {
		t.Error("a refused change left something")
	}
}

// failing settings are those of a store that is away.
type failing struct{ err error }

func (failing) All() ([]settings.Setting, int64) {
	return []settings.Setting{{Name: "test_mode", Value: json.RawMessage("true")}}, 7
}

func (f failing) Change(context.Context, map[string]json.RawMessage, *int64) error { return f.err }

// E-06: settings can be read while the store is away, and a change is answered 503.
func TestSettingsWithoutAStore(t *testing.T) {
	s := newServer(t, func(c *backendapi.Config) {
		c.Settings = failing{errors.Join(sqldb.ErrUnavailable, errors.New("dial tcp 10.0.0.5:5432"))}
	})
	s.call(http.MethodGet, settingsPath, "").ok()
	a := s.call(http.MethodPatch, settingsPath, `{"settings":{"test_mode":false}}`).refused(503, "service_unavailable")
	if strings.Contains(a.raw, "10.0.0.5") {
		t.Errorf("the answer tells the cause: %s", a.raw)
	}
}
