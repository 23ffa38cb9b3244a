package backendapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// as sends a GET of /v1/users with another key.
func (s *server) as(secret string) *answer {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/v1/users", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	return s.do(r)
}

// B-01: keys are made, shown once and revoked over the API; both are good meanwhile.
func TestSecretKeyRotation(t *testing.T) {
	s := newServer(t)
	made := s.call(http.MethodPost, "/v1/secret_keys", `{"label":" billing "}`).ok()
	secret, id := made.text("secret"), made.text("id")
	if made.text("object") != "secret_key" || made.text("label") != "billing" || made.text("status") != "active" || made.at("configured") != false ||
		!strings.HasPrefix(secret, "sk_live_") || made.text("hint") != "sk_live_…"+secret[len(secret)-4:] ||
		made.at("created_at") != float64(s.now.UnixMilli()) || made.at("expires_at") != nil {
		t.Errorf("made: %s", made.raw)
	}
	s.as(secret).ok()
	s.as(key).ok()
	for _, other := range []string{secret[:len(secret)-1], secret + "x", strings.ToUpper(secret), "sk_test_" + secret[8:]} {
		s.as(other).refused(401, "clerk_key_invalid")
	}
	list := s.call(http.MethodGet, "/v1/secret_keys", "").ok()
	if list.at("total_count") != 3.0 || list.text("data.2.id") != id || list.at("data.2.secret") != nil || strings.Contains(list.raw, secret) {
		t.Errorf("list: %s", list.raw)
	}
	must(t, s.keys.Refresh(t.Context()))
	if a := s.call(http.MethodGet, "/v1/secret_keys?limit=1&offset=2", "").ok(); a.at("data.0.last_used_at") != float64(s.now.UnixMilli()) {
		t.Errorf("its use: %s", a.raw)
	}
	gone := s.call(http.MethodPost, "/v1/secret_keys/"+id+"/revoke", "null").ok()
	if gone.text("status") != "revoked" || gone.at("revoked_at") != float64(s.now.UnixMilli()) || gone.at("secret") != nil {
		t.Errorf("revoked: %s", gone.raw)
	}
	s.as(secret).refused(401, "clerk_key_invalid")
	s.call(http.MethodPost, "/v1/secret_keys/"+id+"/revoke", "").ok()
	if strings.Contains(s.log.String(), secret) {
		t.Error("L-01: the log holds the key")
	}

	short := s.call(http.MethodPost, "/v1/secret_keys", `{"expires_in_seconds":60}`).ok()
	s.as(short.text("secret")).ok()
	s.now = s.now.Add(time.Minute)
	s.as(short.text("secret")).refused(401, "clerk_key_invalid")
}

func TestSecretKeyRefusals(t *testing.T) {
	s := newServer(t)
	configured := s.call(http.MethodGet, "/v1/secret_keys", "").ok()
	if configured.at("data.0.configured") != true || configured.at("data.0.created_at") != nil || strings.Contains(configured.raw, key) {
		t.Errorf("list: %s", configured.raw)
	}
	s.call(http.MethodPost, "/v1/secret_keys/"+configured.text("data.0.id")+"/revoke", "").refused(403, "feature_not_enabled")
	s.as(key).ok()
	for body, want := range map[string]string{
		`{"secret":"sk_live_mine"}`: "form_param_unknown secret",
		`{"label":7}`:               "form_param_type_invalid label",
		`{"label":"a\nb"}`:          "form_param_format_invalid label",
		`{"label":"` + strings.Repeat("x", 101) + `"}`:   "form_param_format_invalid label",
		`{"expires_in_seconds":0}`:                       "form_param_value_invalid expires_in_seconds",
		`{"expires_in_seconds":59}`:                      "form_param_value_invalid expires_in_seconds",
		`{"expires_in_seconds":315360001}`:               "form_param_value_invalid expires_in_seconds",
		`{"expires_in_seconds":-1}`:                      "form_param_value_invalid expires_in_seconds",
		`{"label":"x","expires_in_seconds":"3600"}`:      "form_param_type_invalid expires_in_seconds",
		`{"label":"x","expires_in_seconds":99999999999}`: "form_param_value_invalid expires_in_seconds",
	} {
		a := s.call(http.MethodPost, "/v1/secret_keys", body)
		if got := a.text("errors.0.code") + " " + a.text("errors.0.meta.param_name"); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	for _, id := range []string{"skey_000000000000000000000000000", "x", "%2e%2e"} {
		s.call(http.MethodPost, "/v1/secret_keys/"+id+"/revoke", "").refused(404, "resource_not_found")
	}
	for range 100 {
		_, err := s.keys.Create(t.Context(), "", 0)
		must(t, err)
	}
	s.call(http.MethodPost, "/v1/secret_keys", "").refused(403, "quota_exceeded")
}
