package gatehouse_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
)

// testKey is one signing key for all tests of the package.
var testKey = sync.OnceValue(func() gatehouse.Secret {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return gatehouse.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
})

// cheap is the least that a password hash may cost.
var cheap = gatehouse.Passwords{MemoryKiB: 19456, Iterations: 2}

// development is a configuration that opens, in a folder of its own.
func development(t *testing.T) gatehouse.Config {
	return gatehouse.Config{Development: true, Dir: filepath.Join(t.TempDir(), "dev"), SigningKeyPEM: testKey(), Passwords: cheap}
}

// production is a configuration that opens, in a folder of its own.
func production(t *testing.T) gatehouse.Config {
	return gatehouse.Config{
		PublicURL:      "https://app.example.com",
		DatabaseURL:    "sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db"),
		SecretKey:      gatehouse.NewSecretKey(false),
		EncryptionKeys: gatehouse.NewEncryptionKey(),
		SigningKeyPEM:  testKey(),
		Passwords:      cheap,
	}
}

// open opens c and closes it with the test.
func open(t *testing.T, c gatehouse.Config) *gatehouse.Server {
	t.Helper()
	s, err := gatehouse.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name   string
		field  string
		base   func(*testing.T) gatehouse.Config
		change func(*gatehouse.Config)
	}{
		// Production makes nothing up (K-10).
		{"production_without_public_URL", "PublicURL", production, func(c *gatehouse.Config) { c.PublicURL = "" }},
		{"production_without_database", "DatabaseURL", production, func(c *gatehouse.Config) { c.DatabaseURL = "" }},
		{"production_without_secret_key", "SecretKey", production, func(c *gatehouse.Config) { c.SecretKey = "" }},
		{"production_without_encryption_key", "EncryptionKeys", production, func(c *gatehouse.Config) { c.EncryptionKeys = "" }},
		// Z-03: what belongs to one mode does not work in the other.
		{"Z-03_test_key_in_production", "SecretKey", production, func(c *gatehouse.Config) { c.SecretKey = gatehouse.NewSecretKey(true) }},
		{"Z-03_live_key_in_development", "SecretKey", development, func(c *gatehouse.Config) { c.SecretKey = gatehouse.NewSecretKey(false) }},
		{"R-10_unknown_policy", "WhenStale", production, func(c *gatehouse.Config) { c.WhenStale = "trust" }},
		{"Z-03_DevBind_in_production", "DevBind", production, func(c *gatehouse.Config) { c.DevBind = true }},
		{"Z-03_development_on_every_address", "Addr", development, func(c *gatehouse.Config) { c.Addr = ":8080" }},
		{"Z-03_development_on_every_IPv4_address", "Addr", development, func(c *gatehouse.Config) { c.Addr = "0.0.0.0:8080" }},
		{"Z-03_development_on_every_IPv6_address", "Addr", development, func(c *gatehouse.Config) { c.Addr = "[::]:8080" }},
		{"Z-03_development_on_a_network_address", "Addr", development, func(c *gatehouse.Config) { c.Addr = "192.168.1.5:8080" }},
		{"Z-03_development_on_a_name", "Addr", development, func(c *gatehouse.Config) { c.Addr = "app.example.com:8080" }},
		{"Z-03_development_on_a_deceptive_name", "Addr", development, func(c *gatehouse.Config) { c.Addr = "localhost.example.com:8080" }},
		// D-01: sessions do not cross a network in the clear.
		{"D-01_plain_Redis_elsewhere", "RedisURL", production, func(c *gatehouse.Config) { c.RedisURL = "redis://redis.internal:6379" }},
		{"D-01_plain_Redis_elsewhere_among_others", "RedisURL", production, func(c *gatehouse.Config) { c.RedisURL = "redis://127.0.0.1:6379,10.0.0.2:6379" }},
		{"D-01_plain_Redis_elsewhere_in_the_query", "RedisURL", production, func(c *gatehouse.Config) { c.RedisURL = "redis://127.0.0.1:6379?addr=10.0.0.2:6379" }},
		{"D-01_other_scheme", "RedisURL", production, func(c *gatehouse.Config) { c.RedisURL = "http://127.0.0.1:6379" }},

		{"sessions_too_short", "SessionLifetime", production, func(c *gatehouse.Config) { c.SessionLifetime = time.Minute - 1 }},
		{"sessions_without_end", "SessionLifetime", production, func(c *gatehouse.Config) { c.SessionLifetime = -1 }},
		{"audit_log_too_short", "AuditRetention", production, func(c *gatehouse.Config) { c.AuditRetention = 24*time.Hour - 1 }},
		{"networks_unreadable", "OutgoingAllow", production, func(c *gatehouse.Config) { c.OutgoingAllow = []string{"10.0.0.0/40"} }},
		{"idle_too_short", "SessionIdleTimeout", production, func(c *gatehouse.Config) { c.SessionIdleTimeout = time.Second }},
		{"port_that_is_not_fixed", "Addr", development, func(c *gatehouse.Config) { c.Addr = "127.0.0.1:0" }},
		{"secret_key_without_prefix", "SecretKey", production, func(c *gatehouse.Config) { c.SecretKey = "correct-horse-battery-staple-correct-horse" }},
		{"secret_key_too_short", "SecretKey", production, func(c *gatehouse.Config) { c.SecretKey = "sk_live_short" }},
		{"secret_key_with_blank", "SecretKey", production, func(c *gatehouse.Config) { c.SecretKey += " x" }},
		{"encryption_key_malformed", "EncryptionKeys", production, func(c *gatehouse.Config) { c.EncryptionKeys = "k1:short" }},
		{"signing_key_malformed", "SigningKeyPEM", production, func(c *gatehouse.Config) { c.SigningKeyPEM = "-----BEGIN NOTHING-----" }},
		{"public_URL_of_another_scheme", "PublicURL", production, func(c *gatehouse.Config) { c.PublicURL = "ftp://app.example.com" }},
		{"public_URL_without_host", "PublicURL", production, func(c *gatehouse.Config) { c.PublicURL = "https:///x" }},
		{"public_URL_with_user", "PublicURL", production, func(c *gatehouse.Config) { c.PublicURL = "https://a@app.example.com" }},
		{"public_URL_with_query", "PublicURL", production, func(c *gatehouse.Config) { c.PublicURL = "https://app.example.com?x" }},
		{"public_URL_with_dots", "PublicURL", production, func(c *gatehouse.Config) { c.PublicURL = "https://app.example.com/a/../b" }},
		{"public_URL_with_encoded_path", "PublicURL", production, func(c *gatehouse.Config) { c.PublicURL = "https://app.example.com/a%2fb" }},
		{"origin_with_path", "AllowedOrigins", production, func(c *gatehouse.Config) { c.AllowedOrigins = []string{"https://a.example/x"} }},
		{"origin_wildcard", "AllowedOrigins", production, func(c *gatehouse.Config) { c.AllowedOrigins = []string{"*"} }},
		{"proxy_that_is_no_address", "TrustedProxies", production, func(c *gatehouse.Config) { c.TrustedProxies = []string{"proxy"} }},
		{"link_to_another_scheme", "HomeURL", production, func(c *gatehouse.Config) { c.HomeURL = "javascript:alert(1)" }},
		{"link_to_a_host_in_disguise", "HomeURL", production, func(c *gatehouse.Config) { c.HomeURL = "//evil.example" }},
		{"settings_with_unknown_strategy", "Settings.Strategies", production, func(c *gatehouse.Config) {
			s := gatehouse.DefaultSettings(false)
			s.Strategies = append(s.Strategies, "telepathy")
			c.Settings = &s
		}},
		{"settings_that_are_zero", "Settings.AppName", production, func(c *gatehouse.Config) { c.Settings = new(gatehouse.Settings) }},
		{"settings_with_short_passwords", "Settings.MinPasswordLength", production, func(c *gatehouse.Config) {
			s := gatehouse.DefaultSettings(false)
			s.MinPasswordLength = 7
			c.Settings = &s
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.base(t)
			tt.change(&c)
			s, err := gatehouse.Open(t.Context(), c)
			if err == nil {
				s.Close()
				t.Fatal("Open: no error")
			}
			e, ok := errors.AsType[*gatehouse.ConfigError](err)
			if !ok || e.Field != tt.field {
				t.Fatalf("Open = %v, want a ConfigError about %s", err, tt.field)
			}
			for _, secret := range []gatehouse.Secret{c.SecretKey, c.EncryptionKeys, c.SigningKeyPEM} {
				if secret != "" && strings.Contains(err.Error(), string(secret)) {
					t.Errorf("the error tells a secret: %v", err)
				}
			}
		})
	}
}

