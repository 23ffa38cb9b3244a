package gatehouse_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
)

// inspect returns what Inspect finds.
func inspect(t *testing.T, c gatehouse.Config) *gatehouse.Inspection {
	t.Helper()
	i := gatehouse.Inspect(t.Context(), c)
	t.Cleanup(func() { i.Close() })
	return i
}

// only returns the findings with a status.
func only(i *gatehouse.Inspection, status gatehouse.Status) string {
	var out []string
	for _, f := range i.Findings {
		if f.Status == status {
			out = append(out, f.Check+": "+f.Detail+" | "+f.Fix)
		}
	}
	return strings.Join(out, "\n")
}

// Each mistake in a deployment is one finding that says what to do.
func TestInspect(t *testing.T) {
	for _, test := range []struct {
		name   string
		config func(*testing.T) gatehouse.Config
		change func(*testing.T, *gatehouse.Config) // after the server ran
		status gatehouse.Status
		want   string
	}{
		{"field", production, func(_ *testing.T, c *gatehouse.Config) { c.PublicURL = "app" }, gatehouse.StatusFailure, "configuration: PublicURL"},
		{"D-01_redis_in_plain_text", production, func(_ *testing.T, c *gatehouse.Config) { c.RedisURL = "redis://cache.internal" }, gatehouse.StatusFailure, "rediss://"},
		{"secret_of_other_mode", production, func(_ *testing.T, c *gatehouse.Config) { c.SecretKey = gatehouse.NewSecretKey(true) }, gatehouse.StatusFailure, "secrets: SecretKey"},
		{"K-09_open_secret", development, func(t *testing.T, c *gatehouse.Config) { chmod(t, filepath.Join(c.Dir, "secret_key"), 0o644) }, gatehouse.StatusFailure, "chmod"},
		{"K-09_open_folder", development, func(t *testing.T, c *gatehouse.Config) { chmod(t, c.Dir, 0o755) }, gatehouse.StatusFailure, "chmod"},
		{"open_database", development, func(t *testing.T, c *gatehouse.Config) { chmod(t, filepath.Join(c.Dir, "gatehouse.db"), 0o644) }, gatehouse.StatusFailure, "Run chmod 600"},
		{"database_is_new", production, func(t *testing.T, c *gatehouse.Config) {
			c.DatabaseURL = "sqlite:" + filepath.Join(t.TempDir(), "new.db")
		}, gatehouse.StatusFailure, "Start the server once"},
		{"database_away", production, func(_ *testing.T, c *gatehouse.Config) {
			c.DatabaseURL = "postgres://app:canary@127.0.0.1:1/app"
		}, gatehouse.StatusFailure, "does not answer"},
		{"redis_away", production, func(_ *testing.T, c *gatehouse.Config) { c.RedisURL = "redis://:canary@127.0.0.1:1" }, gatehouse.StatusFailure, "redis: redis://127.0.0.1:1 does not answer"},
		{"Z-03_database_of_other_mode", development, func(t *testing.T, c *gatehouse.Config) {
			p := production(t)
			p.DatabaseURL, p.EncryptionKeys = "sqlite:"+filepath.Join(c.Dir, "gatehouse.db"), gatehouse.NewEncryptionKey()
			*c = p
		}, gatehouse.StatusFailure, "made by a development server"},
		{"wrong_encryption_key", production, func(_ *testing.T, c *gatehouse.Config) { c.EncryptionKeys = gatehouse.NewEncryptionKey() }, gatehouse.StatusFailure, "GATEHOUSE_ENCRYPTION_KEY"},
		{"other_signing_key", production, func(t *testing.T, c *gatehouse.Config) { c.SigningKeyPEM = newSigningKeyPEM(t) }, gatehouse.StatusWarning, "will change them"},
		{"no_proxy", production, nil, gatehouse.StatusWarning, "trusted_proxies"},
		{"bad_proxy", production, func(_ *testing.T, c *gatehouse.Config) { c.TrustedProxies = []string{"x"} }, gatehouse.StatusFailure, `"x"`},
		{"no_https", production, func(_ *testing.T, c *gatehouse.Config) { c.PublicURL = "http://app.example.com" }, gatehouse.StatusWarning, "not https"},
		{"no_mail", production, nil, gatehouse.StatusWarning, "[smtp]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := test.config(t)
			c.SigningKeyPEM = ""
			if s, err := gatehouse.Open(t.Context(), c); err != nil {
				t.Fatal(err)
			} else if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if test.change != nil {
				test.change(t, &c)
			}
			i := inspect(t, c)
			if got := only(i, test.status); !strings.Contains(got, test.want) || strings.Contains(fmt.Sprint(i.Findings), "canary") {
				t.Errorf("%s:\n%s\nwant %q in it, and no secret", test.status, got, test.want)
			}
			for _, f := range i.Findings {
				if (f.Status == gatehouse.StatusOK) != (f.Fix == "") {
					t.Errorf("%+v: a fix belongs to what is not ok", f)
				}
			}
		})
	}
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// A sound deployment has no failure, and its tokens are judged as by the server.
func TestInspectionAuth(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *gatehouse.Config){
		"SQLite": func(*testing.T, *gatehouse.Config) {},
		"PostgreSQL_and_Redis": func(t *testing.T, c *gatehouse.Config) {
			c.DatabaseURL = testservers.Postgres(t)
			c.RedisURL, c.RedisPrefix = testservers.Redis(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := development(t)
			change(t, &c)
			s := open(t, c)
			ss, _ := startSession(t, s, createUser(t, s))
			token, err := s.Sessions().Token(t.Context(), ss, s.PublicURL())
			if err != nil {
				t.Fatal(err)
			}
			i := inspect(t, c)
			if failures := only(i, gatehouse.StatusFailure); failures != "" || i.SigningKey != kidOf(t, token) {
				t.Errorf("key %s, failures:\n%s", i.SigningKey, failures)
			}
			if warnings := only(i, gatehouse.StatusWarning); warnings != "" {
				t.Errorf("warnings:\n%s", warnings)
			}
			if i.PublicURL != s.PublicURL() || i.PublishableKey != s.PublishableKey() || i.Issuer != claimsOf(t, token)["iss"] {
				t.Errorf("%+v", i)
			}
			r := httptest.NewRequest("GET", s.PublicURL()+"/api/me", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			if a := i.Auth(r); !a.IsAuthenticated || a.SessionID != string(ss.ID) {
				t.Errorf("Auth = %+v, want session %s", a, ss.ID)
			}
			revoke(t, s, string(ss.ID))
			if a := i.Auth(r); a.Reason != auth.ReasonSessionRevoked || !strings.HasPrefix(a.Detail, "signed out") {
				t.Errorf("Auth after sign-out = %+v", a)
			}
		})
	}
}

