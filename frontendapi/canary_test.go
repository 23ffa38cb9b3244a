package frontendapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/user"
)

// A-04, P-10, L-01: what is private is in no answer and no log line; what is public is.
func TestPrivateDataStaysPrivate(t *testing.T) {
	const private, public = "canary-private-9f3b", "canary-public-77aa"
	s := newServer(t)
	b := s.signUp("jane@example.com")
	_, err := s.users.MergeMetadata(t.Context(), user.ID(b.userID), user.MetadataPatch{
		Private: json.RawMessage(`{"note":"` + private + `"}`),
		Public:  json.RawMessage(`{"plan":"` + public + `"}`),
	})
	must(t, err)
	digest := func() string {
		u, err := s.users.ByID(t.Context(), user.ID(b.userID))
		must(t, err)
		return string(u.PasswordDigest)
	}()

	other := s.browser()
	si := other.post("/v1/client/sign_ins", form("identifier", "jane@example.com")).ok().text("response.id")
	other.post("/v1/client/sign_ins/"+si+"/attempt_first_factor", form("strategy", "password", "password", password)).ok()
	other.post("/v1/client/sign_ins", form("identifier", "jane@example.com", "strategy", "password", "password", "wrong-"+password))
	b.post("/v1/client/sign_ups", form("email_address", "jane@example.com", "password", password))
	query := "?_clerk_session_id=" + b.sessionID
	shown := 0
	for _, call := range []func() *answer{
		func() *answer { return b.get("/v1/client") },
		func() *answer { return b.get("/v1/environment") },
		func() *answer { return b.me(http.MethodGet, "/v1/me", nil) },
		func() *answer { return b.me(http.MethodPatch, "/v1/me", form("first_name", "Jane")) },
		func() *answer { return b.json(http.MethodPatch, "/v1/me"+query, `{"private_metadata":{}}`) },
		func() *answer { return b.me(http.MethodPatch, "/v1/me/metadata", form("unsafe_metadata", `{"a":1}`)) },
		func() *answer { return b.me(http.MethodGet, "/v1/me/sessions", nil) },
		func() *answer { return b.me(http.MethodGet, "/v1/me/sessions/active", nil) },
		func() *answer { return b.get("/v1/client/sessions/" + b.sessionID) },
		func() *answer { return b.post("/v1/client/sessions/"+b.sessionID+"/touch", nil) },
		func() *answer { return b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil) },
		func() *answer {
			return b.post("/v1/client/sessions/"+b.sessionID+"/verify", form("level", "first_factor"))
		},
		func() *answer { return b.get("/.well-known/jwks.json") },
		func() *answer { return b.me(http.MethodDelete, "/v1/me", nil) },
	} {
		if strings.Contains(call().raw, public) {
			shown++
		}
	}
	if shown < 5 {
		t.Errorf("%d answers show the public metadata", shown)
	}
	cookie, _, _ := strings.Cut(b.cookies["__client"], ".")
	for _, secret := range []string{private, digest, "$argon2", "password_digest", "private_metadata", password, "wrong-" + password, s.code("jane@example.com"), cookie} {
		for _, a := range s.answers {
			// The name of a refused parameter is the client's own.
			if strings.Contains(strings.Replace(a, `"param_name":"private_metadata"`, "", 1), secret) {
				t.Errorf("an answer holds %q: %s", secret, a)
			}
		}
		if secret != "private_metadata" && strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
