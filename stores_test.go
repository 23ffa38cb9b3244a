package gatehouse_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

// The story of one person holds on every pair of stores.
func TestStory(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *gatehouse.Config){
		"SQLite": func(*testing.T, *gatehouse.Config) {},
		"PostgreSQL": func(t *testing.T, c *gatehouse.Config) {
			c.DatabaseURL = testservers.Postgres(t)
		},
		"SQLite_and_Redis": func(t *testing.T, c *gatehouse.Config) {
			c.RedisURL, c.RedisPrefix = testservers.Redis(t)
		},
		"PostgreSQL_and_Redis": func(t *testing.T, c *gatehouse.Config) {
			c.DatabaseURL = testservers.Postgres(t)
			c.RedisURL, c.RedisPrefix = testservers.Redis(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var c gatehouse.Config
			change(t, &c)
			s := gatehousetest.New(t, gatehousetest.WithConfig(func(o *gatehouse.Config) {
				o.DatabaseURL, o.RedisURL, o.RedisPrefix = c.DatabaseURL, c.RedisURL, c.RedisPrefix
			}), gatehousetest.WithApp(func(g *gatehouse.Server) http.Handler { return g.Require(app) }))
			story(t, s)
		})
	}
}

func story(t *testing.T, s *gatehousetest.Server) {
	u := s.CreateUser()
	laptop, phone := s.SignIn(u), s.SignIn(u)
	see := func(client *http.Client) int {
		t.Helper()
		res, err := client.Get(s.URL + "/x")
		if err != nil {
			t.Fatal(err)
		}
		text(t, res)
		return res.StatusCode
	}
	if got := []int{see(laptop), see(phone), see(s.Client())}; got[0] != 200 || got[1] != 200 || got[2] != 401 {
		t.Fatalf("laptop, phone, stranger: %v, want 200 200 401", got)
	}
	s.Clock.Advance(3 * time.Minute)
	if got := see(laptop); got != 200 {
		t.Errorf("three minutes later: %d, want 200", got)
	}
	if err := s.Users().Delete(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	// Another window's next request is refused at once.
	if got := []int{see(laptop), see(phone)}; got[0] != 401 || got[1] != 401 {
		t.Errorf("after the deletion: %v, want 401 401", got)
	}
}

// Readiness follows the stores; liveness does not.
func TestReadiness(t *testing.T) {
	for _, store := range []string{"database", "redis"} {
		t.Run(store, func(t *testing.T) {
			c := development(t)
			var g *testservers.Gate
			if store == "database" {
				g, c.DatabaseURL = testservers.Behind(t, testservers.Postgres(t))
			} else {
				rawURL, prefix := testservers.Redis(t)
				c.RedisPrefix = prefix
				g, c.RedisURL = testservers.Behind(t, rawURL)
			}
			h := open(t, c).Handler()
			ready := func() (int, string) {
				res := ask(h, "GET", "/readyz", "localhost:8080", false)
				return res.StatusCode, text(t, res)
			}
			if status, body := ready(); status != 200 || !strings.Contains(body, `"`+store+`":"ok"`) {
				t.Fatalf("at first: %d %s", status, body)
			}
			g.Shut()
			status, body := ready()
			if status != 503 || !strings.Contains(body, `"`+store+`":"unavailable"`) {
				t.Errorf("store away: %d %s", status, body)
			}
			if strings.Contains(body, "127.0.0.1") || strings.Contains(body, "refused") {
				t.Errorf("the answer tells the cause (E-06): %s", body)
			}
			if res := ask(h, "GET", "/healthz", "localhost:8080", false); res.StatusCode != 200 {
				t.Errorf("liveness with the store away: %d", res.StatusCode)
			}
			g.Open()
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
				if status, body = ready(); status == 200 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("store back: %d %s", status, body)
				}
			}
		})
	}
}

