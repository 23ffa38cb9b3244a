package frontendapi_test

import (
	"net/http"
	"testing"
	"time"
)

// The calls that the official SDK makes, in its order.
func TestStory(t *testing.T) {
	s := newServer(t)
	b := s.browser()

	first := b.get("/v1/client").ok()
	if first.raw != `{"response":null,"client":null}` {
		t.Errorf("first GET /v1/client = %s", first.raw)
	}
	if len(first.header.Values("Set-Cookie")) != 0 {
		t.Error("a first look sets a cookie")
	}

	su := b.post("/v1/client/sign_ups", form("email_address", "jane@example.com", "phone_number", "",
		"username", "", "first_name", "Jane", "last_name", "", "password", password, "locale", "en-US")).ok()
	id := su.text("response.id")
	if su.text("response.status") != "missing_requirements" || su.length("response.missing_fields") != 0 ||
		su.text("response.unverified_fields.0") != "email_address" {
		t.Fatalf("sign-up: %s", su.raw)
	}
	// Until a code was sent there is no status, else the form would not ask for one.
	v, _ := su.at("response.verifications.email_address").(map[string]any)
	if v["status"] != nil || v["next_action"] != "needs_prepare" {
		t.Errorf("verification before prepare: %v", v)
	}
	if _, ok := su.body["response"].(map[string]any)["legal_accepted_at"]; !ok {
		t.Error("legal_accepted_at is absent, want null")
	}
	if su.text("client.sign_up.id") != id {
		t.Errorf("client lacks the sign-up: %s", su.raw)
	}

	prepared := b.post("/v1/client/sign_ups/"+id+"/prepare_verification", form("strategy", "email_code")).ok()
	if prepared.text("response.verifications.email_address.status") != "unverified" ||
		prepared.text("response.verifications.email_address.next_action") != "needs_attempt" {
		t.Errorf("verification after prepare: %s", prepared.raw)
	}
	b.post("/v1/client/sign_ups/"+id+"/attempt_verification", form("strategy", "email_code", "code", "000000")).
		refused(422, "form_code_incorrect")
	before := b.cookies["__client"]
	done := b.post("/v1/client/sign_ups/"+id+"/attempt_verification",
		form("strategy", "email_code", "code", s.code("jane@example.com"))).ok()
	b.sessionID, b.userID = done.text("response.created_session_id"), done.text("response.created_user_id")
	if done.text("response.status") != "complete" || done.text("client.sessions.0.id") != b.sessionID ||
		done.text("client.last_active_session_id") != b.sessionID || done.at("client.sign_up") != nil ||
		done.text("client.sessions.0.last_active_token.jwt") == "" ||
		done.text("client.sessions.0.user.first_name") != "Jane" {
		t.Fatalf("completed sign-up: %s", done.raw)
	}
	if b.cookies["__client"] == before {
		t.Error("S-04: the cookie was not rotated at sign-in")
	}

	touched := b.post("/v1/client/sessions/"+b.sessionID+"/touch",
		form("active_organization_id", "", "intent", "select_session")).ok()
	today := float64(s.clock.Now().Truncate(24 * time.Hour).UnixMilli())
	if touched.text("response.last_active_token.jwt") == "" || touched.text("client.id") == "" ||
		touched.at("response.user.last_active_at") != today {
		t.Errorf("touch: %s", touched.raw)
	}
	token := b.post("/v1/client/sessions/"+b.sessionID+"/tokens", form("organization_id", "", "tab_state", "focused")).ok()
	if token.text("object") != "token" || token.text("jwt") == "" || len(token.body) != 2 {
		t.Errorf("tokens is not bare: %s", token.raw)
	}
	if devices := b.me(http.MethodGet, "/v1/me/sessions/active", nil).ok(); devices.raw[0] != '[' {
		t.Errorf("me/sessions/active is not bare: %s", devices.raw)
	}
	if me := b.me(http.MethodGet, "/v1/me", nil).ok(); me.text("response.id") != b.userID {
		t.Errorf("me: %s", me.raw)
	}

	out := b.post("/v1/client/sessions?_method=DELETE", nil).ok()
	if out.at("client") != nil || out.length("response.sessions") != 0 {
		t.Errorf("sign-out: %s", out.raw)
	}
	if b.cookies["__client_uat"] != "0" || b.cookies["__client_uat_4qziOR6R"] != "0" {
		t.Errorf("after sign-out __client_uat is %q", b.cookies["__client_uat"])
	}
	b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil).refused(401, "authentication_invalid")

	found := b.post("/v1/client/sign_ins", form("identifier", "jane@example.com")).ok()
	if found.text("response.status") != "needs_first_factor" || found.at("response.first_factor_verification") != nil {
		t.Errorf("sign-in with an identifier: %s", found.raw)
	}
	wrong := b.post("/v1/client/sign_ins/"+found.text("response.id")+"/attempt_first_factor",
		form("strategy", "password", "password", "not it")).refused(422, "form_password_incorrect")
	if wrong.text("meta.client.sign_in.id") != found.text("response.id") {
		t.Errorf("a refusal lacks the client: %s", wrong.raw)
	}
	in := b.post("/v1/client/sign_ins/"+found.text("response.id")+"/attempt_first_factor",
		form("strategy", "password", "password", password)).ok()
	b.sessionID = in.text("response.created_session_id")
	if in.text("response.status") != "complete" || in.text("client.sessions.0.id") != b.sessionID {
		t.Fatalf("sign-in: %s", in.raw)
	}

	deleted := b.me(http.MethodDelete, "/v1/me", nil).ok()
	if deleted.at("response.deleted") != true || deleted.text("response.id") != b.userID ||
		deleted.length("client.sessions") != 0 || deleted.text("client.id") == "" {
		t.Errorf("delete: %s", deleted.raw)
	}
	if b.cookies["__client_uat"] != "0" {
		t.Errorf("after deletion __client_uat is %q", b.cookies["__client_uat"])
	}
}

