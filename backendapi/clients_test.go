package backendapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/session"
)

func TestClients(t *testing.T) {
	s := newServer(t)
	client, cookie, err := s.sessions.NewClient(t.Context())
	must(t, err)
	empty := s.call(http.MethodGet, "/v1/clients/"+string(client.ID), "").ok()
	if empty.text("object") != "client" || !strings.Contains(empty.raw, `"session_ids":[],"sessions":[],"sign_in_id":null,"sign_up_id":null,"last_active_session_id":null`) {
		t.Errorf("empty: %s", empty.raw)
	}
	id := s.create(`{"username":"jane"}`)
	ss, err := s.sessions.Start(t.Context(), session.NewSession{ClientID: client.ID, UserID: id, AsOf: s.now, Strategy: "password"})
	must(t, err)
	for _, a := range []*answer{
		s.call(http.MethodGet, "/v1/clients/"+string(client.ID), "").ok(),
		s.call(http.MethodPost, "/v1/clients/verify", `{"token":"`+string(cookie.Value)+`"}`).ok(),
	} {
		if a.text("id") != string(client.ID) || a.text("session_ids.0") != string(ss.ID) || a.text("sessions.0.id") != string(ss.ID) ||
			a.text("sessions.0.user_id") != id || a.text("last_active_session_id") != string(ss.ID) || a.text("last_authentication_strategy") != "password" {
			t.Errorf("client: %s", a.raw)
		}
		if strings.Contains(a.raw, client.CookieToken) || strings.Contains(a.raw, string(cookie.Value)) {
			t.Errorf("the answer shows the cookie: %s", a.raw)
		}
	}
	if strings.Contains(s.log.String(), string(cookie.Value)) {
		t.Error("L-01: the log holds the cookie")
	}
}

// A-10, S-01: nothing but a cookie's value leads to a client.
func TestClientRefusals(t *testing.T) {
	s := newServer(t)
	ss := s.start(s.create(`{"username":"jane"}`))
	token, err := s.sessions.Token(t.Context(), ss, "")
	must(t, err)
	_, cookie, err := s.sessions.NewClient(t.Context())
	must(t, err)
	value := string(cookie.Value)
	for _, wrong := range []string{token, string(ss.ClientID), value[:len(value)-1], value + "x", strings.ToLower(value), "*"} {
		s.call(http.MethodPost, "/v1/clients/verify", `{"token":"`+wrong+`"}`).refused(400, "cookie_invalid")
	}
	s.call(http.MethodPost, "/v1/clients/verify", "null").refused(422, "form_param_missing").blames("token")
	s.call(http.MethodPost, "/v1/clients/verify", `{"token":[]}`).refused(422, "form_param_type_invalid").blames("token")
	s.call(http.MethodPost, "/v1/clients/verify", `{"token":"x","odd":1}`).refused(422, "form_param_unknown").blames("odd")
	for _, id := range []string{"client_000000000000000000000000000", "x", "%2e%2e"} {
		s.call(http.MethodGet, "/v1/clients/"+id, "").refused(404, "resource_not_found")
	}
	s.call(http.MethodGet, "/v1/clients?paginated=true", "").refused(410, "operation_deprecated")
	s.call(http.MethodPost, "/v1/sessions/"+string(ss.ID)+"/verify", "null").refused(410, "operation_deprecated")
}
