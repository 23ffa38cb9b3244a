package backendapi_test

import (
	"net/http"
	"testing"
	"time"
)

// C-13: testing tokens are made while the test mode of a development server is on.
func TestTestingTokens(t *testing.T) {
	s := newServer(t)
	for _, body := range []string{"", "null", "{}"} {
		a := s.call(http.MethodPost, "/v1/testing_tokens", body).ok()
		// Seconds, unlike every other time of the API.
		if a.text("object") != "testing_token" || a.at("expires_at") != float64(s.now.Add(time.Hour).Unix()) || !s.config.Flow.IsTestingToken(a.text("token")) {
			t.Errorf("testing token: %s", a.raw)
		}
	}
	s.call(http.MethodPost, "/v1/testing_tokens", `{"x":1}`).refused(422, "form_param_unknown")
	if a := s.call(http.MethodPatch, "/v1/instance", `{"test_mode":false}`); a.status != 204 {
		t.Fatalf("PATCH: %s", a.raw)
	}
	s.call(http.MethodPost, "/v1/testing_tokens", "").refused(400, "request_invalid_for_environment")
}
