package frontendapi_test

import (
	"net/http"
	"testing"
	"time"
)

// P-06, S-09: a change needs the current password or a fresh proof, and signs other
// browsers out when asked.
func TestChangePassword(t *testing.T) {
	const renewed = "staple battery horse correct"
	s := newServer(t)
	b := s.signUp("jane@example.com")
	other := s.browser()
	other.signIn("jane@example.com")
	change := func(current, next, signOut string) *answer {
		return b.me(http.MethodPost, "/v1/me/change_password", form("current_password", current,
			"new_password", next, "sign_out_of_other_sessions", signOut))
	}
	s.clock.Advance(11 * time.Minute)
	if a := change("", renewed, ""); a.status != 403 && a.status != 422 {
		t.Errorf("without the current password: %d %s", a.status, a.raw)
	}
	if a := change("wrong-"+password, renewed, ""); a.status != 422 || a.text("errors.0.meta.param_name") != "current_password" {
		t.Errorf("with a wrong one: %d %s", a.status, a.raw)
	}
	change(password, "short", "").refused(422, "form_password_length_too_short")
	other.post("/v1/client/sessions/"+other.sessionID+"/tokens", nil).ok()

	s.clock.Advance(time.Minute)
	before := b.cookies["__client"]
	a := change(password, renewed, "true").ok()
	if a.text("response.id") != b.userID || a.text("client.sessions.0.id") != b.sessionID {
		t.Errorf("change: %s", a.raw)
	}
	if b.cookies["__client"] == before {
		t.Error("S-04: the cookie was not rotated")
	}
	b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil).ok()
	other.post("/v1/client/sessions/"+other.sessionID+"/tokens", nil).refused(401, "authentication_invalid")
	s.clock.Advance(time.Second) // past the moment up to which sign-ins count as begun before
	s.browser().post("/v1/client/sign_ins", form("identifier", "jane@example.com", "strategy", "password", "password", renewed)).ok()
}
