// Package jwks has the signing keys of a server elsewhere, for apps that verify
// tokens which another process mints.
//
// [New] makes a [Set] for one URL; give it to auth.VerifierConfig as Keys. A Set
// fetches when it is first asked, again every 5 min, and for an unknown kid at
// most every 30 s: what a token says never leads to more. It keeps the last good
// keys for 1 h if the server is away or sends what is no key set, and refuses every
// token after that. An answer is at most 64 KiB of JSON, 16 keys, complete within 3 s.
// [Set.Run] does the fetching in the background, so that no request waits.
// [Marshal] and [Parse] write and read the format itself.
package jwks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// Config sets up a [Set].
type Config struct {
	// URL is where the set is: "https://clerk.example.com/.well-known/jwks.json".
	// Required; https unless the host is a loopback address or localhost. Redirects
	// are followed to the same scheme, host and port only.
	URL string
	// HTTPClient makes the requests; nil means a plain client. Its CheckRedirect
	// and Jar are not used.
	HTTPClient *http.Client

	RefreshInterval time.Duration // age at which the keys are fetched again; 0 means 5 min
	MinInterval     time.Duration // shortest time between fetches for unknown kids; 0 means 30 s
	MaxStale        time.Duration // age beyond which the keys are not used; 0 means 1 h
	Timeout         time.Duration // of one fetch; 0 means 3 s
	MaxBytes        int64         // longest body; 0 means 64 KiB
	MaxKeys         int           // most keys in a set; 0 means 16

	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means discard
}

// Set is a remote key set. It implements auth.KeySet and is safe for concurrent
// use. Each Set has its own keys (T-20): two servers may use one kid.
type Set struct {
	cfg    Config
	client *http.Client
	state  state
}

// New returns a Set, or an error that names the field that is missing or wrong.
// It fetches nothing.
func New(cfg Config) (*Set, error) {
	u, err := checkURL(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("new key set: URL %w", err)
	}
	for _, d := range []struct {
		field *time.Duration
		def   time.Duration
	}{
		{&cfg.RefreshInterval, 5 * time.Minute},
		{&cfg.MinInterval, 30 * time.Second},
		{&cfg.MaxStale, time.Hour},
		{&cfg.Timeout, 3 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.def
		}
		if *d.field < 0 {
			return nil, errors.New("new key set: negative duration")
		}
	}
	if cfg.MaxStale < cfg.RefreshInterval {
		return nil, errors.New("new key set: MaxStale is shorter than RefreshInterval")
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 64 << 10
	}
	if cfg.MaxKeys <= 0 {
		cfg.MaxKeys = 16
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Set{cfg: cfg, client: newClient(cfg.HTTPClient, u)}, nil
}

// checkURL enforces T-22.
func checkURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return nil, errors.New("is required")
	case err != nil:
		return nil, fmt.Errorf("is malformed: %w", err)
	case u.Host == "" || u.User != nil || u.Fragment != "":
		return nil, errors.New("needs a host, and neither user nor fragment")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	}
	return nil, errors.New("must be https, or http on a loopback host")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Key implements auth.KeySet. It waits for a fetch only if the kid is not among
// usable keys.
func (s *Set) Key(ctx context.Context, kid string) (auth.Key, error) {
	now := s.cfg.Now()
	have := s.state.keys.Load()
	k, known := have.find(kid, now, s.cfg.MaxStale)
	if known && now.Sub(have.fetched) < s.cfg.RefreshInterval {
		return k, nil
	}
	f := s.begin(now)
	if known { // good enough while newer ones are on their way
		return k, nil
	}
	if f != nil {
		select {
		case <-f.done:
		case <-ctx.Done():
			return auth.Key{}, fmt.Errorf("%w: %w", auth.ErrKeysUnavailable, ctx.Err())
		}
	}
	have = s.state.keys.Load()
	if k, known = have.find(kid, now, s.cfg.MaxStale); known {
		return k, nil
	}
	if !have.usable(now, s.cfg.MaxStale) {
		return auth.Key{}, auth.ErrKeysUnavailable
	}
	return auth.Key{}, auth.ErrUnknownKey
}

// Removals implements auth.RemovalCounter: it counts fetches after which a key was gone
// or another one.
func (s *Set) Removals() uint64 { return s.state.removals.Load() }

// Run fetches the keys now and then every RefreshInterval, sooner after a failure,
// until ctx ends. It returns the context's error.
func (s *Set) Run(ctx context.Context) error {
	for {
		if f := s.begin(s.cfg.Now()); f != nil {
			select {
			case <-f.done:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		select {
		case <-time.After(s.pause(s.cfg.Now())):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
