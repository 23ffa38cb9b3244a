package gatehouse_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// secretIn writes a file that only its owner reads.
func secretIn(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFromEnv(t *testing.T) {
	env := map[string]string{
		"GATEHOUSE_ADDR":                 "127.0.0.1:9000",
		"GATEHOUSE_PUBLIC_URL":           "https://app.example.com",
		"GATEHOUSE_DEV_BIND":             "true",
		"GATEHOUSE_DATABASE_URL":         "postgres://db/app",
		"GATEHOUSE_REDIS_URL_FILE":       secretIn(t, "redis://cache\n", 0o600),
		"GATEHOUSE_REDIS_PREFIX":         "app",
		"GATEHOUSE_REDIS_PLAINTEXT":      "1",
		"GATEHOUSE_DIR":                  "/var/lib/gatehouse",
		"GATEHOUSE_SECRET_KEY_FILE":      secretIn(t, "sk_live_x\n", 0o600),
		"GATEHOUSE_ENCRYPTION_KEY":       "k1:x",
		"GATEHOUSE_SIGNING_KEY_FILE":     secretIn(t, "PEM", 0o400),
		"GATEHOUSE_KEY_ROTATION":         "90d",
		"GATEHOUSE_SESSION_LIFETIME":     "12h",
		"GATEHOUSE_SESSION_IDLE_TIMEOUT": "30m",
		"GATEHOUSE_ALLOWED_ORIGINS":      "https://a.example, https://b.example",
		"GATEHOUSE_TRUSTED_PROXIES":      "10.0.0.0/8",
		"GATEHOUSE_WHEN_STALE":           "refuse",
		"GATEHOUSE_HTTP_ONLY_SESSION":    "true",
		"GATEHOUSE_CLERK_JS_DIR":         "/srv/npm",
		"GATEHOUSE_TEMPLATES_DIR":        "/srv/mails",
		"GATEHOUSE_OUTGOING_ALLOW":       "10.1.0.0/16",
		"GATEHOUSE_AUDIT_RETENTION":      "730d",
		"GATEHOUSE_SOMETHING_ELSE":       "ignored",
		"GATEHOUSE_DEVELOPMENT":          "true",
		"GATEHOUSE_ENCRYPTION_KEY_FILE":  "",
	}
	got, err := gatehouse.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	want := gatehouse.Config{
		Addr: "127.0.0.1:9000", PublicURL: "https://app.example.com", DevBind: true,
		DatabaseURL: "postgres://db/app", RedisURL: "redis://cache", RedisPrefix: "app", RedisPlaintext: true,
		Dir: "/var/lib/gatehouse", SecretKey: "sk_live_x", EncryptionKeys: "k1:x", SigningKeyPEM: "PEM", KeyRotation: 90 * 24 * time.Hour,
		SessionLifetime: 12 * time.Hour, SessionIdleTimeout: 30 * time.Minute,
		AllowedOrigins: []string{"https://a.example", "https://b.example"}, TrustedProxies: []string{"10.0.0.0/8"},
		WhenStale: middleware.StaleRefuse, HTTPOnlySession: true, ClerkJSDir: "/srv/npm", TemplatesDir: "/srv/mails",
		OutgoingAllow: []string{"10.1.0.0/16"}, AuditRetention: 730 * 24 * time.Hour,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("FromEnv = %+v, want %+v", got, want)
	}
}

func TestFromEnvOfNothing(t *testing.T) {
	got, err := gatehouse.FromEnv(func(string) string { return "" })
	if err != nil || !reflect.DeepEqual(got, gatehouse.Config{Addr: gatehouse.DefaultAddr}) {
		t.Errorf("FromEnv = %+v, %v; want the zero Config at %s", got, err, gatehouse.DefaultAddr)
	}
}

// FromEnv reads what Environment lists, and nothing else.
func TestEnvironmentIsComplete(t *testing.T) {
	asked := map[string]bool{}
	if _, err := gatehouse.FromEnv(func(name string) string { asked[name] = true; return "" }); err != nil {
		t.Fatal(err)
	}
	for _, name := range gatehouse.Environment {
		if !asked[name] {
			t.Errorf("%s is listed and not read", name)
		}
		delete(asked, name)
	}
	for name := range asked {
		t.Errorf("%s is read and not listed", name)
	}
}

func TestFromEnvRefuses(t *testing.T) {
	tests := map[string]struct {
		field string
		env   map[string]string
	}{
		"switch_that_is_none": {"GATEHOUSE_DEV_BIND", map[string]string{"GATEHOUSE_DEV_BIND": "perhaps"}},
		"value_and_file": {"GATEHOUSE_SECRET_KEY", map[string]string{
			"GATEHOUSE_SECRET_KEY": "canary", "GATEHOUSE_SECRET_KEY_FILE": secretIn(t, "canary", 0o600),
		}},
		// K-09: files of secrets are for their owner alone.
		"K-09_open_secret_key":     {"GATEHOUSE_SECRET_KEY_FILE", map[string]string{"GATEHOUSE_SECRET_KEY_FILE": secretIn(t, "canary", 0o644)}},
		"K-09_open_encryption_key": {"GATEHOUSE_ENCRYPTION_KEY_FILE", map[string]string{"GATEHOUSE_ENCRYPTION_KEY_FILE": secretIn(t, "canary", 0o640)}},
		"K-09_open_signing_key":    {"GATEHOUSE_SIGNING_KEY_FILE", map[string]string{"GATEHOUSE_SIGNING_KEY_FILE": secretIn(t, "canary", 0o604)}},
		"file_that_is_missing":     {"GATEHOUSE_DATABASE_URL_FILE", map[string]string{"GATEHOUSE_DATABASE_URL_FILE": "/nowhere"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := gatehouse.FromEnv(func(name string) string { return tt.env[name] })
			if e, ok := errors.AsType[*gatehouse.ConfigError](err); !ok || e.Field != tt.field {
				t.Errorf("FromEnv = %v, want a ConfigError about %s", err, tt.field)
			}
			if strings.Contains(fmt.Sprint(err), "canary") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

// L-02: a secret prints as nothing of itself.
func TestSecretPrints(t *testing.T) {
	const secret gatehouse.Secret = "canary"
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if got := fmt.Sprintf(format, secret); strings.Contains(got, "canary") {
			t.Errorf("%s prints %s", format, got)
		}
	}
	if text, err := secret.MarshalText(); err != nil || string(text) != "[redacted]" {
		t.Errorf("MarshalText = %s, %v", text, err)
	}
}
