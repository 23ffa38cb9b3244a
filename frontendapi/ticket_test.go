package frontendapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
	"github.com/gatehouse-dev/gatehouse/user"
)

func withTickets(_ *frontendapi.Config, s *flow.Settings) {
	s.TicketURL = publicURL + "/v1/tickets/accept"
}

// token issues a sign-in token for a user and returns its secret.
func (s *server) token(userID string) string {
	s.t.Helper()
	t, err := s.config.Flow.IssueSignInToken(s.t.Context(), user.ID(userID), time.Hour)
	must(s.t, err)
	return string(t.Secret)
}

// invite issues an invitation and returns its secret and link.
func (s *server) invite(ni user.NewInvitation) (secret, link string) {
	s.t.Helper()
	all, err := s.config.Flow.Invite(s.t.Context(), flow.NewInvitation{NewInvitation: ni})
	must(s.t, err)
	return string(all[0].Secret), strings.TrimPrefix(all[0].Link, publicURL)
}

func (b *browser) byTicket(secret string) *answer {
	return b.post("/v1/client/sign_ins", form("strategy", "ticket", "ticket", secret))
}

// invited starts a sign-up by an invitation; pairs are further fields.
func (b *browser) invited(secret string, pairs ...string) *answer {
	return b.post("/v1/client/sign_ups", form(append([]string{"strategy", "ticket", "ticket", secret}, pairs...)...))
}

