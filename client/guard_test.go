package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/client"
)

const canary = "sk_test_canary"

// answering returns a client of a handler.
func answering(t *testing.T, handler http.HandlerFunc) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Handler: handler, SecretKey: canary})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// I-09: what is no id never becomes part of a URL: no request is made.
func TestIDsAreChecked(t *testing.T) {
	c := answering(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("a request was made: %s %s", r.Method, r.URL) })
	ctx := context.Background()
	calls := map[string]func(id string) error{
		"Users.Get":             func(id string) error { _, err := c.Users.Get(ctx, id); return err },
		"Users.Update":          func(id string) error { _, err := c.Users.Update(ctx, id, client.UserChange{}); return err },
		"Users.UpdateMetadata":  func(id string) error { _, err := c.Users.UpdateMetadata(ctx, id, client.MetadataChange{}); return err },
		"Users.ReplaceMetadata": func(id string) error { _, err := c.Users.ReplaceMetadata(ctx, id, client.MetadataChange{}); return err },
		"Users.Delete":          func(id string) error { return c.Users.Delete(ctx, id) },
		"Users.Ban":             func(id string) error { _, err := c.Users.Ban(ctx, id); return err },
		"Users.Unban":           func(id string) error { _, err := c.Users.Unban(ctx, id); return err },
		"Users.Lock":            func(id string) error { _, err := c.Users.Lock(ctx, id); return err },
		"Users.Unlock":          func(id string) error { _, err := c.Users.Unlock(ctx, id); return err },
		"Users.VerifyPassword":  func(id string) error { _, err := c.Users.VerifyPassword(ctx, id, ""); return err },
		"Users.VerifyTOTP":      func(id string) error { _, err := c.Users.VerifyTOTP(ctx, id, ""); return err },
		"Users.RemovePassword":  func(id string) error { _, err := c.Users.RemovePassword(ctx, id, false); return err },
		"Users.DisableMFA":      func(id string) error { return c.Users.DisableMFA(ctx, id) },
		"Users.SetImage":        func(id string) error { _, err := c.Users.SetImage(ctx, id, strings.NewReader("")); return err },
		"Users.RemoveImage":     func(id string) error { _, err := c.Users.RemoveImage(ctx, id); return err },
		"Users.List": func(id string) error {
			_, err := c.Users.List(ctx, client.UserQuery{IDs: []string{"user_1", id}})
			return err
		},
		"Users.List behind": func(id string) error {
			_, err := c.Users.List(ctx, client.UserQuery{StartingAfter: id + " "})
			return err
		},
		"Users.Count": func(id string) error {
			_, err := c.Users.Count(ctx, client.UserQuery{IDs: []string{id}})
			return err
		},
		"Sessions.Get":    func(id string) error { _, err := c.Sessions.Get(ctx, id); return err },
		"Sessions.Revoke": func(id string) error { _, err := c.Sessions.Revoke(ctx, id); return err },
		"Sessions.List": func(id string) error {
			_, err := c.Sessions.List(ctx, client.SessionQuery{UserID: id + " "})
			return err
		},
		"Sessions.List of a browser": func(id string) error {
			_, err := c.Sessions.List(ctx, client.SessionQuery{ClientID: id + " "})
			return err
		},
		"EmailAddresses.Get": func(id string) error { _, err := c.EmailAddresses.Get(ctx, id); return err },
		"EmailAddresses.Create": func(id string) error {
			_, err := c.EmailAddresses.Create(ctx, client.NewAddress{UserID: id})
			return err
		},
		"EmailAddresses.Update": func(id string) error {
			_, err := c.EmailAddresses.Update(ctx, id, client.AddressChange{})
			return err
		},
		"EmailAddresses.Delete": func(id string) error { return c.EmailAddresses.Delete(ctx, id) },
		"PhoneNumbers.Get":      func(id string) error { _, err := c.PhoneNumbers.Get(ctx, id); return err },
		"PhoneNumbers.Create": func(id string) error {
			_, err := c.PhoneNumbers.Create(ctx, client.NewAddress{UserID: id})
			return err
		},
		"PhoneNumbers.Update": func(id string) error {
			_, err := c.PhoneNumbers.Update(ctx, id, client.AddressChange{})
			return err
		},
		"PhoneNumbers.Delete": func(id string) error { return c.PhoneNumbers.Delete(ctx, id) },
		"SignInTokens.Create": func(id string) error { _, err := c.SignInTokens.Create(ctx, id, 0); return err },
		"SignInTokens.Revoke": func(id string) error { _, err := c.SignInTokens.Revoke(ctx, id); return err },
		"ActorTokens.Create": func(id string) error {
			_, err := c.ActorTokens.Create(ctx, client.NewActorToken{UserID: id})
			return err
		},
		"ActorTokens.Revoke": func(id string) error { _, err := c.ActorTokens.Revoke(ctx, id); return err },
		"Invitations.Revoke": func(id string) error { _, err := c.Invitations.Revoke(ctx, id); return err },
		"Jobs.Get":           func(id string) error { _, err := c.Jobs.Get(ctx, id); return err },
		"Jobs.Cancel":        func(id string) error { _, err := c.Jobs.Cancel(ctx, id); return err },
		"Users.DeleteMany": func(id string) error {
			_, err := c.Users.DeleteMany(ctx, client.Selection{IDs: []string{id}})
			return err
		},
		"Users.DeleteMany by filter": func(id string) error {
			_, err := c.Users.DeleteMany(ctx, client.Selection{Filter: &client.UserQuery{IDs: []string{id}}})
			return err
		},
		"SigningKeys.Promote": func(id string) error { _, err := c.SigningKeys.Promote(ctx, id); return err },
		"SigningKeys.Retire":  func(id string) error { _, err := c.SigningKeys.Retire(ctx, id); return err },
		"SigningKeys.Revoke":  func(id string) error { _, err := c.SigningKeys.Revoke(ctx, id); return err },
		"SecretKeys.Revoke":   func(id string) error { _, err := c.SecretKeys.Revoke(ctx, id); return err },
		"JWTTemplates.Get":    func(id string) error { _, err := c.JWTTemplates.Get(ctx, id); return err },
		"JWTTemplates.Update": func(id string) error {
			_, err := c.JWTTemplates.Update(ctx, id, client.JWTTemplateFields{})
			return err
		},
		"JWTTemplates.Delete": func(id string) error { return c.JWTTemplates.Delete(ctx, id) },
	}
	for name, call := range calls {
		for _, id := range []string{
			"", "../users", "user_../../instance", "*", "user_*", "user_1/ban", "user_1?x=1", "user_1#", "user_1%2fban", "user_1\r\nX: y",
			"user_", "user", "user_ ", "USER_1", "user_ä", "users_1", "user_" + strings.Repeat("a", 65),
		} {
			err := call(id)
			if _, ok := errors.AsType[*client.IDError](err); !ok || !errors.Is(err, client.ErrNotFound) {
				t.Errorf("%s(%q) = %v, want an IDError that is ErrNotFound", name, id, err)
			}
		}
	}
}

