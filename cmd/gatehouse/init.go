package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/internal/secretfile"
)

// Names of the files that init writes.
const (
	configName  = "gatehouse.toml"
	secretsName = "gatehouse.secrets.env"
)

// initCommand writes a configuration for a production server.
type initCommand struct {
	PublicURL string `name:"public-url" required:"" placeholder:"URL" help:"What browsers will call the server: https://app.example.com."`
	Out       string `default:"." placeholder:"DIR" help:"Folder to write into; the current one by default."`
}

// Run implements command. It changes no existing file.
func (c *initCommand) Run(_ context.Context, p *program) error {
	key, err := gatehouse.PublishableKey(gatehouse.Config{PublicURL: c.PublicURL})
	if err != nil {
		return &usageError{err}
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	config, secrets := filepath.Join(c.Out, configName), filepath.Join(c.Out, secretsName)
	for _, path := range []string{config, secrets} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s exists; init changes no file", path)
		}
	}
	if err := secretfile.Create(secrets, secretsText()); err != nil {
		return fmt.Errorf("write secrets: %w", err)
	}
	if err := secretfile.Create(config, configText(c.PublicURL)); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	fmt.Fprintf(p.stdout, "Wrote %s and %s (secrets, mode 0600: keep a copy where you keep secrets).\n\n"+
		"publishable key  %s\nstart            gatehouse serve --config %s\n", config, secrets, key, config)
	return nil
}

func secretsText() string {
	return "# Secrets of a Gatehouse server. Only the user that runs it may read this file.\n" +
		"# What app servers show to the Backend API:\n" +
		"GATEHOUSE_SECRET_KEY=" + string(gatehouse.NewSecretKey(false)) + "\n" +
		"# Encrypts signing keys and other secrets in the database. Without it they are lost.\n" +
		"GATEHOUSE_ENCRYPTION_KEY=" + string(gatehouse.NewEncryptionKey()) + "\n" +
		"# With a password in it, a store's URL belongs here and not in gatehouse.toml:\n" +
		"# GATEHOUSE_DATABASE_URL=postgres://user:password@host/database?sslmode=verify-full\n" +
		"# GATEHOUSE_REDIS_URL=rediss://user:password@host:6379/0\n" +
		"# GATEHOUSE_SMTP_PASSWORD=\n" +
		"# What signs the messages to the hook, \"whsec_\" and the base64 of 24 bytes or more:\n" +
		"# GATEHOUSE_HOOK_SECRET=\n"
}

func configText(publicURL string) string {
	return `# Configuration of a Gatehouse server. Flags and GATEHOUSE_… variables override it;
# "gatehouse serve --config gatehouse.toml --print-config" shows what results.
# Paths are relative to this file.

public_url = ` + strconv.Quote(publicURL) + `
secrets_file = "` + secretsName + `"

# Where to listen. Put a reverse proxy with TLS in front, and name it below.
addr = "127.0.0.1:8080"
trusted_proxies = [] # "127.0.0.1", "10.0.0.0/8"

# Users, and without Redis the sessions, too.
database_url = "sqlite:gatehouse.db" # or postgres://…
# redis_url = "rediss://redis.example.com:6379/0"
# While this node cannot follow the revocations of the others: "ask" the store about each
# request, "refuse" them, or "allow" tokens that were revoked elsewhere until they expire.
when_stale = "ask"

# How long a signing key signs. "off" where apps have a copy of the key in their configuration.
key_rotation = "365d"

# How long people stay signed in: at most, and without doing anything ("off": as long as at most).
session_lifetime = "7d"
session_idle_timeout = "off"
# How long a session token may live that the Backend API mints: "60s" to "30m".
max_token_lifetime = "60s"

# Other origins whose pages call this server: "https://admin.example.com".
allowed_origins = []

# Mails and texts in words of your own, see docs/messages.md.
# templates_dir = "messages"

# What stands below is decided here; the rest is changed while the server runs, with
# "gatehouse settings set" or the Backend API.
[settings]
app_name = "My app"
# sign_up_mode = "public"   # or "restricted": by invitation, or through the Backend API
# min_password_length = 8   # 15 is recommended while the password is the only factor
# delete_self = true        # people may delete their account
# reverification = true     # … after confirming that it is they
# legal_consent = true      # whoever signs up accepts terms_url and privacy_policy_url

[smtp]
# Without a server no mail goes out, and nobody can confirm an address.
host = ""                 # "smtp.example.com"
port = 587
from = ""                 # "My app <no-reply@example.com>"
username = ""             # the password is GATEHOUSE_SMTP_PASSWORD

[hook]
# A program of yours that takes texts, and mails if there is no mail server, as signed
# JSON and hands them to a provider.
url = ""                  # "https://hooks.example.com/messages"; the secret is GATEHOUSE_HOOK_SECRET

[log]
level = "info"            # debug, info, warn, error
format = "json"           # or "text"
`
}
