package frontendapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
)

// P-06, S-09: a password goes with the current one or a fresh proof, signs other browsers
// out when asked, and can be set again.
func TestRemovePassword(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	other := s.browser()
	other.signIn("jane@example.com")
	remove := func(current, signOut string) *answer {
		return b.me(http.MethodPost, "/v1/me/remove_password", form("current_password", current, "sign_out_of_other_sessions", signOut))
	}
	remove(password, "").refused(400, "password_required") // the instance asks for one
	s.settings.Password.Required = false
	s.clock.Advance(11 * time.Minute)
	remove("", "").refused(403, "session_reverification_required")
	if a := remove("wrong-"+password, "").refused(422, "form_password_incorrect"); a.text("errors.0.meta.param_name") != "current_password" {
		t.Errorf("a wrong password: %s", a.raw)
	}
	remove(password, "maybe").refused(422, "form_param_type_invalid")
	s.clock.Advance(time.Minute)
	before := b.cookies["__client"]
	a := remove(password, "true").ok()
	if a.at("response.password_enabled") != false || a.at("response.password_last_updated_at") != nil ||
		a.at("client.sessions.0.user.password_enabled") != false || b.cookies["__client"] == before {
		t.Errorf("removed: %s", a.raw)
	}
	other.post("/v1/client/sessions/"+other.sessionID+"/tokens", nil).refused(401, "authentication_invalid")
	b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil).ok()
	remove("", "").refused(400, "no_password_set")

	// A first password takes a fresh proof, since there is none to show.
	set := func() *answer {
		return b.me(http.MethodPost, "/v1/me/change_password", form("new_password", password))
	}
	set().refused(403, "session_reverification_required")
	b.stepUp(s, "email_code", "jane@example.com")
	if a := set().ok(); a.at("response.password_enabled") != true {
		t.Errorf("set: %s", a.raw)
	}
}

// stepUp proves the first factor again by a code.
func (b *browser) stepUp(s *server, strategy, to string) *answer {
	s.t.Helper()
	path := "/v1/client/sessions/" + b.sessionID + "/verify"
	begun := b.post(path, form("level", "second_factor")).ok()
	if begun.text("response.level") != "first_factor" || begun.text("response.status") != "needs_first_factor" {
		s.t.Fatalf("step-up: %s", begun.raw)
	}
	b.post(path+"/prepare_first_factor", form("strategy", strategy)).ok()
	done := b.post(path+"/attempt_first_factor", form("strategy", strategy, "code", s.code(to))).ok()
	if done.text("response.status") != "complete" {
		s.t.Fatalf("step-up: %s", done.raw)
	}
	return done
}

// A text message steps up like a mail, at every level that somebody without a second
// factor may ask for; the token says so.
func TestStepUpByTextMessage(t *testing.T) {
	s := newServer(t)
	phones(s)
	b := s.signUp("jane@example.com")
	const phone = "+12015550123"
	id := b.me(http.MethodPost, "/v1/me/phone_numbers", form("phone_number", phone)).ok().text("response.id")
	path := "/v1/me/phone_numbers/" + id
	b.me(http.MethodPost, path+"/prepare_verification", form("strategy", "phone_code")).ok()
	b.me(http.MethodPost, path+"/attempt_verification", form("strategy", "phone_code", "code", s.code(phone))).ok()

	s.clock.Advance(time.Hour)
	b.me(http.MethodDelete, path, nil).refused(403, "session_reverification_required")
	verify := "/v1/client/sessions/" + b.sessionID + "/verify"
	b.post(verify+"/attempt_first_factor", form("strategy", "phone_code", "code", "123456")).refused(400, "session_reverification_missing")
	b.post(verify, form("level", "third_factor")).refused(422, "form_param_value_invalid")
	done := b.stepUp(s, "phone_code", phone)
	token := done.text("client.sessions.0.last_active_token.jwt")
	if fva, _ := claims(t, token)["fva"].([]any); len(fva) != 2 || fva[0] != 0.0 || fva[1] != -1.0 {
		t.Errorf("fva = %v", claims(t, token)["fva"])
	}
	b.post(verify+"/attempt_first_factor", form("strategy", "phone_code", "code", "123456")).refused(400, "verification_already_verified")
	b.me(http.MethodDelete, path, nil).ok()
	for _, level := range []string{"", "first_factor", "second_factor", "multi_factor"} {
		s.clock.Advance(time.Minute)
		if a := b.post(verify, form("level", level)).ok(); a.text("response.level") != "first_factor" {
			t.Errorf("level %q: %s", level, a.raw)
		}
	}
}

