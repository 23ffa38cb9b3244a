package backendapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// B-05: by an actor token somebody acts as a user, once.
func TestActorTokens(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane"}`)
	made := s.call(http.MethodPost, "/v1/actor_tokens", `{"user_id":"`+id+`","actor":{ "sub":"user_op", "reason":"ticket 7","n":1.0 }}`).ok()
	if made.text("object") != "actor_token" || made.text("user_id") != id || made.text("status") != "pending" ||
		!strings.Contains(made.raw, `"actor":{"sub":"user_op","reason":"ticket 7","n":1.0}`) || made.text("token") != s.ticketOf(made.text("url")) {
		t.Errorf("made: %s", made.raw)
	}
	found, err := s.users.TicketBySecret(t.Context(), made.text("token"))
	must(t, err)
	if !found.ExpireAt.Equal(s.now.Add(time.Hour)) || found.SessionLife != 30*time.Minute || string(found.Actor) != `{"sub":"user_op","reason":"ticket 7","n":1.0}` {
		t.Errorf("stored: %+v", found)
	}
	short := s.call(http.MethodPost, "/v1/actor_tokens", `{"user_id":"`+id+`","actor":{"sub":"a"},"expires_in_seconds":60,"session_max_duration_in_seconds":90}`).ok()
	found, err = s.users.TicketBySecret(t.Context(), short.text("token"))
	must(t, err)
	if !found.ExpireAt.Equal(s.now.Add(time.Minute)) || found.SessionLife != 90*time.Second {
		t.Errorf("stored: %+v", found)
	}

	path := "/v1/actor_tokens/" + made.text("id") + "/revoke"
	revoked := s.call(http.MethodPost, path, "null").ok()
	if revoked.text("status") != "revoked" || revoked.text("actor.sub") != "user_op" || revoked.at("token") != nil || revoked.at("url") != nil {
		t.Errorf("revoked: %s", revoked.raw)
	}
	s.call(http.MethodPost, path, "").refused(400, "actor_token_cannot_be_revoked_code")
	_, err = s.users.AcceptTicket(t.Context(), found.ID, user.ID(id))
	must(t, err)
	s.call(http.MethodPost, "/v1/actor_tokens/"+short.text("id")+"/revoke", "").refused(400, "actor_token_cannot_be_revoked_code")
	if log := s.log.String(); strings.Contains(log, made.text("token")) || !strings.Contains(log, "actor_id=user_op") {
		t.Error("L-01: the log holds the token, or does not say who may act")
	}
}

// B-06: what operators send is judged like everything else.
func TestActorTokenRefusals(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane"}`)
	for body, want := range map[string]string{
		`{}`:                            "form_param_missing actor",
		`{"user_id":"%s"}`:              "form_param_missing actor",
		`{"user_id":"%s","actor":null}`: "form_param_missing actor",
		`{"actor":{"sub":"a"}}`:         "form_param_missing user_id",
		`{"user_id":"user_nobody","actor":{"sub":"a"}}`:                               "resource_not_found ",
		`{"user_id":"%","actor":{"sub":"a"}}`:                                         "resource_not_found ",
		`{"user_id":"%s","actor":"a"}`:                                                "form_param_value_invalid actor",
		`{"user_id":"%s","actor":[]}`:                                                 "form_param_value_invalid actor",
		`{"user_id":"%s","actor":{}}`:                                                 "form_param_missing actor",
		`{"user_id":"%s","actor":{"sub":""}}`:                                         "form_param_missing actor",
		`{"user_id":"%s","actor":{"sub":7}}`:                                          "form_param_value_invalid actor",
		`{"user_id":"%s","actor":{"sub":"a","iss":1}}`:                                "form_param_value_invalid actor",
		`{"user_id":"%s","actor":{"sub":"a","sid":null}}`:                             "form_param_value_invalid actor",
		`{"user_id":"%s","actor":{"sub":"a"},"odd":1}`:                                "form_param_unknown odd",
		`{"user_id":"%s","actor":{"sub":"a","x":` + deep + `}}`:                       "form_param_exceeds_allowed_size actor",
		`{"user_id":"%s","actor":{"sub":"a","x":"` + long + `"}}`:                     "form_param_exceeds_allowed_size actor",
		`{"user_id":"%s","actor":{"sub":"a"},"expires_in_seconds":0}`:                 "form_param_value_invalid expires_in_seconds",
		`{"user_id":"%s","actor":{"sub":"a"},"expires_in_seconds":86401}`:             "form_param_value_invalid expires_in_seconds",
		`{"user_id":"%s","actor":{"sub":"a"},"session_max_duration_in_seconds":1801}`: "form_param_value_invalid session_max_duration_in_seconds",
		`{"user_id":"%s","actor":{"sub":"a"},"session_max_duration_in_seconds":-1}`:   "form_param_value_invalid session_max_duration_in_seconds",
	} {
		a := s.call(http.MethodPost, "/v1/actor_tokens", strings.ReplaceAll(body, "%s", id))
		if got := a.text("errors.0.code") + " " + a.text("errors.0.meta.param_name"); got != want {
			t.Errorf("%.90s: %s, want %s", body, got, want)
		}
	}
	// T-16, I-09: only an actor token's id names one.
	token := s.call(http.MethodPost, "/v1/sign_in_tokens", `{"user_id":"`+id+`"}`).ok().text("id")
	for _, id := range []string{"act_000000000000000000000000000", "act_", "%2e%2e", token} {
		s.call(http.MethodPost, "/v1/actor_tokens/"+id+"/revoke", "").refused(404, "resource_not_found")
	}
}

var (
	deep = strings.Repeat("[", 6) + strings.Repeat("]", 6)
	long = strings.Repeat("x", 1024)
)