// whoever writes X-Forwarded-For without being a trusted proxy is counted by
// their own address; one behind a trusted proxy by what the proxy wrote.
func TestForwardedForDoesNotEvadeLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		trusted []string
		header  func(n int) string
		limited bool
	}{
		"rotating_without_proxy": {nil, func(n int) string { return fmt.Sprintf("203.0.113.%d", n) }, true},
		"rotating_claims":        {[]string{"127.0.0.1"}, func(n int) string { return fmt.Sprintf("203.0.113.%d, 198.51.100.1", n) }, true},
		"rotating_in_one_64":     {[]string{"127.0.0.1"}, func(n int) string { return fmt.Sprintf("2001:db8::%d", n+1) }, true},
		"spellings":              {[]string{"127.0.0.1"}, func(n int) string { return []string{"198.51.100.1", "::ffff:198.51.100.1", "198.51.100.1:99"}[n%3] }, true},
		"clients_of_a_proxy":     {[]string{"127.0.0.1"}, func(n int) string { return fmt.Sprintf("203.0.113.%d", n) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := gatehousetest.New(t, gatehousetest.WithConfig(func(c *gatehouse.Config) { c.TrustedProxies = tt.trusted }))
			last := 0
			for n := range 8 {
				r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/v1/client/sign_ins", strings.NewReader("identifier=nobody%40example.com"))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("X-Forwarded-For", tt.header(n))
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				text(t, res)
				last = res.StatusCode
			}
			if (last == http.StatusTooManyRequests) != tt.limited {
				t.Errorf("the 8th sign-in is answered %d, limited should be %v", last, tt.limited)
			}
		})
	}
}

// L-01: a whole story, told at the highest volume, leaves no secret in the log.
func TestLogHoldsNoSecrets(t *testing.T) {
	var log lockedBuffer
	s := gatehousetest.New(t, gatehousetest.WithConfig(func(c *gatehouse.Config) {
		c.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}), gatehousetest.WithApp(func(g *gatehouse.Server) http.Handler { return g.Require(app) }))

	secrets := map[string]string{"password": "canary-Password-7Zq", "secret_key": string(s.SecretKey()), "private": "canary-private"}
	client := s.Client()
	post := func(path string, form url.Values) string {
		t.Helper()
		res, err := client.PostForm(s.URL+path, form)
		if err != nil {
			t.Fatal(err)
		}
		return text(t, res)
	}
	body := post("/v1/client/sign_ups?_canary=canary-query", url.Values{"email_address": {"eve@example.com"}, "password": {secrets["password"]}})
	_, id, _ := strings.Cut(body, `"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	post("/v1/client/sign_ups/"+id+"/prepare_verification", url.Values{"strategy": {"email_code"}})
	secrets["code"], secrets["query"] = s.LastCode("eve@example.com"), "canary-query"
	post("/v1/client/sign_ups/"+id+"/attempt_verification", url.Values{"strategy": {"email_code"}, "code": {"000000"}})
	post("/v1/client/sign_ups/"+id+"/attempt_verification", url.Values{"strategy": {"email_code"}, "code": {secrets["code"]}})
	post("/v1/client/sign_ins", url.Values{"identifier": {"eve@example.com"}, "password": {"canary-wrong"}})
	secrets["wrong password"] = "canary-wrong"

	u, _, err := s.Users().ByIdentifier(t.Context(), "eve@example.com")
	if err != nil {
		t.Fatal(err)
	}
	secrets["token"] = s.Token(u)
	r, err := http.NewRequestWithContext(t.Context(), "PATCH", s.URL+"/api/v1/users/"+string(u.ID)+"/metadata",
		bytes.NewReader([]byte(`{"private_metadata":{"note":"canary-private"}}`)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+string(s.SecretKey()))
	r.Header.Set("Content-Type", "application/json")
	for _, do := range []*http.Request{r, bearer(t, s.URL+"/x?token=canary-query", secrets["token"]), bearer(t, s.URL+"/x", secrets["token"]+"x")} {
		res, err := http.DefaultClient.Do(do)
		if err != nil {
			t.Fatal(err)
		}
		text(t, res)
	}
	home, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range client.Jar.Cookies(home) {
		if len(cookie.Value) > 15 {
			secrets["cookie "+cookie.Name] = cookie.Value
		}
	}
	got := log.String()
	if strings.Count(got, "\n") < 5 || !strings.Contains(got, id) {
		t.Fatalf("the log holds too little to prove anything:\n%s", got)
	}
	for name, secret := range secrets {
		if secret == "" || strings.Contains(got, secret) {
			t.Errorf("%s (%q) is in the log", name, secret)
		}
	}
}

func bearer(t *testing.T, url, token string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}
