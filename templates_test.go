package gatehouse_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// T-16: a token of a template that an operator made on one server is minted on another,
// and lets nobody into the app: neither as bearer nor as cookie.
func TestTemplateTokensLetNobodyIn(t *testing.T) {
	c := development(t)
	here, there := open(t, c), open(t, c)
	operator, person := newAPI(t, here), newAPI(t, there)
	u := createUser(t, there)
	ss, cookie := startSession(t, there, u)
	person.jar["__client"] = string(cookie.Value)
	status, body := operator.backend("POST", "/v1/jwt_templates", `{"name":"other","claims":{"mail":"{{user.primary_email_address}}"}}`)
	if status != 200 {
		t.Fatalf("create: %d %v", status, body)
	}
	tokens := "/v1/client/sessions/" + string(ss.ID) + "/tokens"
	eventually(t, "the other server knows the template", func() bool {
		time.Sleep(400 * time.Millisecond) // a session has 30 tokens in 10 s
		status, body = person.post(tokens + "/other")
		return status == 200
	})
	template, _ := body["jwt"].(string)
	_, body = person.post(tokens)
	session, _ := body["jwt"].(string)
	for name, tt := range map[string]struct {
		header, value string
		user          string
	}{
		"session token as bearer":  {"Authorization", "Bearer " + session, string(u.ID)},
		"template token as bearer": {"Authorization", "Bearer " + template, ""},
		"template token as cookie": {"Cookie", "__session=" + template, ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/x", nil)
		r.Host = "localhost:8080"
		r.Header.Set(tt.header, tt.value)
		w := httptest.NewRecorder()
		there.Mount(app).ServeHTTP(w, r)
		if got := w.Header().Get("X-User"); got != tt.user {
			t.Errorf("%s: the app sees %q, want %q", name, got, tt.user)
		}
	}
}
