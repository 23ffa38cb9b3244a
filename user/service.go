package user

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/picture"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// Config sets up a Service. The zero value of every optional field works.
type Config struct {
	Store  Store        // required; must also be an Outbox, a Transactor, a TicketStore and a BulkStore
	Events EventHandler // required: what follows a ban or a deletion
	Hasher *Hasher      // nil means NewHasher with its defaults
	Sealer Sealer       // encrypts TOTP secrets; nil means that no user can have one
	// Publisher tells others of what happened to users; nil tells nobody.
	Publisher Publisher

	PasswordRules func() PasswordRules // asked at each new password; nil means those of the zero value
	PhoneRegions  []string             // ISO 3166 codes that new phone numbers may be of (I-05); nil means any
	Now           func() time.Time     // nil means time.Now
	Logger        *slog.Logger         // nil means discard
}

// Service holds the rules about users. It is safe for concurrent use.
type Service struct {
	cfg     Config
	store   Store
	outbox  Outbox
	tickets TicketStore
	bulk    BulkStore
	policy  passwordPolicy
	images  *picture.Maker
	inTx    bool // made by WithTx

	draining chan struct{} // holds a token while Drain runs

	purged *atomic.Int64 // when Drain purged the outbox last, in Unix seconds
}

// NewService checks cfg and returns a Service; the error names the bad field.
func NewService(cfg Config) (*Service, error) {
	outbox, isOutbox := cfg.Store.(Outbox)
	_, isTransactor := cfg.Store.(Transactor)
	tickets, keepsTickets := cfg.Store.(TicketStore)
	bulk, isBulk := cfg.Store.(BulkStore)
	switch {
	case cfg.Store == nil:
		return nil, errors.New("user: Config.Store is required")
	case !isOutbox:
		return nil, errors.New("user: Config.Store is no Outbox")
	case !isTransactor:
		return nil, errors.New("user: Config.Store is no Transactor")
	case !keepsTickets:
		return nil, errors.New("user: Config.Store is no TicketStore")
	case !isBulk:
		return nil, errors.New("user: Config.Store is no BulkStore")
	case cfg.Events == nil:
		return nil, errors.New("user: Config.Events is required")
	}
	if cfg.PasswordRules == nil {
		cfg.PasswordRules = func() PasswordRules { return PasswordRules{} }
	}
	if cfg.Hasher == nil {
		hasher, err := NewHasher(HasherConfig{})
		if err != nil {
			return nil, err
		}
		cfg.Hasher = hasher
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	policy := passwordPolicy{rules: cfg.PasswordRules}
	return &Service{cfg: cfg, store: cfg.Store, outbox: outbox, tickets: tickets, bulk: bulk, policy: policy, images: picture.NewMaker(), draining: make(chan struct{}, 1), purged: new(atomic.Int64)}, nil
}

// WithTx returns a Service whose every write, events included, is part of tx: each
// call is a savepoint. Events wait for Drain, which runs after the caller's commit.
// tx must belong to the database that the store was opened on. Hash passwords before
// (HashPassword): Create and Update with a plain one return ErrHashInTx.
func (s *Service) WithTx(tx *sql.Tx) *Service {
	bound := *s
	bound.store = s.cfg.Store.(Transactor).WithTx(tx) // NewService has checked that it is one
	bound.tickets, bound.bulk = bound.store.(TicketStore), bound.store.(BulkStore)
	bound.inTx = true
	return &bound
}

// ByID returns ErrNotFound for unknown, deleted and malformed ids.
func (s *Service) ByID(ctx context.Context, id ID) (*User, error) {
	if !id.Valid() {
		return nil, ErrNotFound
	}
	u, err := s.store.ByID(ctx, id)
	if err != nil {
		return nil, err
	}
	u.unlockExpired(s.now())
	return u, nil
}

// ByIdentifier finds the user whose claimed e-mail address, phone number or
// username the text is, and that identification. ErrNotFound if there is none;
// *FieldError if it can be none of them.
func (s *Service) ByIdentifier(ctx context.Context, identifier string) (*User, Identification, error) {
	kind, key, err := ParseIdentifier(identifier)
	if err != nil {
		return nil, Identification{}, err
	}
	u, err := s.store.ByKey(ctx, kind, key)
	if err != nil {
		return nil, Identification{}, err
	}
	u.unlockExpired(s.now())
	for _, i := range u.Identifications {
		if i.Kind == kind && i.Key == key && i.Claimed {
			return u, i, nil
		}
	}
	return nil, Identification{}, ErrNotFound
}

// Taken reports whether an identifier is claimed. The value is canonicalised first;
// *FieldError if it is no such identifier.
func (s *Service) Taken(ctx context.Context, kind Kind, value string) (bool, error) {
	_, key, err := Canonical(kind, value)
	if err != nil {
		return false, err
	}
	_, err = s.store.ByKey(ctx, kind, key)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// now is the present in the precision that stores keep.
func (s *Service) now() time.Time { return toMillis(s.cfg.Now()) }

func (s *Service) newEvent(t EventType, id ID, at time.Time) Event {
	return Event{ID: random.ID("evt", at), Type: t, UserID: id, At: at}
}

// toMillis is t as a store returns it.
func toMillis(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}
