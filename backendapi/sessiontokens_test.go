package backendapi_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/backendapi"
)

// part decodes one part of a JWT.
func part(t *testing.T, jwt string, n int) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[n])
	must(t, err)
	var v map[string]any
	must(t, json.Unmarshal(raw, &v))
	return v
}

func TestSessionTokens(t *testing.T) {
	s := newServer(t)
	ss := s.start(s.create(`{"username":"jane"}`))
	path := "/v1/sessions/" + string(ss.ID) + "/tokens"
	verifier, err := auth.NewVerifier(auth.VerifierConfig{Keys: s.config.Keys, Issuer: "https://clerk.localhost", Now: func() time.Time { return s.now }})
	must(t, err)
	for _, body := range []string{"", "null", "{}", `{"expires_in_seconds":null}`} {
		a := s.call(http.MethodPost, path, body).ok()
		if a.text("object") != "token" {
			t.Errorf("%q: %s", body, a.raw)
		}
		verified, err := verifier.Verify(t.Context(), a.text("jwt"))
		must(t, err)
		if verified.SessionID != string(ss.ID) || verified.UserID != ss.UserID || part(t, a.text("jwt"), 1)["exp"] != float64(s.now.Add(time.Minute).Unix()) {
			t.Errorf("%q: %+v", body, verified)
		}
		if _, sent := part(t, a.text("jwt"), 1)["azp"]; sent {
			t.Errorf("%q: a token that no browser asked for says who did", body)
		}
	}
	short := s.call(http.MethodPost, path, `{"expires_in_seconds":30}`).ok()
	if exp := part(t, short.text("jwt"), 1)["exp"]; exp != float64(s.now.Add(30*time.Second).Unix()) {
		t.Errorf("expires at %v", exp)
	}
	s.call(http.MethodPost, path, `{"expires_in_seconds":61}`).refused(403, "feature_not_enabled").blames("expires_in_seconds")
	for body, want := range map[string]string{
		`{"expires_in_seconds":29}`:        "form_param_value_invalid expires_in_seconds",
		`{"expires_in_seconds":315360001}`: "form_param_value_invalid expires_in_seconds",
		`{"expires_in_seconds":"60"}`:      "form_param_type_invalid expires_in_seconds",
		`{"odd":1}`:                        "form_param_unknown odd",
	} {
		a := s.call(http.MethodPost, path, body)
		if got := a.text("errors.0.code") + " " + a.text("errors.0.meta.param_name"); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	s.call(http.MethodPost, "/v1/sessions/sess_000000000000000000000000000/tokens", "").refused(404, "resource_not_found")
	s.call(http.MethodPost, "/v1/sessions/"+string(ss.ID)+"/revoke", "").ok()
	s.call(http.MethodPost, path, "").refused(404, "resource_not_found")
}

// T-16: a token of a template is of a class of its own; its life may be set.
func TestTemplateTokens(t *testing.T) {
	s := newServer(t)
	ss := s.start(s.create(`{"username":"jane"}`))
	s.call(http.MethodPost, "/v1/jwt_templates", `{"name":"other","claims":{"name":"{{user.username}}"},"lifetime":90}`).ok()
	path := "/v1/sessions/" + string(ss.ID) + "/tokens/other"
	jwt := s.call(http.MethodPost, path, "null").ok().text("jwt")
	head, claims := part(t, jwt, 0), part(t, jwt, 1)
	if head["cat"] != auth.CategoryTemplate || claims["sub"] != ss.UserID || claims["exp"].(float64)-claims["iat"].(float64) != 90 {
		t.Errorf("token: %v %v", head, claims)
	}
	for _, absent := range []string{"sid", "v", "fva", "sts", "azp"} {
		if _, sent := claims[absent]; sent {
			t.Errorf("the token has %s", absent)
		}
	}
	verifier, err := auth.NewVerifier(auth.VerifierConfig{Keys: s.config.Keys, Issuer: "https://clerk.localhost", Now: func() time.Time { return s.now }})
	must(t, err)
	if _, err := verifier.Verify(t.Context(), jwt); err == nil {
		t.Error("it passes for a session token")
	} else if refused, ok := errors.AsType[*auth.TokenError](err); !ok || refused.Reason != auth.ReasonTokenType {
		t.Errorf("refused as %v", err)
	}
	long := part(t, s.call(http.MethodPost, path, `{"expires_in_seconds":315360000}`).ok().text("jwt"), 1)
	if long["exp"].(float64)-long["iat"].(float64) != 315360000 {
		t.Errorf("long: %v", long)
	}
	if !strings.Contains(s.log.String(), "long template token minted") {
		t.Error("the log does not tell of the long one")
	}
	s.call(http.MethodPost, "/v1/sessions/"+string(ss.ID)+"/tokens/nothing", "").refused(404, "resource_not_found")
	s.call(http.MethodPost, "/v1/sessions/sess_000000000000000000000000000/tokens/other", "").refused(404, "resource_not_found")
}

func TestCreateSession(t *testing.T) {
	s := newServer(t, func(c *backendapi.Config) { c.Development = true })
	id := s.create(`{"username":"jane"}`)
	made := s.call(http.MethodPost, "/v1/sessions", `{"user_id":"`+id+`"}`).ok()
	if made.text("object") != "session" || made.text("user_id") != id || made.text("status") != "active" {
		t.Errorf("made: %s", made.raw)
	}
	if a := s.call(http.MethodGet, "/v1/clients/"+made.text("client_id"), "").ok(); a.text("sessions.0.id") != made.text("id") {
		t.Errorf("its client: %s", a.raw)
	}
	// M-06: nobody proved a factor.
	jwt := s.call(http.MethodPost, "/v1/sessions/"+made.text("id")+"/tokens", "").ok().text("jwt")
	if fva := part(t, jwt, 1)["fva"].([]any); fva[0] != -1.0 || fva[1] != -1.0 {
		t.Errorf("fva = %v", fva)
	}
	s.call(http.MethodPost, "/v1/sessions", "null").refused(422, "form_param_missing").blames("user_id")
	s.call(http.MethodPost, "/v1/sessions", `{"user_id":"`+id+`","active_organization_id":"org_x"}`).refused(403, "feature_not_enabled")
	s.call(http.MethodPost, "/v1/sessions", `{"user_id":"user_nobody"}`).refused(404, "resource_not_found")
	s.call(http.MethodPost, "/v1/users/"+id+"/ban", "").ok()
	s.call(http.MethodPost, "/v1/sessions", `{"user_id":"`+id+`"}`).refused(403, "user_banned")

	s = newServer(t)
	s.call(http.MethodPost, "/v1/sessions", `{"user_id":"`+s.create(`{"username":"jane"}`)+`"}`).refused(400, "request_invalid_for_environment")
}
