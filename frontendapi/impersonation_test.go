package frontendapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

const actor = `{"sub":"user_operator","reason":"ticket 7","nested":{"a":[1]}}`

// actAs signs an operator in as a user, on a browser of its own.
func (s *server) actAs(userID string) *browser {
	s.t.Helper()
	t, err := s.users.CreateActorToken(s.t.Context(), user.NewActorToken{UserID: user.ID(userID), Actor: json.RawMessage(actor)})
	must(s.t, err)
	b := s.browser()
	a := b.byTicket(string(t.Secret)).ok()
	b.sessionID, b.userID = a.text("response.created_session_id"), userID
	return b
}

// What whoever acts as somebody may do by the routes that change something.
const (
	mayAct     = "may"                            // as the user, or as everybody
	mayNot     = "403 authorization_invalid"      // it protects the account
	mayNotNow  = "400 invalid_action_for_session" // it would prove that it is the user
	noSessions = "409 session_creation_not_allowed"
	noAttempt  = "goes on with what nobody can have begun" // and so begins no session
	notOffered = "is not offered"                          // to anybody
)

// acting says so for every route. One that is missing fails the test.
var acting = map[string]string{
	"PATCH /v1/environment":      mayAct,
	"POST /v1/dev_browser":       mayAct,
	"POST /v1/client":            mayAct,
	"PUT /v1/client":             mayAct,
	"DELETE /v1/client":          mayAct,
	"POST /v1/client/verify":     notOffered,
	"POST /v1/client/handshake":  mayAct,
	"DELETE /v1/client/sessions": mayAct,

	"POST /v1/client/sign_ups":                                   noSessions,
	"PATCH /v1/client/sign_ups/{id}":                             noAttempt,
	"POST /v1/client/sign_ups/{id}/prepare_verification":         noAttempt,
	"POST /v1/client/sign_ups/{id}/attempt_verification":         noAttempt,
	"POST /v1/client/sign_ins":                                   noSessions,
	"POST /v1/client/sign_ins/{id}/prepare_first_factor":         noAttempt,
	"POST /v1/client/sign_ins/{id}/attempt_first_factor":         noAttempt,
	"POST /v1/client/sign_ins/{id}/prepare_second_factor":        noAttempt,
	"POST /v1/client/sign_ins/{id}/attempt_second_factor":        noAttempt,
	"POST /v1/client/sign_ins/{id}/reset_password":               noAttempt,
	"POST /v1/client/sessions/{id}/touch":                        mayAct,
	"POST /v1/client/sessions/{id}/end":                          mayAct,
	"POST /v1/client/sessions/{id}/remove":                       mayAct,
	"POST /v1/client/sessions/{id}/tokens":                       mayAct,
	"POST /v1/client/sessions/{id}/tokens/{template}":            mayAct,
	"POST /v1/client/sessions/{id}/verify":                       mayNotNow,
	"POST /v1/client/sessions/{id}/verify/prepare_first_factor":  mayNotNow,
	"POST /v1/client/sessions/{id}/verify/attempt_first_factor":  mayNotNow,
	"POST /v1/client/sessions/{id}/verify/prepare_second_factor": notOffered,
	"POST /v1/client/sessions/{id}/verify/attempt_second_factor": notOffered,

	"PATCH /v1/me":                  mayAct,
	"DELETE /v1/me":                 mayNot,
	"POST /v1/me/profile_image":     mayAct,
	"DELETE /v1/me/profile_image":   mayAct,
	"PATCH /v1/me/metadata":         mayAct,
	"POST /v1/me/change_password":   mayNot,
	"POST /v1/me/remove_password":   mayNot,
	"POST /v1/me/email_addresses":   mayNot,
	"POST /v1/me/phone_numbers":     mayNot,
	"POST /v1/me/external_accounts": mayNot,
	"POST /v1/me/passkeys":          mayNot,
	"POST /v1/me/totp":              mayNot,
	"DELETE /v1/me/totp":            mayNot,
	"POST /v1/me/backup_codes":      mayNot,

	"DELETE /v1/me/email_addresses/{id}":                    mayNot,
	"POST /v1/me/email_addresses/{id}/prepare_verification": mayNot,
	"POST /v1/me/email_addresses/{id}/attempt_verification": mayNot,
	"DELETE /v1/me/phone_numbers/{id}":                      mayNot,
	"POST /v1/me/phone_numbers/{id}/prepare_verification":   mayNot,
	"POST /v1/me/phone_numbers/{id}/attempt_verification":   mayNot,
	"PATCH /v1/me/phone_numbers/{id}":                       mayNot,
	"POST /v1/me/totp/attempt_verification":                 mayNot,
	"POST /v1/me/sessions/{id}/revoke":                      mayNot,
}

