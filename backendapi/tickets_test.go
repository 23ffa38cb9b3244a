package backendapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

const acceptURL = "https://app.example.com/v1/tickets/accept"

// ticketOf checks the link of a new ticket and returns the secret in it.
func (s *server) ticketOf(link string) string {
	s.t.Helper()
	u, err := url.Parse(link)
	must(s.t, err)
	secret := u.Query().Get("ticket")
	if !strings.HasPrefix(link, acceptURL+"?") || len(secret) != 43 {
		s.t.Fatalf("url = %q", link)
	}
	return secret
}

func TestSignInTokens(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane"}`)
	made := s.call(http.MethodPost, "/v1/sign_in_tokens", `{"user_id":"`+id+`"}`).ok()
	if made.text("object") != "sign_in_token" || made.text("user_id") != id || made.text("status") != "pending" ||
		made.text("token") != s.ticketOf(made.text("url")) || made.at("created_at") != float64(s.now.UnixMilli()) {
		t.Errorf("made: %s", made.raw)
	}
	found, err := s.users.TicketBySecret(t.Context(), made.text("token"))
	must(t, err)
	if want := s.now.Add(30 * 24 * time.Hour); !found.ExpireAt.Equal(want) || string(found.ID) != made.text("id") {
		t.Errorf("stored %+v, want it to expire at %v", found, want)
	}
	short := s.call(http.MethodPost, "/v1/sign_in_tokens", `{"user_id":"`+id+`","expires_in_seconds":60,"org_id":null}`).ok()
	found, err = s.users.TicketBySecret(t.Context(), short.text("token"))
	must(t, err)
	if want := s.now.Add(time.Minute); !found.ExpireAt.Equal(want) {
		t.Errorf("expires at %v, want %v", found.ExpireAt, want)
	}

	path := "/v1/sign_in_tokens/" + made.text("id") + "/revoke"
	revoked := s.call(http.MethodPost, path, "").ok()
	if revoked.text("status") != "revoked" || revoked.at("token") != nil || revoked.at("url") != nil || revoked.text("id") != made.text("id") {
		t.Errorf("revoked: %s", revoked.raw)
	}
	s.call(http.MethodPost, path, "null").refused(400, "sign_in_token_cannot_be_revoked_code")
	_, err = s.users.AcceptTicket(t.Context(), found.ID, user.ID(id))
	must(t, err)
	s.call(http.MethodPost, "/v1/sign_in_tokens/"+short.text("id")+"/revoke", "").refused(400, "sign_in_token_cannot_be_revoked_code")
	if strings.Contains(s.log.String(), made.text("token")) {
		t.Error("L-01: the log holds the token")
	}
}