// L-02: however a client and what holds a secret are printed, the secret is not.
func TestSecretsAreRedacted(t *testing.T) {
	c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"sit_1","token":"`+canary+`","url":"https://`+canary+`"}`)
	})
	token, err := c.SignInTokens.Create(t.Context(), "user_1", 0)
	if err != nil || token.Token != canary || token.URL != "https://"+canary {
		t.Fatalf("Create = %v", err)
	}
	for _, v := range []any{
		c, *c,
		client.Config{SecretKey: canary},
		token, *token,
		client.NewUser{Password: canary, PasswordDigest: canary, TOTPSecret: canary, BackupCodes: []client.Secret{canary}},
		client.UserChange{Password: canary},
		&client.NewUser{Password: canary},
	} {
		var out strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if _, isClient := v.(client.Client); !isClient {
			raw, _ := json.Marshal(v) // what cannot be marshalled shows nothing
			out.Write(raw)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		if strings.Contains(out.String(), canary) {
			t.Errorf("%T shows its secret:\n%s", v, out.String())
		}
	}
}

// The password is sent all the same.
func TestPasswordIsSent(t *testing.T) {
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), `"password":"canary"`) {
			t.Errorf("%s %s sends %s", r.Method, r.URL, body)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{}`)
	})
	if _, err := c.Users.Create(t.Context(), client.NewUser{Username: "ada", Password: "canary", SkipUserRequirement: true, SkipPasswordRequirement: true}); err != nil {
		t.Error(err)
	}
	if _, err := c.Users.Update(t.Context(), "user_1", client.UserChange{Password: "canary"}); err != nil {
		t.Error(err)
	}
}

// The key goes to the configured server alone, wherever that leads.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request came, with %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+canary {
				t.Errorf("Authorization = %q", r.Header.Get("Authorization"))
			}
			http.Redirect(w, r, elsewhere.URL, status)
		}))
		follows := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
		for _, hc := range []*http.Client{nil, follows} {
			c, err := client.New(client.Config{URL: server.URL, SecretKey: canary, HTTPClient: hc})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Users.Get(t.Context(), "user_1")
			if e, ok := errors.AsType[*client.Error](err); !ok || e.Status != status || strings.Contains(err.Error(), canary) {
				t.Errorf("%d: %v", status, err)
			}
		}
		server.Close()
	}
}

func TestOtherAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		status      int
		contentType string
		body        string
		want        error
	}{
		"page":         {200, "text/html; charset=utf-8", "<h1>hello</h1>", client.ErrNotAnAPI},
		"no_type":      {200, "", "{}", client.ErrNotAnAPI},
		"not_json":     {200, "application/json", "{", client.ErrNotAnAPI},
		"other_shape":  {200, "application/json", `{"id":7}`, client.ErrNotAnAPI},
		"unauthorized": {401, "application/json", `{"errors":[{"code":"clerk_key_invalid","message":"x"}]}`, client.ErrUnauthorized},
		"forbidden":    {403, "application/json", `{"errors":[{"code":"feature_not_enabled","message":"x"}]}`, client.ErrForbidden},
		"conflict":     {409, "application/json", `{"errors":[{"code":"conflict","message":"x"}]}`, client.ErrConflict},
		"taken":        {422, "application/json", `{"errors":[{"code":"x"},{"code":"form_identifier_exists"}]}`, client.ErrTaken},
		"proxy":        {502, "text/html", "<h1>bad gateway</h1>", client.ErrUnavailable},
		"no_errors":    {404, "application/json", `{"errors":[]}`, client.ErrNotFound},
		"html_404":     {404, "text/html", `nothing here`, client.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := client.New(client.Config{SecretKey: canary, MaxRetries: -1, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = []string{tt.contentType}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})})
			if err != nil {
				t.Fatal(err)
			}
			u, err := c.Users.Get(t.Context(), "user_1")
			if u != nil || !errors.Is(err, tt.want) {
				t.Errorf("Get = %v, %v; want %v", u, err, tt.want)
			}
			if strings.Contains(err.Error(), "<h1>") || err.Error() == "" {
				t.Errorf("the error is %q", err)
			}
		})
	}
}

// endless answers with a body that has no end.
type endless struct{}

func (endless) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(endless{}), Request: r}, nil
}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// An answer is read up to a bound.
func TestEndlessAnswer(t *testing.T) {
	c, err := client.New(client.Config{URL: "https://app.example.com/api", SecretKey: canary, HTTPClient: &http.Client{Transport: endless{}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Users.Get(t.Context(), "user_1"); !errors.Is(err, client.ErrTooLarge) {
		t.Errorf("Get = %v", err)
	}
}

func TestErrorText(t *testing.T) {
	c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(500)
		_, _ = io.WriteString(w, `{"errors":[{"code":"a","message":"short","long_message":"Something is wrong.","meta":{"param_name":"p"}},{"code":"b","message":"short"}],"clerk_trace_id":"t1"}`)
	})
	_, err := c.Users.Get(t.Context(), "user_1")
	if want := "p: Something is wrong (500 a); short (500 b), trace t1"; err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestNew(t *testing.T) {
	handler := http.NotFoundHandler()
	for name, tt := range map[string]struct {
		cfg  client.Config
		want string // of String, or in the error
	}{
		"plain":          {client.Config{URL: "https://a.example/api", SecretKey: canary}, "client of https://a.example/api/v1"},
		"slash":          {client.Config{URL: "https://a.example/api/", SecretKey: canary}, "client of https://a.example/api/v1"},
		"version":        {client.Config{URL: "http://localhost:8080/x/api/v1", SecretKey: canary}, "client of http://localhost:8080/x/api/v1"},
		"host":           {client.Config{URL: "https://a.example", SecretKey: canary}, "client of https://a.example/v1"},
		"handler":        {client.Config{Handler: handler, SecretKey: canary}, "client of http://gatehouse.invalid/v1"},
		"nothing":        {client.Config{SecretKey: canary}, "URL"},
		"relative":       {client.Config{URL: "/api", SecretKey: canary}, "URL"},
		"no_scheme":      {client.Config{URL: "a.example/api", SecretKey: canary}, "URL"},
		"file":           {client.Config{URL: "file://a.example/api", SecretKey: canary}, "URL"},
		"query":          {client.Config{URL: "https://a.example/api?x", SecretKey: canary}, "URL"},
		"password":       {client.Config{URL: "https://a:canary@a.example/api", SecretKey: canary}, "URL"},
		"both":           {client.Config{URL: "https://a.example/api", Handler: handler, SecretKey: canary}, "keep one"},
		"no_key":         {client.Config{URL: "https://a.example/api"}, "SecretKey"},
		"key_with_break": {client.Config{URL: "https://a.example/api", SecretKey: canary + "\n"}, "SecretKey"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := client.New(tt.cfg)
			got := fmt.Sprint(err)
			if err == nil {
				got = c.String()
			}
			if !strings.Contains(got, tt.want) || strings.Contains(got, "canary") {
				t.Errorf("New = %s, want %s", got, tt.want)
			}
		})
	}
}

// A handler in this process ends as one on a server does.
func TestInProcess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI != "/v1/users/user_1" || r.Body == nil || r.Method != "GET" || r.Context().Err() != nil {
			t.Errorf("%s %s, %v", r.Method, r.RequestURI, r.Context().Err())
		}
		cancel()
		panic(http.ErrAbortHandler)
	})
	if _, err := c.Users.Get(ctx, "user_1"); err == nil {
		t.Error("a handler that gave up has answered")
	}
	if _, err := c.Users.Get(ctx, "user_1"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get with a context that has ended = %v", err)
	}
}
