package secretkey

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// Config sets up Keys.
type Config struct {
	Store *Store // required
	// Configured are the keys of the configuration: good for as long as they stand there.
	// At least one is required, so that operators cannot lock themselves out.
	Configured  []string
	Development bool             // of the keys that are made, see Prefix
	Now         func() time.Time // nil means time.Now
	Logger      *slog.Logger     // gets every change; nil means discard
}

// Keys are the secret keys of an instance. They are safe for concurrent use.
type Keys struct {
	cfg        Config
	configured []*known

	// One reading at a time: what was read first is never put in place of what was read
	// last.
	mu      sync.Mutex
	current atomic.Pointer[reading]
}

// known is a key that may be good, and what this node saw of it.
type known struct {
	row
	usedAt  atomic.Int64 // in Unix milliseconds, 0: not since the start
	notedAt time.Time    // the use that is stored; guarded by Keys.mu
}

// reading is what the database said, and when.
type reading struct {
	keys []*known
	at   time.Time
}

// Open reads the keys.
func Open(ctx context.Context, cfg Config) (*Keys, error) {
	if cfg.Store == nil {
		return nil, errors.New("secretkey: Config.Store is required")
	}
	if len(cfg.Configured) == 0 {
		return nil, errNoneIsGiven
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	k := &Keys{cfg: cfg}
	for _, key := range cfg.Configured {
		hash := sha256.Sum256([]byte(key))
		k.configured = append(k.configured, &known{row: row{hash: hash, Key: Key{
			ID: configuredID(hash), Label: "configuration", Hint: hintOf(key), Configured: true,
		}}})
	}
	k.cfg.Configured = nil
	return k, k.read(ctx)
}

// Check returns the key that was shown if it is good. It compares the SHA-256 of what was
// shown with every one there is, in constant time (B-01). ErrUnknown; ErrStale where the
// database was not read for too long to say.
func (k *Keys) Check(shown string) (Key, error) {
	sum, now, current := sha256.Sum256([]byte(shown)), k.cfg.Now(), k.current.Load()
	var found *known
	for _, list := range [][]*known{k.configured, current.keys} {
		for _, key := range list {
			if subtle.ConstantTimeCompare(sum[:], key.hash[:]) == 1 {
				found = key
			}
		}
	}
	switch {
	case found == nil || found.StatusAt(now) != StatusActive:
		return Key{}, ErrUnknown
	case !found.Configured && now.After(current.at.Add(staleAfter)):
		return Key{}, ErrStale
	}
	found.usedAt.Store(now.UnixMilli())
	return found.Key, nil
}

// Refresh takes over what other nodes changed, and stores which keys were used.
func (k *Keys) Refresh(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.load(ctx); err != nil {
		return err
	}
	for _, key := range slices.Concat(k.configured, k.current.Load().keys) {
		used := time.UnixMilli(key.usedAt.Load())
		if used.UnixMilli() == 0 || used.Sub(key.notedAt) < usePrecision {
			continue
		}
		if err := k.cfg.Store.used(ctx, key.ID, used); err != nil {
			return err
		}
		key.notedAt = used
	}
	return nil
}

// read follows the database.
func (k *Keys) read(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.load(ctx)
}

func (k *Keys) load(ctx context.Context) error {
	at := k.cfg.Now()
	rows, err := k.cfg.Store.good(ctx)
	if err != nil {
		return err
	}
	var before []*known
	if old := k.current.Load(); old != nil {
		before = old.keys
	}
	next := &reading{at: at}
	for _, r := range rows {
		n := slices.IndexFunc(before, func(key *known) bool { return key.ID == r.ID })
		if n >= 0 { // with what was seen of it; a row changes but by being revoked
			next.keys = append(next.keys, before[n])
			continue
		}
		next.keys = append(next.keys, &known{row: r})
	}
	k.current.Store(next)
	return nil
}

// Create makes a key that is good at once here and within two seconds on every node. life
// 0 means for ever, else MinLife to MaxLife. Errors: ErrLabel, ErrLife, ErrTooMany, the
// store's.
func (k *Keys) Create(ctx context.Context, label string, life time.Duration) (Issued, error) {
	label = strings.TrimSpace(label)
	switch {
	case len(label) > maxLabel || !utf8.ValidString(label) || strings.ContainsFunc(label, unicode.IsControl):
		return Issued{}, ErrLabel
	case life != 0 && (life < MinLife || life > MaxLife):
		return Issued{}, ErrLife
	}
	now, secret := k.now(), New(k.cfg.Development)
	made := Key{ID: random.ID(idPrefix, now), Label: label, Hint: hintOf(secret), CreatedAt: now}
	if life != 0 {
		made.ExpiresAt = now.Add(life)
	}
	if err := k.cfg.Store.create(ctx, row{Key: made, hash: sha256.Sum256([]byte(secret))}); err != nil {
		return Issued{}, err
	}
	k.cfg.Logger.InfoContext(ctx, "secret key created", "key_id", made.ID)
	return Issued{Key: made, Secret: Secret(secret)}, k.read(ctx)
}

// Revoke makes a key good for nothing: at once here, within two seconds on every node.
// Revoking again does nothing. Errors: ErrNotFound, ErrConfigured, the store's.
func (k *Keys) Revoke(ctx context.Context, id string) (Key, error) {
	found, err := k.ByID(ctx, id)
	switch {
	case err != nil:
		return Key{}, err
	case found.Configured:
		return Key{}, ErrConfigured
	}
	if err := k.cfg.Store.revoke(ctx, id, k.now()); err != nil {
		return Key{}, err
	}
	if found.RevokedAt.IsZero() {
		k.cfg.Logger.InfoContext(ctx, "secret key revoked", "key_id", id)
	}
	if err := k.read(ctx); err != nil {
		return Key{}, err
	}
	return k.ByID(ctx, id)
}

// ByID returns a key in whatever status, or ErrNotFound.
func (k *Keys) ByID(ctx context.Context, id string) (Key, error) {
	all, err := k.All(ctx)
	if err != nil {
		return Key{}, err
	}
	n := slices.IndexFunc(all, func(key Key) bool { return key.ID == id })
	if n < 0 {
		return Key{}, ErrNotFound
	}
	return all[n], nil
}

// All lists the keys: those of the configuration, then those made, newest first. Revoked
// ones stay for 90 days.
func (k *Keys) All(ctx context.Context) ([]Key, error) {
	rows, err := k.cfg.Store.all(ctx)
	if err != nil {
		return nil, err
	}
	var all []Key
	for _, key := range k.configured {
		own := key.Key
		if own.LastUsedAt, err = k.cfg.Store.lastUse(ctx, own.ID); err != nil {
			return nil, err
		}
		all = append(all, own)
	}
	for _, r := range rows {
		all = append(all, r.Key)
	}
	return all, nil
}

// now is the time in the precision in which it is stored.
func (k *Keys) now() time.Time { return k.cfg.Now().UTC().Truncate(time.Millisecond) }
