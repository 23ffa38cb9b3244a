package backendapi_test

import (
	"net/http"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/session"
)

// H-04: the answer behind a nonce is given once, and not where the app's own secret is asked for.
func TestHandshakePayload(t *testing.T) {
	s := newServer(t)
	begin := func(challenge string) string {
		nonce, err := s.sessions.HandshakeNonce(t.Context(), "", session.HandshakeRequest{
			Origin: "https://app.example.com", Challenge: challenge, CookieSuffix: "sfx",
		})
		must(t, err)
		return nonce
	}
	nonce := begin("")
	a := s.call(http.MethodGet, "/v1/clients/handshake_payload?nonce="+nonce, "").ok()
	want := []string{
		"__client_uat=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure", "__client_uat_sfx=0; Path=/; Max-Age=31536000; SameSite=Lax; Secure",
		"__session_sfx=; Path=/; Max-Age=0; SameSite=Lax; Secure", "__session=; Path=/; Max-Age=0; SameSite=Lax; Secure",
	}
	for i, directive := range want {
		if got := a.text("directives." + string(rune('0'+i))); got != directive {
			t.Errorf("directive %d = %q, want %q", i, got, directive)
		}
	}
	for _, n := range []string{nonce, begin(auth.Challenge("secret")), "", "hsn_x", "*"} {
		s.call(http.MethodGet, "/v1/clients/handshake_payload?nonce="+n, "").refused(404, "resource_not_found")
	}
}
