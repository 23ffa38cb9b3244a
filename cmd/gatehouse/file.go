package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/internal/secretfile"
)

// file is a configuration file. Paths in it are relative to its folder.
type file struct {
	Addr           string   `toml:"addr"`
	PublicURL      string   `toml:"public_url"`
	DatabaseURL    string   `toml:"database_url"`
	RedisURL       string   `toml:"redis_url"`
	RedisPrefix    string   `toml:"redis_prefix"`
	RedisPlaintext bool     `toml:"redis_plaintext"`
	Dir            string   `toml:"dir"`
	SecretsFile    string   `toml:"secrets_file"`
	AllowedOrigins []string `toml:"allowed_origins"`
	TrustedProxies []string `toml:"trusted_proxies"`
	WhenStale      string   `toml:"when_stale"`
	HTTPOnly       bool     `toml:"http_only_session"`
	ClerkJSDir     string   `toml:"clerk_js_dir"`
	TemplatesDir   string   `toml:"templates_dir"`
	KeyRotation    string   `toml:"key_rotation"` // "365d", "720h", "off"
	SessionLife    string   `toml:"session_lifetime"`
	SessionIdle    string   `toml:"session_idle_timeout"`
	MaxTokenLife   string   `toml:"max_token_lifetime"`

	HomeURL   string `toml:"home_url"`
	SignInURL string `toml:"sign_in_url"`
	SignUpURL string `toml:"sign_up_url"`
	UserURL   string `toml:"user_url"`

	Settings  gatehouse.Settings  `toml:"settings"`
	Passwords gatehouse.Passwords `toml:"passwords"`
	SMTP      smtpTable           `toml:"smtp"`
	Hook      hookTable           `toml:"hook"`
	Log       logTable            `toml:"log"`

	pinned []string // the names of the settings that the file has
}

// logTable is the table [log].
type logTable struct {
	Level  string `toml:"level"`  // debug, info, warn, error; "" means info
	Format string `toml:"format"` // text or json; "" means text in dev, json in serve
}

// readFile reads a configuration file over the defaults of the mode. Keys that it
// does not know are an error that names them all. "" is no file.
func readFile(path string, development bool) (file, error) {
	f := file{Settings: gatehouse.DefaultSettings(development)}
	if path == "" {
		return f, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return f, fmt.Errorf("read configuration: %w", err)
	}
	dec := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return f, fmt.Errorf("%s: %w", path, explain(err))
	}
	if f.pinned, err = settingNames(text); err != nil {
		return f, fmt.Errorf("%s: %w", path, explain(err))
	}
	dir := filepath.Dir(path)
	for _, p := range []*string{&f.Dir, &f.SecretsFile, &f.ClerkJSDir, &f.TemplatesDir, &f.SMTP.PasswordFile, &f.Hook.SecretFile} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	if rest, ok := strings.CutPrefix(f.DatabaseURL, "sqlite:"); ok && rest != "" && !filepath.IsAbs(rest) {
		f.DatabaseURL = "sqlite:" + filepath.Join(dir, rest)
	}
	return f, nil
}

// settingNames lists what the table [settings] of a file has: "sign_up_mode",
// "email_address.required".
func settingNames(text []byte) ([]string, error) {
	var all struct {
		Settings map[string]any `toml:"settings"`
	}
	if err := toml.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	var names []string
	for name, value := range all.Settings {
		group, ok := value.(map[string]any)
		if !ok {
			names = append(names, name)
			continue
		}
		for inner := range group {
			names = append(names, name+"."+inner)
		}
	}
	slices.Sort(names)
	return names, nil
}

// explain says where a file is wrong without quoting it, since it may hold secrets.
func explain(err error) error {
	if strict, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		var keys []string
		for _, e := range strict.Errors {
			row, _ := e.Position()
			keys = append(keys, fmt.Sprintf("%s (line %d)", strings.Join(e.Key(), "."), row))
		}
		return fmt.Errorf("unknown keys: %s", strings.Join(keys, ", "))
	}
	if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, column := decode.Position()
		return fmt.Errorf("line %d, column %d: %s", row, column, decode.Error())
	}
	return err
}

// variables is the file in the words of the environment, so that one reader
// (gatehouse.FromEnv) knows the rules of each value. The secrets file comes in too.
func (f file) variables() (map[string]string, error) {
	vars := map[string]string{
		"GATEHOUSE_ADDR":            f.Addr,
		"GATEHOUSE_PUBLIC_URL":      f.PublicURL,
		"GATEHOUSE_DATABASE_URL":    f.DatabaseURL,
		"GATEHOUSE_REDIS_URL":       f.RedisURL,
		"GATEHOUSE_REDIS_PREFIX":    f.RedisPrefix,
		"GATEHOUSE_DIR":             f.Dir,
		"GATEHOUSE_ALLOWED_ORIGINS": strings.Join(f.AllowedOrigins, ","),
		"GATEHOUSE_TRUSTED_PROXIES": strings.Join(f.TrustedProxies, ","),
		"GATEHOUSE_WHEN_STALE":      f.WhenStale,
		"GATEHOUSE_CLERK_JS_DIR":    f.ClerkJSDir,
		"GATEHOUSE_TEMPLATES_DIR":   f.TemplatesDir,
		"GATEHOUSE_KEY_ROTATION":    f.KeyRotation,

		"GATEHOUSE_SESSION_LIFETIME":     f.SessionLife,
		"GATEHOUSE_SESSION_IDLE_TIMEOUT": f.SessionIdle,
		"GATEHOUSE_MAX_TOKEN_LIFETIME":   f.MaxTokenLife,
		"GATEHOUSE_LOG_LEVEL":            f.Log.Level,
		"GATEHOUSE_LOG_FORMAT":           f.Log.Format,
	}
	if f.RedisPlaintext {
		vars["GATEHOUSE_REDIS_PLAINTEXT"] = strconv.FormatBool(true)
	}
	if f.HTTPOnly {
		vars["GATEHOUSE_HTTP_ONLY_SESSION"] = strconv.FormatBool(true)
	}
	if f.SecretsFile != "" {
		secrets, err := readSecrets(f.SecretsFile)
		if err != nil {
			return nil, fmt.Errorf("secrets_file: %w", err)
		}
		maps.Copy(vars, secrets)
	}
	return vars, nil
}

// secretVariables are what a secrets file may set.
var secretVariables = []string{
	"GATEHOUSE_SECRET_KEY", "GATEHOUSE_ENCRYPTION_KEY", "GATEHOUSE_DATABASE_URL",
	"GATEHOUSE_REDIS_URL", "GATEHOUSE_SIGNING_KEY_FILE", "GATEHOUSE_SMTP_PASSWORD",
	"GATEHOUSE_HOOK_SECRET",
}

// readSecrets reads lines of NAME=value; empty lines and those after # are skipped.
// The file may be read by its owner alone (K-09).
func readSecrets(path string) (map[string]string, error) {
	text, err := secretfile.Read(path)
	if err != nil {
		return nil, err
	}
	vars := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || !slices.Contains(secretVariables, name) {
			return nil, fmt.Errorf("%s, line %d: want NAME=value with a NAME of %s", path, n, strings.Join(secretVariables, ", "))
		}
		vars[name] = strings.Trim(strings.TrimSpace(value), `"'`)
	}
	return vars, lines.Err()
}

// writeTOML prints a redacted configuration.
func writeTOML(w io.Writer, v any) error {
	enc := toml.NewEncoder(w)
	enc.SetIndentTables(false)
	return enc.Encode(v)
}
