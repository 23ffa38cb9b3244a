package gatehouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/session"
)

// signingKeys is what c says about signing keys, but for the external one.
func (c *Config) signingKeys(store session.KeyStore, ring *keyring.Ring) session.KeysConfig {
	return session.KeysConfig{Store: store, Sealer: ring, RotateEvery: max(c.KeyRotation, 0), Now: c.Now, Logger: c.Logger}
}

// ErrNoKeys is a database that no server has made a signing key in yet.
var ErrNoKeys = errors.New("gatehouse: there are no signing keys yet: start the server once")

// ManageKeys hands the signing keys of the instance that cfg names to fn, for tools
// that look at them or change them while servers run; those follow within a second. It
// opens no more than the database and needs the secrets that the server needs. Errors:
// *ConfigError, ErrEnvironment, ErrNoKeys, what the store and fn return.
func ManageKeys(ctx context.Context, cfg Config, fn func(*session.Keys) error) (err error) {
	if _, err := cfg.complete(); err != nil {
		return err
	}
	ring, err := keyring.Parse(string(cfg.EncryptionKeys))
	if err != nil {
		return &ConfigError{"EncryptionKeys", "cannot be read: " + err.Error()}
	}
	cfg.RedisURL = "" // keys lie in the database
	st, err := openStorage(ctx, &cfg)
	if err != nil {
		return fmt.Errorf("gatehouse: %w", err)
	}
	defer func() {
		for _, closer := range st.closers {
			err = errors.Join(err, closer())
		}
	}()
	if _, err := claimInstance(ctx, st.db, cfg.Development, cfg.Now()); err != nil {
		return err
	}
	keys, err := session.ManageKeys(ctx, cfg.signingKeys(st.keys, ring))
	if err != nil {
		return fmt.Errorf("gatehouse: %w", err)
	}
	if len(keys.All()) == 0 {
		return ErrNoKeys
	}
	return fn(keys)
}
