package gatehouse

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/logging"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
)

// ConfigError says which field of Config, or which variable, cannot be used. It
// holds no value of a secret.
type ConfigError struct{ Field, Problem string }

func (e *ConfigError) Error() string { return "gatehouse: " + e.Field + " " + e.Problem }

func configError(field, problem string) error { return &ConfigError{field, problem} }

// defaultKeyRotation is how long a signing key signs.
const defaultKeyRotation = 365 * 24 * time.Hour

// complete checks c and fills in what follows from the rest. It makes no files
// before everything else was found good.
func (c *Config) complete() (publicURLs, error) {
	urls, err := c.completeButSecrets()
	if err != nil {
		return urls, err
	}
	if c.Development {
		if err := c.makeDevelopmentSecrets(); err != nil {
			return urls, err
		}
	}
	return urls, c.checkSecrets()
}

// completeButSecrets is the part of complete that makes no files.
func (c *Config) completeButSecrets() (publicURLs, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Logger = slog.New(logging.Redact(c.Logger.Handler()))
	if c.Addr == "" {
		c.Addr = DefaultAddr
	}
	switch {
	case c.KeyRotation == 0:
		c.KeyRotation = defaultKeyRotation
	case c.KeyRotation > 0 && c.KeyRotation < time.Hour:
		return publicURLs{}, configError("KeyRotation", "is shorter than an hour")
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{{"SessionLifetime", c.SessionLifetime}, {"SessionIdleTimeout", c.SessionIdleTimeout}} {
		if d.value != 0 && d.value < time.Minute {
			return publicURLs{}, configError(d.field, "is shorter than a minute")
		}
	}
	if c.MaxTokenLifetime != 0 && (c.MaxTokenLifetime < time.Minute || c.MaxTokenLifetime > 30*time.Minute) {
		return publicURLs{}, configError("MaxTokenLifetime", "is not between a minute and 30 minutes")
	}
	if c.RedisPrefix == "" {
		c.RedisPrefix = "gatehouse"
	}
	if c.Settings == nil {
		s := DefaultSettings(c.Development)
		c.Settings = &s
	}
	if !c.WhenStale.Valid() {
		return publicURLs{}, configError("WhenStale", `is none of "ask", "refuse" and "allow"`)
	}
	if err := c.checkSettings(); err != nil {
		return publicURLs{}, err
	}
	mode := c.completeProduction
	if c.Development {
		mode = c.completeDevelopment
	}
	if err := mode(); err != nil {
		return publicURLs{}, err
	}
	urls, err := parsePublicURL(c.PublicURL)
	if err != nil {
		return urls, err
	}
	if err := c.checkLinks(); err != nil {
		return urls, err
	}
	return urls, c.checkRedis()
}

// completeDevelopment holds Z-03: loopback only, unless the caller says otherwise.
func (c *Config) completeDevelopment() error {
	host, port := splitHostPort(c.Addr)
	if !isLoopback(host) && !c.DevBind {
		return configError("Addr", fmt.Sprintf("%q is reached by other machines, and a development server accepts fixed test codes: "+
			"use 127.0.0.1 or localhost, run production with `gatehouse serve`, or, in a container, set DevBind (--dev-bind %s, GATEHOUSE_DEV_BIND=true)", c.Addr, c.Addr))
	}
	if c.PublicURL == "" && (port == "" || port == "0") {
		return configError("Addr", "has no fixed port, so PublicURL has to say where browsers find the server")
	}
	if c.Dir == "" {
		c.Dir = DefaultDir
	}
	if c.DatabaseURL == "" {
		c.DatabaseURL = "sqlite:" + filepath.Join(c.Dir, databaseFile)
	}
	if c.PublicURL == "" {
		c.PublicURL = defaultPublicURL(c.Addr)
	}
	return nil
}

// completeProduction names what production does not make up.
func (c *Config) completeProduction() error {
	for _, f := range []struct {
		missing     bool
		field, hint string
	}{
		{c.PublicURL == "", "PublicURL", "GATEHOUSE_PUBLIC_URL"},
		{c.DatabaseURL == "", "DatabaseURL", "GATEHOUSE_DATABASE_URL"},
		{c.SecretKey == "", "SecretKey", "GATEHOUSE_SECRET_KEY or GATEHOUSE_SECRET_KEY_FILE"},
		{c.EncryptionKeys == "", "EncryptionKeys", "GATEHOUSE_ENCRYPTION_KEY or GATEHOUSE_ENCRYPTION_KEY_FILE"},
	} {
		if f.missing {
			return configError(f.field, "is missing; production needs it ("+f.hint+"; `gatehouse init` makes a configuration)")
		}
	}
	if c.DevBind {
		return configError("DevBind", "is for development only")
	}
	return nil
}

// checkSecrets keeps the keys of the two modes apart (Z-03).
func (c *Config) checkSecrets() error {
	want, other := "sk_live_", "sk_test_"
	if c.Development {
		want, other = other, want
	}
	key := string(c.SecretKey)
	switch {
	case strings.HasPrefix(key, other):
		return configError("SecretKey", "begins with "+other+", which is the other mode's; this mode takes "+want)
	case !strings.HasPrefix(key, want):
		return configError("SecretKey", "does not begin with "+want)
	case len(key) < len(want)+32:
		return configError("SecretKey", "has fewer than 32 characters after "+want)
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return configError("SecretKey", "has blanks or characters beyond ASCII")
	}
	return nil
}

// checkRedis holds D-01: what travels to Redis is worth a session, so it is
// encrypted wherever it leaves the machine. Development connects as told.
func (c *Config) checkRedis() error {
	if c.RedisURL == "" {
		return nil
	}
	_, err := redisstore.ParseURL(c.RedisURL, c.RedisPlaintext || c.Development)
	switch {
	case errors.Is(err, redisstore.ErrPlaintext):
		return configError("RedisURL", "would send sessions unencrypted to another machine: use rediss://, "+
			"or say that the network is private with RedisPlaintext (--redis-plaintext, GATEHOUSE_REDIS_PLAINTEXT=true)")
	case err != nil:
		return configError("RedisURL", "cannot be used: "+err.Error())
	}
	return nil
}

// checkLinks checks the pages that people are sent to, and brings the allowed
// origins into the form in which browsers send them.
func (c *Config) checkLinks() error {
	for _, l := range []struct{ field, value string }{
		{"HomeURL", c.HomeURL}, {"SignInURL", c.SignInURL}, {"SignUpURL", c.SignUpURL}, {"UserURL", c.UserURL},
	} {
		if l.value == "" || (strings.HasPrefix(l.value, "/") && !strings.HasPrefix(l.value, "//") && !strings.Contains(l.value, `\`)) {
			continue
		}
		u, err := url.Parse(l.value)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
			return configError(l.field, "is neither a path nor an http or https URL")
		}
	}
	origins := make([]string, len(c.AllowedOrigins)) // the caller's slice stays as it is
	for i, text := range c.AllowedOrigins {
		origin, ok := parseOrigin(text)
		if !ok {
			return configError("AllowedOrigins", "has an entry that is no origin (scheme://host:port): "+text)
		}
		origins[i] = origin
	}
	c.AllowedOrigins = origins
	return nil
}
