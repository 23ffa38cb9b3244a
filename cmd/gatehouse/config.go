package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/internal/logging"
)

// settings is a resolved configuration: flag, then environment, then file, then
// default.
type settings struct {
	gatehouse gatehouse.Config
	smtp      smtpTable
	hook      hookTable
	logLevel  slog.Level
	logFormat string // "text" or "json"
}

// resolve merges f with the environment and the file that one of them names.
func (f *serverFlags) resolve(p *program, development bool, more map[string]string) (settings, error) {
	flags := map[string]string{
		"GATEHOUSE_CONFIG":       f.Config,
		"GATEHOUSE_ADDR":         f.Addr,
		"GATEHOUSE_PUBLIC_URL":   f.PublicURL,
		"GATEHOUSE_DATABASE_URL": f.DatabaseURL,
		"GATEHOUSE_REDIS_URL":    f.RedisURL,
		"GATEHOUSE_CLERK_JS_DIR": f.ClerkJSDir,
		"GATEHOUSE_LOG_LEVEL":    f.LogLevel,
	}
	for name, value := range more {
		flags[name] = value
	}
	if err := refusePasswords(flags); err != nil {
		return settings{}, &usageError{err}
	}
	path := flags["GATEHOUSE_CONFIG"]
	if path == "" {
		path = p.getenv("GATEHOUSE_CONFIG")
	}
	file, err := readFile(path, development)
	if err != nil {
		return settings{}, &usageError{err}
	}
	vars, err := file.variables()
	if err != nil {
		return settings{}, &usageError{err}
	}
	lookup := layers(flags, p.getenv, vars)
	s, err := file.settings(lookup, development)
	if err != nil {
		return settings{}, &usageError{err}
	}
	return s, nil
}

// settings reads all values through lookup and adds what only a file can say.
func (f file) settings(lookup func(string) string, development bool) (settings, error) {
	c, err := gatehouse.FromEnv(lookup)
	if err != nil {
		return settings{}, err
	}
	c.Development = development
	c.HomeURL, c.SignInURL, c.SignUpURL, c.UserURL = f.HomeURL, f.SignInURL, f.SignUpURL, f.UserURL
	c.Settings, c.PinnedSettings, c.Passwords = &f.Settings, f.pinned, f.Passwords
	s := settings{gatehouse: c, smtp: f.SMTP, hook: f.Hook, logFormat: lookup("GATEHOUSE_LOG_FORMAT")}
	if err := errors.Join(s.smtp.complete(lookup), s.hook.complete(lookup)); err != nil {
		return settings{}, err
	}
	if level := lookup("GATEHOUSE_LOG_LEVEL"); level != "" {
		if err := s.logLevel.UnmarshalText([]byte(level)); err != nil {
			return settings{}, fmt.Errorf("GATEHOUSE_LOG_LEVEL is none of debug, info, warn, error: %s", level)
		}
	}
	switch s.logFormat {
	case "text", "json":
	case "":
		s.logFormat = "json"
		if development {
			s.logFormat = "text"
		}
	default:
		return settings{}, fmt.Errorf("GATEHOUSE_LOG_FORMAT is neither text nor json: %s", s.logFormat)
	}
	return s, nil
}

// layers looks a variable up in flags, then the environment, then the file. A
// variable and its twin with _FILE are one thing: the first layer that has either
// hides both in the layers below.
func layers(flags map[string]string, getenv func(string) string, file map[string]string) func(string) string {
	sources := []func(string) string{
		func(name string) string { return flags[name] },
		getenv,
		func(name string) string { return file[name] },
	}
	return func(name string) string {
		base := name
		if name != "GATEHOUSE_SIGNING_KEY_FILE" { // has no twin
			base = strings.TrimSuffix(name, "_FILE")
		}
		for _, source := range sources {
			if source(base) != "" || source(base+"_FILE") != "" {
				return source(name)
			}
		}
		return ""
	}
}

// refusePasswords keeps secrets out of the command line, which every user of the
// machine can read (K-09).
func refusePasswords(flags map[string]string) error {
	for _, name := range []string{"GATEHOUSE_DATABASE_URL", "GATEHOUSE_REDIS_URL"} {
		u, err := url.Parse(flags[name])
		if err != nil {
			continue // reported without its text where it is used
		}
		if _, has := u.User.Password(); has || u.Query().Has("password") {
			flag := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "GATEHOUSE_"), "_", "-"))
			return fmt.Errorf("--%s holds a password, and others can read the command line: use %s or %s_FILE", flag, name, name)
		}
	}
	return nil
}

