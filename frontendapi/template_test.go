package frontendapi_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
	"github.com/gatehouse-dev/gatehouse/user"
)

// template adds a JWT template.
func (s *server) template(name, claims string) {
	s.t.Helper()
	_, err := s.templates.Create(s.t.Context(), jwttemplate.Fields{Name: &name, Claims: json.RawMessage(claims), Lifetime: new(600)})
	must(s.t, err)
}

// claimsOf reads the payload of a token.
func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %q", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, err)
	claims := map[string]any{}
	must(t, json.Unmarshal(raw, &claims))
	return claims
}

func TestTemplateTokens(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	_, err := s.users.Update(t.Context(), user.ID(b.userID), user.Change{
		FirstName: new("Jane"), PublicMetadata: json.RawMessage(`{"plan":{"tier":"gold","seats":3}}`),
		PrivateMetadata: json.RawMessage(`{"note":"canary-private"}`), UnsafeMetadata: json.RawMessage(`{"color":"blue"}`),
	})
	must(t, err)
	s.template("other-service", `{
		"id":"{{user.id}}","mail":"{{user.primary_email_address}}","verified":"{{user.email_verified}}","name":"{{user.full_name}}","phone":"{{user.primary_phone_number}}",
		"tier":"{{user.public_metadata.plan.tier}}","seats":"{{user.public_metadata.plan.seats}}","all":"{{user.public_metadata}}","color":"{{user.unsafe_metadata.color || 'none'}}",
		"call":"Dear {{user.first_name}}","since":"{{user.created_at}}","picture":"{{user.image_url}}","none":"{{user.public_metadata.plan.tier.x}}",
		"private":"{{user.private_metadata}}","note":"{{user.private_metadata.note}}","digest":"{{user.password_digest}}"}`)
	a := b.post("/v1/client/sessions/"+b.sessionID+"/tokens/other-service", nil).ok()
	if a.text("object") != "token" || a.at("response") != nil {
		t.Fatalf("the answer is not bare: %s", a.raw)
	}
	claims := claimsOf(t, a.text("jwt"))
	jane, err := s.users.ByID(t.Context(), user.ID(b.userID))
	must(t, err)
	for name, want := range map[string]any{
		"sub": b.userID, "id": b.userID, "iss": "https://clerk.localhost", "azp": publicURL,
		"mail": "jane@example.com", "verified": true, "name": "Jane", "phone": nil, "tier": "gold", "seats": 3.0, "color": "blue",
		"call": "Dear Jane", "picture": publicURL + "/v1/images/" + jane.ImageName(), "none": nil, "since": float64(s.clock.Now().UnixMilli()),
		"iat": float64(s.clock.Now().Unix()), "nbf": float64(s.clock.Now().Unix() - 5), "exp": float64(s.clock.Now().Unix() + 600),
		// private metadata and credentials have no shortcode.
		"private": nil, "note": nil, "digest": nil,
		// T-16: nothing that makes a session token of it.
		"sid": nil, "v": nil, "fva": nil, "sts": nil,
	} {
		if got := claims[name]; got != want {
			t.Errorf("claim %s = %v, want %v", name, got, want)
		}
	}
	if all, _ := claims["all"].(map[string]any); all["plan"] == nil || strings.Contains(a.raw, "canary") {
		t.Errorf("claims are %v", claims)
	}
}

func TestTemplateTokensRefuse(t *testing.T) {
	s := newServer(t)
	jane, joe := s.signUp("jane@example.com"), s.signUp("joe@example.com")
	s.template("big", `{"a":"{{user.unsafe_metadata}}","b":"{{user.unsafe_metadata}}"}`)
	mint := func(b *browser, session, name string) *answer {
		return b.post("/v1/client/sessions/"+session+"/tokens/"+name, nil)
	}
	mint(jane, jane.sessionID, "big").ok()
	mint(jane, jane.sessionID, "unknown").refused(404, "resource_not_found")
	mint(jane, jane.sessionID, "BIG").refused(404, "resource_not_found")
	// somebody else's session is as unknown, and who is signed out learns no names.
	for _, name := range []string{"big", "unknown"} {
		mint(joe, jane.sessionID, name).refused(401, "authentication_invalid")
		mint(s.browser(), jane.sessionID, name).refused(401, "authentication_invalid")
		mint(jane, "sess_x", name).refused(401, "authentication_invalid")
	}
	// What a person puts into their own metadata does not blow a token up.
	jane.me(http.MethodPatch, "/v1/me/metadata", form("unsafe_metadata", `{"x":"`+strings.Repeat("y", 8000)+`"}`)).ok()
	mint(jane, jane.sessionID, "big").refused(400, "bad_request")
	// E-02: they count as mints do.
	s.clock.Advance(time.Minute)
	for range 30 {
		mint(joe, joe.sessionID, "big").ok()
	}
	mint(joe, joe.sessionID, "big").refused(429, "too_many_requests")
	s.clock.Advance(time.Minute)
	// S-08: no more of them once the session ended, or the user is gone.
	joe.post("/v1/client/sessions/"+joe.sessionID+"/end", nil).ok()
	mint(joe, joe.sessionID, "big").refused(401, "authentication_invalid")
	must(t, s.users.Delete(t.Context(), user.ID(jane.userID)))
	mint(jane, jane.sessionID, "big").refused(401, "authentication_invalid")
}

// T-16: the Frontend API takes a template token for nothing, and neither do verifiers of
// session tokens and of handshakes.
func TestTemplateTokensAreNoSessionTokens(t *testing.T) {
	s := newServer(t)
	b := s.signUp("jane@example.com")
	s.template("t", `{"nested":{"sid":"x"}}`)
	token := b.post("/v1/client/sessions/"+b.sessionID+"/tokens/t", nil).ok().text("jwt")
	verifier, err := auth.NewVerifier(auth.VerifierConfig{Keys: s.keys, Issuer: "https://clerk.localhost", Now: s.clock.Now})
	must(t, err)
	if a, err := verifier.Verify(t.Context(), token); err == nil {
		t.Errorf("the verifier takes it: %+v", a)
	} else if e, ok := errors.AsType[*auth.TokenError](err); !ok || e.Reason != auth.ReasonTokenType {
		t.Errorf("refused with %v, want %s", err, auth.ReasonTokenType)
	}
	if _, err := auth.VerifySignature(t.Context(), s.keys, token); err == nil {
		t.Error("it passes for a handshake")
	}
	stranger := s.browser()
	stranger.cookies["__client"] = token
	stranger.sessionID = b.sessionID
	stranger.me(http.MethodGet, "/v1/me", nil).refused(401, "authentication_invalid")
	// And the session token is none of a template's: it has no claim of it.
	plain := claimsOf(t, b.post("/v1/client/sessions/"+b.sessionID+"/tokens", nil).ok().text("jwt"))
	if plain["nested"] != nil || plain["sid"] != b.sessionID {
		t.Errorf("session token: %v", plain)
	}
}