// The component asks for the password again before it deletes an old session's account.
func TestStepUp(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	s.clock.Advance(11 * time.Minute)
	b.me(http.MethodDelete, "/v1/me", nil).refused(403, "session_reverification_required")
	b.me(http.MethodPatch, "/v1/me", form("username", "jane")).refused(403, "session_reverification_required")
	b.me(http.MethodPost, "/v1/me/sessions/"+b.sessionID+"/revoke", nil).refused(403, "session_reverification_required")
	b.me(http.MethodPatch, "/v1/me", form("first_name", "Jane")).ok()

	path := "/v1/client/sessions/" + b.sessionID + "/verify"
	begun := b.post(path, form("level", "second_factor")).ok()
	if begun.text("response.status") != "needs_first_factor" || begun.text("response.session.id") != b.sessionID {
		t.Fatalf("verify: %s", begun.raw)
	}
	b.post(path+"/attempt_first_factor", form("strategy", "password", "password", "not it")).
		refused(422, "form_password_incorrect")
	done := b.post(path+"/attempt_first_factor", form("strategy", "password", "password", password)).ok()
	if done.text("response.status") != "complete" {
		t.Fatalf("verify: %s", done.raw)
	}
	b.me(http.MethodDelete, "/v1/me", nil).ok()
}

func TestSeveralSessions(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	jane := b.sessionID
	s.signUp("joe@example.com")
	s.clock.Advance(time.Minute)
	b.signIn("joe@example.com")
	joe := b.sessionID

	client := b.get("/v1/client").ok()
	if client.length("response.sessions") != 2 || client.text("response.last_active_session_id") != joe {
		t.Fatalf("two sessions: %s", client.raw)
	}
	s.clock.Advance(time.Minute)
	switched := b.post("/v1/client/sessions/"+jane+"/touch", form("intent", "select_session")).ok()
	if switched.text("client.last_active_session_id") != jane {
		t.Errorf("switch: %s", switched.raw)
	}
	removed := b.post("/v1/client/sessions/"+jane+"/remove", nil).ok()
	if removed.text("response.status") != "removed" || removed.length("client.sessions") != 1 {
		t.Errorf("remove: %s", removed.raw)
	}
	ended := b.post("/v1/client/sessions/"+joe+"/end", nil).ok()
	if ended.text("response.status") != "ended" || ended.length("client.sessions") != 0 {
		t.Errorf("end: %s", ended.raw)
	}
}

// S-09: a person signs out a device that they do not hold.
func TestRevokeAnotherDevice(t *testing.T) {
	s := newServer(t)
	here := s.signUp("jane@example.com")
	there := s.browser()
	there.signIn("jane@example.com")

	revoked := here.me(http.MethodPost, "/v1/me/sessions/"+there.sessionID+"/revoke", nil).ok()
	if revoked.text("response.status") != "revoked" || revoked.text("response.latest_activity.object") != "session_activity" {
		t.Errorf("revoke: %s", revoked.raw)
	}
	there.post("/v1/client/sessions/"+there.sessionID+"/tokens", nil).refused(401, "authentication_invalid")
	if left := there.get("/v1/client").ok(); left.length("response.sessions") != 0 {
		t.Errorf("the other browser still has a session: %s", left.raw)
	}
	if there.cookies["__client_uat"] != "0" {
		t.Errorf("__client_uat of the other browser = %q, want 0", there.cookies["__client_uat"])
	}
	here.me(http.MethodGet, "/v1/me", nil).ok()
}
