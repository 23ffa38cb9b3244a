package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/clerk/clerk-sdk-go/v2"
	"github.com/clerk/clerk-sdk-go/v2/actortoken"
	clerkclient "github.com/clerk/clerk-sdk-go/v2/client"
	"github.com/clerk/clerk-sdk-go/v2/jwks"
	"github.com/clerk/clerk-sdk-go/v2/jwt"
	clerksession "github.com/clerk/clerk-sdk-go/v2/session"

	"github.com/gatehouse-dev/gatehouse/internal/e2e/spec"
)

// Operators look after sessions and clients, act as a user, and change the secret key, on
// every combination of stores. Answers are checked against the published descriptions, and
// no secret lies anywhere.
func TestOperatorsSessions(t *testing.T) {
	for _, kind := range stores {
		t.Run(kind, func(t *testing.T) {
			s := newStack(t, kind)
			checked := described(t)
			lookForCanaries(t, s, operateSessions(t, s, checked))
			if checked != nil {
				reportDifferences(t, checked, 20)
			}
		})
	}
}

func operateSessions(t *testing.T, s *stack, checked *spec.Transport) []canary {
	const password = "canary-password-xyzzy-3"
	transport := http.DefaultTransport
	if checked != nil {
		transport = checked
	}
	jane, operator := s.newBrowser(1, transport), s.newBrowser(2, transport)
	secrets := newCanaries(s, password)
	id := jane.backend("POST", "/users", map[string]any{
		"email_address": []string{"jane@example.com"}, "password": password, "private_metadata": map[string]any{"note": privateCanary},
	}).want(t, 200, "").str("id")
	in := jane.form("/v1/client/sign_ins", "identifier", "jane@example.com", "password", password).want(t, 200, "")
	secrets.cookie(jane)
	sid, client := in.str("response", "created_session_id"), in.str("client", "id")

	jane.backend("GET", "/sessions?user_id="+id+"&status=active&paginated=true", nil).want(t, 200, "")
	jane.backend("GET", "/sessions?client_id="+client, nil).want(t, 200, "")
	jane.backend("GET", "/sessions/"+sid, nil).want(t, 200, "")
	jane.backend("GET", "/clients/"+client, nil).want(t, 200, "")
	jane.backend("GET", "/clients", nil).want(t, 410, "operation_deprecated")
	jane.backend("POST", "/clients/verify", map[string]any{"token": jane.cookie("__client")}).want(t, 200, "")
	jane.backend("POST", "/clients/verify", map[string]any{"token": "x"}).want(t, 400, "cookie_invalid")
	jane.backend("POST", "/sessions/"+sid+"/tokens", nil).want(t, 200, "")
	jane.backend("POST", "/sessions/"+sid+"/tokens", map[string]any{"expires_in_seconds": 3600}).want(t, 403, "feature_not_enabled")
	jane.backend("POST", "/jwt_templates", map[string]any{"name": "other", "claims": map[string]any{"act": 1}}).want(t, 400, "jwt_template_reserved_claim")
	jane.backend("POST", "/jwt_templates", map[string]any{"name": "other", "claims": map[string]any{"who": "{{session.actor}}"}}).want(t, 200, "")
	jane.backend("POST", "/sessions/"+sid+"/tokens/other", nil).want(t, 200, "")
	jane.backend("POST", "/sessions/"+sid+"/refresh", map[string]any{"expired_token": "x", "refresh_token": "y", "request_origin": s.url}).
		want(t, 401, "expired_session_token_invalid")
	made := jane.backend("POST", "/sessions", map[string]any{"user_id": id}).want(t, 200, "")
	jane.backend("POST", "/sessions/"+made.str("id")+"/revoke", nil).want(t, 200, "")

	act := jane.backend("POST", "/actor_tokens", map[string]any{"user_id": id, "actor": map[string]any{"sub": "user_operator", "reason": "ticket 7"}}).want(t, 200, "")
	secrets.all = append(secrets.all, canary{"actor token", act.str("token"), within("answer backend POST /api/v1/actor_tokens body")})
	acting := operator.form("/v1/client/sign_ins", "strategy", "ticket", "ticket", act.str("token")).want(t, 200, "")
	secrets.cookie(operator)
	acted := acting.str("response", "created_session_id")
	if acting.str("client", "sessions", 0, "actor", "reason") != "ticket 7" {
		t.Errorf("acting: %s", acting.text)
	}
	operator.get("/api/me").want(t, 200, "")
	operator.get("/v1/me?_clerk_session_id="+acted).want(t, 200, "")
	operator.form("/v1/me/change_password?_clerk_session_id="+acted, "new_password", "another long secret").want(t, 403, "authorization_invalid")
	operator.form("/v1/client/sign_ins", "identifier", "jane@example.com").want(t, 409, "session_creation_not_allowed")
	operator.backend("POST", "/actor_tokens/"+act.str("id")+"/revoke", nil).want(t, 400, "actor_token_cannot_be_revoked_code")
	operator.backend("POST", "/sessions/"+acted+"/revoke", nil).want(t, 200, "")
	operator.get("/api/me").want(t, 401, "authentication_invalid")

	jane.backend("POST", "/invitations", map[string]any{"email_address": "joe@example.com"}).want(t, 200, "") // a mail to look into
	key := jane.backend("POST", "/secret_keys", map[string]any{"label": "next"}).want(t, 200, "")
	secrets.all = append(secrets.all, canary{"secret key", key.str("secret"), within("answer backend POST /api/v1/secret_keys body")})
	next := s.newBrowser(3, transport)
	next.bearer = key.str("secret")
	next.get("/api/v1/sessions/"+sid).want(t, 200, "")
	jane.backend("POST", "/secret_keys/"+key.str("id")+"/revoke", nil).want(t, 200, "")
	next.get("/api/v1/sessions/"+sid).want(t, 401, "clerk_key_invalid")
	jane.backend("GET", "/secret_keys", nil).want(t, 200, "")
	jane.backend("GET", "/signing_keys", nil).want(t, 200, "")
	return secrets.all
}