// logger returns the logger that the settings ask for.
func (s settings) logger(p *program) *slog.Logger {
	if s.logFormat == "text" {
		return gatehouse.NewTerminalLogger(p.stderr, s.logLevel)
	}
	return slog.New(logging.Redact(slog.NewJSONHandler(p.stderr, &slog.HandlerOptions{Level: s.logLevel})))
}

// printed is what --print-config shows: the names of the file, secrets left out.
type printed struct {
	Mode           string   `toml:"mode"`
	Addr           string   `toml:"addr"`
	PublicURL      string   `toml:"public_url"`
	DatabaseURL    string   `toml:"database_url"`
	RedisURL       string   `toml:"redis_url"`
	RedisPrefix    string   `toml:"redis_prefix"`
	RedisPlaintext bool     `toml:"redis_plaintext"`
	Dir            string   `toml:"dir"`
	AllowedOrigins []string `toml:"allowed_origins"`
	TrustedProxies []string `toml:"trusted_proxies"`
	WhenStale      string   `toml:"when_stale"`
	HTTPOnly       bool     `toml:"http_only_session"`
	ClerkJSDir     string   `toml:"clerk_js_dir"`
	TemplatesDir   string   `toml:"templates_dir"`
	HomeURL        string   `toml:"home_url"`
	SignInURL      string   `toml:"sign_in_url"`
	SignUpURL      string   `toml:"sign_up_url"`
	UserURL        string   `toml:"user_url"`

	// The encoder writes string types as they are, so these are texts that are redacted.
	SecretKey     string `toml:"secret_key"`
	EncryptionKey string `toml:"encryption_key"`
	SigningKey    string `toml:"signing_key"`
	KeyRotation   string `toml:"key_rotation"`
	SessionLife   string `toml:"session_lifetime"`
	SessionIdle   string `toml:"session_idle_timeout"`
	MaxTokenLife  string `toml:"max_token_lifetime"`

	Settings  gatehouse.Settings  `toml:"settings"`
	Passwords gatehouse.Passwords `toml:"passwords"`
	SMTP      smtpTable           `toml:"smtp"`
	Hook      hookTable           `toml:"hook"`
	Log       logTable            `toml:"log"`
}

// period is a duration of the Config as the file has it; unset is what 0 means there.
func period(d time.Duration, unset string) string {
	switch {
	case d < 0:
		return "off"
	case d == 0:
		return unset
	}
	return d.String()
}

// print writes the settings to stdout, as a configuration file reads but for the
// secrets.
func (s settings) print(p *program) error {
	c := s.gatehouse
	mode := "production"
	if c.Development {
		mode = "development"
	}
	return writeTOML(p.stdout, printed{
		Mode: mode, Addr: c.Addr, PublicURL: c.PublicURL,
		DatabaseURL: logging.StoreURL(c.DatabaseURL), RedisURL: logging.StoreURL(c.RedisURL),
		RedisPrefix: c.RedisPrefix, RedisPlaintext: c.RedisPlaintext, Dir: c.Dir,
		AllowedOrigins: c.AllowedOrigins, TrustedProxies: c.TrustedProxies, WhenStale: string(c.WhenStale), HTTPOnly: c.HTTPOnlySession, ClerkJSDir: c.ClerkJSDir,
		TemplatesDir: c.TemplatesDir,
		HomeURL:      c.HomeURL, SignInURL: c.SignInURL, SignUpURL: c.SignUpURL, UserURL: c.UserURL,
		SecretKey: c.SecretKey.String(), EncryptionKey: c.EncryptionKeys.String(), SigningKey: c.SigningKeyPEM.String(),
		KeyRotation: period(c.KeyRotation, "365d"),
		SessionLife: period(c.SessionLifetime, "7d"), SessionIdle: period(c.SessionIdleTimeout, "off"),
		MaxTokenLife: period(c.MaxTokenLifetime, "60s"),
		Settings:     *c.Settings, Passwords: c.Passwords, SMTP: s.smtp, Hook: s.hook,
		Log: logTable{Level: strings.ToLower(s.logLevel.String()), Format: s.logFormat},
	})
}
