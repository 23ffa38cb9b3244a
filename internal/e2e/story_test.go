package e2e_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/e2e/spec"
)

// The main story, on every combination of stores: sign up, be recognised, see public
// metadata, sign out, sign in again both ways, delete the account. Each answer is
// checked against the published descriptions, where they are at hand.
func TestStory(t *testing.T) {
	for _, kind := range stores {
		t.Run(kind, func(t *testing.T) {
			s := newStack(t, kind)
			checked := described(t)
			canaries := tell(t, s, checked)
			if checked != nil {
				reportDifferences(t, checked, 20)
			}
			lookForCanaries(t, s, canaries)
		})
	}
}

// tell runs the story and returns the secrets that went through it.
func tell(t *testing.T, s *stack, checked *spec.Transport) []canary {
	const email, password = "jane@example.com", "canary-password-xyzzy-1"
	transport := http.DefaultTransport
	if checked != nil {
		transport = checked
	}
	jane, other := s.newBrowser(1, transport), s.newBrowser(2, transport)
	secrets := newCanaries(s, password)

	jane.get("/v1/environment").want(t, 200, "")
	jane.get("/v1/client").want(t, 200, "")
	jane.get("/api/me").want(t, 401, "authentication_invalid")

	// Signing up.
	up := jane.form("/v1/client/sign_ups", "email_address", email, "password", password, "first_name", "Jane", "last_name", "").want(t, 200, "")
	secrets.cookie(jane)
	path := "/v1/client/sign_ups/" + up.str("response", "id")
	jane.form(path+"/prepare_verification", "strategy", "email_code").want(t, 200, "")
	code := s.mails.code(t, email)
	secrets.code(code)
	jane.form(path+"/attempt_verification", "strategy", "email_code", "code", wrong(code)).want(t, 422, "form_code_incorrect")
	jane.get("/api/me").want(t, 401, "authentication_invalid")
	up = jane.form(path+"/attempt_verification", "strategy", "email_code", "code", code).want(t, 200, "")
	if up.str("response", "status") != "complete" || up.at("client", "sign_up") != nil {
		t.Fatalf("sign-up is not complete: %s", up.text)
	}
	secrets.cookie(jane)
	userID, sessionID := up.str("response", "created_user_id"), up.str("response", "created_session_id")
	secrets.token(up.str("client", "sessions", 0, "last_active_token", "jwt"))

	// Being recognised.
	if me := jane.get("/api/me").want(t, 200, ""); me.str("userId") != userID {
		t.Fatalf("/api/me = %s, want %s", me.text, userID)
	}
	acting := "?_clerk_session_id=" + sessionID
	jane.form("/v1/client/sessions/"+sessionID+"/touch", "active_organization_id", "", "intent", "select_session").want(t, 200, "")
	token := jane.form("/v1/client/sessions/"+sessionID+"/tokens", "organization_id", "").want(t, 200, "").str("jwt")
	secrets.token(token)
	bearer := *other
	bearer.bearer = token
	if me := bearer.get("/api/me").want(t, 200, ""); me.str("userId") != userID {
		t.Fatalf("/api/me by bearer = %s", me.text)
	}

	// A server sets metadata; the browser sees the public part.
	jane.backend("PATCH", "/users/"+userID+"/metadata", map[string]any{
		"public_metadata":  map[string]any{"plan": "pro"},
		"private_metadata": map[string]any{"note": privateCanary},
	}).want(t, 200, "")
	if got := jane.backend("GET", "/users/"+userID, nil).want(t, 200, ""); got.str("private_metadata", "note") != privateCanary {
		t.Fatalf("the Backend API lost private metadata: %s", got.text)
	}
	if me := jane.get("/v1/me"+acting).want(t, 200, ""); me.str("response", "public_metadata", "plan") != "pro" {
		t.Fatalf("no public metadata: %s", me.text)
	}
	jane.form("/v1/me"+acting+"&_method=PATCH", "first_name", "Janet").want(t, 200, "")
	jane.form("/v1/me/metadata"+acting+"&_method=PATCH", "unsafe_metadata", `{"theme":"dark"}`).want(t, 200, "")
	jane.get("/v1/me/sessions/active"+acting).want(t, 200, "")
	for _, page := range []string{"/sign-in", "/sign-up", "/user", "/.well-known/jwks.json"} {
		jane.get(page).want(t, 200, "")
	}

	// Signing out and in again, by password and by code.
	jane.form("/v1/client/sessions?_method=DELETE").want(t, 200, "")
	jane.get("/api/me").want(t, 401, "authentication_invalid")
	bearer.get("/api/me").want(t, 401, "authentication_invalid") // the token itself is revoked
	jane.address = "2001:db8:0:11::1"                            // elsewhere by now: attempts are limited per address (E-02)
	in := jane.form("/v1/client/sign_ins", "identifier", email).want(t, 200, "")
	path = "/v1/client/sign_ins/" + in.str("response", "id")
	jane.form(path+"/attempt_first_factor", "strategy", "password", "password", "not it at all").want(t, 422, "form_password_incorrect")
	in = jane.form(path+"/attempt_first_factor", "strategy", "password", "password", password).want(t, 200, "")
	if in.str("response", "status") != "complete" {
		t.Fatalf("sign-in is not complete: %s", in.text)
	}
	secrets.cookie(jane)
	jane.get("/api/me").want(t, 200, "")

	in = other.form("/v1/client/sign_ins", "identifier", email).want(t, 200, "")
	path = "/v1/client/sign_ins/" + in.str("response", "id")
	var emailID string
	for i := range 8 {
		if in.str("response", "supported_first_factors", i, "strategy") == "email_code" {
			emailID = in.str("response", "supported_first_factors", i, "email_address_id")
		}
	}
	other.form(path+"/prepare_first_factor", "strategy", "email_code", "email_address_id", emailID).want(t, 200, "")
	code = s.mails.code(t, email)
	secrets.code(code)
	in = other.form(path+"/attempt_first_factor", "strategy", "email_code", "code", code).want(t, 200, "")
	secrets.cookie(other)
	sessionID = in.str("response", "created_session_id")
	other.get("/api/me").want(t, 200, "")

	// Deleting the account in one window ends the other.
	other.form("/v1/me?_clerk_session_id="+sessionID+"&_method=DELETE").want(t, 200, "")
	jane.get("/api/me").want(t, 401, "authentication_invalid")
	other.get("/api/me").want(t, 401, "authentication_invalid")
	jane.backend("GET", "/users/"+userID, nil).want(t, 404, "resource_not_found")
	jane.form("/v1/client/sign_ins", "identifier", email).want(t, 422, "form_identifier_not_found")

	// Somebody stays, so that the stores are not empty when they are searched.
	jane.backend("POST", "/users", map[string]any{
		"email_address": []string{"stays@example.com"}, "password": password,
		"private_metadata": map[string]any{"note": privateCanary},
	}).want(t, 200, "")
	in = jane.form("/v1/client/sign_ins", "identifier", "stays@example.com", "password", password).want(t, 200, "")
	secrets.cookie(jane)
	secrets.token(in.str("client", "sessions", 0, "last_active_token", "jwt"))
	jane.get("/api/me").want(t, 200, "")
	in = other.form("/v1/client/sign_ups", "email_address", "later@example.com", "password", password).want(t, 200, "")
	other.form("/v1/client/sign_ups/"+in.str("response", "id")+"/prepare_verification", "strategy", "email_code").want(t, 200, "")
	secrets.code(s.mails.code(t, "later@example.com"))
	secrets.cookie(other)
	return secrets.all
}

