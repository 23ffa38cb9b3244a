package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

// clients returns both kinds of client of one server: they do the same.
func clients(t *testing.T) (*gatehousetest.Server, map[string]*client.Client) {
	t.Helper()
	s := gatehousetest.New(t)
	remote, err := client.New(client.Config{URL: s.URL + "/api", SecretKey: client.Secret(s.SecretKey())})
	if err != nil {
		t.Fatal(err)
	}
	return s, map[string]*client.Client{"http": remote, "in_process": s.BackendAPI()}
}

func TestUsers(t *testing.T) {
	_, all := clients(t)
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			joined := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
			u, err := c.Users.Create(ctx, client.NewUser{
				ExternalID: name, EmailAddresses: []string{name + "@example.com", name + "@example.org"}, PhoneNumbers: []string{"+1415555267" + fmt.Sprint(len(name)%10)},
				Username: "ada_" + name, FirstName: "Ada", LastName: "Lovelace", Password: gatehousetest.Password,
				PublicMetadata: map[string]any{"plan": "pro", "seats": 3}, PrivateMetadata: json.RawMessage(`{"note":"x"}`), CreatedAt: joined,
			})
			if err != nil {
				t.Fatal(err)
			}
			if u.PrimaryEmailAddress() != name+"@example.com" || len(u.EmailAddresses) != 2 || u.PrimaryPhoneNumber() == "" || !u.PasswordEnabled || !u.CreatedAt.Equal(joined) {
				t.Errorf("Create = %+v", u)
			}
			if got, err := c.Users.Get(ctx, u.ID); err != nil || got.Username != "ada_"+name || got.ExternalID != name {
				t.Errorf("Get = %+v, %v", got, err)
			}
			u, err = c.Users.Update(ctx, u.ID, client.UserChange{FirstName: client.Set("Augusta"), LastName: client.Clear[string]()})
			if err != nil || u.FirstName != "Augusta" || u.LastName != "" || u.Username != "ada_"+name {
				t.Errorf("Update = %+v, %v", u, err)
			}
			u, err = c.Users.UpdateMetadata(ctx, u.ID, client.MetadataChange{Public: map[string]any{"seats": nil, "beta": true}})
			var public map[string]any
			if err == nil {
				err = u.PublicMetadata.Decode(&public)
			}
			if err != nil || len(public) != 2 || public["plan"] != "pro" || public["beta"] != true || string(u.PrivateMetadata) != `{"note":"x"}` {
				t.Errorf("UpdateMetadata = %v, %s, %v", public, u.PrivateMetadata, err)
			}
			u, err = c.Users.ReplaceMetadata(ctx, u.ID, client.MetadataChange{Public: struct{}{}})
			if err != nil || string(u.PublicMetadata) != "{}" || string(u.PrivateMetadata) != `{"note":"x"}` {
				t.Errorf("ReplaceMetadata = %+v, %v", u, err)
			}
			for _, step := range []struct {
				do     func() (*client.User, error)
				banned bool
				locked bool
			}{
				{func() (*client.User, error) { return c.Users.Ban(ctx, u.ID) }, true, false},
				{func() (*client.User, error) { return c.Users.Lock(ctx, u.ID) }, true, true},
				{func() (*client.User, error) { return c.Users.Unban(ctx, u.ID) }, false, true},
				{func() (*client.User, error) { return c.Users.Unlock(ctx, u.ID) }, false, false},
			} {
				if u, err = step.do(); err != nil || u.Banned != step.banned || u.Locked != step.locked {
					t.Fatalf("banned %v, locked %v, %v; want %v, %v", u.Banned, u.Locked, err, step.banned, step.locked)
				}
			}
			if u, err = c.Users.SetImage(ctx, u.ID, picture(t)); err != nil || !u.HasImage {
				t.Errorf("SetImage = %+v, %v", u, err)
			}
			if u, err = c.Users.RemoveImage(ctx, u.ID); err != nil || u.HasImage || u.ImageURL == "" {
				t.Errorf("RemoveImage = %+v, %v", u, err)
			}
			if _, err := c.Users.SetImage(ctx, u.ID, strings.NewReader("no picture")); !is(err, 400, "request_body_invalid") {
				t.Errorf("SetImage of text: %v", err)
			}
			if err := c.Users.Delete(ctx, u.ID); err != nil {
				t.Errorf("Delete = %v", err)
			}
			if err := c.Users.Delete(ctx, u.ID); !errors.Is(err, client.ErrNotFound) {
				t.Errorf("Delete again = %v", err)
			}
		})
	}
}

