package backendapi_test

import (
	"net/http"
	"testing"
	"time"
)

func TestSessions(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane"}`)
	first := s.start(id)
	s.now = s.now.Add(time.Second)
	second := s.start(id)

	a := s.call(http.MethodGet, "/v1/sessions?user_id="+id, "").ok()
	if a.length() != 2 || a.text("0.id") != string(second.ID) || a.text("0.user_id") != id || a.text("0.status") != "active" || a.text("0.client_id") != string(second.ClientID) {
		t.Errorf("list: %s", a.raw)
	}
	p := s.call(http.MethodGet, "/v1/sessions?paginated=true&limit=1&offset=1&user_id="+id, "").ok()
	if p.at("total_count") != 2.0 || p.text("data.0.id") != string(first.ID) || p.at("data.1") != nil {
		t.Errorf("page: %s", p.raw)
	}
	if a := s.call(http.MethodGet, "/v1/sessions?client_id="+string(first.ClientID), "").ok(); a.length() != 1 || a.text("0.id") != string(first.ID) {
		t.Errorf("by client: %s", a.raw)
	}
	r := s.call(http.MethodPost, "/v1/sessions/"+string(first.ID)+"/revoke", "null").ok()
	if r.text("status") != "revoked" {
		t.Errorf("revoke: %s", r.raw)
	}
	if a := s.call(http.MethodGet, "/v1/sessions?status=active&user_id="+id, "").ok(); a.length() != 1 || a.text("0.id") != string(second.ID) {
		t.Errorf("active ones: %s", a.raw)
	}
	for _, query := range []string{"user_id=user_nobody", "user_id=%27", "client_id=client_nobody", "client_id=%2A", "user_id=" + id + "&client_id=client_nobody"} {
		if a := s.call(http.MethodGet, "/v1/sessions?"+query, "").ok(); a.raw != "[]" {
			t.Errorf("%s: %s", query, a.raw)
		}
	}
	s.call(http.MethodGet, "/v1/sessions", "").refused(422, "form_param_missing").blames("user_id")
	s.call(http.MethodGet, "/v1/sessions?status=odd&user_id="+id, "").refused(422, "form_param_value_invalid").blames("status")
	s.call(http.MethodPost, "/v1/sessions/sess_000000000000000000000000000/revoke", "").refused(404, "resource_not_found")
}