// What a person may say about the names that find them.
func TestIdentifierRules(t *testing.T) {
	s := newServer(t)
	s.settings.EmailAddress.Required, s.settings.Password.Required = false, false
	b := s.signUp("jane@example.com")
	email := b.me(http.MethodGet, "/v1/me", nil).ok().text("response.primary_email_address_id")
	path := "/v1/me/email_addresses/"
	b.me(http.MethodDelete, path+email, nil).refused(400, "identification_deletion_failed")

	// An address that is not proved is never primary, and no strange one is.
	added := b.me(http.MethodPost, path, form("email_address", "jane@example.org")).ok().text("response.id")
	a := b.me(http.MethodPatch, "/v1/me", form("primary_email_address_id", added)).refused(422, "form_verification_needed")
	if a.text("errors.0.meta.param_name") != "primary_email_address_id" {
		t.Errorf("unverified: %s", a.raw)
	}
	b.me(http.MethodPatch, "/v1/me", form("primary_email_address_id", "idn_000000000000000000000000000")).refused(422, "form_resource_not_found")
	b.me(http.MethodPatch, "/v1/me", form("primary_email_address_id", "")).refused(422, "form_resource_not_found")
	b.me(http.MethodPatch, "/v1/me", form("primary_phone_number_id", email)).refused(422, "form_resource_not_found")
	b.me(http.MethodPost, path, form("email_address", "JANE@example.org")).refused(422, "form_identifier_exists")

	// The oldest proved one takes the place of a primary one that goes.
	b.me(http.MethodPost, path+added+"/prepare_verification", form("strategy", "email_code")).ok()
	b.me(http.MethodPost, path+added+"/attempt_verification", form("code", s.code("jane@example.org"))).ok()
	a = b.me(http.MethodDelete, path+email, nil).ok()
	if a.text("client.sessions.0.user.primary_email_address_id") != added {
		t.Errorf("the next primary: %s", a.raw)
	}

	// A username is a name to sign in with as long as there is a password.
	b.me(http.MethodPatch, "/v1/me", form("username", "janedoe")).ok()
	b.me(http.MethodPost, "/v1/me/remove_password", form("current_password", password)).ok()
	b.me(http.MethodDelete, path+added, nil).refused(400, "identification_deletion_failed")
	b.me(http.MethodPatch, "/v1/me", form("username", "")).ok()
	s.settings.Username.Enabled = false
	b.me(http.MethodPatch, "/v1/me", form("username", "janedoe")).refused(422, "form_param_unknown")
}

// A banned person is out at once and told so at the next sign-in; unbanned, in again. A
// lock keeps people out of new sessions alone.
func TestBannedAndLocked(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	id := user.ID(b.userID)
	signIn := func() *answer {
		s.clock.Advance(11 * time.Second)
		return s.browser().post("/v1/client/sign_ins", form("identifier", "jane@example.com", "strategy", "password", "password", password))
	}
	_, err := s.users.Lock(t.Context(), id, s.clock.Now().Add(time.Hour))
	must(t, err)
	signIn().refused(403, "user_locked")
	b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil).ok() // S-08
	a := b.me(http.MethodGet, "/v1/me", nil).ok()
	if a.at("response.locked") != true || a.at("response.lockout_expires_in_seconds") == nil {
		t.Errorf("locked: %s", a.raw)
	}
	_, err = s.users.Unlock(t.Context(), id)
	must(t, err)
	signIn().ok()

	_, err = s.users.Ban(t.Context(), id)
	must(t, err)
	for _, path := range []string{"/tokens", "/touch", "/end", "/remove"} {
		b.post("/v1/client/sessions/"+b.sessionID+path, nil).refused(401, "authentication_invalid")
	}
	if left := b.get("/v1/client").ok(); left.length("response.sessions") != 0 {
		t.Errorf("a banned person has sessions: %s", left.raw)
	}
	signIn().refused(403, "user_banned")
	_, err = s.users.Unban(t.Context(), id)
	must(t, err)
	signIn().ok()
	b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil).refused(401, "authentication_invalid") // what ended stays so
}
