package backendapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

const appOrigin = "https://app.example.com"

// visited signs a user in and goes through a handshake; it returns the session and what
// that left in the browser.
func (s *server) visited(userID string) (ss session.Session, token, refresh string) {
	s.t.Helper()
	client, cookie, err := s.sessions.NewClient(s.t.Context())
	must(s.t, err)
	ss, err = s.sessions.Start(s.t.Context(), session.NewSession{ClientID: client.ID, UserID: userID, AsOf: s.now, Strategy: "password"})
	must(s.t, err)
	nonce, err := s.sessions.HandshakeNonce(s.t.Context(), string(cookie.Value), session.HandshakeRequest{Origin: appOrigin, CookieSuffix: "sfx", Refresh: true})
	must(s.t, err)
	a := s.call(http.MethodGet, "/v1/clients/handshake_payload?nonce="+nonce, "").ok()
	for _, d := range a.at("directives").([]any) {
		name, value, _ := strings.Cut(d.(string), "=")
		value, _, _ = strings.Cut(value, ";")
		switch name {
		case "__refresh_sfx":
			refresh = value
		case "__session":
			token = value
		}
	}
	return ss, token, refresh
}

func TestRefreshSession(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane"}`)
	ss, token, refresh := s.visited(id)
	s.now = s.now.Add(2 * time.Minute)
	path := "/v1/sessions/" + string(ss.ID) + "/refresh"
	body := func(format string) string {
		return fmt.Sprintf(`{%s"expired_token":%q,"refresh_token":%q,"request_origin":%q,"request_headers":{"accept":["*/*"]},"request_originating_ip":"192.0.2.1"}`,
			format, token, refresh, appOrigin)
	}
	as := s.call(http.MethodPost, path, body("")).ok()
	if as.text("object") != "token" || part(t, as.text("jwt"), 1)["sid"] != string(ss.ID) {
		t.Errorf("as a token: %s", as.raw)
	}
	a := s.call(http.MethodPost, path+"?suffixed_cookies=true", body(`"format":"cookie",`)).ok()
	if a.text("object") != "cookies" || !strings.HasPrefix(a.text("cookies.0"), "__refresh_sfx=") || !strings.HasPrefix(a.text("cookies.1"), "__session_sfx=eyJ") ||
		!strings.HasPrefix(a.text("cookies.2"), "__session=eyJ") || a.at("cookies.3") != nil {
		t.Errorf("as cookies: %s", a.raw)
	}
	if strings.Contains(s.log.String(), refresh) || strings.Contains(s.log.String(), token) {
		t.Error("L-01: the log holds a token")
	}

	s.now = s.now.Add(11 * time.Second)
	s.call(http.MethodPost, path, body(`"format":"cookie",`)).refused(401, "session_refresh_expired_session_token_consumed")
	s.call(http.MethodPost, path, body(`"format":"cookie",`)).refused(401, "refresh_token_not_found")
}

func TestRefreshSessionRefusals(t *testing.T) {
	s := newServer(t)
	id := s.create(`{"username":"jane"}`)
	ss, token, refresh := s.visited(id)
	path := "/v1/sessions/" + string(ss.ID) + "/refresh"
	body := func(pairs ...string) string {
		fields := map[string]string{"expired_token": token, "refresh_token": refresh, "request_origin": appOrigin}
		for n := 0; n < len(pairs); n += 2 {
			fields[pairs[n]] = pairs[n+1]
		}
		var list []string
		for name, value := range fields {
			if value != "" {
				list = append(list, fmt.Sprintf("%q:%q", name, value))
			}
		}
		return "{" + strings.Join(list, ",") + "}"
	}
	for _, name := range []string{"expired_token", "refresh_token", "request_origin"} {
		s.call(http.MethodPost, path, body(name, "")).refused(422, "form_param_missing").blames(name)
	}
	s.call(http.MethodPost, path, "null").refused(422, "form_param_missing").blames("expired_token")
	s.call(http.MethodPost, path, body("odd", "1")).refused(422, "form_param_unknown").blames("odd")
	s.call(http.MethodPost, path, body("format", "jwt")).refused(422, "form_param_value_invalid").blames("format")
	s.call(http.MethodPost, path, body("request_headers", "x")).refused(422, "form_param_value_invalid").blames("request_headers")
	for _, origin := range []string{"app.example.com", appOrigin + "/", "https://evil.example", "null", "https://u@app.example.com", "javascript:alert(1)"} {
		s.call(http.MethodPost, path, body("request_origin", origin)).refused(401, "refresh_request_origin_invalid")
	}
	s.call(http.MethodPost, "/v1/sessions/sess_000000000000000000000000000/refresh", body()).refused(401, "refresh_sid_mismatch")
	s.call(http.MethodPost, "/v1/sessions/x/refresh", body()).refused(401, "session_refresh_session_not_found")
	s.call(http.MethodPost, path, body("expired_token", "x.y.z")).refused(401, "expired_session_token_invalid")
	s.call(http.MethodPost, path, body()).ok()
	// S-08: the user is read anew.
	s.call(http.MethodPost, "/v1/users/"+id+"/ban", "").ok()
	s.call(http.MethodPost, path, body()).refused(401, "session_refresh_inactive_session")
}
