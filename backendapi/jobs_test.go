package backendapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/backendapi"
	"github.com/gatehouse-dev/gatehouse/user"
)

// fill stores n users, each a second younger than the one before, and returns their ids.
func (s *server) fill(n int) []string {
	s.t.Helper()
	list := make([]user.NewUser, n)
	for i := range list {
		list[i] = user.NewUser{
			FirstName: "Filler", EmailAddresses: []user.NewIdentifier{{Value: fmt.Sprintf("filler%d@example.com", i), Strategy: "admin"}},
			CreatedAt: s.now.AddDate(0, 0, -n+i),
		}
	}
	created, err := s.users.CreateMany(s.t.Context(), list)
	must(s.t, err)
	ids := make([]string, n)
	for i, c := range created {
		must(s.t, c.Err)
		ids[i] = string(c.User.ID)
	}
	return ids
}

func quoted(ids []string) string { return `["` + strings.Join(ids, `","`) + `"]` }

func TestBulkDelete(t *testing.T) {
	s := newServer(t)
	ids := s.fill(30)
	signedIn := s.start(ids[3])

	dry := s.call(http.MethodPost, "/v1/users/bulk_delete", `{"filter":{"query":"filler"},"dry_run":true}`).ok()
	if dry.text("object") != "job" || dry.at("dry_run") != true || dry.at("total") != 30.0 || dry.text("sample.9.object") != "user" || dry.at("sample.10") != nil {
		t.Errorf("dry run: %.400s", dry.raw)
	}
	if n := s.call(http.MethodGet, "/v1/jobs", "").ok().at("total_count"); n != 0.0 {
		t.Errorf("a dry run left %v jobs", n)
	}

	j := s.call(http.MethodPost, "/v1/users/bulk_delete", `{"user_ids":`+quoted(ids[:10])+`}`).ok()
	want := fmt.Sprintf(`{"object":"job","id":%q,"type":"bulk_delete","status":"queued","total":10,"done":0,"failed":0,"created_at":%d,"updated_at":%d,"finished_at":null}`,
		j.text("id"), s.now.UnixMilli(), s.now.UnixMilli())
	if j.raw != want {
		t.Errorf("job: %s\nwant %s", j.raw, want)
	}
	must(t, s.bulk.Run(t.Context()))
	done := s.call(http.MethodGet, "/v1/jobs/"+j.text("id"), "").ok()
	if done.text("status") != "completed" || done.at("done") != 10.0 || done.at("finished_at") != float64(s.now.UnixMilli()) {
		t.Errorf("done: %s", done.raw)
	}
	if got := s.call(http.MethodGet, "/v1/sessions/"+string(signedIn.ID), "").ok(); got.text("status") != "revoked" {
		t.Errorf("session of a deleted user: %s", got.raw)
	}
	s.call(http.MethodPost, "/v1/jobs/"+j.text("id")+"/cancel", "").refused(409, "conflict")

	s.now = s.now.Add(time.Second) // newest first
	j = s.call(http.MethodPost, "/v1/users/bulk_delete", `{"filter":{"email_address_query":"filler1","banned":false,"created_at_before":`+fmt.Sprint(s.now.UnixMilli())+`}}`).ok()
	if got := s.call(http.MethodPost, "/v1/jobs/"+j.text("id")+"/cancel", "{}").ok(); got.text("status") != "cancelled" || j.at("total") != 10.0 {
		t.Errorf("cancelled: %s of %s", got.raw, j.raw)
	}
	must(t, s.bulk.Run(t.Context()))
	if n := s.call(http.MethodGet, "/v1/users/count", "").ok().at("total_count"); n != 20.0 {
		t.Errorf("%v users are left, want 20", n)
	}
	list := s.call(http.MethodGet, "/v1/jobs?limit=1", "").ok()
	if list.at("total_count") != 2.0 || list.text("data.0.status") != "cancelled" || list.at("data.1") != nil {
		t.Errorf("list: %s", list.raw)
	}

	s.call(http.MethodPost, "/v1/users/bulk_ban", `{"filter":{"query":"filler"}}`).ok()
	must(t, s.bulk.Run(t.Context()))
	if n := s.call(http.MethodGet, "/v1/users/count?banned=true", "").ok().at("total_count"); n != 20.0 {
		t.Errorf("%v users are banned, want 20", n)
	}
	s.call(http.MethodPost, "/v1/users/bulk_unban", `{"user_ids":`+quoted(ids[10:12])+`}`).ok()
	must(t, s.bulk.Run(t.Context()))
	if n := s.call(http.MethodGet, "/v1/users/count?banned=true", "").ok().at("total_count"); n != 18.0 {
		t.Errorf("%v users are banned, want 18", n)
	}
}

