package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/clerk/clerk-sdk-go/v2"
	"github.com/clerk/clerk-sdk-go/v2/invitation"
	"github.com/clerk/clerk-sdk-go/v2/signintoken"

	"github.com/gatehouse-dev/gatehouse/internal/e2e/spec"
)

// ticket adds the secret of a ticket: it is in the answer that creates it, in the mail, and
// in the address of the page that redeems it (L-01, K-03).
func (c *canaries) ticket(secret string) {
	c.all = append(c.all, canary{"ticket", secret, within("mail", "answer backend POST /api/v1/sign_in_tokens body",
		"answer backend POST /api/v1/invitations body", "answer frontend GET /v1/tickets/accept header")})
}

// Operators issue a sign-in token and an invitation, and people come in by them, on every
// combination of stores. Answers are checked against the published descriptions, and no
// ticket lies anywhere.
func TestTickets(t *testing.T) {
	for _, kind := range stores {
		t.Run(kind, func(t *testing.T) {
			s := newStack(t, kind)
			checked := described(t)
			lookForCanaries(t, s, useTickets(t, s, checked))
			if checked != nil {
				reportDifferences(t, checked, 15)
			}
		})
	}
}

func useTickets(t *testing.T, s *stack, checked *spec.Transport) []canary {
	const password = "canary-password-xyzzy-2"
	transport := http.DefaultTransport
	if checked != nil {
		transport = checked
	}
	jane, joe := s.newBrowser(1, transport), s.newBrowser(2, transport)
	secrets := newCanaries(s, password)
	made := jane.backend("POST", "/users", map[string]any{
		"email_address": []string{"jane@example.com"}, "password": password, "private_metadata": map[string]any{"note": privateCanary},
	}).want(t, 200, "")

	token := jane.backend("POST", "/sign_in_tokens", map[string]any{"user_id": made.str("id")}).want(t, 200, "")
	secrets.ticket(token.str("token"))
	link, err := url.Parse(token.str("url"))
	if err != nil {
		t.Fatal(err)
	}
	jane.get(link.RequestURI()).want(t, 303, "")
	jane.get("/v1/tickets/accept?ticket="+token.str("token")+"x").want(t, 400, "ticket_invalid_code")
	in := jane.form("/v1/client/sign_ins", "strategy", "ticket", "ticket", token.str("token")).want(t, 200, "")
	secrets.cookie(jane)
	secrets.token(in.str("client", "sessions", 0, "last_active_token", "jwt"))
	jane.get("/api/me").want(t, 200, "")
	jane.get("/v1/me?_clerk_session_id="+in.str("response", "created_session_id")).want(t, 200, "")
	joe.form("/v1/client/sign_ins", "strategy", "ticket", "ticket", token.str("token")).want(t, 400, "sign_in_token_already_used_code")
	jane.backend("POST", "/sign_in_tokens/"+token.str("id")+"/revoke", nil).want(t, 400, "sign_in_token_cannot_be_revoked_code")
	spare := jane.backend("POST", "/sign_in_tokens", map[string]any{"user_id": made.str("id"), "expires_in_seconds": 60}).want(t, 200, "")
	secrets.ticket(spare.str("token"))
	jane.backend("POST", "/sign_in_tokens/"+spare.str("id")+"/revoke", nil).want(t, 200, "")

	invited := jane.backend("POST", "/invitations", map[string]any{
		"email_address": "joe@example.com", "public_metadata": map[string]any{"plan": "pro"},
	}).want(t, 200, "")
	if link, err = url.Parse(invited.str("url")); err != nil {
		t.Fatal(err)
	}
	ticket := link.Query().Get("ticket")
	secrets.ticket(ticket)
	joe.get(link.RequestURI()).want(t, 303, "")
	joe.form("/v1/client/sign_ups", "strategy", "ticket", "ticket", ticket).want(t, 200, "")
	secrets.cookie(joe)
	up := joe.form("/v1/client/sign_ups", "strategy", "ticket", "ticket", ticket, "password", password).want(t, 200, "")
	if up.str("response", "status") != "complete" || up.str("client", "sessions", 0, "user", "public_metadata", "plan") != "pro" {
		t.Fatalf("sign-up by invitation: %s", up.text)
	}
	secrets.cookie(joe)
	secrets.token(up.str("client", "sessions", 0, "last_active_token", "jwt"))
	joe.backend("GET", "/users/"+up.str("response", "created_user_id"), nil).want(t, 200, "")
	joe.backend("GET", "/invitations", nil).want(t, 200, "")
	joe.backend("POST", "/invitations/"+invited.str("id")+"/revoke", nil).want(t, 400, "invitation_already_accepted")
	return secrets.all
}

// The official Go SDK issues, lists and revokes tickets of this server unmodified.
func TestGoSDKIssuesTickets(t *testing.T) {
	s := newStack(t, "SQLite")
	jane := s.newBrowser(1, http.DefaultTransport)
	id := jane.backend("POST", "/users", map[string]any{"username": "jane", "email_address": []string{"jane@example.com"}, "password": "a fine long secret"}).want(t, 200, "").str("id")
	ctx, tokens, invitations := t.Context(), signintoken.NewClient(sdkConfig(s)), invitation.NewClient(sdkConfig(s))

	token, err := tokens.Create(ctx, &signintoken.CreateParams{UserID: &id, ExpiresInSeconds: clerk.Int64(60)})
	if err != nil || token.UserID != id || token.Status != "pending" || token.Token == "" || token.URL == nil {
		t.Fatalf("Create = %+v, %v", token, err)
	}
	if revoked, err := tokens.Revoke(ctx, token.ID); err != nil || revoked.Status != "revoked" || revoked.Token != "" {
		t.Fatalf("Revoke = %+v, %v", revoked, err)
	}
	_, err = tokens.Revoke(ctx, token.ID)
	wantSDKError(t, err, http.StatusBadRequest, "sign_in_token_cannot_be_revoked_code")

	metadata := json.RawMessage(`{"plan":"pro"}`)
	made, err := invitations.Create(ctx, &invitation.CreateParams{EmailAddress: "joe@example.com", PublicMetadata: &metadata, Notify: clerk.Bool(false), ExpiresInDays: clerk.Int64(1)})
	if err != nil || made.Status != "pending" || made.URL == "" || made.ExpiresAt == nil || *made.ExpiresAt-made.CreatedAt != 24*60*60*1000 {
		t.Fatalf("Create = %+v, %v", made, err)
	}
	bulk, err := invitations.BulkCreate(ctx, &invitation.BulkCreateParams{Invitations: []*invitation.CreateParams{{EmailAddress: "a@example.com"}, {EmailAddress: "b@example.com"}}})
	if err != nil || len(bulk.Invitations) != 2 {
		t.Fatalf("BulkCreate = %+v, %v", bulk, err)
	}
	if revoked, err := invitations.Revoke(ctx, made.ID); err != nil || !revoked.Revoked || revoked.Status != "revoked" {
		t.Fatalf("Revoke = %+v, %v", revoked, err)
	}
	list, err := invitations.List(ctx, &invitation.ListParams{Statuses: []string{"pending", "revoked"}, OrderBy: clerk.String("email_address")})
	if err != nil || list.TotalCount != 3 || list.Invitations[0].EmailAddress != "a@example.com" || string(list.Invitations[2].PublicMetadata) != `{"plan":"pro"}` {
		t.Fatalf("List = %+v, %v", list, err)
	}
}
