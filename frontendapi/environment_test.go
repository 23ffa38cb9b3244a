package frontendapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The SDK builds its forms from this, and refuses to start on half of it.
func TestEnvironment(t *testing.T) {
	s := newServer(t)
	get := s.browser().get("/v1/environment").ok()
	patch := s.browser().post("/v1/environment?_method=PATCH", nil).ok()
	if get.raw != patch.raw {
		t.Error("GET and PATCH differ")
	}
	pretty, err := json.MarshalIndent(get.body, "", "  ")
	must(t, err)
	const golden = "testdata/environment.json"
	if *update {
		must(t, os.WriteFile(golden, append(pretty, '\n'), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if string(want) != string(pretty)+"\n" {
		t.Errorf("the environment differs from %s; run go test ./frontendapi -update", golden)
	}
}

func TestEnvironmentFollowsSettings(t *testing.T) {
	s := newServer(t)
	s.settings.Strategies = []string{"email_code"}
	s.settings.SingleSession, s.settings.Reverification, s.settings.DeleteSelf = true, false, false
	s.settings.SignUpMode = "restricted"
	s.settings.MinPasswordLength = 15
	s.settings.EnumerationProtect = true
	s.settings.LegalConsent, s.settings.TermsURL, s.settings.PrivacyPolicyURL = true, "https://example.com/terms", "https://example.com/privacy"
	s.settings.SupportEmail = "help@example.com"
	a := s.browser().get("/v1/environment").ok()
	for path, want := range map[string]any{
		"auth_config.single_session_mode":                    true,
		"auth_config.reverification":                         false,
		"display_config.preferred_sign_in_strategy":          "otp",
		"display_config.instance_environment_type":           "production",
		"user_settings.actions.delete_self":                  false,
		"user_settings.sign_up.mode":                         "restricted",
		"user_settings.sign_up.legal_consent_enabled":        true,
		"display_config.terms_url":                           "https://example.com/terms",
		"display_config.privacy_policy_url":                  "https://example.com/privacy",
		"display_config.support_email":                       "help@example.com",
		"user_settings.password_settings.min_length":         15.0,
		"user_settings.attributes.phone_number.enabled":      false,
		"user_settings.attributes.email_address.enabled":     true,
		"commerce_settings.billing.user.enabled":             false,
		"commerce_settings.billing.organization.enabled":     false,
		"user_settings.attributes.email_address.required":    true,
		"user_settings.attack_protection.pii.enabled":        true,
		"user_settings.attributes.password.required":         true,
		"user_settings.attributes.username.required":         false,
		"user_settings.attributes.passkey.enabled":           false,
		"user_settings.attributes.authenticator_app.enabled": false,
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	s.settings.Strategies = []string{"password", "email_code"}
	for preferred, want := range map[string]string{"": "password", "password": "password", "otp": "otp"} {
		s.settings.PreferredSignIn = preferred
		if got := s.browser().get("/v1/environment").ok().text("display_config.preferred_sign_in_strategy"); got != want {
			t.Errorf("preferred %q is shown as %s, want %s", preferred, got, want)
		}
	}
	s.settings.SignUpMode, s.settings.LegalConsent = "public", false
	// The button that deletes an account follows the instance as well as the user.
	b := s.signUp("jane@example.com")
	if me := b.me(http.MethodGet, "/v1/me", nil).ok(); me.at("response.delete_self_enabled") != false {
		t.Errorf("delete_self_enabled: %s", me.raw)
	}
	b.me(http.MethodDelete, "/v1/me", nil).refused(403, "user_delete_self_not_enabled")
}

func TestHealth(t *testing.T) {
	if a := newServer(t).browser().get("/v1/health").ok(); a.raw != `{"status":"healthy"}` {
		t.Errorf("health = %s", a.raw)
	}
}

// The handler works where an app mounts it.
func TestUnderAPrefix(t *testing.T) {
	s := newServer(t)
	mux := http.NewServeMux()
	mux.Handle("/__clerk/", http.StripPrefix("/__clerk", s.handler))
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/__clerk/v1/client", nil)
	r.Header.Set("Test-Address", "192.0.2.1")
	mux.ServeHTTP(w, r)
	if w.Code != 200 || w.Body.String() != `{"response":null,"client":null}` {
		t.Errorf("under a prefix: %d %s", w.Code, w.Body)
	}
}

func TestActivity(t *testing.T) {
	s := newServer(t)
	for i, tt := range []struct {
		agent, browser, version, device string
		mobile                          bool
	}{
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "Chrome", "131.0.0.0", "Linux", false},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51", "Microsoft Edge", "131.0.2903.51", "Windows", false},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "Safari", "18.1", "Macintosh", false},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "Safari", "18.1", "iPhone", true},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1", "Chrome", "131.0.6778.73", "iPhone", true},
		{"Mozilla/5.0 (Android 15; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0", "Firefox", "132.0", "Android", true},
		{"curl/8.5.0", "", "", "", false},
		{"", "", "", "", false},
		{"Firefox/" + strings.Repeat("1", 600), "Firefox", strings.Repeat("1", 20), "", false},
	} {
		b := s.browser()
		b.headers.Set("User-Agent", tt.agent)
		b.signUp("user" + strconv.Itoa(i) + "@example.com")
		a := b.me(http.MethodGet, "/v1/me/sessions/active", nil).ok()
		var list []struct {
			Activity struct {
				Browser string `json:"browser_name"`
				Version string `json:"browser_version"`
				Device  string `json:"device_type"`
				Mobile  bool   `json:"is_mobile"`
				Address string `json:"ip_address"`
			} `json:"latest_activity"`
		}
		must(t, json.Unmarshal([]byte(a.raw), &list))
		got := list[0].Activity
		if got.Browser != tt.browser || got.Version != tt.version || got.Device != tt.device || got.Mobile != tt.mobile || got.Address == "" {
			t.Errorf("%q: %+v", tt.agent, got)
		}
	}
}