// P-01: a cost below the floor is refused.
func TestOpenRefusesCheapHashes(t *testing.T) {
	c := production(t)
	c.Passwords = gatehouse.Passwords{MemoryKiB: 1024, Iterations: 1}
	if s, err := gatehouse.Open(t.Context(), c); err == nil {
		s.Close()
		t.Error("Open: no error")
	}
}

func TestOpenAccepts(t *testing.T) {
	for name, change := range map[string]func(*gatehouse.Config){
		"as_it_is":       func(*gatehouse.Config) {},
		"localhost":      func(c *gatehouse.Config) { c.Addr = "localhost:9999" },
		"IPv6_loopback":  func(c *gatehouse.Config) { c.Addr = "[::1]:9999" },
		"named_loopback": func(c *gatehouse.Config) { c.PublicURL = "http://two.localhost:9999" },
		"own_secret_key": func(c *gatehouse.Config) { c.SecretKey = gatehouse.NewSecretKey(true) },
	} {
		t.Run(name, func(t *testing.T) {
			c := development(t)
			change(&c)
			if s := open(t, c); s.TestCode() != gatehouse.DevelopmentTestCode {
				t.Errorf("TestCode = %q, want %q", s.TestCode(), gatehouse.DevelopmentTestCode)
			}
		})
	}
	t.Run("production", func(t *testing.T) {
		s := open(t, production(t))
		if s.TestCode() != "" || s.Outbox() != nil {
			t.Errorf("production has a test code (%q) or an outbox (%v)", s.TestCode(), s.Outbox())
		}
	})
}

