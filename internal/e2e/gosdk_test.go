package e2e_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/clerk/clerk-sdk-go/v2"
	clerkhttp "github.com/clerk/clerk-sdk-go/v2/http"
	"github.com/clerk/clerk-sdk-go/v2/jwks"
	"github.com/clerk/clerk-sdk-go/v2/jwt"
	clerkuser "github.com/clerk/clerk-sdk-go/v2/user"
)

func sdkConfig(s *stack) *clerk.ClientConfig {
	config := &clerk.ClientConfig{}
	config.URL = clerk.String(s.url + "/api/v1")
	config.Key = clerk.String(string(s.server.SecretKey()))
	return config
}

// The official Go SDK manages users of this server unmodified.
func TestGoSDKManagesUsers(t *testing.T) {
	for _, kind := range stores {
		t.Run(kind, func(t *testing.T) { sdkManagesUsers(t, newStack(t, kind)) })
	}
}

func sdkManagesUsers(t *testing.T, s *stack) {
	users, ctx := clerkuser.NewClient(sdkConfig(s)), t.Context()
	public, private := json.RawMessage(`{"plan":"free","keep":1}`), json.RawMessage(`{"note":"n"}`)
	created, err := users.Create(ctx, &clerkuser.CreateParams{
		EmailAddresses: &[]string{"Sdk@Example.com"}, Password: clerk.String("a fine long secret"),
		FirstName: clerk.String("Go"), ExternalID: clerk.String("app-1"),
		PublicMetadata: &public, PrivateMetadata: &private,
	})
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	if len(created.EmailAddresses) != 1 || created.PrimaryEmailAddressID == nil || *created.PrimaryEmailAddressID != created.EmailAddresses[0].ID {
		t.Fatalf("the first e-mail address is not primary: %+v", created)
	}
	patch := json.RawMessage(`{"plan":"pro","keep":null}`)
	if _, err := users.UpdateMetadata(ctx, created.ID, &clerkuser.UpdateMetadataParams{PublicMetadata: &patch}); err != nil {
		t.Fatalf("UpdateMetadata: %v", err)
	}
	if _, err := users.Update(ctx, created.ID, &clerkuser.UpdateParams{LastName: clerk.String("Pher")}); err != nil {
		t.Fatalf("Update: %v", err)
	}
	got, err := users.Get(ctx, created.ID)
	if err != nil || *got.LastName != "Pher" || string(got.PublicMetadata) != `{"plan":"pro"}` || string(got.PrivateMetadata) != `{"note":"n"}` {
		t.Fatalf("Get = %+v, %v", got, err)
	}
	list, err := users.List(ctx, &clerkuser.ListParams{EmailAddresses: []string{"sdk@example.com"}})
	if err != nil || list.TotalCount != 1 || list.Users[0].ID != created.ID {
		t.Fatalf("List = %+v, %v", list, err)
	}
	if banned, err := users.Ban(ctx, created.ID); err != nil || !banned.Banned {
		t.Fatalf("Ban = %+v, %v", banned, err)
	}
	if unbanned, err := users.Unban(ctx, created.ID); err != nil || unbanned.Banned {
		t.Fatalf("Unban = %+v, %v", unbanned, err)
	}
	_, err = users.Create(ctx, &clerkuser.CreateParams{EmailAddresses: &[]string{"sdk@example.com"}, Password: clerk.String("a fine long secret")})
	wantSDKError(t, err, http.StatusUnprocessableEntity, "form_identifier_exists")
	if deleted, err := users.Delete(ctx, created.ID); err != nil || !deleted.Deleted {
		t.Fatalf("Delete = %+v, %v", deleted, err)
	}
	_, err = users.Get(ctx, created.ID)
	wantSDKError(t, err, http.StatusNotFound, "resource_not_found")

	stranger := sdkConfig(s)
	stranger.Key = clerk.String("sk_test_somethingelse")
	_, err = clerkuser.NewClient(stranger).Get(ctx, created.ID)
	wantSDKError(t, err, http.StatusUnauthorized, "clerk_key_invalid")
}

func wantSDKError(t *testing.T, err error, status int, code string) {
	t.Helper()
	var refused *clerk.APIErrorResponse
	if !errors.As(err, &refused) || refused.HTTPStatusCode != status || len(refused.Errors) == 0 || refused.Errors[0].Code != code {
		t.Fatalf("error = %v, want %d %s", err, status, code)
	}
}

// The official Go SDK verifies this server's tokens, and its middleware lets them in.
func TestGoSDKVerifiesTokens(t *testing.T) {
	s := newStack(t, "SQLite")
	jane := s.newBrowser(1, http.DefaultTransport)
	jane.backend("POST", "/users", map[string]any{"email_address": []string{"jane@example.com"}, "password": "a fine long secret"}).want(t, 200, "")
	in := jane.form("/v1/client/sign_ins", "identifier", "jane@example.com", "password", "a fine long secret").want(t, 200, "")
	token := in.str("client", "sessions", 0, "last_active_token", "jwt")

	keys := jwks.NewClient(sdkConfig(s))
	claims, err := jwt.Verify(t.Context(), &jwt.VerifyParams{Token: token, JWKSClient: keys})
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	if want := in.str("client", "sessions", 0, "user", "id"); claims.Subject != want || claims.SessionID != in.str("response", "created_session_id") {
		t.Errorf("claims = %+v, want subject %s", claims, want)
	}

	var subject string
	protected := clerkhttp.RequireHeaderAuthorization(clerkhttp.JWKSClient(keys))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c, _ := clerk.SessionClaimsFromContext(r.Context())
		subject = c.Subject
	}))
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	request.Header.Set("Authorization", "Bearer "+token)
	recorder := httptest.NewRecorder()
	protected.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusOK || subject != claims.Subject {
		t.Errorf("the SDK's middleware answered %d for %q", recorder.Code, subject)
	}
}
