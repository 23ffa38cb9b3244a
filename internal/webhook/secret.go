package webhook

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/webhook"
)

const (
	secretBytes = 32 // 256 bits
	// overlap is how long a secret signs beside the one that took its place.
	overlap    = 24 * time.Hour
	maxSecrets = 5
)

// sealedSecret is a secret as it lies in the database (K-06).
type sealedSecret struct {
	Sealed   []byte    `json:"sealed"`
	ExpireAt time.Time `json:"expire_at,omitzero"` // zero for the newest
}

// Where secrets lie, for what they are sealed to.
const secretTable, secretColumn = "webhook_endpoints", "secrets"

// addSecret gives e a new secret; those before sign along for 24 hours.
func (s *Service) addSecret(e *Endpoint, now time.Time) (string, error) {
	secret := "whsec_" + base64.StdEncoding.EncodeToString(random.Bytes(secretBytes))
	sealed, err := s.cfg.Keys.Seal(secretTable, secretColumn, e.ID, []byte(secret))
	if err != nil {
		return "", fmt.Errorf("seal secret: %w", err)
	}
	secrets := []sealedSecret{{Sealed: sealed}}
	for _, old := range e.secrets {
		if old.ExpireAt.IsZero() {
			old.ExpireAt = now.Add(overlap)
		}
		if now.Before(old.ExpireAt) && len(secrets) < maxSecrets {
			secrets = append(secrets, old)
		}
	}
	e.secrets = secrets
	return secret, nil
}

// RotateSecret gives an endpoint a new secret and returns it. For 24 hours requests are
// signed with the old one as well, so that receivers can follow. ErrNotFound.
func (s *Service) RotateSecret(ctx context.Context, id string) (e Endpoint, secret string, err error) {
	e, err = s.change(ctx, id, func(e *Endpoint, now time.Time) error {
		if e.kind != kindEndpoint {
			return ErrNotFound
		}
		secret, err = s.addSecret(e, now)
		return err
	})
	return e, secret, err
}

// keys are what signs at now, the newest first.
func (s *Service) keys(e *Endpoint, now time.Time) ([][]byte, error) {
	var keys [][]byte
	for _, secret := range e.secrets {
		if !secret.ExpireAt.IsZero() && !now.Before(secret.ExpireAt) {
			continue
		}
		plain, err := s.cfg.Keys.Open(secretTable, secretColumn, e.ID, secret.Sealed)
		if err != nil {
			return nil, err
		}
		key, err := webhook.Key(string(plain))
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// resealAll seals with the first key what an older one had sealed (K-07).
func (s *Service) resealAll(ctx context.Context) error {
	var all []Endpoint
	err := s.db.Read(ctx, func(ctx context.Context, q sqldb.Querier) (err error) {
		all, err = listEndpoints(ctx, q, ``)
		return err
	})
	for _, e := range all {
		if err != nil {
			return err
		}
		if s.outdated(e) {
			_, err = s.change(ctx, e.ID, func(e *Endpoint, _ time.Time) error { return s.reseal(e) })
		}
	}
	return err
}

func (s *Service) outdated(e Endpoint) bool {
	for _, secret := range e.secrets {
		if s.cfg.Keys.Outdated(secret.Sealed) {
			return true
		}
	}
	return false
}

func (s *Service) reseal(e *Endpoint) error {
	for n, secret := range e.secrets {
		plain, err := s.cfg.Keys.Open(secretTable, secretColumn, e.ID, secret.Sealed)
		if err != nil {
			return err
		}
		if e.secrets[n].Sealed, err = s.cfg.Keys.Seal(secretTable, secretColumn, e.ID, plain); err != nil {
			return err
		}
	}
	return nil
}