// The official Go SDK looks after sessions and clients of this server unmodified.
func TestGoSDKOperatesSessions(t *testing.T) {
	s := newStack(t, "SQLite")
	jane := s.newBrowser(1, http.DefaultTransport)
	id := jane.backend("POST", "/users", map[string]any{"email_address": []string{"jane@example.com"}, "skip_password_requirement": true}).want(t, 200, "").str("id")
	ctx, sessions, clients := t.Context(), clerksession.NewClient(sdkConfig(s)), clerkclient.NewClient(sdkConfig(s))

	made, err := sessions.Create(ctx, &clerksession.CreateParams{UserID: id})
	if err != nil || made.UserID != id || made.Status != "active" {
		t.Fatalf("Create = %+v, %v", made, err)
	}
	if got, err := sessions.Get(ctx, made.ID); err != nil || got.ClientID != made.ClientID {
		t.Fatalf("Get = %+v, %v", got, err)
	}
	list, err := sessions.List(ctx, &clerksession.ListParams{UserID: &id, Status: clerk.String("active")})
	if err != nil || list.TotalCount != 1 || list.Sessions[0].ID != made.ID {
		t.Fatalf("List = %+v, %v", list, err)
	}
	token, err := sessions.CreateToken(ctx, &clerksession.CreateTokenParams{ID: made.ID, ExpiresInSeconds: clerk.Int64(45)})
	if err != nil {
		t.Fatalf("CreateToken: %v", err)
	}
	keys := jwks.NewClient(sdkConfig(s))
	if claims, err := jwt.Verify(ctx, &jwt.VerifyParams{Token: token.JWT, JWKSClient: keys}); err != nil || claims.SessionID != made.ID || *claims.Expiry-*claims.IssuedAt != 45 {
		t.Errorf("token = %+v, %v", claims, err)
	}
	_, err = sessions.CreateToken(ctx, &clerksession.CreateTokenParams{ID: made.ID, TemplateName: "nothing"})
	wantSDKError(t, err, http.StatusNotFound, "resource_not_found")
	//lint:ignore SA1019 what is deprecated answers so
	_, err = sessions.Verify(ctx, &clerksession.VerifyParams{ID: made.ID, Token: &token.JWT})
	wantSDKError(t, err, http.StatusGone, "operation_deprecated")

	client, err := clients.Get(ctx, made.ClientID)
	if err != nil || len(client.Sessions) != 1 || client.Sessions[0].ID != made.ID {
		t.Fatalf("client = %+v, %v", client, err)
	}
	_, err = clients.Verify(ctx, &clerkclient.VerifyParams{Token: &token.JWT})
	wantSDKError(t, err, http.StatusBadRequest, "cookie_invalid")
	//lint:ignore SA1019 what is deprecated answers so
	_, err = clients.List(ctx, &clerkclient.ListParams{})
	wantSDKError(t, err, http.StatusGone, "operation_deprecated")
	if revoked, err := sessions.Revoke(ctx, &clerksession.RevokeParams{ID: made.ID}); err != nil || revoked.Status != "revoked" {
		t.Fatalf("Revoke = %+v, %v", revoked, err)
	}

	actors := actortoken.NewClient(sdkConfig(s))
	act, err := actors.Create(ctx, &actortoken.CreateParams{
		UserID: &id, Actor: json.RawMessage(`{"sub":"user_operator"}`), ExpiresInSeconds: clerk.Int64(60), SessionMaxDurationInSeconds: clerk.Int64(600),
	})
	if err != nil || act.UserID != id || act.Status != "pending" || act.Token == "" || act.URL == nil || !strings.Contains(string(act.Actor), "user_operator") {
		t.Fatalf("actor token = %+v, %v", act, err)
	}
	acting := jane.form("/v1/client/sign_ins", "strategy", "ticket", "ticket", act.Token).want(t, 200, "")
	jwtOf := acting.str("client", "sessions", 0, "last_active_token", "jwt")
	if claims, err := jwt.Verify(ctx, &jwt.VerifyParams{Token: jwtOf, JWKSClient: keys}); err != nil || string(claims.Actor) != `{"sub":"user_operator"}` {
		t.Errorf("the SDK sees no actor: %+v, %v", claims, err)
	}
	_, err = actors.Revoke(ctx, act.ID)
	wantSDKError(t, err, http.StatusBadRequest, "actor_token_cannot_be_revoked_code")
}
