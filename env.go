package gatehouse

import (
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/secretfile"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// Environment lists the variables that [FromEnv] reads. Those of secrets may end
// in _FILE and then name a file that holds the value and that only its owner may
// read (K-09).
var Environment = []string{
	"GATEHOUSE_ADDR",
	"GATEHOUSE_PUBLIC_URL",
	"GATEHOUSE_DEV_BIND",
	"GATEHOUSE_DATABASE_URL", "GATEHOUSE_DATABASE_URL_FILE",
	"GATEHOUSE_REDIS_URL", "GATEHOUSE_REDIS_URL_FILE",
	"GATEHOUSE_REDIS_PREFIX",
	"GATEHOUSE_REDIS_PLAINTEXT",
	"GATEHOUSE_DIR",
	"GATEHOUSE_SECRET_KEY", "GATEHOUSE_SECRET_KEY_FILE",
	"GATEHOUSE_ENCRYPTION_KEY", "GATEHOUSE_ENCRYPTION_KEY_FILE",
	"GATEHOUSE_SIGNING_KEY_FILE",
	"GATEHOUSE_KEY_ROTATION",
	"GATEHOUSE_SESSION_LIFETIME",
	"GATEHOUSE_SESSION_IDLE_TIMEOUT",
	"GATEHOUSE_MAX_TOKEN_LIFETIME",
	"GATEHOUSE_ALLOWED_ORIGINS",
	"GATEHOUSE_TRUSTED_PROXIES",
	"GATEHOUSE_WHEN_STALE",
	"GATEHOUSE_HTTP_ONLY_SESSION",
	"GATEHOUSE_CLERK_JS_DIR",
	"GATEHOUSE_TEMPLATES_DIR",
}

// FromEnv returns the Config that the environment describes; getenv is
// [os.Getenv], or a test's own. Variables that are unset leave their fields zero
// but for Addr, which is then DefaultAddr. Lists are separated by commas; switches
// are what [strconv.ParseBool] reads; periods are "365d", "720h" or "off". Development is
// for the caller to set. The error names the variable, never its value.
func FromEnv(getenv func(string) string) (Config, error) {
	e := environment{getenv: getenv}
	c := Config{
		Addr:            getenv("GATEHOUSE_ADDR"),
		PublicURL:       getenv("GATEHOUSE_PUBLIC_URL"),
		DevBind:         e.bool("GATEHOUSE_DEV_BIND"),
		DatabaseURL:     string(e.secret("GATEHOUSE_DATABASE_URL")),
		RedisURL:        string(e.secret("GATEHOUSE_REDIS_URL")),
		RedisPrefix:     getenv("GATEHOUSE_REDIS_PREFIX"),
		RedisPlaintext:  e.bool("GATEHOUSE_REDIS_PLAINTEXT"),
		Dir:             getenv("GATEHOUSE_DIR"),
		SecretKey:       e.secret("GATEHOUSE_SECRET_KEY"),
		EncryptionKeys:  e.secret("GATEHOUSE_ENCRYPTION_KEY"),
		SigningKeyPEM:   e.file("GATEHOUSE_SIGNING_KEY_FILE"),
		KeyRotation:     e.period("GATEHOUSE_KEY_ROTATION"),
		SessionLifetime: e.period("GATEHOUSE_SESSION_LIFETIME"),
		AllowedOrigins:  e.list("GATEHOUSE_ALLOWED_ORIGINS"),
		TrustedProxies:  e.list("GATEHOUSE_TRUSTED_PROXIES"),
		WhenStale:       middleware.StalePolicy(getenv("GATEHOUSE_WHEN_STALE")),
		HTTPOnlySession: e.bool("GATEHOUSE_HTTP_ONLY_SESSION"),
		ClerkJSDir:      getenv("GATEHOUSE_CLERK_JS_DIR"),
		TemplatesDir:    getenv("GATEHOUSE_TEMPLATES_DIR"),
	}
	c.SessionIdleTimeout = max(0, e.period("GATEHOUSE_SESSION_IDLE_TIMEOUT"))
	c.MaxTokenLifetime = max(0, e.period("GATEHOUSE_MAX_TOKEN_LIFETIME"))
	if c.Addr == "" {
		c.Addr = DefaultAddr
	}
	return c, e.err
}

// environment reads variables and keeps the first error.
type environment struct {
	getenv func(string) string
	err    error
}

func (e *environment) fail(variable, problem string) {
	if e.err == nil {
		e.err = configError(variable, problem)
	}
}

func (e *environment) bool(variable string) bool {
	text := e.getenv(variable)
	if text == "" {
		return false
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		e.fail(variable, "is neither true nor false")
	}
	return v
}

// rotation reads days as in "365d", a duration as in "720h", or "off".
func (e *environment) period(variable string) time.Duration {
	text := e.getenv(variable)
	switch days, whole := strings.CutSuffix(text, "d"); {
	case text == "":
		return 0
	case text == "off":
		return -1
	case whole:
		if n, err := strconv.ParseUint(days, 10, 16); err == nil && n > 0 {
			return time.Duration(n) * 24 * time.Hour
		}
	default:
		if d, err := time.ParseDuration(text); err == nil && d > 0 {
			return d
		}
	}
	e.fail(variable, `is neither days ("365d"), a duration ("720h") nor "off"`)
	return 0
}

func (e *environment) list(variable string) []string {
	var out []string
	for part := range strings.SplitSeq(e.getenv(variable), ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// secret reads a variable, or the file that its twin with _FILE names.
func (e *environment) secret(variable string) Secret {
	value := Secret(e.getenv(variable))
	if e.getenv(variable+"_FILE") == "" {
		return value
	}
	if value != "" {
		e.fail(variable, "and "+variable+"_FILE are both set: keep one")
	}
	return e.file(variable + "_FILE")
}

// file reads the file that a variable names; unset is empty.
func (e *environment) file(variable string) Secret {
	path := e.getenv(variable)
	if path == "" {
		return ""
	}
	text, err := secretfile.Read(path)
	if err != nil {
		e.fail(variable, err.Error())
	}
	return Secret(text)
}
