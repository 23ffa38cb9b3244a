// Package webhook tells others of events: webhook endpoints over HTTP, and subscriptions
// of the app around the server by a call.
//
// [Service.Publish] stores a message and a delivery for each endpoint that wants it, in
// one transaction; a message of a known id is passed over, so who publishes may repeat.
// [Service.Run], on every node, tries what is due. A node takes a delivery by moving its
// time ahead, with compare-and-set, for as long as a try can take: one that dies on the
// way leaves it to the others. So each delivery is made at least once, and in no order.
//
// A webhook is tried at once and then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h;
// only a status of 2xx within 15 s counts, and the body of an answer is not read. An
// endpoint that fails for 5 days is disabled. Each has tries of its own going on, at most
// 4 on a node, so that one that hangs holds up no other.
package webhook

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

//go:embed schema
var schema embed.FS

// Errors of Service; test with errors.Is.
var (
	ErrNotFound = errors.New("webhook: not found")
	ErrTooMany  = errors.New("webhook: too many endpoints")
	ErrURL      = errors.New("webhook: the URL may not be called")
	ErrEvents   = errors.New("webhook: not a list of event types")
	ErrDisabled = errors.New("webhook: the endpoint is disabled")
)

// Config sets up a Service. The zero value of every optional field works.
type Config struct {
	DB         *sqldb.DB     // required
	Keys       *keyring.Ring // required: encrypts secrets (K-06)
	InstanceID string        // required: "ins_…"
	Client     *http.Client  // required: follows no redirect and bounds a request, see package outgoing
	// CheckURL refuses URLs that the client would not call; nil refuses none.
	CheckURL func(text string) error
	// Disabled is told of an endpoint that was disabled for its failures; nil tells nobody.
	Disabled func(ctx context.Context, e Endpoint)

	Keep       time.Duration // life of a message; 0 means 30 days
	MaxPending int           // deliveries that wait for one endpoint before it is disabled; 0 means 1,000,000
	Poll       time.Duration // how often Run looks for what is due; 0 means 200 ms

	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means discard
}

// Service keeps endpoints, messages and deliveries. It is safe for concurrent use.
type Service struct {
	cfg Config
	db  *sqldb.DB

	mu       sync.Mutex
	handlers map[string]Handler  // of subscriptions, by endpoint id
	busy     map[string]struct{} // endpoints that a worker of this node is at
}

// Open returns the service on a database, after it has brought its tables up to date and
// sealed with the first encryption key what an older one had sealed (K-07).
func Open(ctx context.Context, cfg Config) (*Service, error) {
	switch {
	case cfg.DB == nil:
		return nil, errors.New("webhook: Config.DB is required")
	case cfg.Keys == nil:
		return nil, errors.New("webhook: Config.Keys is required")
	case cfg.InstanceID == "":
		return nil, errors.New("webhook: Config.InstanceID is required")
	case cfg.Client == nil:
		return nil, errors.New("webhook: Config.Client is required")
	}
	if cfg.Keep == 0 {
		cfg.Keep = 30 * 24 * time.Hour
	}
	if cfg.MaxPending == 0 {
		cfg.MaxPending = 1_000_000
	}
	if cfg.Poll == 0 {
		cfg.Poll = 200 * time.Millisecond
	}
	if cfg.CheckURL == nil {
		cfg.CheckURL = func(string) error { return nil }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if err := cfg.DB.Migrate(ctx, "webhook", schema); err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, db: cfg.DB, handlers: map[string]Handler{}, busy: map[string]struct{}{}}
	if err := s.resealAll(ctx); err != nil {
		return nil, fmt.Errorf("open webhooks: %w", err)
	}
	return s, nil
}

// now is the present in the precision that is kept.
func (s *Service) now() time.Time { return sqldb.Time(sqldb.Millis(s.cfg.Now())) }

// Wants reports whether a filter takes events of the type: it is empty, names the type,
// or holds a pattern such as "user.*" or "*".
func Wants(filter []string, eventType string) bool {
	for _, f := range filter {
		if prefix, ok := strings.CutSuffix(f, "*"); ok && strings.HasPrefix(eventType, prefix) || f == eventType {
			return true
		}
	}
	return len(filter) == 0
}