// B-05: whoever acts as somebody changes nothing that protects the account, and signs
// nobody in.
func TestImpersonatorsRoutes(t *testing.T) {
	s := newServer(t, withTickets, withPhones)
	s.settings.Reverification = false // it is not to be what refuses
	s.template("t", `{"by":"{{session.actor}}"}`)
	owner := s.signUp("jane@example.com")
	u, err := s.users.ByID(t.Context(), user.ID(owner.userID))
	must(t, err)
	n := 0
	s.each(func(method, pattern, need string) {
		if method == http.MethodGet {
			return
		}
		n++
		want, ok := acting[method+" "+pattern]
		if !ok {
			t.Errorf("%s %s: nobody has said whether an impersonator may: add it to acting", method, pattern)
			return
		}
		s.clock.Advance(time.Minute) // limits
		b := s.actAs(owner.userID)
		id := b.sessionID
		if strings.Contains(pattern, "addresses") {
			id = string(u.PrimaryEmailAddressID)
		}
		path := strings.NewReplacer("{id}", id, "{template}", "t").Replace(pattern)
		if need == "self" {
			path += "?_clerk_session_id=" + b.sessionID
		}
		before := s.user(owner.userID)
		a := b.send(method, path, strings.NewReader(actingBody(pattern).Encode()), "application/x-www-form-urlencoded")
		got := fmt.Sprintf("%d %s", a.status, a.code())
		switch want {
		case mayNot, mayNotNow, noSessions:
			if got != want {
				t.Errorf("%s %s: %s, want %s", method, pattern, got, want)
			}
			if after := s.user(owner.userID); after != before {
				t.Errorf("%s %s changed the user from\n%s\nto\n%s", method, pattern, before, after)
			}
		case mayAct:
			if got == mayNot || got == mayNotNow || got == noSessions {
				t.Errorf("%s %s: %s, want it to be allowed", method, pattern, got)
			}
		default:
			if a.status < 400 {
				t.Errorf("%s %s: %s, want a refusal", method, pattern, got)
			}
		}
		client, err := s.sessions.ClientByCookie(t.Context(), b.cookies["__client"], true)
		if err != nil {
			return // the client is gone, with all its sessions
		}
		all, err := s.sessions.OfClient(t.Context(), client)
		must(t, err)
		for _, ss := range all {
			if ss.Live(s.clock.Now()) && string(ss.ID) != b.sessionID {
				t.Errorf("%s %s began the session %s", method, pattern, ss.ID)
			}
		}
	})
	if n != len(acting) {
		t.Errorf("%d routes were tried, the table has %d", n, len(acting))
	}
}

// actingBody is what the steps are sent that look at it before they look at who asks.
func actingBody(pattern string) url.Values {
	switch {
	case strings.HasSuffix(pattern, "/sign_ins"):
		return form("identifier", "jane@example.com", "password", password)
	case strings.HasSuffix(pattern, "/sign_ups"):
		return form("email_address", "joe@example.com", "password", password)
	case strings.HasSuffix(pattern, "/attempt_first_factor"):
		return form("strategy", "password", "password", password)
	}
	return nil
}

// user is all that is stored of a user.
func (s *server) user(id string) string {
	s.t.Helper()
	u, err := s.users.ByID(s.t.Context(), user.ID(id))
	must(s.t, err)
	text, err := json.Marshal(u)
	must(s.t, err)
	return string(text) + string(u.PasswordDigest)
}

// B-05: what people sign in with is closed beside the rest of the profile.
func TestImpersonatorsProfile(t *testing.T) {
	s := newServer(t, withTickets)
	owner := s.signUp("jane@example.com")
	b := s.actAs(owner.userID)
	b.me(http.MethodPatch, "/v1/me", form("first_name", "Jane")).ok()
	u, err := s.users.ByID(t.Context(), user.ID(owner.userID))
	must(t, err)
	for param, value := range map[string]string{
		"username": "mallory", "primary_email_address_id": string(u.PrimaryEmailAddressID), "primary_phone_number_id": "",
	} {
		b.me(http.MethodPatch, "/v1/me", form("first_name", "Eve", param, value)).refused(403, "authorization_invalid")
	}
	if u, err = s.users.ByID(t.Context(), user.ID(owner.userID)); err != nil || u.FirstName != "Jane" || u.Username != "" {
		t.Errorf("user: %+v, %v", u, err)
	}
}

