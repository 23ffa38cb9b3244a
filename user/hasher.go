package user

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user/internal/digest"
)

// The floor, the default and the most of what our own argon2id costs.
const (
	minMemoryKiB     = 19456
	minIterations    = 2
	defaultMemoryKiB = 47104

	maxMemoryKiB   = digest.MaxMemoryKiB
	maxIterations  = digest.MaxIterations
	maxParallelism = digest.MaxParallelism

	saltLength = 16 // bytes
	keyLength  = 32 // bytes
)

// HasherConfig is the cost of argon2id. The zero value of every field works; a cost
// below the floor (MemoryKiB 19456, Iterations 2) is refused.
type HasherConfig struct {
	MemoryKiB     uint32        // of one hash; 0 means 47104, at most 262144
	Iterations    uint32        // 0 means 2, at most 10
	Parallelism   uint8         // 0 means 1, at most 8
	MaxConcurrent int           // hashes at once; 0 means max(2, NumCPU)
	QueueTimeout  time.Duration // how long a hash waits for its turn; 0 means 2 s; then ErrBusy

	// Observe is told how long each hash took, without its wait. nil means nobody is.
	Observe func(took time.Duration)
}

// Hasher hashes and verifies passwords, a bounded number at once, so that a crowd at
// the door takes MaxConcurrent times MemoryKiB of memory and no more (P-09). It is
// safe for concurrent use.
type Hasher struct {
	params       *argon2id.Params
	dummy        Digest // of no password, at the current cost
	slots        chan struct{}
	queueTimeout time.Duration
	done         atomic.Int64

	observe func(took time.Duration)

	// The work itself; tests count it.
	create  func(password string, params *argon2id.Params) (string, error)
	compare func(password string, d digest.Digest) bool
}

// NewHasher returns an error that names the field that is out of bounds (P-01).
func NewHasher(cfg HasherConfig) (*Hasher, error) {
	memory := orDefault(cfg.MemoryKiB, defaultMemoryKiB)
	iterations := orDefault(cfg.Iterations, minIterations)
	parallelism := orDefault(cfg.Parallelism, 1)
	switch {
	case memory < minMemoryKiB || memory > maxMemoryKiB:
		return nil, fmt.Errorf("user: HasherConfig.MemoryKiB is %d, want %d to %d", memory, minMemoryKiB, maxMemoryKiB)
	case iterations < minIterations || iterations > maxIterations:
		return nil, fmt.Errorf("user: HasherConfig.Iterations is %d, want %d to %d", iterations, minIterations, maxIterations)
	case parallelism > maxParallelism:
		return nil, fmt.Errorf("user: HasherConfig.Parallelism is %d, want 1 to %d", parallelism, maxParallelism)
	case cfg.MaxConcurrent < 0:
		return nil, fmt.Errorf("user: HasherConfig.MaxConcurrent is %d", cfg.MaxConcurrent)
	case cfg.QueueTimeout < 0:
		return nil, fmt.Errorf("user: HasherConfig.QueueTimeout is %v", cfg.QueueTimeout)
	}
	h := &Hasher{
		params: &argon2id.Params{
			Memory: memory, Iterations: iterations, Parallelism: parallelism,
			SaltLength: saltLength, KeyLength: keyLength,
		},
		slots:        make(chan struct{}, orDefault(cfg.MaxConcurrent, max(2, runtime.NumCPU()))),
		queueTimeout: orDefault(cfg.QueueTimeout, 2*time.Second),
		observe:      cfg.Observe,
		create:       argon2id.CreateHash,
		compare:      func(password string, d digest.Digest) bool { return d.Verify(password) },
	}
	if h.observe == nil {
		h.observe = func(time.Duration) {}
	}
	h.dummy = h.newDummy()
	return h, nil
}

// Done returns how many passwords were hashed or verified so far, for measurements.
func (h *Hasher) Done() int64 { return h.done.Load() }

// newDummy makes a digest that no password has, without the work of hashing one.
func (h *Hasher) newDummy() Digest {
	return Digest(digest.FormatArgon2id(h.params, random.Bytes(saltLength), random.Bytes(keyLength)))
}

// Hash returns a PHC string with a salt of its own. All bytes of the password count.
// ErrBusy if QueueTimeout passed first, ctx's error if the caller gave up.
func (h *Hasher) Hash(ctx context.Context, password string) (Digest, error) {
	release, err := h.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	begun := time.Now()
	made, err := h.create(password, h.params)
	h.observe(time.Since(begun))
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return Digest(made), nil
}

// Verify reports whether d is the password's digest, and whether it ought to be
// replaced by one of Hash because its scheme or cost is lower. The empty digest is
// nobody's and costs as much as a current one (P-07). Errors are Hash's, and
// *FieldError for a digest that ParseDigest refuses.
func (h *Hasher) Verify(ctx context.Context, password string, d Digest) (ok, outdated bool, err error) {
	if d == "" {
		d = h.dummy
	}
	parsed, err := parseDigest(d)
	if err != nil {
		return false, false, err
	}
	release, err := h.acquire(ctx)
	if err != nil {
		return false, false, err
	}
	defer release()
	begun := time.Now()
	ok = h.compare(password, parsed)
	h.observe(time.Since(begun))
	return ok, h.outdated(parsed.Argon2id()), nil
}

// outdated reports whether parameters, nil for another scheme, are below ours.
func (h *Hasher) outdated(p *argon2id.Params) bool {
	return p == nil || p.Memory < h.params.Memory || p.Iterations < h.params.Iterations ||
		p.SaltLength < saltLength || p.KeyLength < keyLength
}

// acquire waits for a turn.
func (h *Hasher) acquire(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	release = func() { h.done.Add(1); <-h.slots }
	select {
	case h.slots <- struct{}{}:
		return release, nil
	default:
	}
	timeout := time.NewTimer(h.queueTimeout)
	defer timeout.Stop()
	select {
	case h.slots <- struct{}{}:
		return release, nil
	case <-timeout.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
