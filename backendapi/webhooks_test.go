package backendapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/backendapi"
	"github.com/gatehouse-dev/gatehouse/internal/audit"
	"github.com/gatehouse-dev/gatehouse/internal/origin"
	"github.com/gatehouse-dev/gatehouse/internal/webhook"
	"github.com/gatehouse-dev/gatehouse/user"
)

// hooks is the service behind a server's routes.
func (s *server) hooks() *webhook.Service { return s.config.Webhooks }

func (s *server) audit() *audit.Log { return s.config.Audit.(*audit.Log) }

func TestWebhookEndpoints(t *testing.T) {
	s := newServer(t)
	const path = "/v1/webhook_endpoints"
	made := s.call(http.MethodPost, path, `{"url":"https://example.com/hook","events":["user.*"],"description":"mirror"}`).ok()
	id, secret := made.text("id"), made.text("signing_secret")
	if made.text("object") != "webhook_endpoint" || !strings.HasPrefix(id, "ep_") || !strings.HasPrefix(secret, "whsec_") || made.at("enabled") != true {
		t.Fatalf("made %s", made.raw)
	}
	got := s.call(http.MethodGet, path+"/"+id, "").ok()
	if got.at("signing_secret") != nil || strings.Contains(got.raw, secret) || got.text("events.0") != "user.*" {
		t.Errorf("got %s", got.raw)
	}
	if list := s.call(http.MethodGet, path, "").ok(); list.at("total_count") != 1.0 || list.text("data.0.id") != id {
		t.Errorf("listed %s", list.raw)
	}
	changed := s.call(http.MethodPatch, path+"/"+id, `{"enabled":false}`).ok()
	if changed.at("enabled") != false || changed.text("disabled_reason") != "operator" || changed.text("url") != "https://example.com/hook" {
		t.Errorf("changed %s", changed.raw)
	}
	s.call(http.MethodPost, path+"/"+id+"/deliveries/replay", `{"since":0}`).refused(422, "form_param_value_invalid").blames("enabled")
	s.call(http.MethodPatch, path+"/"+id, `{"enabled":true}`).ok()
	if rotated := s.call(http.MethodPost, path+"/"+id+"/rotate_secret", "null").ok(); rotated.text("signing_secret") == secret || rotated.text("signing_secret") == "" {
		t.Errorf("rotated %s", rotated.raw)
	}

	must(t, s.hooks().Publish(t.Context(), webhook.Message{
		ID: "msg_1", Type: "user.created", Subject: "user_1", At: s.now,
		Data: func() (json.RawMessage, error) { return json.RawMessage(`{}`), nil },
	}))
	deliveries := s.call(http.MethodGet, path+"/"+id+"/deliveries?status=pending", "").ok()
	if deliveries.text("data.0.message_id") != "msg_1" || deliveries.text("data.0.status") != "pending" {
		t.Errorf("deliveries %s", deliveries.raw)
	}
	s.call(http.MethodPost, path+"/"+id+"/deliveries/msg_1/replay", "{}").ok()
	s.call(http.MethodPost, path+"/"+id+"/deliveries/msg_2/replay", "").refused(404, "resource_not_found")
	if n := s.call(http.MethodPost, path+"/"+id+"/deliveries/replay", `{"since":0}`).ok(); n.at("total_count") != 0.0 {
		t.Errorf("replayed %s", n.raw)
	}

	for _, tc := range []struct{ method, path, body, code, param string }{
		{http.MethodPost, path, `{}`, "form_param_missing", "url"},
		{http.MethodPost, path, `{"url":7}`, "form_param_type_invalid", "url"},
		{http.MethodPost, path, `{"url":"https://example.com","secret":"x"}`, "form_param_unknown", "secret"},
		{http.MethodPost, path, `{"url":"https://example.com","events":["no such thing"]}`, "form_param_value_invalid", "events"},
		{http.MethodGet, path + "/" + id + "/deliveries?status=lost", "", "form_param_value_invalid", "status"},
		{http.MethodPost, path + "/" + id + "/deliveries/replay", `{}`, "form_param_missing", "since"},
	} {
		s.call(tc.method, tc.path, tc.body).refused(422, tc.code).blames(tc.param)
	}
	if gone := s.call(http.MethodDelete, path+"/"+id, "").ok(); gone.at("deleted") != true {
		t.Errorf("deleted %s", gone.raw)
	}
	for _, p := range []string{path + "/" + id, path + "/ep_1%27", path + "/" + id + "/deliveries"} {
		s.call(http.MethodGet, p, "").refused(404, "resource_not_found")
	}
}

// As the reference has it, but for the URL, which is our own dashboard's.
func TestSvix(t *testing.T) {
	s := newServer(t)
	s.call(http.MethodPost, "/v1/webhooks/svix_url", "").refused(400, "svix_app_missing")
	s.call(http.MethodDelete, "/v1/webhooks/svix", "").refused(400, "svix_app_missing")
	if made := s.call(http.MethodPost, "/v1/webhooks/svix", "{}").ok(); made.text("svix_url") != "https://app.example.com/auth/dashboard/webhooks" {
		t.Errorf("made %s", made.raw)
	}
	s.call(http.MethodPost, "/v1/webhooks/svix", "null").refused(400, "svix_app_exists")
	if url := s.call(http.MethodPost, "/v1/webhooks/svix_url", "null").ok(); url.text("svix_url") == "" {
		t.Errorf("asked %s", url.raw)
	}
	s.call(http.MethodPost, "/v1/webhook_endpoints", `{"url":"https://example.com/hook"}`).ok()
	if gone := s.call(http.MethodDelete, "/v1/webhooks/svix", ""); gone.status != http.StatusNoContent {
		t.Errorf("deleted %d", gone.status)
	}
	if list := s.call(http.MethodGet, "/v1/webhook_endpoints", "").ok(); list.at("total_count") != 0.0 {
		t.Errorf("left %s", list.raw)
	}
}

