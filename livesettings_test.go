package gatehouse_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/client"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

// within is how soon every server of an instance obeys a change.
const within = 10 * time.Second // 2 s, and patience with a busy machine

// eventually fails unless holds becomes true soon.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
	}
}

// api calls a server's APIs as the official SDKs do, each time from another address.
type api struct {
	t      *testing.T
	server *gatehouse.Server
	jar    map[string]string
	calls  int
}

func newAPI(t *testing.T, s *gatehouse.Server) *api {
	return &api{t: t, server: s, jar: map[string]string{}}
}

// post posts a form to the Frontend API and returns status and answer.
func (a *api) post(path string, pairs ...string) (int, map[string]any) {
	a.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", a.server.PublicURL())
	return a.do(r)
}

// backend calls the Backend API.
func (a *api) backend(method, path, body string) (int, map[string]any) {
	a.t.Helper()
	r := httptest.NewRequest(method, "/api"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+string(a.server.SecretKey()))
	return a.do(r)
}

func (a *api) get(path string) map[string]any {
	a.t.Helper()
	status, body := a.do(httptest.NewRequest(http.MethodGet, path, nil))
	if status != http.StatusOK {
		a.t.Fatalf("GET %s: %d %v", path, status, body)
	}
	return body
}

func (a *api) do(r *http.Request) (int, map[string]any) {
	a.t.Helper()
	public, err := url.Parse(a.server.PublicURL())
	if err != nil {
		a.t.Fatal(err)
	}
	r.Host = public.Host
	a.calls++
	r.RemoteAddr = "10.9." + string(rune('0'+a.calls/10%10)) + "." + string(rune('0'+a.calls%10)) + ":1"
	for name, value := range a.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	a.server.Handler().ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		a.jar[c.Name] = c.Value
	}
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	body := map[string]any{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &body); err != nil {
			a.t.Fatalf("%s %s: %v: %s", r.Method, r.URL, err, raw)
		}
	}
	return w.Code, body
}

// at walks a dotted path through an answer.
func at(body map[string]any, path string) any {
	var v any = body
	for part := range strings.SplitSeq(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[part]
		case []any:
			if n := int(part[0] - '0'); n < len(node) {
				v = node[n]
			} else {
				return nil
			}
		default:
			return nil
		}
	}
	return v
}

func code(body map[string]any) string { s, _ := at(body, "errors.0.code").(string); return s }

// A change on one server is obeyed by the environment answer, the flows and the pages of
// another one over the same database.
func TestServersFollowSettings(t *testing.T) {
	for name, database := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "shared.db") },
		"PostgreSQL": func(t *testing.T) string { return testservers.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			c := development(t)
			c.DatabaseURL = database(t)
			here, there := open(t, c), open(t, c)
			operator, person := newAPI(t, here), newAPI(t, there)
			change := func(settings string) {
				t.Helper()
				if status, body := operator.backend("PATCH", "/v1/instance/settings", `{"settings":`+settings+`}`); status != 200 {
					t.Fatalf("change %s: %d %v", settings, status, body)
				}
			}
			environment := func(path string, want any) {
				t.Helper()
				eventually(t, path, func() bool { return at(person.get("/v1/environment"), path) == want })
			}

			change(`{"username":{"required":true},"app_name":"Hydroponics","min_password_length":12}`)
			environment("user_settings.attributes.username.required", true)
			status, body := person.post("/v1/client/sign_ups", "email_address", "ada@example.com", "password", "vX9-tqLm-44-zz")
			if missing, _ := at(body, "response.missing_fields").([]any); status != 200 || !slices.Contains(missing, any("username")) {
				t.Errorf("sign-up without the username that is required now: %d %v", status, body)
			}
			if status, body = person.post("/v1/client/sign_ups", "email_address", "eve@example.com", "password", "vX9-tqLm-44"); code(body) != "form_password_length_too_short" {
				t.Errorf("a password of 11: %d %v", status, body)
			}
			if status, body = person.post("/v1/client/sign_ups", "email_address", "eve@example.com", "password", "hydroponics"); status != 422 {
				t.Errorf("the app's new name as password: %d %v", status, body)
			}
			page := ask(there.Handler(), "GET", "/sign-in", "localhost:8080", true)
			if html := text(t, page); !strings.Contains(html, "Hydroponics") {
				t.Errorf("the page does not know the app's new name: %s", html)
			}

			change(`{"strategies":["password"],"email_address":{"verify_at_sign_up":false},"phone_number":{"verify_at_sign_up":false}}`)
			environment("auth_config.first_factors.1", nil)
			if status, body = person.post("/v1/client/sign_ins", "identifier", "ada@example.com", "strategy", "email_code"); status != 422 {
				t.Errorf("a strategy that is off: %d %v", status, body)
			}

			change(`{"sign_up_mode":"restricted"}`)
			environment("user_settings.sign_up.mode", "restricted")
			if status, body = person.post("/v1/client/sign_ups", "email_address", "eve@example.com"); status != 403 || code(body) != "sign_up_mode_restricted" {
				t.Errorf("sign-up: %d %v", status, body)
			}
			// Who starts later knows, too; and an app changes them in Go.
			if late := open(t, c); late.Settings().SignUpMode != "restricted" {
				t.Error("a server that starts later does not know")
			}
			if err := there.UpdateSettings(t.Context(), func(s *gatehouse.Settings) error { s.SignUpMode = "public"; return nil }); err != nil {
				t.Fatal(err)
			}
			if got := there.Settings().SignUpMode; got != "public" {
				t.Errorf("the server that changed it has %q", got)
			}
			eventually(t, "the first server follows the second", func() bool { return here.Settings().SignUpMode == "public" })
		})
	}
}

