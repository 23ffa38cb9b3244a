package backendapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/backendapi"
	"github.com/gatehouse-dev/gatehouse/session"
)

func TestUserLife(t *testing.T) {
	s := newServer(t)
	a := s.call(http.MethodPost, "/v1/users", `{
		"email_address":["Jane@Example.com","second@example.com"],"username":"jane","first_name":"Jane","last_name":null,
		"password":"correct horse battery staple","external_id":"42",
		"public_metadata":{"plan":"pro"},"private_metadata":{"note":"vip"},"unsafe_metadata":{"theme":"dark"},
		"created_at":"2020-01-02T03:04:05.678Z","legal_accepted_at":"2020-01-02T03:04:05Z"}`).ok()
	id := a.text("id")
	if a.text("object") != "user" || a.text("username") != "jane" || a.at("last_name") != nil ||
		a.text("private_metadata.note") != "vip" || a.text("public_metadata.plan") != "pro" ||
		a.at("password_enabled") != true || a.text("external_id") != "42" || a.at("created_at") != 1577934245678.0 ||
		a.text("email_addresses.0.verification.strategy") != "admin" ||
		a.text("email_addresses.0.verification.object") != "verification_admin" ||
		a.text("primary_email_address_id") != a.text("email_addresses.0.id") || a.text("email_addresses.1.email_address") != "second@example.com" {
		t.Errorf("created: %s", a.raw)
	}
	if strings.Contains(a.raw, "$argon2") { // P-10
		t.Error("the answer holds the digest")
	}
	if got := s.call(http.MethodGet, "/v1/users/"+id, "").ok(); got.raw != a.raw {
		t.Errorf("read: %s\nwant %s", got.raw, a.raw)
	}

	p := s.call(http.MethodPatch, "/v1/users/"+id, `{"first_name":"Joan","username":null,"primary_email_address_id":"`+a.text("email_addresses.1.id")+`"}`).ok()
	if p.text("first_name") != "Joan" || p.at("username") != nil || p.text("primary_email_address_id") != a.text("email_addresses.1.id") {
		t.Errorf("patched: %s", p.raw)
	}
	m := s.call(http.MethodPatch, "/v1/users/"+id+"/metadata", `{"public_metadata":{"plan":null,"seats":{"used":1}},"private_metadata":{"more":true}}`).ok()
	if m.at("public_metadata.plan") != nil || m.at("public_metadata.seats.used") != 1.0 || m.text("private_metadata.note") != "vip" || m.at("private_metadata.more") != true {
		t.Errorf("merged: %s", m.raw)
	}
	r := s.call(http.MethodPut, "/v1/users/"+id+"/metadata", `{"private_metadata":{}}`).ok()
	if r.at("private_metadata.note") != nil || r.at("public_metadata.seats.used") != 1.0 {
		t.Errorf("replaced: %s", r.raw)
	}

	d := s.call(http.MethodDelete, "/v1/users/"+id, "").ok()
	if d.raw != `{"object":"user","id":"`+id+`","deleted":true}` {
		t.Errorf("deleted: %s", d.raw)
	}
	s.call(http.MethodGet, "/v1/users/"+id, "").refused(404, "resource_not_found")
	s.call(http.MethodDelete, "/v1/users/"+id, "").refused(404, "resource_not_found")
}