func is(err error, status int, code string) bool {
	e, ok := errors.AsType[*client.Error](err)
	return ok && e.Status == status && e.Has(code)
}

func picture(t *testing.T) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestUserQuery(t *testing.T) {
	s := gatehousetest.New(t)
	c, ctx := s.BackendAPI(), t.Context()
	create := func(n client.NewUser) *client.User {
		t.Helper()
		u, err := c.Users.Create(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	year := func(n int) time.Time { return time.Date(n, 1, 1, 0, 0, 0, 0, time.UTC) }
	ada := create(client.NewUser{EmailAddresses: []string{"ada@example.com"}, FirstName: "Ada", LastName: "Lovelace", CreatedAt: year(2020), SkipPasswordRequirement: true})
	bob := create(client.NewUser{EmailAddresses: []string{"bob@elsewhere.test"}, Username: "bob_the_builder", ExternalID: "-7", CreatedAt: year(2021), Banned: true, SkipUserRequirement: true, SkipPasswordRequirement: true})
	eve := create(client.NewUser{PhoneNumbers: []string{"+14155552671"}, CreatedAt: year(2022), SkipUserRequirement: true, SkipPasswordRequirement: true})
	for name, tt := range map[string]struct {
		q    client.UserQuery
		want []*client.User
	}{
		"all":            {client.UserQuery{}, []*client.User{eve, bob, ada}},
		"id":             {client.UserQuery{IDs: []string{ada.ID, eve.ID}}, []*client.User{eve, ada}},
		"external_id":    {client.UserQuery{ExternalIDs: []string{"-7"}}, []*client.User{bob}},
		"email":          {client.UserQuery{EmailAddresses: []string{"ADA@example.com"}}, []*client.User{ada}},
		"phone":          {client.UserQuery{PhoneNumbers: []string{"+14155552671"}}, []*client.User{eve}},
		"username":       {client.UserQuery{Usernames: []string{"bob_the_builder"}}, []*client.User{bob}},
		"query":          {client.UserQuery{Query: "LOVE"}, []*client.User{ada}},
		"email_query":    {client.UserQuery{EmailAddressQuery: "example"}, []*client.User{ada}},
		"phone_query":    {client.UserQuery{PhoneNumberQuery: "555"}, []*client.User{eve}},
		"username_query": {client.UserQuery{UsernameQuery: "build"}, []*client.User{bob}},
		"name_query":     {client.UserQuery{NameQuery: "ada l"}, []*client.User{ada}},
		"banned":         {client.UserQuery{Banned: new(true)}, []*client.User{bob}},
		"not_banned":     {client.UserQuery{Banned: new(false)}, []*client.User{eve, ada}},
		"created":        {client.UserQuery{CreatedAfter: year(2020), CreatedBefore: year(2022)}, []*client.User{bob}},
		"order":          {client.UserQuery{OrderBy: "created_at"}, []*client.User{ada, bob, eve}},
		"page":           {client.UserQuery{Limit: 1, Offset: 1}, []*client.User{bob}},
		"starting_after": {client.UserQuery{StartingAfter: eve.ID, Limit: 1}, []*client.User{bob}},
		"never_active":   {client.UserQuery{LastActiveBefore: year(3000)}, nil},
		"never_in":       {client.UserQuery{LastSignedInAfter: year(2000), LastSignedInBefore: year(3000)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.Users.List(ctx, tt.q)
			if err != nil || !slices.Equal(userIDs(got), userIDs(tt.want)) {
				t.Errorf("List = %v, %v; want %v", userIDs(got), err, userIDs(tt.want))
			}
			if tt.q.Limit > 0 {
				return
			}
			if n, err := c.Users.Count(ctx, tt.q); err != nil || n != len(tt.want) {
				t.Errorf("Count = %d, %v; want %d", n, err, len(tt.want))
			}
		})
	}
	if _, err := c.Users.List(ctx, client.UserQuery{OrderBy: "shoe_size"}); !is(err, 422, "form_param_value_invalid") {
		t.Errorf("order by what there is not: %v", err)
	}
}

func userIDs(users []*client.User) []string {
	out := []string{}
	for _, u := range users {
		out = append(out, u.ID)
	}
	return out
}

// All gives everybody once, in any order and size of page, also to a loop that deletes.
func TestUsersAll(t *testing.T) {
	s := gatehousetest.New(t)
	c, ctx := s.BackendAPI(), t.Context()
	want := map[string]bool{}
	for n := range 7 {
		u, err := c.Users.Create(ctx, client.NewUser{EmailAddresses: []string{fmt.Sprintf("user%d@example.com", n)}, SkipPasswordRequirement: true})
		if err != nil {
			t.Fatal(err)
		}
		want[u.ID] = true
	}
	for _, order := range []string{"", "created_at", "-created_at", "email_address", "-email_address"} {
		for _, limit := range []int{0, 1, 2, 7} {
			s.Clock.Advance(10 * time.Second) // a new window of the key's limit
			got := map[string]bool{}
			for u, err := range c.Users.All(ctx, client.UserQuery{OrderBy: order, Limit: limit}) {
				if err != nil || got[u.ID] {
					t.Fatalf("order %q, limit %d: %v, %v", order, limit, u, err)
				}
				got[u.ID] = true
			}
			if len(got) != len(want) {
				t.Errorf("order %q, limit %d: %d users, want %d", order, limit, len(got), len(want))
			}
		}
	}
	for range c.Users.All(ctx, client.UserQuery{Limit: 2}) {
		break
	}
	for u, err := range c.Users.All(ctx, client.UserQuery{Limit: 2}) {
		if err == nil {
			err = c.Users.Delete(ctx, u.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		delete(want, u.ID)
	}
	if len(want) != 0 {
		t.Errorf("a loop that deletes left out %v", want)
	}
}

func TestSessions(t *testing.T) {
	s, all := clients(t)
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			u := s.CreateUser()
			for range 3 {
				s.SignIn(u)
			}
			page, err := c.Sessions.List(ctx, client.SessionQuery{UserID: string(u.ID), Limit: 2})
			if err != nil || len(page.Data) != 2 || page.TotalCount != 3 || page.Data[0].UserID != string(u.ID) || page.Data[0].Status != "active" {
				t.Fatalf("List = %+v, %v", page, err)
			}
			revoked, err := c.Sessions.Revoke(ctx, page.Data[0].ID)
			if err != nil || revoked.Status != "revoked" {
				t.Errorf("Revoke = %+v, %v", revoked, err)
			}
			if got, err := c.Sessions.Get(ctx, revoked.ID); err != nil || got.Status != "revoked" {
				t.Errorf("Get = %+v, %v", got, err)
			}
			n := 0
			for ss, err := range c.Sessions.All(ctx, client.SessionQuery{ClientID: page.Data[1].ClientID, Status: "active", Limit: 1}) {
				if err != nil || ss.ID != page.Data[1].ID {
					t.Errorf("All: %+v, %v", ss, err)
				}
				n++
			}
			if n != 1 {
				t.Errorf("All of a browser: %d sessions, want 1", n)
			}
			if _, err := c.Sessions.List(ctx, client.SessionQuery{}); !is(err, 422, "form_param_missing") {
				t.Errorf("List of nobody: %v", err)
			}
		})
	}
}

func TestTickets(t *testing.T) {
	s, all := clients(t)
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			u := s.CreateUser()
			token, err := c.SignInTokens.Create(ctx, string(u.ID), time.Hour)
			if err != nil || token.Token == "" || !strings.Contains(string(token.URL), "ticket") || token.UserID != string(u.ID) || token.Status != "pending" {
				t.Fatalf("Create = %+v, %v", token, err)
			}
			if token, err = c.SignInTokens.Revoke(ctx, token.ID); err != nil || token.Status != "revoked" {
				t.Errorf("Revoke = %+v, %v", token, err)
			}
			acting, err := c.ActorTokens.Create(ctx, client.NewActorToken{
				UserID: string(u.ID), Actor: map[string]any{"sub": "user_operator"}, Life: time.Minute, SessionLife: 5 * time.Minute,
			})
			if err != nil || acting.Token == "" || acting.URL == "" || !strings.Contains(string(acting.Actor), "user_operator") {
				t.Fatalf("Create = %+v, %v", acting, err)
			}
			if acting, err = c.ActorTokens.Revoke(ctx, acting.ID); err != nil || acting.Status != "revoked" {
				t.Errorf("Revoke = %+v, %v", acting, err)
			}
			invited, err := c.Invitations.Create(ctx, client.NewInvitation{
				EmailAddress: name + "@example.com", PublicMetadata: map[string]any{"team": 7}, ExpiresInDays: 3, Silent: true,
			})
			if err != nil || invited.URL == "" || string(invited.PublicMetadata) != `{"team":7}` || len(s.Messages(name+"@example.com")) != 0 {
				t.Fatalf("Create = %+v, %v", invited, err)
			}
			if _, err := c.Invitations.Create(ctx, client.NewInvitation{EmailAddress: name + "@example.com"}); !errors.Is(err, client.ErrTaken) {
				t.Errorf("Create again = %v", err)
			}
			page, err := c.Invitations.List(ctx, client.InvitationQuery{Query: name, Statuses: []string{"pending"}})
			if err != nil || page.TotalCount != 1 || page.Data[0].ID != invited.ID {
				t.Errorf("List = %+v, %v", page, err)
			}
			if invited, err = c.Invitations.Revoke(ctx, invited.ID); err != nil || !invited.Revoked {
				t.Errorf("Revoke = %+v, %v", invited, err)
			}
			for i, err := range c.Invitations.All(ctx, client.InvitationQuery{Query: name}) {
				t.Errorf("All without revoked ones: %+v, %v", i, err)
			}
		})
	}
}

