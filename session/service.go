package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// Config sets up a Service. The zero value of every optional field works.
type Config struct {
	Clients     ClientStore     // required
	Sessions    SessionStore    // required
	Revocations RevocationStore // required: the log that Sessions writes
	Keys        *Keys           // required: signing keys, from OpenKeys
	Issuer      string          // required: the claim iss
	// Attempts keeps handshakes by nonce. Without it HandshakeNonce fails.
	Attempts AttemptStore

	Lifetime      time.Duration // absolute life of a session; 0 means 7 days
	IdleTimeout   time.Duration // without touch or mint; 0 means off
	TokenLifetime time.Duration // 1 s to 30 min: the revocation log is kept for 1 h; 0 means 60 s
	// MaxTokenLifetime is the longest that TokenFor takes, up to 30 min; 0 means
	// TokenLifetime. Nodes hold revocations in memory for as long.
	MaxTokenLifetime time.Duration

	ClientLifetime time.Duration // life of a __client cookie from its last rotation; 0 means 365 days
	RevocationPoll time.Duration // how often Run reads the log; 0 means 200 ms
	StaleAfter     time.Duration // how old the feed may be before Current is false; 0 means 5 s

	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means discard
}

// Service holds the rules about clients and sessions. It is safe for concurrent
// use. It implements auth.Renewer and auth.Revocations; Run follows the revocation log.
type Service struct {
	cfg     Config
	log     *slog.Logger
	cookies *scs.SessionManager
	tokens  *tokenCache
	revoked *revocationSet
	// verifier takes the service's own tokens, for Refreshable.
	verifier *auth.Verifier
	feed     feed
}

// NewService checks cfg and returns a Service; the error names the bad field.
func NewService(cfg Config) (*Service, error) {
	switch {
	case cfg.Clients == nil:
		return nil, errors.New("session: Config.Clients is required")
	case cfg.Sessions == nil:
		return nil, errors.New("session: Config.Sessions is required")
	case cfg.Revocations == nil:
		return nil, errors.New("session: Config.Revocations is required")
	case cfg.Keys == nil:
		return nil, errors.New("session: Config.Keys is required")
	case cfg.Issuer == "":
		return nil, errors.New("session: Config.Issuer is required")
	}
	for _, d := range []struct {
		name     string
		value    *time.Duration
		fallback time.Duration
		least    time.Duration
	}{
		{"Lifetime", &cfg.Lifetime, 7 * 24 * time.Hour, time.Second},
		{"IdleTimeout", &cfg.IdleTimeout, 0, time.Second},
		{"TokenLifetime", &cfg.TokenLifetime, time.Minute, time.Second},
		{"ClientLifetime", &cfg.ClientLifetime, 365 * 24 * time.Hour, time.Second},
		{"RevocationPoll", &cfg.RevocationPoll, 200 * time.Millisecond, time.Millisecond},
		{"StaleAfter", &cfg.StaleAfter, 5 * time.Second, time.Millisecond},
	} {
		if *d.value == 0 {
			*d.value = d.fallback
		} else if *d.value < d.least {
			return nil, fmt.Errorf("session: Config.%s is %v, want at least %v", d.name, *d.value, d.least)
		}
	}
	if cfg.TokenLifetime > maxTokenLifetime {
		return nil, fmt.Errorf("session: Config.TokenLifetime is %v, want at most %v", cfg.TokenLifetime, maxTokenLifetime)
	}
	if cfg.MaxTokenLifetime == 0 {
		cfg.MaxTokenLifetime = cfg.TokenLifetime
	}
	if cfg.MaxTokenLifetime < cfg.TokenLifetime || cfg.MaxTokenLifetime > maxTokenLifetime {
		return nil, fmt.Errorf("session: Config.MaxTokenLifetime is %v, want %v to %v", cfg.MaxTokenLifetime, cfg.TokenLifetime, maxTokenLifetime)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: cfg, log: cfg.Logger}
	var err error
	if s.verifier, err = auth.NewVerifier(auth.VerifierConfig{Keys: cfg.Keys, Issuer: cfg.Issuer, Now: cfg.Now}); err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	s.cookies = newCookies(cfg.Clients, cfg.ClientLifetime, s.now)
	s.tokens = newTokenCache()
	s.revoked = newRevocationSet(cfg.MaxTokenLifetime + revocationSlack)
	return s, nil
}

// maxTokenLifetime keeps tokens well below the life of the revocation log.
const maxTokenLifetime = 30 * time.Minute

// now is the time in the precision in which it is stored.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// Run follows the revocation log and the rotation of signing keys until ctx ends,
// and returns ctx's error. Without it Current is false. Errors of the stores are
// logged when they begin and when they end.
func (s *Service) Run(ctx context.Context) error {
	var watching sync.WaitGroup
	defer watching.Wait()
	if w, ok := s.cfg.Revocations.(RevocationWatcher); ok {
		watching.Go(func() { s.watch(ctx, w) })
	}
	ticker := time.NewTicker(s.cfg.RevocationPoll)
	defer ticker.Stop()
	keys := time.NewTicker(keysPoll)
	defer keys.Stop()
	var down, keysDown bool
	s.report(ctx, "revocation log", s.poll(ctx), &down)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-keys.C:
			s.report(ctx, "signing keys", s.cfg.Keys.Reload(ctx), &keysDown)
		case <-ticker.C:
			s.report(ctx, "revocation log", s.poll(ctx), &down)
		}
	}
}

// keysPoll is how often Run looks for rotations by other nodes.
const keysPoll = time.Second

// report logs the change between working and failing.
func (s *Service) report(ctx context.Context, what string, err error, down *bool) {
	switch failing := err != nil && ctx.Err() == nil; {
	case failing && !*down:
		s.log.WarnContext(ctx, "cannot follow the store", "what", what, "err", err)
		*down = true
	case err == nil && *down:
		s.log.InfoContext(ctx, "following the store again", "what", what)
		*down = false
	}
}