func TestSignInByTicket(t *testing.T) {
	s := newServer(t, withTickets)
	id := s.signUp("jane@example.com").userID
	secret := s.token(id)
	b := s.browser()
	a := b.byTicket(secret).ok()
	for path, want := range map[string]any{
		"response.status":                           "complete",
		"response.created_session_id":               a.at("client.last_active_session_id"),
		"response.first_factor_verification.object": "verification_ticket",
		"response.first_factor_verification.status": "verified",
		"client.sessions.0.user.id":                 id,
		"client.last_authentication_strategy":       "ticket",
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	s.browser().byTicket(secret).refused(400, "sign_in_token_already_used_code")
	b.byTicket(s.token(id)).refused(400, "identifier_already_signed_in")

	// M-06: it proves no factor, so what needs a fresh one is refused.
	b.sessionID = a.text("response.created_session_id")
	b.me(http.MethodDelete, "/v1/me", nil).refused(403, "session_reverification_required")
}

func TestTicketRefusals(t *testing.T) {
	s := newServer(t, withTickets)
	id := s.signUp("jane@example.com").userID
	secret := s.token(id)
	// C-10: nothing but the whole secret finds it.
	for name, bad := range map[string]string{
		"truncated": secret[:len(secret)-2], "extended": secret + "A", "padded": secret + "=", "upper case": strings.ToUpper(secret),
		"blank": secret + " ", "unknown": strings.Repeat("A", 43), "NUL": secret[:42] + "\x00", "like": "%" + secret[1:], "long": strings.Repeat(secret, 100),
	} {
		if a := s.browser().byTicket(bad); a.status != 400 || a.code() != "ticket_invalid_code" {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
		if a := s.browser().invited(bad, "password", password); a.status != 400 || a.code() != "ticket_invalid_code" {
			t.Errorf("sign-up, %s: %d %s", name, a.status, a.raw)
		}
	}
	s.browser().byTicket("").refused(422, "form_param_missing")
	s.browser().invited(secret, "password", password).refused(400, "sign_in_token_not_in_sign_in_code")

	found, err := s.users.TicketBySecret(t.Context(), secret)
	must(t, err)
	_, err = s.users.RevokeTicket(t.Context(), found.ID)
	must(t, err)
	s.browser().byTicket(secret).refused(400, "sign_in_token_revoked_code")

	expired, banned := s.token(id), s.token(id)
	_, err = s.users.Ban(t.Context(), user.ID(id))
	must(t, err)
	s.browser().byTicket(banned).refused(403, "user_banned")
	s.clock.Advance(time.Hour)
	s.browser().byTicket(expired).refused(400, "ticket_expired_code")
	must(t, s.users.Delete(t.Context(), user.ID(id)))
	s.browser().byTicket(banned).refused(400, "ticket_invalid_code")

	// no other site signs anybody in, or up.
	other := s.browser()
	other.origin = "https://evil.example"
	other.byTicket(s.token(s.signUp("joe@example.com").userID)).refused(400, "origin_invalid")
}

// A ticket begins a sign-in: it is neither a step of one nor a step-up.
func TestTicketIsNoStep(t *testing.T) {
	s := newServer(t, withTickets)
	b := s.signUp("jane@example.com")
	secret := s.token(b.userID)
	other := s.browser()
	id := other.post("/v1/client/sign_ins", form("identifier", "jane@example.com")).ok().text("response.id")
	for path, code := range map[string]string{"attempt_first_factor": "strategy_for_user_invalid", "prepare_first_factor": "form_param_value_invalid"} {
		if a := other.post("/v1/client/sign_ins/"+id+"/"+path, form("strategy", "ticket")); a.code() != code {
			t.Errorf("%s: %s, want %s", path, a.raw, code)
		}
	}
	verify := "/v1/client/sessions/" + b.sessionID + "/verify"
	start := b.post(verify, form("level", "first_factor")).ok()
	if strings.Contains(start.raw, `"ticket"`) {
		t.Errorf("a step-up offers tickets: %s", start.raw)
	}
	b.post(verify+"/attempt_first_factor", form("strategy", "ticket", "code", secret)).refused(422, "form_param_value_invalid")
	s.browser().byTicket(secret).ok()
}

func TestSignUpByInvitation(t *testing.T) {
	s := newServer(t, withTickets, func(_ *frontendapi.Config, st *flow.Settings) { st.SignUpMode = "restricted" })
	secret, _ := s.invite(user.NewInvitation{EmailAddress: "Joe@Example.com", PublicMetadata: []byte(`{"plan":"pro"}`)})
	b := s.browser()
	b.post("/v1/client/sign_ups", form("email_address", "joe@example.com", "password", password)).refused(403, "sign_up_mode_restricted")

	a := b.invited(secret, "unsafe_metadata", "{}").ok()
	for path, want := range map[string]any{
		"response.status":                               "missing_requirements",
		"response.email_address":                        "Joe@example.com",
		"response.missing_fields.0":                     "password",
		"response.public_metadata.plan":                 "pro",
		"response.verifications.email_address.object":   "verification_ticket",
		"response.verifications.email_address.status":   "verified",
		"response.verifications.email_address.strategy": "ticket",
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	if a.length("response.unverified_fields") != 0 {
		t.Errorf("unverified: %s", a.raw)
	}
	path := "/v1/client/sign_ups/" + a.text("response.id") + "?_method=PATCH"
	// The invitation is for its own address.
	b.post(path, form("email_address", "eve@example.com", "password", password)).refused(422, "form_param_value_invalid")
	done := b.post(path, form("strategy", "ticket", "ticket", secret, "email_address", "joe@example.com", "password", password, "public_metadata", "")).code()
	if done != "form_param_unknown" {
		t.Errorf("A-03: public_metadata is taken: %s", done)
	}
	a = b.post(path, form("strategy", "ticket", "ticket", secret, "email_address", "joe@example.com", "password", password)).ok()
	if a.text("response.status") != "complete" || a.text("client.sessions.0.user.public_metadata.plan") != "pro" ||
		a.text("client.sessions.0.user.email_addresses.0.verification.object") != "verification_ticket" ||
		a.text("client.sessions.0.user.email_addresses.0.verification.status") != "verified" {
		t.Errorf("completed: %s", a.raw)
	}
	s.browser().invited(secret, "password", password).refused(400, "invitation_already_accepted")
	s.browser().byTicket(secret).refused(400, "invitation_already_accepted")
	if n := len(s.outbox.Messages("joe@example.com")); n != 0 {
		t.Errorf("%d codes were sent to an address that is proved", n)
	}
	// M-06: neither has who was invited proved a factor.
	b.sessionID = a.text("response.created_session_id")
	b.me(http.MethodDelete, "/v1/me", nil).refused(403, "session_reverification_required")
}

func TestInvitationRefusals(t *testing.T) {
	s := newServer(t, withTickets)
	s.signUp("jane@example.com")
	secret, _ := s.invite(user.NewInvitation{EmailAddress: "joe@example.com"})
	s.browser().byTicket(secret).refused(400, "invitation_account_not_exists")
	s.browser().invited(secret, "email_address", "eve@example.com", "password", password).refused(422, "form_param_value_invalid")
	s.browser().invited(secret, "email_address", "joe", "password", password).refused(422, "form_param_format_invalid")
	// Begun in time and finished too late.
	b := s.browser()
	path := "/v1/client/sign_ups/" + b.invited(secret).ok().text("response.id") + "?_method=PATCH"
	found, err := s.users.TicketBySecret(t.Context(), secret)
	must(t, err)
	_, err = s.users.RevokeTicket(t.Context(), found.ID)
	must(t, err)
	b.post(path, form("password", password)).refused(400, "revoked_invitation")
	s.browser().invited(secret, "password", password).refused(400, "revoked_invitation")

	short, _ := s.invite(user.NewInvitation{EmailAddress: "joe@example.com", Life: time.Hour})
	b = s.browser()
	path = "/v1/client/sign_ups/" + b.invited(short).ok().text("response.id") + "?_method=PATCH"
	s.clock.Advance(time.Hour)
	b.post(path, form("password", password)).refused(400, "ticket_expired_code")

	// An old mail opens no account that was made without it.
	old, _ := s.invite(user.NewInvitation{EmailAddress: "later@example.com"})
	s.clock.Advance(time.Second)
	s.signUp("later@example.com")
	s.browser().byTicket(old).refused(400, "invitation_account_exists")
	s.browser().invited(old, "password", password).refused(422, "form_identifier_exists")

	// Somebody with an account signs in instead, with the address proved and no factor.
	again, _ := s.invite(user.NewInvitation{EmailAddress: "jane@example.com", OfUser: true})
	s.browser().invited(again, "password", password).refused(422, "form_identifier_exists")
	a := s.browser().byTicket(again).ok()
	if a.text("response.status") != "complete" || a.text("client.sessions.0.user.primary_email_address_id") == "" {
		t.Errorf("sign-in: %s", a.raw)
	}
}

// Whoever began to sign up before the mode changed does not get in by that.
func TestRestrictedMeanwhile(t *testing.T) {
	s := newServer(t, withTickets)
	b := s.browser()
	su := b.post("/v1/client/sign_ups", form("email_address", "joe@example.com", "password", password)).ok().text("response.id")
	b.post("/v1/client/sign_ups/"+su+"/prepare_verification", form("strategy", "email_code")).ok()
	s.settings.SignUpMode = "restricted"
	b.post("/v1/client/sign_ups/"+su+"?_method=PATCH", form("first_name", "Joe")).refused(403, "sign_up_mode_restricted")
	b.post("/v1/client/sign_ups/"+su+"/attempt_verification", form("strategy", "email_code", "code", s.code("joe@example.com"))).refused(403, "sign_up_mode_restricted")
	// An invitation that comes later lets them go on.
	secret, _ := s.invite(user.NewInvitation{EmailAddress: "joe@example.com"})
	a := b.post("/v1/client/sign_ups/"+su+"?_method=PATCH", form("strategy", "ticket", "ticket", secret)).ok()
	if a.text("response.status") != "complete" {
		t.Errorf("with an invitation: %s", a.raw)
	}
}

// sentOn checks that the link of a ticket sends the browser on, and where to.
func (a *answer) sentOn() *url.URL {
	a.t.Helper()
	if a.status != http.StatusSeeOther || a.raw != "" || a.header.Get("Set-Cookie") != "" {
		a.t.Fatalf("answer = %d %v %s", a.status, a.header, a.raw)
	}
	if a.header.Get("Referrer-Policy") != "no-referrer" || a.header.Get("Cache-Control") != "no-store" {
		a.t.Errorf("headers: %v", a.header)
	}
	u, err := url.Parse(a.header.Get("Location"))
	must(a.t, err)
	return u
}

func TestAcceptTicket(t *testing.T) {
	s := newServer(t, withTickets)
	id := s.signUp("jane@example.com").userID
	check := func(what, secret, page, status string) {
		t.Helper()
		b := s.browser()
		u := b.get("/v1/tickets/accept?ticket=" + secret).sentOn()
		ticket := secret
		if status == "complete" {
			ticket = ""
		}
		q := u.Query()
		if got := u.Scheme + "://" + u.Host + u.Path; got != page || q.Get("__clerk_status") != status || q.Get("__clerk_ticket") != ticket || q.Has("ticket") {
			t.Errorf("%s: sent to %s, want %s with %s", what, u, page, status)
		}
	}
	token := s.token(id)
	for range 3 { // looking uses nothing up
		check("token", token, publicURL+"/sign-in", "sign_in")
	}
	s.browser().send(http.MethodHead, "/v1/tickets/accept?ticket="+token, nil, "")
	s.browser().byTicket(token).ok()
	check("used token", token, publicURL+"/sign-in", "sign_in") // where it is explained

	invitation, link := s.invite(user.NewInvitation{EmailAddress: "joe@example.com"})
	if link != "/v1/tickets/accept?ticket="+invitation {
		t.Errorf("link = %s", link)
	}
	check("invitation", invitation, publicURL+"/sign-up", "sign_up")
	s.browser().invited(invitation, "password", password).ok()
	check("accepted invitation", invitation, publicURL+"/sign-in", "complete")
	ofUser, _ := s.invite(user.NewInvitation{EmailAddress: "jane@example.com", OfUser: true, RedirectURL: otherApp + "/hello?from=mail#/x"})
	check("invitation of a user", ofUser, otherApp+"/hello", "sign_in")
	u := s.browser().get("/v1/tickets/accept?ticket=" + ofUser).sentOn()
	if u.Fragment != "/x" || u.Query().Get("from") != "mail" {
		t.Errorf("sent to %s", u)
	}

	for _, bad := range []string{"", "?ticket=", "?ticket=" + token[:41], "?ticket=" + token + "A", "?ticket=" + token + "&ticket=" + token} {
		if a := s.browser().get("/v1/tickets/accept" + bad); a.status != 400 || a.code() != "ticket_invalid_code" || a.header.Get("Location") != "" {
			t.Errorf("%q: %d %s", bad, a.status, a.raw)
		}
	}
}

// H-01, H-02: the link of a ticket leads to no page that is not allowed at that moment.
func TestTicketLeadsNowhereElse(t *testing.T) {
	s := newServer(t, withTickets)
	for n, evil := range []string{
		"https://evil.example", "//evil.example", "/path", "https://app.example.com.evil.example", "https://app.example.com@evil.example",
		"javascript:alert(1)", "https://evil.example\\@app.example.com", otherApp + "/\r\nSet-Cookie: a=b", "http://app.example.com",
	} {
		secret, _ := s.invite(user.NewInvitation{EmailAddress: string(rune('a'+n)) + "@example.com", RedirectURL: evil})
		if a := s.browser().get("/v1/tickets/accept?ticket=" + secret); a.status != 422 || a.header.Get("Location") != "" {
			t.Errorf("%q: %d %v", evil, a.status, a.header)
		}
		if _, ok := s.handler.(*frontendapi.Handler).RedirectURL(evil); ok {
			t.Errorf("RedirectURL takes %q", evil)
		}
	}
	if got, ok := s.handler.(*frontendapi.Handler).RedirectURL(otherApp + "/x"); !ok || got != otherApp+"/x" {
		t.Errorf("RedirectURL = %q, %v", got, ok)
	}
	s.settings.SignInURL = "https://evil.example/sign-in"
	if a := s.browser().get("/v1/tickets/accept?ticket=" + s.token(s.signUp("jane@example.com").userID)); a.status != 422 || a.header.Get("Location") != "" {
		t.Errorf("sign-in page elsewhere: %d %v", a.status, a.header)
	}
}

// C-04, C-10: of fifty browsers that redeem a ticket at once, one is let in.
func TestParallelRedemptions(t *testing.T) {
	s := newServer(t, withTickets)
	token := s.token(s.signUp("jane@example.com").userID)
	invitation, _ := s.invite(user.NewInvitation{EmailAddress: "joe@example.com"})
	for name, test := range map[string]struct {
		path, refusal string
		fields        url.Values
	}{
		"token":      {"/v1/client/sign_ins", "sign_in_token_already_used_code", form("strategy", "ticket", "ticket", token)},
		"invitation": {"/v1/client/sign_ups", "invitation_already_accepted", form("strategy", "ticket", "ticket", invitation, "username", "")},
	} {
		statuses := make([]int, 50)
		var all sync.WaitGroup
		for i := range statuses {
			fields := url.Values{"password": {password}}
			for k, v := range test.fields {
				fields[k] = v
			}
			if name == "token" {
				fields.Del("password")
			}
			all.Go(func() {
				r := httptest.NewRequest(http.MethodPost, test.path, strings.NewReader(fields.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Origin", publicURL)
				r.Header.Set("Test-Address", "192.0.2."+name+string(rune('a'+i)))
				w := httptest.NewRecorder()
				s.handler.ServeHTTP(w, r)
				statuses[i] = w.Code
				body := w.Body.String()
				if w.Code != 200 && w.Code != 503 && !strings.Contains(body, test.refusal) && !strings.Contains(body, "form_identifier_exists") {
					t.Errorf("%s: %d %s", name, w.Code, body)
				}
			})
		}
		all.Wait()
		let := 0
		for _, status := range statuses {
			if status == http.StatusOK {
				let++
			}
		}
		if let != 1 {
			t.Errorf("%s: %d were let in, want 1: %v", name, let, statuses)
		}
	}
}

// L-01, K-03: no ticket is in a log, in an answer that does not have to have it, or in the store.
func TestTicketsStaySecret(t *testing.T) {
	s := newServer(t, withTickets)
	id := s.signUp("jane@example.com").userID
	token := s.token(id)
	invitation, _ := s.invite(user.NewInvitation{EmailAddress: "joe@example.com"})
	for _, secret := range []string{token, invitation} {
		s.browser().get("/v1/tickets/accept?ticket=" + secret)
		s.browser().get("/v1/tickets/accept?odd=1&ticket=" + secret + "x")
		s.browser().byTicket(secret + "x")
		s.browser().json(http.MethodPost, "/v1/client/sign_ins", `{"ticket":"`+secret+`","strategy":"ticket","odd":1}`)
		s.browser().invited(secret, "password", "short")
		s.browser().invited(secret, "password", password)
		s.browser().byTicket(secret)
		s.browser().byTicket(secret)
	}
	for _, secret := range []string{token, invitation} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds a ticket")
		}
		for _, a := range s.answers {
			if strings.Contains(a, secret) {
				t.Errorf("an answer holds a ticket: %s", a)
			}
		}
		found, err := s.users.TicketBySecret(t.Context(), secret)
		must(t, err)
		if found.Hash == secret || strings.Contains(found.Hash, secret) {
			t.Error("the store holds a ticket")
		}
	}
	if !strings.Contains(s.log.String(), "ticket accepted") {
		t.Error("the log does not say that a ticket was accepted")
	}
}