func TestInstance(t *testing.T) {
	_, all := clients(t)
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if i, err := c.Instance.Get(ctx); err != nil || i.EnvironmentType != "development" || i.ID == "" {
				t.Errorf("Get = %+v, %v", i, err)
			}
			was, err := c.Instance.Settings(ctx)
			if err != nil {
				t.Fatal(err)
			}
			now, err := c.Instance.UpdateSettings(ctx, client.SettingsChange{Settings: map[string]any{"email_address.required": false, "app_name": "Acme"}, Version: &was.Version})
			if err != nil || !slices.Equal(now.Changed, []string{"app_name", "email_address.required"}) || !bytes.Contains(now.Settings, []byte(`"Acme"`)) {
				t.Errorf("UpdateSettings = %+v, %v", now, err)
			}
			if _, err := c.Instance.UpdateSettings(ctx, client.SettingsChange{Settings: map[string]any{"app_name": "B"}, Version: &was.Version}); !errors.Is(err, client.ErrConflict) {
				t.Errorf("UpdateSettings of an old version: %v", err)
			}
			if now, err = c.Instance.UpdateSettings(ctx, client.SettingsChange{Settings: map[string]any{"app_name": nil, "email_address": nil}}); err != nil || len(now.Changed) != 0 {
				t.Errorf("UpdateSettings back = %+v, %v", now, err)
			}
			made, err := c.JWTTemplates.Create(ctx, client.JWTTemplateFields{Name: "hasura", Claims: map[string]any{"role": "user"}, AllowedClockSkew: new(0)})
			if err != nil || made.Lifetime != 60 || made.AllowedClockSkew != 0 {
				t.Fatalf("Create = %+v, %v", made, err)
			}
			if made, err = c.JWTTemplates.Update(ctx, made.ID, client.JWTTemplateFields{Name: "hasura2", Claims: json.RawMessage(`{}`), Lifetime: 90}); err != nil || made.Name != "hasura2" || made.Lifetime != 90 {
				t.Errorf("Update = %+v, %v", made, err)
			}
			if page, err := c.JWTTemplates.List(ctx, 0, 0); err != nil || page.TotalCount != 1 {
				t.Errorf("List = %+v, %v", page, err)
			}
			if err := c.JWTTemplates.Delete(ctx, made.ID); err != nil {
				t.Errorf("Delete = %v", err)
			}
			if _, err := c.JWTTemplates.Get(ctx, made.ID); !errors.Is(err, client.ErrNotFound) {
				t.Errorf("Get = %v", err)
			}
			if token, err := c.TestingTokens.Create(ctx); err != nil || token.Token == "" || token.ExpiresAt.Before(time.Now()) {
				t.Errorf("TestingTokens.Create = %+v, %v", token, err)
			}
		})
	}
}