// Z-03, C-13: where other machines reach a development server nobody can guess its code.
func TestDevBindMakesACode(t *testing.T) {
	codes := map[string]bool{}
	for range 3 {
		c := development(t)
		c.Addr, c.DevBind = "0.0.0.0:8080", true
		codes[open(t, c).TestCode()] = true
	}
	if len(codes) != 3 || codes[gatehouse.DevelopmentTestCode] {
		t.Errorf("codes of three starts: %v, want three random ones", codes)
	}
}

func TestURLs(t *testing.T) {
	tests := []struct{ publicURL, base, keyHost string }{
		{"https://app.example.com", "https://app.example.com", "clerk.app.example.com"},
		{"https://app.example.com:443/", "https://app.example.com", "clerk.app.example.com"},
		{"https://App.Example.COM:8443", "https://app.example.com:8443", "clerk.app.example.com:8443"},
		{"https://app.example.com./auth/", "https://app.example.com/auth", "clerk.app.example.com"},
		{"http://localhost:8080", "http://localhost:8080", "clerk.localhost:8080"},
		{"http://two.localhost:80", "http://two.localhost", "clerk.two.localhost"},
		{"http://127.0.0.1:4000", "http://127.0.0.1:4000", "clerk.127.0.0.1:4000"},
		{"https://bücher.example", "https://xn--bcher-kva.example", "clerk.xn--bcher-kva.example"},
	}
	for _, tt := range tests {
		t.Run(tt.publicURL, func(t *testing.T) {
			c := development(t)
			c.PublicURL = tt.publicURL
			s := open(t, c)
			if s.PublicURL() != tt.base {
				t.Errorf("PublicURL = %s, want %s", s.PublicURL(), tt.base)
			}
			key, err := gatehouse.PublishableKey(c)
			if err != nil || key != s.PublishableKey() {
				t.Errorf("PublishableKey = %s, %v; the server says %s", key, err, s.PublishableKey())
			}
			if host := decodeKey(t, key); host != tt.keyHost+"$" {
				t.Errorf("the key names %q, want %q", host, tt.keyHost+"$")
			}
		})
	}
}

// K-09, K-10: a development server makes its secrets once, for its owner alone.
func TestDevelopmentSecrets(t *testing.T) {
	var log strings.Builder
	c := development(t)
	c.Logger = gatehouse.NewTerminalLogger(&log, nil)
	first := open(t, c)
	second, err := gatehouse.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if first.SecretKey() != second.SecretKey() || !strings.HasPrefix(string(first.SecretKey()), "sk_test_") {
		t.Error("the second start has another secret key, or it is none of development")
	}
	modes := map[string]fs.FileMode{".": 0o700, "secret_key": 0o600, "encryption_key": 0o600, "sdk.env": 0o600, "gatehouse.db": 0o600}
	for name, want := range modes {
		if info, err := os.Stat(filepath.Join(c.Dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want mode %04o", name, info, err, want)
		}
	}
	sdk, err := os.ReadFile(filepath.Join(c.Dir, "sdk.env"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"CLERK_PUBLISHABLE_KEY=" + first.PublishableKey() + "\n", "CLERK_SECRET_KEY=" + string(first.SecretKey()) + "\n",
		"CLERK_API_URL=http://localhost:8080/api\n", "VITE_CLERK_PROXY_URL=http://localhost:8080\n",
	} {
		if !strings.Contains(string(sdk), want) {
			t.Errorf("sdk.env lacks %q", strings.SplitN(want, "=", 2)[0])
		}
	}
	shown := log.String() + first.Welcome() + fmt.Sprintf("%v %+v %#v", first.SecretKey(), c, c)
	if strings.Contains(shown, string(first.SecretKey())) {
		t.Error("the secret key was shown")
	}
}

// K-09: a secret that others can read is no secret.
func TestOpenSecretsAreRefused(t *testing.T) {
	for _, name := range []string{"secret_key", "encryption_key", "."} {
		t.Run(name, func(t *testing.T) {
			c := development(t)
			s, err := gatehouse.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
			if err := os.Chmod(filepath.Join(c.Dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
			if s, err := gatehouse.Open(t.Context(), c); err == nil {
				s.Close()
				t.Error("Open: no error")
			}
		})
	}
}

// K-07: a database whose secrets were sealed with a key that is not in the list
// does not open.
func TestOpenRefusesOtherEncryptionKey(t *testing.T) {
	c := production(t)
	c.SigningKeyPEM = "" // the server makes its own and seals it
	first, err := gatehouse.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	old := c.EncryptionKeys
	c.EncryptionKeys = gatehouse.NewEncryptionKey()
	if s, err := gatehouse.Open(t.Context(), c); err == nil {
		s.Close()
		t.Fatal("Open with another key: no error")
	}
	c.EncryptionKeys += "," + old
	open(t, c)
}