// B-06: what operators send is judged like everything else.
func TestSignInTokenRefusals(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane"}`)
	for body, want := range map[string]string{
		`{}`:                                                  "form_param_missing user_id",
		`{"user_id":""}`:                                      "form_param_missing user_id",
		`{"user_id":7}`:                                       "form_param_type_invalid user_id",
		`{"user_id":"user_nobody"}`:                           "resource_not_found ",
		`{"user_id":"' or 1=1 --"}`:                           "resource_not_found ",
		`{"user_id":"%s","odd":1}`:                            "form_param_unknown odd",
		`{"user_id":"%s","org_id":"x"}`:                       "feature_not_enabled org_id",
		`{"user_id":"%s","expires_in_seconds":0}`:             "form_param_value_invalid expires_in_seconds",
		`{"user_id":"%s","expires_in_seconds":-1}`:            "form_param_value_invalid expires_in_seconds",
		`{"user_id":"%s","expires_in_seconds":1e3}`:           "form_param_type_invalid expires_in_seconds",
		`{"user_id":"%s","expires_in_seconds":"60"}`:          "form_param_type_invalid expires_in_seconds",
		`{"user_id":"%s","expires_in_seconds":9999999999999}`: "form_param_value_invalid expires_in_seconds",
	} {
		a := s.call(http.MethodPost, "/v1/sign_in_tokens", strings.ReplaceAll(body, "%s", id))
		if got := a.text("errors.0.code") + " " + a.text("errors.0.meta.param_name"); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	// T-16, I-09: only a sign-in token's id names one.
	invitation := s.call(http.MethodPost, "/v1/invitations", `{"email_address":"joe@example.com","notify":false}`).ok().text("id")
	for _, id := range []string{"sit_000000000000000000000000000", "sit_", "%2e%2e", invitation} {
		s.call(http.MethodPost, "/v1/sign_in_tokens/"+id+"/revoke", "").refused(404, "resource_not_found")
	}
}

func TestInvitations(t *testing.T) {
	s := newServer(t)
	made := s.call(http.MethodPost, "/v1/invitations", `{"email_address":"Joe@Example.com","public_metadata":{"plan":"pro"},
		"redirect_url":"https://app.example.com/welcome","expires_in_days":7,"template_slug":"invitation"}`).ok()
	if made.text("object") != "invitation" || made.text("email_address") != "Joe@example.com" || made.text("status") != "pending" ||
		made.at("revoked") != false || made.text("public_metadata.plan") != "pro" || made.at("expires_at") != float64(s.now.Add(7*24*time.Hour).UnixMilli()) {
		t.Errorf("made: %s", made.raw)
	}
	mails := s.outbox.Messages("Joe@example.com")
	if len(mails) != 1 || mails[0].Kind != "invitation" || mails[0].Link != made.text("url") || !strings.Contains(mails[0].Text, mails[0].Link) ||
		!strings.Contains(mails[0].Text, "7 days") || strings.Contains(mails[0].Text, "pro") {
		t.Fatalf("mails: %+v", mails)
	}
	secret := s.ticketOf(made.text("url"))
	found, err := s.users.TicketBySecret(t.Context(), secret)
	must(t, err)
	if found.RedirectURL != "https://app.example.com/welcome" || found.Kind != user.TicketInvitation {
		t.Errorf("stored: %+v", found)
	}
	// One beside it is made if that is wanted, here without a mail.
	s.call(http.MethodPost, "/v1/invitations", `{"email_address":"joe@example.com"}`).refused(400, "duplicate_record")
	if a := s.call(http.MethodPost, "/v1/invitations", `{"email_address":"joe@example.com"}`); a.text("errors.0.meta.email_addresses.0") != "joe@example.com" {
		t.Errorf("duplicate: %s", a.raw)
	}
	s.now = s.now.Add(time.Second)
	quiet := s.call(http.MethodPost, "/v1/invitations", `{"email_address":"joe@example.com","notify":false,"ignore_existing":true}`).ok()
	if quiet.at("expires_at") != float64(s.now.Add(30*24*time.Hour).UnixMilli()) || len(s.outbox.Messages("joe@example.com")) != 1 {
		t.Errorf("quiet: %s", quiet.raw)
	}

	list := s.call(http.MethodGet, "/v1/invitations", "").ok()
	if list.length() != 2 || list.text("0.id") != quiet.text("id") || list.at("0.url") != nil {
		t.Errorf("list: %s", list.raw)
	}
	path := "/v1/invitations/" + made.text("id") + "/revoke"
	if a := s.call(http.MethodPost, path, "").ok(); a.text("status") != "revoked" || a.at("revoked") != true {
		t.Errorf("revoked: %s", a.raw)
	}
	s.call(http.MethodPost, path, "").refused(400, "invitation_already_revoked")
	if a := s.call(http.MethodGet, "/v1/invitations?paginated=true&limit=1", "").ok(); a.at("total_count") != 1.0 || a.text("data.0.id") != quiet.text("id") {
		t.Errorf("page: %s", a.raw)
	}
	if a := s.call(http.MethodGet, "/v1/invitations?status=revoked&status=expired&order_by=%2Bemail_address&query=JOE", "").ok(); a.length() != 1 || a.text("0.status") != "revoked" {
		t.Errorf("revoked ones: %s", a.raw)
	}
	s.now = s.now.Add(31 * 24 * time.Hour)
	if a := s.call(http.MethodGet, "/v1/invitations?status=expired", "").ok(); a.length() != 1 || a.text("0.status") != "expired" {
		t.Errorf("expired ones: %s", a.raw)
	}
	for query, param := range map[string]string{"status=odd": "status", "order_by=hash": "order_by", "limit=501": "limit", "offset=-1": "offset", "odd=1": "odd"} {
		if a := s.call(http.MethodGet, "/v1/invitations?"+query, ""); a.status != 422 || a.text("errors.0.meta.param_name") != param {
			t.Errorf("%s: %d %s", query, a.status, a.raw)
		}
	}
	if strings.Contains(s.log.String(), secret) {
		t.Error("L-01: the log holds a ticket")
	}
}

// B-06, H-01: what operators send is judged like everything else.
func TestInvitationRefusals(t *testing.T) {
	s := newServer(t)
	s.create(`{"email_address":["jane@example.com"],"skip_password_requirement":true}`)
	large := `"` + strings.Repeat("x", 8200) + `"`
	for body, want := range map[string]string{
		`{}`:                                                                       "form_param_missing email_address",
		`{"email_address":"joe"}`:                                                  "form_param_format_invalid email_address",
		`{"email_address":["a@example.com"]}`:                                      "form_param_type_invalid email_address",
		`{"email_address":"JANE@example.com"}`:                                     "form_identifier_exists email_address",
		`{"email_address":"a@example.com","odd":1}`:                                "form_param_unknown odd",
		`{"email_address":"a@example.com","private_metadata":{}}`:                  "form_param_unknown private_metadata",
		`{"email_address":"a@example.com","notify":"yes"}`:                         "form_param_type_invalid notify",
		`{"email_address":"a@example.com","public_metadata":[]}`:                   "form_param_value_invalid public_metadata",
		`{"email_address":"a@example.com","public_metadata":{"a":` + large + `}}`:  "form_param_exceeds_allowed_size public_metadata",
		`{"email_address":"a@example.com","expires_in_days":0}`:                    "form_param_value_invalid expires_in_days",
		`{"email_address":"a@example.com","expires_in_days":366}`:                  "form_param_value_invalid expires_in_days",
		`{"email_address":"a@example.com","template_slug":"odd"}`:                  "form_param_value_invalid template_slug",
		`{"email_address":"a@example.com","redirect_url":"https://evil.example/"}`: "form_param_value_invalid redirect_url",
		`{"email_address":"a@example.com","redirect_url":"javascript:alert(1)"}`:   "form_param_value_invalid redirect_url",
	} {
		a := s.call(http.MethodPost, "/v1/invitations", body)
		if got := a.text("errors.0.code") + " " + a.text("errors.0.meta.param_name"); got != want {
			t.Errorf("%.80s: %s, want %s", body, got, want)
		}
	}
	if a := s.call(http.MethodPost, "/v1/invitations", `{"email_address":"jane@example.com","ignore_existing":true}`); a.status != 200 {
		t.Errorf("one for somebody with an account, wanted: %s", a.raw)
	}
	s.flow.EmailAddress.Enabled = false
	s.call(http.MethodPost, "/v1/invitations", `{"email_address":"b@example.com"}`).refused(400, "invitations_not_supported")
	token := s.call(http.MethodPost, "/v1/sign_in_tokens", `{"user_id":"`+s.create(`{"username":"token"}`)+`"}`).ok().text("id")
	for _, id := range []string{"inv_000000000000000000000000000", "inv_", token} {
		s.call(http.MethodPost, "/v1/invitations/"+id+"/revoke", "").refused(404, "resource_not_found")
	}
}

func TestBulkInvitations(t *testing.T) {
	s := newServer(t)
	s.create(`{"email_address":["jane@example.com"],"skip_password_requirement":true}`)
	bulk := func(body string) *answer { return s.call(http.MethodPost, "/v1/invitations/bulk", body) }
	made := bulk(`[{"email_address":"a@example.com"},{"email_address":"b@example.com","notify":false}]`).ok()
	if made.length() != 2 || made.text("1.email_address") != "b@example.com" || s.ticketOf(made.text("0.url")) == s.ticketOf(made.text("1.url")) {
		t.Errorf("made: %s", made.raw)
	}
	if a, b := len(s.outbox.Messages("a@example.com")), len(s.outbox.Messages("b@example.com")); a != 1 || b != 0 {
		t.Errorf("%d and %d mails, want 1 and 0", a, b)
	}
	bulk(`[{"email_address":"c@example.com"},{"email_address":"a@example.com"}]`).refused(400, "duplicate_record")
	bulk(`[{"email_address":"c@example.com"},{"email_address":"C@example.com"}]`).refused(400, "duplicate_record")
	bulk(`[{"email_address":"c@example.com"},{"email_address":"jane@example.com","ignore_existing":true}]`).refused(422, "form_identifier_exists")
	bulk(`[{"email_address":"c@example.com"},{"email_address":"d@example.com","odd":1}]`).refused(422, "form_param_unknown").blames("odd")
	var many []string
	for n := range 11 {
		many = append(many, fmt.Sprintf(`{"email_address":"m%d@example.com"}`, n))
	}
	bulk("["+strings.Join(many, ",")+"]").refused(422, "form_param_array_size_exceeded")
	for _, body := range []string{"", "[]", "{}", "null", "[null]", "[1]", "[[]]", `[{"email_address":"c@example.com"}]x`, `[{"a":1,"a":2}]`} {
		if a := bulk(body); a.status != 400 && a.status != 415 {
			t.Errorf("%s: %d %s", body, a.status, a.raw)
		}
	}
	if a := s.call(http.MethodGet, "/v1/invitations", "").ok(); a.length() != 2 {
		t.Errorf("those that failed left something: %s", a.raw)
	}
}

// An invitation whose mail does not go out can be made again.
func TestInvitationThatIsNotSent(t *testing.T) {
	s := newServer(t)
	s.down = errors.New("no mail today")
	if a := s.call(http.MethodPost, "/v1/invitations", `{"email_address":"joe@example.com"}`); a.status < 500 {
		t.Errorf("answer = %d %s", a.status, a.raw)
	}
	s.down = nil
	s.call(http.MethodPost, "/v1/invitations", `{"email_address":"joe@example.com"}`).ok()
	if a := s.call(http.MethodGet, "/v1/invitations", "").ok(); a.length() != 1 {
		t.Errorf("list: %s", a.raw)
	}
}

// E-02: a key sends a hundred invitations an hour, and 25 lists of them.
func TestInvitationLimits(t *testing.T) {
	s := newServer(t)
	for path, most := range map[string]int{"/v1/invitations": 100, "/v1/invitations/bulk": 25} {
		for n := range most {
			if a := s.call(http.MethodPost, path, "{}"); a.status == http.StatusTooManyRequests {
				t.Fatalf("%s: the %d. is one too many", path, n+1)
			}
		}
		if a := s.call(http.MethodPost, path, "{}").refused(429, "too_many_requests"); a.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", path)
		}
	}
}
