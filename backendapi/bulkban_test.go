package backendapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/session"
)

func TestBulkBan(t *testing.T) {
	s := newServer(t)
	var ids []string
	for n := range 3 {
		ids = append(ids, s.create(fmt.Sprintf(`{"username":"user%d"}`, n)))
	}
	ss := s.start(ids[1])
	body, err := json.Marshal(map[string]any{"user_ids": []string{ids[1], ids[0], ids[1]}})
	must(t, err)
	a := s.call(http.MethodPost, "/v1/users/ban", string(body)).ok()
	if a.length() != 2 || a.text("0.id") != ids[1] || a.text("1.id") != ids[0] || a.at("0.banned") != true || a.at("1.banned") != true {
		t.Errorf("banned: %s", a.raw)
	}
	if got, err := s.sessions.Get(t.Context(), ss.ID); err != nil || got.Status != session.StatusRevoked {
		t.Errorf("session: %v, %v", got.Status, err)
	}
	if a := s.call(http.MethodPost, "/v1/users/unban", string(body)).ok(); a.length() != 2 || a.at("0.banned") != false {
		t.Errorf("unbanned: %s", a.raw)
	}

	// An unknown user keeps the others as they are.
	s.call(http.MethodPost, "/v1/users/ban", `{"user_ids":["`+ids[2]+`","user_2J2MvPu9PnXcuhbPZNao0LOXqK9"]}`).refused(404, "resource_not_found")
	s.call(http.MethodPost, "/v1/users/ban", `{"user_ids":["`+ids[2]+`","*"]}`).refused(404, "resource_not_found")
	if a := s.call(http.MethodGet, "/v1/users/"+ids[2], "").ok(); a.at("banned") != false {
		t.Errorf("banned beside an unknown one: %s", a.raw)
	}
	for _, body := range []string{"", "null", "{}", `{"user_ids":[]}`} {
		s.call(http.MethodPost, "/v1/users/ban", body).refused(422, "form_param_missing").blames("user_ids")
	}
	s.call(http.MethodPost, "/v1/users/ban", `{"user_ids":[`+strings.Repeat(`"`+ids[0]+`",`, 50)+`"`+ids[0]+`"]}`).refused(400, "bulk_size_exceeded")
}