// What the server says about a thing, the client says, too: each member of an answer is one
// of the type, but for those that are never anything here.
func TestAnswersAreWhole(t *testing.T) {
	constant := []string{
		"object", "web3_wallets", "external_accounts", "enterprise_accounts", "saml_accounts", "passkeys", "primary_web3_wallet_id",
		"deprovisioned", "verification_attempts_remaining", "matches_sso_connection", "backup_codes", "last_active_organization_id",
		"tasks", "custom_signing_key", "workspace_id",
	}
	s := gatehousetest.New(t)
	u := s.CreateUser(gatehousetest.Name("Ada", "L"))
	s.SignIn(u)
	ctx := t.Context()
	if _, err := s.BackendAPI().Invitations.Create(ctx, client.NewInvitation{EmailAddress: "eve@example.com", Silent: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.BackendAPI().JWTTemplates.Create(ctx, client.JWTTemplateFields{Name: "a", Claims: struct{}{}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.BackendAPI().Users.DeleteMany(ctx, client.Selection{Filter: &client.UserQuery{Query: "nobody"}}); err != nil {
		t.Fatal(err)
	}
	for path, into := range map[string]any{
		"/users": new([]*client.User), "/sessions?paginated=true&user_id=" + string(u.ID): new(client.Page[*client.Session]),
		"/invitations?paginated=true": new(client.Page[*client.Invitation]), "/jwt_templates?paginated=true": new(client.Page[*client.JWTTemplate]),
		"/jobs": new(client.Page[*client.Job]), "/signing_keys": new(client.Page[*client.SigningKey]), "/secret_keys": new(client.Page[*client.SecretKey]),
		"/instance": new(client.InstanceInfo), "/instance/settings": new(client.Settings),
	} {
		req, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/api/v1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+string(s.SecretKey()))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var answer any
		err = json.NewDecoder(res.Body).Decode(&answer)
		res.Body.Close()
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("%s: %d, %v", path, res.StatusCode, err)
		}
		raw, err := json.Marshal(without(answer, constant))
		if err != nil {
			t.Fatal(err)
		}
		strict := json.NewDecoder(bytes.NewReader(raw))
		strict.DisallowUnknownFields()
		if err := strict.Decode(into); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// without takes members out of an answer, at any depth.
func without(v any, names []string) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			if slices.Contains(names, name) {
				delete(v, name)
				continue
			}
			v[name] = without(v[name], names)
		}
	case []any:
		for i := range v {
			v[i] = without(v[i], names)
		}
	}
	return v
}