// The SDKs send null, {} or nothing where there is nothing to say.
func TestEmptyBodies(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"email_address":["jane@example.com"]}`)
	for _, body := range []string{"", "null", "{}", " null\n"} {
		s.call(http.MethodPost, "/v1/users/"+id+"/ban", body).ok()
		s.call(http.MethodPost, "/v1/users/"+id+"/unban", body).ok()
		s.call(http.MethodPatch, "/v1/users/"+id, body).ok()
		s.call(http.MethodPatch, "/v1/users/"+id+"/metadata", body).ok()
		a := s.call(http.MethodPost, "/v1/users", body).refused(422, "form_data_missing")
		if a.at("errors.0.meta.param_names") == nil {
			t.Errorf("no param_names: %s", a.raw)
		}
	}
	s.call(http.MethodDelete, "/v1/users/"+id, "null").ok()
}

func TestBanAndLock(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"email_address":["jane@example.com"]}`)
	ss := s.start(id)
	if a := s.call(http.MethodPost, "/v1/users/"+id+"/ban", "").ok(); a.at("banned") != true {
		t.Errorf("ban: %s", a.raw)
	}
	if a := s.call(http.MethodGet, "/v1/sessions/"+string(ss.ID), "").ok(); a.text("status") != "revoked" {
		t.Errorf("the session of a banned user: %s", a.raw)
	}
	if a := s.call(http.MethodPost, "/v1/users/"+id+"/unban", "").ok(); a.at("banned") != false {
		t.Errorf("unban: %s", a.raw)
	}
	if a := s.call(http.MethodPost, "/v1/users/"+id+"/lock", "").ok(); a.at("locked") != true || a.at("lockout_expires_in_seconds") != nil {
		t.Errorf("lock: %s", a.raw)
	}
	if a := s.call(http.MethodPost, "/v1/users/"+id+"/unlock", "").ok(); a.at("locked") != false {
		t.Errorf("unlock: %s", a.raw)
	}
}

// B-06: what the Frontend API refuses is refused here too.
func TestCreateRefuses(t *testing.T) {
	s := newServer(t)
	s.create(`{"email_address":["taken@example.com"],"username":"taken","external_id":"1"}`)
	for _, tt := range []struct{ body, code, param string }{
		{`{"bogus":1}`, "form_param_unknown", "bogus"},
		{`{"Email_address":["x@example.com"]}`, "form_param_unknown", "Email_address"},
		{`{"email_address":"x@example.com"}`, "form_param_type_invalid", "email_address"},
		{`{"email_address":[null]}`, "form_param_type_invalid", "email_address"},
		{`{"email_address":["not an address"]}`, "form_param_format_invalid", "email_address"},
		{`{"email_address":["TAKEN@example.com"]}`, "form_identifier_exists", "email_address"},
		{`{"username":"taken"}`, "form_identifier_exists", "username"},
		{`{"username":"fresh","external_id":"1"}`, "form_identifier_exists", "external_id"},
		{`{"username":"fresh","password":"short"}`, "form_password_length_too_short", "password"},
		{`{"username":"fresh","password":7}`, "form_param_type_invalid", "password"},
		{`{"username":"fresh","banned":"yes"}`, "form_param_type_invalid", "banned"},
		{`{"username":"fresh","created_at":"yesterday"}`, "form_param_invalid_time", "created_at"},
		{`{"username":"fresh","public_metadata":[1]}`, "form_param_value_invalid", "public_metadata"},
		{`{"username":"fresh","public_metadata":"x"}`, "form_param_value_invalid", "public_metadata"},
		{`{"username":"fresh","private_metadata":{"a":"` + strings.Repeat("x", 9000) + `"}}`, "form_param_exceeds_allowed_size", "private_metadata"},
		{`{"username":"fresh","create_organizations_limit":-1}`, "form_param_value_invalid", "create_organizations_limit"},
		{`{"username":"fresh","create_organizations_limit":1.5}`, "form_param_type_invalid", "create_organizations_limit"},
		{`{"email_address":["x@example.com"],"email_address_identification_status":[]}`, "", ""},
		{`{"email_address":["y@example.com"],"email_address_identification_status":["verified","reserved"]}`, "form_param_array_length_mismatch", "email_address_identification_status"},
		{`{"email_address":["y@example.com"],"email_address_identification_status":["maybe"]}`, "form_param_value_invalid", "email_address_identification_status"},
		{`{"email_address":[` + strings.Repeat(`"a@example.com",`, 100) + `"a@example.com"]}`, "form_param_array_size_exceeded", "email_address"},
	} {
		a := s.call(http.MethodPost, "/v1/users", tt.body)
		if tt.code == "" {
			a.ok()
			continue
		}
		a.refused(422, tt.code).blames(tt.param)
	}
	s.call(http.MethodPost, "/v1/users", `{"username":"fresh","web3_wallet":["0x0"]}`).refused(403, "feature_not_enabled").blames("web3_wallet")
}