// B-05: the actor is in every token and every picture of the session, which is short.
func TestImpersonation(t *testing.T) {
	s := newServer(t, withTickets)
	owner := s.signUp("jane@example.com")
	before := s.user(owner.userID)
	ticket, err := s.users.CreateActorToken(t.Context(), user.NewActorToken{UserID: user.ID(owner.userID), Actor: json.RawMessage(actor), SessionLife: 20 * time.Minute})
	must(t, err)
	b := s.browser()
	s.browser().invited(string(ticket.Secret)).refused(400, "actor_token_not_in_sign_in_code")
	a := b.byTicket(string(ticket.Secret)).ok()
	b.sessionID = a.text("response.created_session_id")
	s.browser().byTicket(string(ticket.Secret)).refused(400, "actor_token_already_used_code")
	if after := s.user(owner.userID); after != before {
		t.Errorf("it counts as a sign-in of the user's:\n%s\n%s", before, after)
	}

	var want any
	must(t, json.Unmarshal([]byte(actor), &want))
	wantActor := func(what string, got any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: actor = %v, want %v", what, got, want)
		}
	}
	wantActor("sign-in", a.at("client.sessions.0.actor"))
	wantActor("sign-in's token", claimsOf(t, a.text("client.sessions.0.last_active_token.jwt"))["act"])
	minted := func() *answer { return b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil) }
	for range 3 { // renewals
		s.clock.Advance(50 * time.Second)
		wantActor("renewal", claimsOf(t, minted().ok().text("jwt"))["act"])
	}
	nonce, err := s.sessions.HandshakeNonce(t.Context(), b.cookies["__client"], session.HandshakeRequest{Origin: otherApp, CookieSuffix: "x"})
	must(t, err)
	directives, err := s.sessions.HandshakeDirectives(t.Context(), nonce)
	must(t, err)
	token, _, _ := strings.Cut(strings.TrimPrefix(directives[len(directives)-1], "__session="), ";")
	wantActor("handshake", claimsOf(t, token)["act"])

	ss, err := s.sessions.Get(t.Context(), session.ID(b.sessionID))
	must(t, err)
	if want := ss.CreatedAt.Add(20 * time.Minute); !ss.ExpireAt.Equal(want) {
		t.Errorf("it lasts until %v, want %v", ss.ExpireAt, want)
	}
	for range 3 { // in use, so that it is the absolute limit which ends it
		s.clock.Advance(5 * time.Minute)
		minted().ok()
	}
	s.clock.Advance(5 * time.Minute)
	minted().refused(401, "authentication_invalid")

	idle := s.actAs(owner.userID)
	s.clock.Advance(10*time.Minute - time.Second)
	idle.post("/v1/client/sessions/"+idle.sessionID+"/tokens", nil).ok()
	s.clock.Advance(10 * time.Minute)
	idle.post("/v1/client/sessions/"+idle.sessionID+"/tokens", nil).refused(401, "authentication_invalid")

	log := s.log.String()
	if !strings.Contains(log, "impersonation began") || !strings.Contains(log, "actor_id=user_operator") || strings.Contains(log, string(ticket.Secret)) {
		t.Error("L-01: the log does not say who acted as whom, or holds the ticket")
	}
}

// C-10: an actor token that was revoked or has expired lets nobody in.
func TestActorTokenThatIsGoodNoMore(t *testing.T) {
	s := newServer(t, withTickets)
	owner := s.signUp("jane@example.com")
	issue := func() *user.IssuedTicket {
		made, err := s.users.CreateActorToken(t.Context(), user.NewActorToken{UserID: user.ID(owner.userID), Actor: json.RawMessage(actor)})
		must(t, err)
		return made
	}
	revoked, expired := issue(), issue()
	_, err := s.users.RevokeTicket(t.Context(), revoked.ID)
	must(t, err)
	s.browser().byTicket(string(revoked.Secret)).refused(400, "actor_token_revoked_code")
	s.clock.Advance(time.Hour)
	s.browser().byTicket(string(expired.Secret)).refused(400, "ticket_expired_code")
}