// Looking makes no file.
func TestInspectMakesNothing(t *testing.T) {
	c := development(t)
	i := inspect(t, c)
	if !strings.Contains(only(i, gatehouse.StatusFailure), "Start the server once") {
		t.Errorf("findings = %v", i.Findings)
	}
	if _, err := os.Stat(c.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Config.Dir was made: %v", err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	if a := i.Auth(r); a.IsAuthenticated || a.Reason != auth.ReasonKeysUnavailable {
		t.Errorf("Auth without keys = %+v", a)
	}
}

func TestClockFinding(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for ahead, want := range map[time.Duration]struct {
		status gatehouse.Status
		detail string
	}{
		time.Second:              {gatehouse.StatusOK, "agrees"},
		-1900 * time.Millisecond: {gatehouse.StatusOK, "agrees"},
		3 * time.Second:          {gatehouse.StatusWarning, "3s ahead of"},
		-time.Minute:             {gatehouse.StatusFailure, "1m0s behind"},
	} {
		if f := gatehouse.ClockFinding("clock", now, now.Add(-ahead)); f.Status != want.status || !strings.Contains(f.Detail, want.detail) {
			t.Errorf("%v: %+v, want %+v", ahead, f, want)
		}
	}
}

// newSigningKeyPEM is a key that no database has seen.
func newSigningKeyPEM(t *testing.T) gatehouse.Secret {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return gatehouse.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// What a Redis must not be is told apart from one that is away.
func TestInspectRedis(t *testing.T) {
	c := production(t)
	c.SigningKeyPEM = ""
	if s, err := gatehouse.Open(t.Context(), c); err != nil {
		t.Fatal(err)
	} else if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("D-01_plain_text_was_allowed", func(t *testing.T) {
		c := c
		rawURL, prefix := testservers.Redis(t)
		u, err := url.Parse(rawURL)
		if err != nil {
			t.Fatal(err)
		}
		u.Host = "0.0.0.0:" + u.Port() // this machine by a name that does not say so
		c.RedisURL, c.RedisPrefix, c.RedisPlaintext = u.String(), prefix, true
		if got := only(inspect(t, c), gatehouse.StatusWarning); !strings.Contains(got, "redis: ") || !strings.Contains(got, "without TLS") {
			t.Errorf("warnings:\n%s", got)
		}
	})
	t.Run("D-03_evicts", func(t *testing.T) {
		c := c
		socket := filepath.Join(t.TempDir(), "s")
		server := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", filepath.Dir(socket), "--maxmemory-policy", "allkeys-lru")
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = server.Process.Kill()
			_ = server.Wait()
		})
		c.RedisURL = "unix://" + socket
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			got := only(inspect(t, c), gatehouse.StatusFailure)
			if strings.Contains(got, "noeviction") {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("failures:\n%s", got)
			}
		}
	})
}
