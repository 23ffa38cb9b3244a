package backendapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// K-08: the whole ceremony goes over the API: add, promote, retire; and revoke.
func TestSigningKeys(t *testing.T) {
	s := newServer(t)
	statuses := func() string {
		a := s.call(http.MethodGet, "/v1/signing_keys", "").ok()
		var out []string
		for _, k := range a.at("data").([]any) {
			k := k.(map[string]any)
			if k["object"] != "signing_key" || k["algorithm"] != "EdDSA" || k["configured"] != false {
				t.Errorf("key: %v", k)
			}
			out = append(out, k["status"].(string))
		}
		if a.at("total_count") != float64(len(out)) {
			t.Errorf("total: %s", a.raw)
		}
		return strings.Join(out, " ")
	}
	list := s.call(http.MethodGet, "/v1/signing_keys?paginated=true", "").ok()
	first := list.text("data.0.kid")
	if year := s.now.Add(365 * 24 * time.Hour); list.at("data.0.rotates_at") != float64(year.UnixMilli()) ||
		list.at("data.0.promoted_at") != float64(s.now.UnixMilli()) || list.at("data.0.retires_at") != nil {
		t.Errorf("the first key: %s", list.raw)
	}

	added := s.call(http.MethodPost, "/v1/signing_keys", "null").ok()
	next := added.text("kid")
	if added.text("status") != "next" || added.at("signs_after") != float64(s.now.Add(session.PromoteAfter).UnixMilli()) ||
		added.at("created_at") != float64(s.now.UnixMilli()) || added.at("promoted_at") != nil {
		t.Errorf("added: %s", added.raw)
	}
	s.now = s.now.Add(session.PromoteAfter)
	if a := s.call(http.MethodPost, "/v1/signing_keys/"+next+"/promote", "{}").ok(); a.text("status") != "active" {
		t.Errorf("promoted: %s", a.raw)
	}
	if got := statuses(); got != "retiring active" {
		t.Errorf("after promote: %s", got)
	}
	retired := s.now.Add(session.RetireAfter)
	a := s.call(http.MethodPost, "/v1/signing_keys/"+first+"/retire", "").refused(409, "conflict")
	if !strings.Contains(a.raw, retired.UTC().Format(time.RFC3339)) {
		t.Errorf("retire too early does not say when: %s", a.raw)
	}
	if a := s.call(http.MethodGet, "/v1/signing_keys", ""); a.at("data.0.retires_at") != float64(retired.UnixMilli()) {
		t.Errorf("retiring: %s", a.raw)
	}
	s.now = retired
	s.call(http.MethodPost, "/v1/signing_keys/"+first+"/retire", "").ok()
	if strings.Contains(s.call(http.MethodGet, "/v1/jwks", "").raw, first) {
		t.Error("the retired key is still public")
	}

	ss := s.start(s.create(`{"username":"jane"}`))
	s.now = s.now.Add(time.Second)
	if a := s.call(http.MethodPost, "/v1/signing_keys/"+next+"/revoke", "").ok(); a.text("status") != "revoked" {
		t.Errorf("revoked: %s", a.raw)
	}
	if got := statuses(); got != "retired revoked active" {
		t.Errorf("after revoke: %s", got)
	}
	if a := s.call(http.MethodGet, "/v1/sessions/"+string(ss.ID), "").ok(); a.text("status") == "active" {
		t.Errorf("a session outlives the key: %s", a.raw)
	}
}

func TestSigningKeyRefusals(t *testing.T) {
	s := newServer(t)
	active := s.call(http.MethodGet, "/v1/signing_keys", "").ok().text("data.0.kid")
	for _, kid := range []string{"ins_000000000000000000000000000", "x", "%2e%2e", "ins_%27"} {
		for _, change := range []string{"promote", "retire", "revoke"} {
			s.call(http.MethodPost, "/v1/signing_keys/"+kid+"/"+change, "").refused(404, "resource_not_found")
		}
	}
	s.call(http.MethodPost, "/v1/signing_keys/"+active+"/retire", "").refused(409, "conflict")
	s.call(http.MethodPost, "/v1/signing_keys", `{"algorithm":"none"}`).refused(422, "form_param_unknown").blames("algorithm")
	s.call(http.MethodPost, "/v1/signing_keys/"+active+"/revoke", `{"now":true}`).refused(422, "form_param_unknown").blames("now")
	s.call(http.MethodGet, "/v1/signing_keys?status=next", "").refused(422, "form_param_unknown").blames("status")
	if a := s.call(http.MethodGet, "/v1/signing_keys", "").ok(); a.at("total_count") != 1.0 || a.text("data.0.status") != "active" {
		t.Errorf("refused calls changed something: %s", a.raw)
	}
}
