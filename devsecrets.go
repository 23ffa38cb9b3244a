package gatehouse

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/secretfile"
	"github.com/gatehouse-dev/gatehouse/internal/secretkey"
)

// Names of the files in Config.Dir.
const (
	secretKeyFile     = "secret_key"
	encryptionKeyFile = "encryption_key"
	sdkFile           = "sdk.env"
	databaseFile      = "gatehouse.db"
)

// NewSecretKey returns a new key for the Backend API: "sk_live_" or, in
// development, "sk_test_" and 48 random characters.
func NewSecretKey(development bool) Secret {
	return Secret(secretkey.New(development))
}

// NewEncryptionKey returns a new key in the form of Config.EncryptionKeys. Put it
// in front of the list to encrypt with it from now on.
func NewEncryptionKey() Secret { return Secret(keyring.New()) }

// developmentSecret is one that a development server makes and keeps in a file.
type developmentSecret struct {
	value *Secret
	file  string
	make  func() Secret
}

func (c *Config) developmentSecrets() []developmentSecret {
	return []developmentSecret{
		{&c.SecretKey, secretKeyFile, func() Secret { return NewSecretKey(true) }},
		{&c.EncryptionKeys, encryptionKeyFile, NewEncryptionKey},
	}
}

// makeDevelopmentSecrets fills the secrets that c lacks from files in c.Dir, made
// on the first start (K-09, K-10).
func (c *Config) makeDevelopmentSecrets() error {
	if err := secretfile.Dir(c.Dir); err != nil {
		return fmt.Errorf("gatehouse: make Config.Dir: %w", err)
	}
	// What lies here is nobody else's business: not the repository's either.
	if err := secretfile.Create(filepath.Join(c.Dir, ".gitignore"), "*\n"); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("gatehouse: make Config.Dir: %w", err)
	}
	for _, s := range c.developmentSecrets() {
		if *s.value != "" {
			continue
		}
		// Of two servers that start at once one makes the file; both use what it holds.
		err := secretfile.Create(filepath.Join(c.Dir, s.file), string(s.make())+"\n")
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("gatehouse: make secret: %w", err)
		}
	}
	return c.readDevelopmentSecrets()
}

// readDevelopmentSecrets fills the secrets that c lacks from files that were made before.
func (c *Config) readDevelopmentSecrets() error {
	for _, s := range c.developmentSecrets() {
		if *s.value != "" {
			continue
		}
		text, err := secretfile.Read(filepath.Join(c.Dir, s.file))
		if err != nil {
			return fmt.Errorf("gatehouse: read secret: %w", err)
		}
		*s.value = Secret(text)
	}
	return nil
}

// writeSDKFile writes the variables with which official SDKs find this server, in
// the form of a .env file.
func (c *Config) writeSDKFile(urls publicURLs) (path string, err error) {
	key, base := urls.publishableKey(), urls.base()
	text := "# For the environment of an app that uses an official SDK. Written by the development server.\n" +
		"CLERK_PUBLISHABLE_KEY=" + key + "\n" +
		"CLERK_SECRET_KEY=" + string(c.SecretKey) + "\n" +
		"CLERK_PROXY_URL=" + base + "\n" +
		"CLERK_API_URL=" + base + "/api\n" +
		"CLERK_TELEMETRY_DISABLED=1\n" +
		"NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=" + key + "\n" +
		"NEXT_PUBLIC_CLERK_PROXY_URL=" + base + "\n" +
		"NEXT_PUBLIC_CLERK_SIGN_IN_URL=" + urls.page(c.SignInURL, "/sign-in") + "\n" +
		"NEXT_PUBLIC_CLERK_SIGN_UP_URL=" + urls.page(c.SignUpURL, "/sign-up") + "\n" +
		"VITE_CLERK_PUBLISHABLE_KEY=" + key + "\n" +
		"VITE_CLERK_PROXY_URL=" + base + "\n"
	path = filepath.Join(c.Dir, sdkFile)
	if err := secretfile.Replace(path, text); err != nil {
		return "", fmt.Errorf("gatehouse: write %s: %w", sdkFile, err)
	}
	return path, nil
}