// While the database is away the last settings hold, and a change after that is obeyed
// as soon as any.
func TestSettingsOutliveTheDatabase(t *testing.T) {
	database := testservers.Postgres(t)
	gate, behind := testservers.Behind(t, database)
	c := development(t)
	c.DatabaseURL = database
	here := open(t, c)
	c.DatabaseURL = behind
	there := open(t, c)
	mode := func(s string) error {
		return here.UpdateSettings(t.Context(), func(now *gatehouse.Settings) error { now.SignUpMode = s; return nil })
	}
	if err := mode("restricted"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "restricted", func() bool { return there.Settings().SignUpMode == "restricted" })
	gate.Shut()
	if err := mode("public"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second) // it has missed the database more than once
	if got := there.Settings().SignUpMode; got != "restricted" {
		t.Errorf("without its database the server has %q", got)
	}
	if err := there.UpdateSettings(t.Context(), func(s *gatehouse.Settings) error { s.AppName = "x"; return nil }); err == nil {
		t.Error("a change without a database succeeded")
	}
	gate.Open()
	eventually(t, "public", func() bool { return there.Settings().SignUpMode == "public" })
}

// What a server is given in its configuration is what holds until somebody changes it,
// and for good where it is pinned.
func TestConfiguredSettings(t *testing.T) {
	c := development(t)
	configured := gatehouse.DefaultSettings(true)
	configured.AppName, configured.SignUpMode = "Acme", "restricted"
	c.Settings, c.PinnedSettings = &configured, []string{"sign_up_mode", "first_name"}
	s := open(t, c)
	set := func(change func(*gatehouse.Settings)) error {
		return s.UpdateSettings(t.Context(), func(now *gatehouse.Settings) error { change(now); return nil })
	}
	if err := set(func(s *gatehouse.Settings) { s.AppName = "Zoo" }); err != nil || s.Settings().AppName != "Zoo" {
		t.Errorf("a configured setting: %v, %q", err, s.Settings().AppName)
	}
	for name, tt := range map[string]struct {
		field  string
		change func(*gatehouse.Settings)
	}{
		"pinned":                {"Settings.SignUpMode", func(s *gatehouse.Settings) { s.SignUpMode = "public" }},
		"pinned_with_its_group": {"Settings.FirstName.Required", func(s *gatehouse.Settings) { s.FirstName.Required = true }},
		"invalid":               {"Settings.MinPasswordLength", func(s *gatehouse.Settings) { s.MinPasswordLength = 7 }},
		"nothing_to_sign_in_with": {"Settings.EmailAddress.SignIn", func(s *gatehouse.Settings) {
			s.EmailAddress.SignIn, s.PhoneNumber.SignIn, s.Username.Enabled = false, false, false
		}},
		"code_that_cannot_be_sent": {"Settings.EmailAddress.VerifyAtSignUp", func(s *gatehouse.Settings) { s.Strategies = []string{"password", "phone_code"} }},
		"password_without_use":     {"Settings.Password.Required", func(s *gatehouse.Settings) { s.Strategies = []string{"email_code", "phone_code"} }},
	} {
		err := set(tt.change)
		if e, ok := errors.AsType[*gatehouse.ConfigError](err); !ok || e.Field != tt.field {
			t.Errorf("%s: %v, want a ConfigError about %s", name, err, tt.field)
		}
	}
	// What was handed out is the caller's own.
	got := s.Settings()
	got.Strategies[0] = "telepathy"
	if slices.Contains(s.Settings().Strategies, "telepathy") {
		t.Error("the settings of the server can be written through a copy")
	}
	c.PinnedSettings = []string{"sign_up"}
	_, err := gatehouse.Open(t.Context(), c)
	if e, ok := errors.AsType[*gatehouse.ConfigError](err); !ok || e.Field != "PinnedSettings" {
		t.Errorf("Open with a pinned name that is none = %v", err)
	}
}