// Whatever selects nobody in particular must not select everybody.
func TestBulkDeleteRefuses(t *testing.T) {
	s := newServer(t)
	id := s.fill(1)[0]
	many := make([]string, 10_001)
	for i := range many {
		many[i] = fmt.Sprintf("user_%027d", i)
	}
	for _, test := range []struct{ body, code, param string }{
		{``, "form_param_missing", "user_ids"},
		{`{}`, "form_param_missing", "user_ids"},
		{`null`, "form_param_missing", "user_ids"},
		{`{"user_ids":[]}`, "form_param_missing", "user_ids"},
		{`{"filter":{}}`, "form_param_missing", "filter"},
		{`{"filter":null}`, "form_param_missing", "filter"},
		{`{"filter":[]}`, "form_param_value_invalid", "filter"},
		{`{"user_ids":["` + id + `"],"filter":{"query":"x"}}`, "form_param_unknown", "filter"},
		{`{"user_ids":["../users"]}`, "form_param_value_invalid", "user_ids"}, // I-09
		{`{"user_ids":"` + id + `"}`, "form_param_type_invalid", "user_ids"},
		{`{"user_ids":` + quoted(many) + `}`, "form_param_array_size_exceeded", "user_ids"}, // I-10
		{`{"filter":{"query":""}}`, "form_param_value_invalid", "query"},
		{`{"filter":{"email_address":[]}}`, "form_param_value_invalid", "email_address"},
		{`{"filter":{"banned":"maybe"}}`, "form_param_type_invalid", "banned"},
		{`{"filter":{"query":{}}}`, "form_param_type_invalid", "query"},
		{`{"filter":{"query":null}}`, "form_param_type_invalid", "query"},
		{`{"filter":{"created_at_before":-1}}`, "form_param_type_invalid", "created_at_before"},
		{`{"filter":{"limit":1}}`, "form_param_unknown", "limit"},
		{`{"filter":{"everybody":true}}`, "form_param_unknown", "everybody"},
		{`{"filter":{"query":"x"},"force":true}`, "form_param_unknown", "force"},
	} {
		s.call(http.MethodPost, "/v1/users/bulk_delete", test.body).refused(422, test.code).blames(test.param)
	}
	s.call(http.MethodGet, "/v1/jobs/job_unknown", "").refused(404, "resource_not_found")
	s.call(http.MethodPost, "/v1/jobs/..%2Fusers/cancel", "").refused(404, "resource_not_found") // I-09
	// A filter that can match nobody makes a job that does nothing.
	j := s.call(http.MethodPost, "/v1/users/bulk_delete", `{"filter":{"user_id":["nobody"]}}`).ok()
	must(t, s.bulk.Run(t.Context()))
	if got := s.call(http.MethodGet, "/v1/jobs/"+j.text("id"), "").ok(); got.text("status") != "completed" || got.at("done") != 0.0 {
		t.Errorf("job on nobody: %s", got.raw)
	}
	s.call(http.MethodGet, "/v1/users/"+id, "").ok()
}