// wrong returns another code of the same form.
func wrong(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

// described returns a transport that checks answers, or nil where the descriptions
// are not at hand: they are not part of this repository.
func described(t *testing.T) *spec.Transport {
	t.Helper()
	dir := os.Getenv("GATEHOUSE_OPENAPI_DIR")
	if dir == "" {
		dir = "../../../shared/reference/openapi"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Logf("answers are not checked against descriptions: %v", err)
		return nil
	}
	backend, err := spec.Load(dir+"/bapi-2026-05-12.yml", "/api", "/v1")
	if err != nil {
		t.Fatal(err)
	}
	frontend, err := spec.Load(dir+"/fapi-2026-05-12.yml", "", "")
	if err != nil {
		t.Fatal(err)
	}
	return &spec.Transport{Base: http.DefaultTransport, APIs: []*spec.API{backend, frontend}}
}

// reportDifferences fails for what differs from the descriptions and is not documented, and
// where fewer answers than least were looked at.
func reportDifferences(t *testing.T, checked *spec.Transport, least int) {
	t.Helper()
	known, err := spec.Known("../../docs/divergences.md")
	if err != nil {
		t.Fatal(err)
	}
	unknown, count, err := checked.Report(known)
	if err != nil {
		t.Error(err)
	}
	for _, difference := range unknown {
		t.Errorf("not in docs/divergences.md: %s", difference)
	}
	if count < least {
		t.Errorf("only %d answers were checked", count)
	}
}