// A configuration that does not go with what operators changed refuses to start, and
// Manage takes the change back.
func TestSettingsThatDoNotGoTogether(t *testing.T) {
	c := development(t)
	first, err := gatehouse.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	err = first.UpdateSettings(t.Context(), func(s *gatehouse.Settings) error {
		s.EmailAddress.SignIn, s.PhoneNumber.SignIn = false, false
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	configured := gatehouse.DefaultSettings(true)
	configured.Username.Enabled = false
	c.Settings, c.PinnedSettings = &configured, []string{"username"}
	_, err = gatehouse.Open(t.Context(), c)
	if e, ok := errors.AsType[*gatehouse.ConfigError](err); !ok || !strings.Contains(e.Problem, "gatehouse settings") {
		t.Fatalf("Open = %v, want a ConfigError that says what to do (R-10)", err)
	}
	err = gatehouse.Manage(t.Context(), c, func(api *client.Client) error {
		now, err := api.Instance.Settings(t.Context())
		if err != nil || !slices.Equal(now.Changed, []string{"email_address.sign_in", "phone_number.sign_in"}) {
			t.Errorf("changed = %v, %v", now, err)
		}
		_, err = api.Instance.UpdateSettings(t.Context(), client.SettingsChange{Settings: map[string]any{"email_address.sign_in": nil}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := open(t, c).Settings(); !s.EmailAddress.SignIn || s.PhoneNumber.SignIn {
		t.Errorf("settings are %+v", s)
	}
}

// C-13: production has no switch for test codes: neither its configuration nor an
// operator can turn them on.
func TestProductionHasNoTestMode(t *testing.T) {
	c := production(t)
	s := open(t, c)
	operator := newAPI(t, s)
	for path, body := range map[string]string{
		"/v1/instance":                        `{"test_mode":true}`,
		"/v1/instance/settings":               `{"settings":{"test_mode":true}}`,
		"/v1/beta_features/instance_settings": `{"test_mode":true}`,
	} {
		if status, answer := operator.backend("PATCH", path, body); status != 422 || at(answer, "errors.0.meta.param_name") != "test_mode" {
			t.Errorf("PATCH %s: %d %v", path, status, answer)
		}
	}
	if err := s.UpdateSettings(t.Context(), func(now *gatehouse.Settings) error { now.TestMode = true; return nil }); err == nil {
		t.Error("UpdateSettings switches the test mode on in production")
	}
	if s.Settings().TestMode || at(operator.get("/v1/environment"), "auth_config.test_mode") != false {
		t.Error("production is in test mode")
	}
	other := production(t)
	configured := gatehouse.DefaultSettings(true)
	other.Settings = &configured
	if s, err := gatehouse.Open(t.Context(), other); err == nil {
		s.Close()
		t.Error("a production server opens with settings of development")
	}
}
