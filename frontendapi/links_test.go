package frontendapi_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

var urlPattern = regexp.MustCompile(`https?://[^\s"<>\\]+`)

// S-12: no address that the server gives out, be it in Location, in an answer or in a
// mail, holds what signs anybody in. A link's token is in the mail alone; a landing names
// the session that the link started, by an id that opens nothing.
func TestNoSecretsInLinks(t *testing.T) {
	s := newServer(t, withLinks)
	secrets := map[string]string{}
	see := func(b *browser, a *answer) *answer {
		t.Helper()
		for _, name := range []string{"__client", "__session"} {
			if value := b.cookies[name]; value != "" {
				secrets[value] = "cookie " + name
			}
		}
		for _, jwt := range jwtPattern.FindAllString(a.raw, -1) {
			secrets[jwt] = "session token"
		}
		return a
	}
	// Somebody signs up by a link, in by another one, proves a second address, is asked by
	// an app elsewhere, and by one on this very host.
	ann := s.browser()
	see(ann, ann.post("/v1/client/sign_ups", form("email_address", "ann@example.com", "password", password, "strategy", "email_link", "redirect_url", verified)).ok())
	q := see(ann, ann.get(s.link("ann@example.com"))).landed()
	ann.sessionID = q.Get(landedSession)
	see(ann, ann.get("/v1/client").ok())
	s.clock.Advance(time.Minute)

	there := s.browser()
	see(there, there.post("/v1/client/sign_ins", form("identifier", "ann@example.com", "strategy", "email_link", "redirect_url", verified)).ok())
	see(there, there.get(s.link("ann@example.com"))).landed()
	see(there, there.get(s.link("ann@example.com"))).landed()                                   // used up
	see(s.browser(), s.browser().get(s.link("ann@example.com"))).landed()                       // somebody else
	see(there, there.get("/v1/verify?token=x").refused(400, "verification_link_token_invalid")) // nobody's

	added := see(ann, ann.me(http.MethodPost, "/v1/me/email_addresses", form("email_address", "ann@example.org")).ok()).text("response.id")
	see(ann, ann.me(http.MethodPost, "/v1/me/email_addresses/"+added+"/prepare_verification", form("strategy", "email_link", "redirect_url", verified)).ok())
	see(ann, ann.get(s.link("ann@example.org"))).landed()
	for _, app := range []string{otherApp + "/page?a=b", publicURL + "/page"} {
		a := see(ann, ann.get("/v1/client/handshake?"+url.Values{"redirect_url": {app}, auth.HandshakeChallenge: {auth.Challenge("secret")}}.Encode()))
		if a.status != http.StatusTemporaryRedirect {
			t.Fatalf("handshake of %s: %d %s", app, a.status, a.raw)
		}
	}
	see(ann, ann.get("/v1/environment").ok())
	see(ann, ann.post("/v1/client/sessions/"+ann.sessionID+"/tokens", nil).ok())
	see(ann, ann.me(http.MethodPost, "/v1/me/change_password", form("current_password", password, "new_password", "a password that is new")).ok())
	see(ann, ann.post("/v1/client/sessions?_method=DELETE", nil).ok())
	s.engine.Close()

	secrets[password], secrets["a password that is new"] = "password", "password"
	given := map[string][]string{"Location": s.leads}
	for _, a := range s.answers {
		given["answer"] = append(given["answer"], urlPattern.FindAllString(a, -1)...)
	}
	tokens := map[string]bool{}
	for _, to := range []string{"ann@example.com", "ann@example.org"} {
		for _, m := range s.outbox.Messages(to) {
			given["mail"] = append(given["mail"], urlPattern.FindAllString(m.Text+" "+m.HTML, -1)...)
			if u, err := url.Parse(m.Link); err == nil && m.Link != "" {
				tokens[u.Query().Get("token")] = true
			}
		}
	}
	if len(given["Location"]) != 7 || len(given["answer"]) < 4 || len(given["mail"]) < 6 || len(tokens) != 3 || len(secrets) < 8 {
		t.Fatalf("the test saw too little: %d secrets, %d tokens, %v", len(secrets), len(tokens), given)
	}
	for place, all := range given {
		for _, text := range all {
			u, err := url.Parse(text)
			must(t, err)
			read, err := url.QueryUnescape(u.RawQuery)
			must(t, err)
			for secret, what := range secrets {
				if strings.Contains(text, secret) || strings.Contains(read, secret) {
					t.Errorf("%s holds a %s: %s", place, what, text)
				}
			}
			for token := range tokens {
				if place != "mail" && strings.Contains(text, token) {
					t.Errorf("%s holds a link's token: %s", place, text)
				}
			}
			without := u.Query()
			without.Del(landedSession)
			if strings.Contains(without.Encode()+u.Path+u.Fragment, "sess_") {
				t.Errorf("%s holds a session id: %s", place, text)
			}
		}
	}
	// The id that a landing names is good for nothing by itself.
	stranger := s.signUp("stranger@example.com")
	stranger.post("/v1/client/sessions/"+ann.sessionID+"/tokens", nil).refused(401, "authentication_invalid")
}

const landedSession = "__clerk_created_session"