// The data of an event is what the route answers, byte for byte.
func TestPayloads(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"email_address":["ada@example.com"],"first_name":"Ada","private_metadata":{"a":1},"password":"a long enough secret"}`)
	u, err := s.users.ByID(t.Context(), user.ID(id))
	must(t, err)
	payload, err := s.handler.(*backendapi.Handler).UserJSON(u, s.now)
	must(t, err)
	if got := s.call(http.MethodGet, "/v1/users/"+id, "").ok().raw; got != string(payload) {
		t.Errorf("payload %s\nroute   %s", payload, got)
	}
	gone, err := s.handler.(*backendapi.Handler).DeletedUserJSON(u.ID, "crm-7")
	must(t, err)
	if want := fmt.Sprintf(`{"object":"user","id":"%s","deleted":true,"external_id":"crm-7"}`, id); string(gone) != want {
		t.Errorf("payload of a deletion = %s, want %s", gone, want)
	}
	ss := s.start(id)
	data, err := s.handler.(*backendapi.Handler).SessionJSON(t.Context(), ss)
	must(t, err)
	var session struct {
		ID   string          `json:"id"`
		User json.RawMessage `json:"user"`
	}
	must(t, json.Unmarshal(data, &session))
	if session.ID != string(ss.ID) || string(session.User) != string(payload) {
		t.Errorf("payload of a session = %s", data)
	}
	must(t, s.users.Delete(t.Context(), u.ID))
	if data, err = s.handler.(*backendapi.Handler).SessionJSON(t.Context(), ss); err != nil || !strings.Contains(string(data), `"user":null`) {
		t.Errorf("payload of a session of nobody = %s, %v", data, err)
	}
}

// L-04: what operators do is in the log with the key that did it, and so are unknown keys.
func TestOperatorsAreAudited(t *testing.T) {
	s := newServer(t, func(c *backendapi.Config) { c.ClientAddress = func(*http.Request) string { return "192.0.2.1" } })
	id := s.create(`{"email_address":["ada@example.com"]}`)
	s.now = s.now.Add(time.Second)
	s.call(http.MethodPost, "/v1/users/"+id+"/ban", "").ok()
	s.call(http.MethodGet, "/v1/users/"+id, "").ok()
	s.call(http.MethodPost, "/v1/users/user_unknown/ban", "").refused(404, "resource_not_found")
	got := s.call(http.MethodGet, "/v1/audit_logs?type=secret_key.*", "").ok()
	if got.text("data.0.details.route") != "POST /v1/users/{id}/ban" || got.text("data.0.subject") != id ||
		got.text("data.0.actor.type") != "secret_key" || !strings.HasPrefix(got.text("data.0.actor.id"), "skey_") || got.text("data.0.ip_address") != "192.0.2.1" ||
		len(got.text("data.0.trace_id")) != 32 || got.text("data.1.details.route") != "POST /v1/users" || got.at("data.2") != nil {
		t.Errorf("audit log = %s", got.raw)
	}
	for range 20 { // one entry, not twenty
		r := httptest.NewRequest(http.MethodGet, "/v1/users", nil)
		r.Header.Set("Authorization", "Bearer sk_test_wrong")
		s.do(r).refused(401, "clerk_key_invalid")
	}
	if refused := s.call(http.MethodGet, "/v1/audit_logs?type=secret_key.refused", "").ok(); refused.at("data.0") == nil || refused.at("data.1") != nil {
		t.Errorf("audit log = %s", refused.raw)
	}
}

func TestAuditLogs(t *testing.T) {
	s := newServer(t)
	ctx := origin.With(context.Background(), origin.Origin{Kind: origin.KindUser, Address: "192.0.2.7"})
	for n := range 3 {
		must(t, s.audit().Write(ctx, audit.Entry{
			Type: audit.SignInPasswordFailed, Subject: "user_2AbCdEfGhIjKlMnOpQrStUvWxYz", At: s.now.Add(time.Duration(n) * time.Second),
		}))
	}
	get := func(query string) *answer { return s.call(http.MethodGet, "/v1/audit_logs?"+query, "") }
	first := get("limit=2&type=sign_in.*&ip_address=192.0.2.7").ok()
	last := first.text("data.1.id")
	if second := get("limit=2&type=sign_in.*&starting_after=" + last).ok(); second.at("data.0") == nil || second.at("data.1") != nil {
		t.Errorf("second page %s", second.raw)
	}
	if none := get(fmt.Sprint("created_at_before=", s.now.UnixMilli())).ok(); none.at("data.0") != nil {
		t.Errorf("before %s", none.raw)
	}
	if all := get("actor=user_2AbCdEfGhIjKlMnOpQrStUvWxYz").ok(); all.at("data.2") == nil {
		t.Errorf("by actor %s", all.raw)
	}
	get("what=1").refused(422, "form_param_unknown")
	get("starting_after=1").refused(422, "form_param_value_invalid").blames("starting_after")
}