// One result for each of the bodies, in their order, as each alone would be answered.
func TestBulkCreate(t *testing.T) {
	s := newServer(t)
	s.create(`{"email_address":["taken@example.com"]}`)
	a := s.call(http.MethodPost, "/v1/users/bulk", `[
		{"email_address":["a@example.com"],"first_name":"A","external_id":"x"},
		{"email_address":["taken@example.com"]},
		{"first_name":"nobody"},
		{"email_address":["b@example.com"],"surname":"B"},
		{"email_address":["c@example.com"],"external_id":"x"},
		{"email_address":["a@example.com"]},
		{"username":"dora","password":"correct horse battery staple","banned":true}]`).ok()
	if a.length() != 7 {
		t.Fatalf("results: %s", a.raw)
	}
	for i, want := range []struct {
		status float64
		code   string
	}{
		{200, ""},
		{422, "form_identifier_exists"},
		{422, "form_data_missing"},
		{422, "form_param_unknown"},
		{422, "form_identifier_exists"},
		{422, "form_identifier_exists"},
		{200, ""},
	} {
		at := fmt.Sprint(i)
		if a.at(at+".status") != want.status || a.text(at+".errors.0.code") != want.code || a.text(at+".object") != "user_result" {
			t.Errorf("result %d: %v %q, want %v %q", i, a.at(at+".status"), a.text(at+".errors.0.code"), want.status, want.code)
		}
	}
	one := s.call(http.MethodGet, "/v1/users/"+a.text("6.user.id"), "").ok()
	if one.text("username") != "dora" || one.at("banned") != true || one.at("password_enabled") != true {
		t.Errorf("stored: %s", one.raw)
	}
	if n := s.call(http.MethodGet, "/v1/users/count", "").ok().at("total_count"); n != 3.0 {
		t.Errorf("%v users, want 3", n)
	}
	body := func(n int, one string) string { return "[" + strings.Repeat(one+",", n-1) + one + "]" }
	s.call(http.MethodPost, "/v1/users/bulk", body(1001, `{}`)).refused(422, "form_param_array_size_exceeded") // I-10
	s.call(http.MethodPost, "/v1/users/bulk", body(51, `{"username":"x","password":"correct horse battery staple"}`)).
		refused(422, "form_param_array_size_exceeded").blames("password") // P-09
	s.call(http.MethodPost, "/v1/users/bulk", `[]`).refused(400, "request_body_invalid")
	s.call(http.MethodPost, "/v1/users/bulk", `{}`).refused(400, "request_body_invalid")
	s.call(http.MethodPost, "/v1/users/bulk", `[`+strings.Repeat(" ", 1<<20)+`]`).refused(413, "request_body_too_large")
}

// I-08: a cursor leads on where the page before ended, in any order, whoever was deleted
// meanwhile, and one that this server did not make, for this order, is refused.
func TestCursor(t *testing.T) {
	s := newServer(t)
	ids := s.fill(7)
	for _, order := range []string{"", "order_by=%2Bcreated_at&", "order_by=-email_address&", "order_by=last_sign_in_at&"} {
		met := map[string]bool{}
		cursor, pages := "", 0
		for {
			a := s.call(http.MethodGet, "/v1/users?"+order+"limit=2&cursor="+cursor, "").ok()
			for i := range a.length() {
				id := a.text(fmt.Sprint(i) + ".id")
				if met[id] {
					t.Errorf("%s: %s comes twice", order, id)
				}
				met[id] = true
			}
			pages++
			if cursor = a.header.Get("Next-Cursor"); cursor == "" {
				break
			}
			if strings.Contains(cursor, "example") || strings.ContainsAny(cursor, "+/=") {
				t.Errorf("cursor %q shows an address, or needs to be escaped", cursor)
			}
		}
		if len(met) != len(ids) || pages != 4 {
			t.Errorf("%s: %d users on %d pages, want %d on 4", order, len(met), pages, len(ids))
		}
	}
	first := s.call(http.MethodGet, "/v1/users?limit=2", "").ok()
	cursor := first.header.Get("Next-Cursor")
	s.call(http.MethodDelete, "/v1/users/"+first.text("1.id"), "").ok()
	if next := s.call(http.MethodGet, "/v1/users?limit=2&cursor="+cursor, "").ok(); next.text("0.id") != ids[4] {
		t.Errorf("after a deletion: %s, want %s", next.text("0.id"), ids[4])
	}
	s.call(http.MethodGet, "/v1/users?limit=2&starting_after="+first.text("1.id"), "").refused(422, "form_param_value_invalid").blames("starting_after")
	s.call(http.MethodGet, "/v1/users/count?cursor="+cursor, "").ok()
	flipped := []byte(cursor)
	flipped[len(flipped)/2] ^= 1
	for _, bad := range []string{
		"cursor=" + string(flipped), "cursor=" + cursor[1:], "cursor=" + strings.Repeat("A", 100), "cursor=%00", "cursor=" + strings.Repeat("A", 5000),
		"cursor=" + cursor + "&order_by=email_address", "cursor=" + cursor + "&order_by=%2Bcreated_at", "cursor=" + cursor + "&offset=1",
		"cursor=" + cursor + "&starting_after=" + ids[0],
	} {
		s.call(http.MethodGet, "/v1/users?"+bad, "").refused(422, "form_param_value_invalid").blames("cursor")
	}
	// Another server's key.
	other := newServer(t, func(c *backendapi.Config) { c.Cursors = []byte(strings.Repeat("k", 32)) })
	other.fill(3)
	other.call(http.MethodGet, "/v1/users?cursor="+cursor, "").refused(422, "form_param_value_invalid").blames("cursor")
}