// I-06: strict JSON, its size and type before its content.
func TestBodies(t *testing.T) {
	s := newServer(t)
	for _, body := range []string{
		strings.Repeat("[", 200_000), strings.Repeat(`{"a":`, 40_000), `{"username":"a","username":"b"}`, `{"username":"abcd"} x`,
		`[]`, `"x"`, `7`, `{`, "{\"username\":\"\xff\"}", `{"username":'a'}`, `{"public_metadata":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 41),
	} {
		s.call(http.MethodPost, "/v1/users", body).refused(400, "request_body_invalid")
	}
	s.call(http.MethodPost, "/v1/users", `{"username":"`+strings.Repeat("a", 300<<10)+`"}`).refused(413, "request_body_too_large")
	for _, ct := range []string{"text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=latin1"} {
		r := httptest.NewRequest(http.MethodPost, "/v1/users", strings.NewReader(`{"username":"abcd"}`))
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", ct)
		s.do(r).refused(415, "unsupported_content_type")
	}
	endless := &readCounter{}
	r := httptest.NewRequest(http.MethodPost, "/v1/users", endless)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	s.do(r).refused(413, "request_body_too_large")
	if endless.n > 1<<20 {
		t.Errorf("%d bytes of an endless body were read", endless.n)
	}
}

func TestMetadataRouteByVersion(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane"}`)
	patch := func(version string) *answer {
		r := httptest.NewRequest(http.MethodPatch, "/v1/users/"+id, strings.NewReader(`{"private_metadata":{"a":1}}`))
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Clerk-API-Version", version)
		return s.do(r)
	}
	patch("2025-11-10").ok()
	patch("2026-05-12").refused(422, "form_param_deprecated").blames("private_metadata")
}

func TestPasswordChangeSignsOut(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane","password":"correct horse battery staple"}`)
	ss := s.start(id)
	s.now = s.now.Add(time.Second)
	s.call(http.MethodPatch, "/v1/users/"+id, `{"password":"staple battery horse correct","sign_out_of_other_sessions":true}`).ok()
	if got, err := s.sessions.Get(t.Context(), ss.ID); err != nil || got.Status != session.StatusRevoked {
		t.Errorf("session after the change: %v %v", got.Status, err)
	}
}

func TestListUsers(t *testing.T) {
	s := newServer(t)
	var ids []string
	for i := range 12 {
		s.now = s.now.Add(time.Second)
		ids = append(ids, s.create(`{"email_address":["u`+strconv.Itoa(i)+`@example.com"],"first_name":"First`+strconv.Itoa(i)+`","external_id":"x`+strconv.Itoa(i)+`"}`))
	}
	s.call(http.MethodPost, "/v1/users/"+ids[3]+"/ban", "").ok()
	for _, tt := range []struct {
		query string
		want  int
		first string
	}{
		{"", 10, ids[11]},
		{"?limit=3", 3, ids[11]},
		{"?limit=500&offset=5", 7, ids[6]},
		{"?order_by=created_at", 10, ids[0]},
		{"?order_by=%2Bcreated_at", 10, ids[0]},
		{"?order_by=+created_at", 10, ids[0]},
		{"?email_address=u1@example.com&email_address=U2@EXAMPLE.com&email_address=nobody@example.com", 2, ids[2]},
		{"?email_address[]=u1@example.com", 1, ids[1]},
		{"?user_id=" + ids[4], 1, ids[4]},
		{"?user_id=%2B" + ids[4], 1, ids[4]},
		{"?user_id=+" + ids[4], 1, ids[4]},
		{"?limit=500&user_id=-" + ids[11], 11, ids[10]},
		{"?user_id=user_%27--", 0, ""},
		{"?external_id=x5", 1, ids[5]},
		{"?query=FIRST1", 3, ids[11]},
		{"?name_query=first7", 1, ids[7]},
		{"?banned=true", 1, ids[3]},
		{"?created_at_after=" + strconv.FormatInt(s.now.Add(-1500*time.Millisecond).UnixMilli(), 10), 2, ids[11]},
		{"?starting_after=" + ids[2], 2, ids[1]},
		{"?organization_id=org_1", 0, ""},
		{"?web3_wallet=0x0", 0, ""},
		{"?paginated=true", 10, ids[11]},
		{"?__clerk_api_version=2026-05-12", 10, ids[11]},
	} {
		a := s.call(http.MethodGet, "/v1/users"+tt.query, "").ok()
		if a.length() != tt.want || a.text("0.id") != tt.first || a.raw[0] != '[' {
			t.Errorf("GET /v1/users%s: %d users, first %s; want %d, first %s", tt.query, a.length(), a.text("0.id"), tt.want, tt.first)
		}
	}
	if a := s.call(http.MethodGet, "/v1/users/count?limit=1&offset=5&order_by=username&banned=false", "").ok(); a.raw != `{"object":"total_count","total_count":11}` {
		t.Errorf("count: %s", a.raw)
	}
}

