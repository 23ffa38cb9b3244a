package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// MaxTokenLength is the longest token that is looked at, in bytes.
const MaxTokenLength = 8192

// VerifierConfig sets up a [Verifier].
type VerifierConfig struct {
	Keys   KeySet // required
	Issuer string // required: the claim iss, byte for byte

	// OtherIssuers are further instances whose tokens are accepted, each with its own
	// keys; everything else here holds for all. Claims.Issuer says whose a token is:
	// ids of users and sessions mean something only beside it. Revocations and Renewer
	// of package middleware know the sessions of one instance: where they are set, tokens
	// of the others are refused while the revocations are not current.
	OtherIssuers []Issuer

	// Audiences are the names of the app in the claim aud. With none, a token must
	// have no aud; with some, it must name at least one of them (RFC 7519 §4.1.3).
	Audiences []string
	// AllowAnyAudience accepts every aud and none. It excludes Audiences.
	AllowAnyAudience bool
	// AuthorizedParties are the origins that may have asked for the token, such as
	// "https://app.example.com". With none, azp is not looked at; with some, the
	// token must have one and it must be one of them.
	AuthorizedParties []string

	Leeway      time.Duration    // how far clocks may differ, whole seconds; 0 means 5 s, at most 5 min
	MaxLifetime time.Duration    // longest exp − iat, whole seconds; 0 means 24 h
	Now         func() time.Time // nil means time.Now
}

// Verifier verifies session tokens. It is safe for concurrent use and keeps
// nothing between calls.
type Verifier struct {
	issuers     issuers
	removals    RemovalCounter // of their key sets, nil if none counts
	audiences   []string
	anyAudience bool
	parties     []string
	leeway      int64 // seconds
	maxLifetime int64 // seconds
	now         func() time.Time
}

// NewVerifier returns a Verifier, or an error that names the field that is
// missing or wrong.
func NewVerifier(cfg VerifierConfig) (*Verifier, error) {
	if cfg.Leeway == 0 {
		cfg.Leeway = 5 * time.Second
	}
	if cfg.MaxLifetime == 0 {
		cfg.MaxLifetime = 24 * time.Hour
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("new verifier: %w", err)
	}
	all, err := newIssuers(&cfg)
	if err != nil {
		return nil, fmt.Errorf("new verifier: %w", err)
	}
	v := &Verifier{
		issuers:     all,
		audiences:   slices.Clone(cfg.Audiences),
		anyAudience: cfg.AllowAnyAudience,
		parties:     slices.Clone(cfg.AuthorizedParties),
		leeway:      int64(cfg.Leeway / time.Second),
		maxLifetime: int64(cfg.MaxLifetime / time.Second),
		now:         cfg.Now,
	}
	v.removals = all.removals()
	return v, nil
}

func (cfg *VerifierConfig) check() error {
	switch {
	case cfg.Keys == nil:
		return errors.New("field Keys is required")
	case cfg.Issuer == "":
		return errors.New("field Issuer is required")
	case slices.Contains(cfg.Audiences, ""):
		return errors.New("field Audiences holds an empty name")
	case cfg.AllowAnyAudience && len(cfg.Audiences) > 0:
		return errors.New("field AllowAnyAudience excludes Audiences")
	case slices.Contains(cfg.AuthorizedParties, ""):
		return errors.New("field AuthorizedParties holds an empty origin")
	case cfg.Leeway < 0 || cfg.Leeway > 5*time.Minute:
		return errors.New("field Leeway must be from 0 to 5 min")
	case cfg.MaxLifetime < time.Second:
		return errors.New("field MaxLifetime must be at least 1 s")
	}
	return nil
}

// Verify returns who a session token is from. Every error is a [*TokenError].
// ctx bounds a fetch of keys, where the key set makes one.
//
// A token of a pending session is refused with ReasonSessionPending (T-18).
func (v *Verifier) Verify(ctx context.Context, token string) (*Auth, error) {
	from, err := v.issuers.of(token)
	if err != nil {
		return nil, err
	}
	payload, err := VerifySignature(ctx, from.Keys, token)
	if err != nil {
		return nil, err
	}
	// T-09: nothing above has read the payload but to choose the keys, and everything
	// below knows that their owner wrote it.
	a, err := readClaims(payload)
	if err != nil {
		return nil, err
	}
	if err := v.checkClaims(a, from.Name); err != nil {
		return nil, err
	}
	return a, nil
}

// KeyRemovals counts up when a key is taken out of a key set, see [RemovalCounter]. It
// never blocks or allocates.
func (v *Verifier) KeyRemovals() uint64 {
	if v.removals == nil {
		return 0
	}
	return v.removals.Removals()
}
