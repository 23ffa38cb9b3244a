// Package flow joins users and sessions: signing up, signing in, proving an
// address or a factor again, signing out and deleting oneself, as state machines.
// It knows no HTTP.
//
// An attempt (sign-in, sign-up, reverification) is JSON in session.AttemptStore,
// bound to the client that began it and changed by compare-and-set only. Each way
// to prove something is a strategy: one file that joins the table in strategy.go.
// The machines never name one.
//
// What holds on every path:
//   - a code is right once: the attempt is marked before anything is granted (C-04);
//   - each try of a code is counted before it is judged (C-05), wrong proofs of every
//     kind count against the user (C-06), and ten of them lock for an hour;
//   - one password hash is spent whether or not there is a user or a password (P-07);
//   - no session exists before all required factors are proved (S-10);
//   - the cookie is rotated before the session starts (S-04).
package flow

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// How long things live.
const (
	signInLifetime         = time.Hour
	secondFactorLifetime   = 10 * time.Minute // left to a sign-in after its first factor
	signUpLifetime         = 24 * time.Hour
	reverificationLifetime = 10 * time.Minute
	defaultFloor           = 10 * time.Millisecond
	freshFor               = 10 * time.Minute // how long a proved factor counts for a step-up
)

// Config sets up an Engine. The zero value of every optional field works.
type Config struct {
	Users    *user.Service        // required
	Sessions *session.Service     // required
	Attempts session.AttemptStore // required
	Limits   session.LimitStore   // required
	Sender   notify.Sender        // required
	Settings func() Settings      // required; called per request
	Pepper   []byte               // required: 32 bytes; keys the HMACs of codes and of made-up ids

	// Templates holds templates of messages, named as the built-in ones, which they take
	// the place of. nil holds none.
	Templates fs.FS

	// Floor is how long a step at least takes that looks for somebody while identifiers
	// are hidden; 0 means 10 ms, negative none.
	Floor time.Duration

	// TestCode is what every code step of a test address accepts instead of a code that
	// is sent: an e-mail address with "+clerk_test" in its local part, or a phone number
	// of +1 (XXX) 555-0100 to 0199. It is for development servers: "" means that no
	// address is a test address, and no testing token is good (C-13).
	TestCode string

	// TokenTemplates finds a JWT template by its name, or returns jwttemplate.ErrNotFound. nil
	// means that there are none.
	TokenTemplates func(name string) (jwttemplate.Template, error)

	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means discard
}

// Engine runs the flows. It is safe for concurrent use.
type Engine struct {
	users    *user.Service
	sessions *session.Service
	attempts session.AttemptStore
	limits   session.LimitStore
	settings func() Settings
	template func(name string) (jwttemplate.Template, error)
	testCode string
	now      func() time.Time
	log      *slog.Logger

	verify  func(ctx context.Context, u *user.User, password string) error // one hash; tests count it (P-07)
	codeKey []byte                                                         // keys the HMAC of codes
	nameKey []byte                                                         // keys made-up ids and the names of counters
	floor   time.Duration
	pause   func(ctx context.Context, d time.Duration) // tests see how long
	testKey []byte                                     // keys the MAC of testing tokens
	post    *post
	alarm   alarm
	table   []strategy

	templates *templates
}

// New checks cfg and returns an Engine; the error names the bad field.
func New(cfg Config) (*Engine, error) {
	switch {
	case cfg.Users == nil:
		return nil, errors.New("flow: Config.Users is required")
	case cfg.Sessions == nil:
		return nil, errors.New("flow: Config.Sessions is required")
	case cfg.Attempts == nil:
		return nil, errors.New("flow: Config.Attempts is required")
	case cfg.Limits == nil:
		return nil, errors.New("flow: Config.Limits is required")
	case cfg.Sender == nil:
		return nil, errors.New("flow: Config.Sender is required")
	case cfg.Settings == nil:
		return nil, errors.New("flow: Config.Settings is required")
	case len(cfg.Pepper) != 32:
		return nil, fmt.Errorf("flow: Config.Pepper has %d bytes, want 32", len(cfg.Pepper))
	case cfg.TestCode != "" && !wellFormedCode(cfg.TestCode):
		return nil, fmt.Errorf("flow: Config.TestCode is not %d digits", codeDigits)
	}
	if cfg.Floor == 0 {
		cfg.Floor = defaultFloor
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.TokenTemplates == nil {
		cfg.TokenTemplates = func(string) (jwttemplate.Template, error) { return jwttemplate.Template{}, jwttemplate.ErrNotFound }
	}
	e := &Engine{
		users: cfg.Users, sessions: cfg.Sessions, attempts: cfg.Attempts, limits: cfg.Limits,
		settings: cfg.Settings, template: cfg.TokenTemplates, testCode: cfg.TestCode, now: cfg.Now, log: cfg.Logger,
		verify: cfg.Users.VerifyPassword, floor: cfg.Floor, pause: pause, post: newPost(cfg.Sender, cfg.Logger),
	}
	var err error
	if e.templates, err = parseTemplates(cfg.Templates); err != nil {
		return nil, fmt.Errorf("flow: Config.Templates: %w", err)
	}
	if e.codeKey, err = subKey(cfg.Pepper, "flow: codes"); err != nil {
		return nil, err
	}
	if e.nameKey, err = subKey(cfg.Pepper, "flow: names"); err != nil {
		return nil, err
	}
	if e.testKey, err = subKey(cfg.Pepper, "flow: testing tokens"); err != nil {
		return nil, err
	}
	e.table = strategies(e)
	return e, nil
}

// Close waits for the messages under way. Call it when no more requests come in.
func (e *Engine) Close() { e.post.wait() }

// Handed returns how many messages were handed over so far to be sent behind an answer,
// those that reach nobody included, for measurements (E-01).
func (e *Engine) Handed() int64 { return e.post.handed.Load() }

// subKey derives the key for one purpose from the pepper (K-04, RFC 5869).
func subKey(pepper []byte, purpose string) ([]byte, error) {
	k, err := hkdf.Key(sha256.New, pepper, nil, purpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("flow: derive key: %w", err)
	}
	return k, nil
}

// Caller is the browser behind a request.
type Caller struct {
	Client   session.Client // zero if it has none yet
	Cookie   string         // the __client value it sent
	Address  string         // canonical client address
	Activity session.Activity
}

// Outcome is what a step leads to. A step that fails late may return an Outcome
// with a Cookie beside its error: the cookie must be set all the same.
type Outcome struct {
	SignIn *SignIn
	SignUp *SignUp
	// Client is the caller's client after the step, made if it had none.
	Client session.Client
	// Cookie is a new __client value to set; nil leaves the cookie as it is.
	Cookie *session.Cookie
}

// event logs something that operators may have to look back at.
func (e *Engine) event(ctx context.Context, msg string, attrs ...slog.Attr) {
	e.log.LogAttrs(ctx, slog.LevelInfo, msg, attrs...)
}