// I-10, I-08: bounds and allowlists of the query.
func TestListUsersRefuses(t *testing.T) {
	s := newServer(t)
	for query, param := range map[string]string{
		"limit=0": "limit", "limit=501": "limit", "limit=-1": "limit", "limit=1e3": "limit", "limit=10.0": "limit",
		"limit=99999999999999999999": "limit", "offset=-1": "offset", "offset=1000001": "offset",
		"order_by=password": "order_by", "order_by=created_at;drop": "order_by", "order_by=--created_at": "order_by",
		"created_at_after=yesterday": "created_at_after", "created_at_after=-1": "created_at_after", "starting_after=x": "starting_after",
	} {
		s.call(http.MethodGet, "/v1/users?"+strings.ReplaceAll(query, ";", "%3B"), "").refused(422, "form_param_value_invalid").blames(param)
	}
	s.call(http.MethodGet, "/v1/users?banned=maybe", "").refused(422, "form_param_type_invalid").blames("banned")
	s.call(http.MethodGet, "/v1/users?bogus=1", "").refused(422, "form_param_unknown").blames("bogus")
	s.call(http.MethodGet, "/v1/users?username=%ff", "").refused(422, "form_param_format_invalid").blames("username")
	s.call(http.MethodGet, "/v1/users?"+strings.Repeat("username=abcd&", 101), "").refused(422, "form_param_array_size_exceeded").blames("username")
	s.call(http.MethodGet, "/v1/users?a=%zz", "").refused(400, "malformed_request_parameters")
}

// I-09: what is no id is nobody's, whatever it looks like.
func TestHostileIDs(t *testing.T) {
	s := newServer(t)
	for _, id := range []string{"..%2f..%2fetc", "*", "user_*", "user_%00", "user_%0d%0aX:y", "sess_1", "USER_abc", "user_", "user_';--", "user_" + strings.Repeat("a", 65)} {
		for _, tt := range [][2]string{{"GET", ""}, {"PATCH", ""}, {"DELETE", ""}, {"PATCH", "/metadata"}, {"POST", "/ban"}, {"POST", "/lock"}} {
			s.call(tt[0], "/v1/users/"+id+tt[1], "").refused(404, "resource_not_found")
		}
		// The stores check once more; this is the edge itself.
		if text, err := url.PathUnescape(id); err != nil || backendapi.UserID(text) == nil || backendapi.SessionID(strings.Replace(text, "sess_1", "", 1)) == nil {
			t.Errorf("%q passes for an id", id)
		}
		s.call(http.MethodGet, "/v1/sessions/"+strings.Replace(id, "sess_1", "user_1", 1), "").refused(404, "resource_not_found")
	}
}
