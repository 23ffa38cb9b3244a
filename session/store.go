package session

import (
	"context"
	"time"
)

// Every store is safe for concurrent use. Expiry is decided by the caller's now
//; TTLs and sweeps only collect garbage. When the backend is away
// methods return ErrUnavailable, wrapped.

// ClientStore persists clients and which cookie belongs to which.
type ClientStore interface {
	CreateClient(ctx context.Context, c Client) error
	Client(ctx context.Context, id ClientID) (Client, error)
	// UpdateClient stores what fn makes of the client, by compare-and-set. fn may
	// run more than once. ErrNotFound, fn's errors.
	UpdateClient(ctx context.Context, id ClientID, fn func(*Client) error) (Client, error)
	DeleteClient(ctx context.Context, id ClientID) error

	// FindCookie, CommitCookie and DeleteCookie back our scs.CtxStore. token is what
	// scs hands over: the base64url SHA-256 of the cookie, never the cookie.
	FindCookie(ctx context.Context, token string, now time.Time) (data []byte, found bool, err error)
	// CommitCookie refuses an expiry that is not after now with ErrExpired and then
	// stores nothing (S-06).
	CommitCookie(ctx context.Context, token string, data []byte, expiry, now time.Time) error
	DeleteCookie(ctx context.Context, token string) error
}

// SessionStore persists sessions, the index of each user's sessions, and the
// tombstones that RevokeUser leaves. Update and RevokeUser publish what they end in
// the store's own RevocationStore, in the same transaction where the store has one.
// A store that cannot (Redis, where the log lies elsewhere than the session) tells its
// watchers in the same step and writes the log after it; if that fails, the session has
// ended and the error is ErrUnavailable.
type SessionStore interface {
	// Create stores s. ErrUserRevoked if a tombstone of s.UserID that does not spare s
	// goes through asOf, the moment at which the caller read that the user may sign in.
	Create(ctx context.Context, s Session, asOf time.Time) error
	Get(ctx context.Context, id ID) (Session, error)
	// GetMany returns those found, in the order asked.
	GetMany(ctx context.Context, ids []ID) ([]Session, error)
	// Update stores what fn makes of the session, by compare-and-set. A session that
	// ended never becomes live again, whatever fn does: ErrNotActive. fn may run more than once.
	Update(ctx context.Context, id ID, fn func(*Session) error) (Session, error)
	// OfUser returns the sessions in the user's index, newest first.
	OfUser(ctx context.Context, userID string) ([]Session, error)
	// RevokeUser leaves a tombstone (through, cause, except, kept until keepUntil) in place
	// of an older one and turns every live session of the user into StatusRevoked, but for
	// the one named except, atomically. It returns the ids it turned. Idempotent.
	RevokeUser(ctx context.Context, userID string, r UserRevocation) ([]ID, error)
	// RevokeUsers is RevokeUser, sparing no session, for each of the users, who are at most
	// 1000. It takes few round trips, whatever their number. After an error some may be
	// revoked and others not.
	RevokeUsers(ctx context.Context, userIDs []string, r UserRevocation) ([]ID, error)
	// Load reads what a mint needs in one round trip: the cookie's data, the session
	// and whether a tombstone covers it (then the session's status is StatusRevoked).
	//
	// Before that, and in the same round trip where the store can, it counts the events,
	// each as LimitStore.Take does, also if the rest is malformed or unknown. A
	// *LimitError if there is no room for one; the others may count nevertheless.
	Load(ctx context.Context, cookieToken string, id ID, now time.Time, events ...Event) (cookie []byte, s Session, err error)
	// LoadClient reads what most other requests begin with: the cookie's data, a client,
	// whether or not the cookie is that client's, and the session id as Load does. The
	// session is zero if it is unknown or id is "". ErrNotFound if the cookie or the client
	// is unknown or malformed, or the cookie expired at now. It counts the events as Load
	// does, and takes one round trip where the store can.
	LoadClient(ctx context.Context, cookieToken string, client ClientID, id ID, now time.Time, events ...Event) (cookie []byte, c Client, s Session, err error)
}

// UserRevocation is what RevokeUser records.
type UserRevocation struct {
	At time.Time
	// Through is the moment through which sessions that begin are covered, and
	// permissions to sign in that were read; zero means At.
	Through   time.Time
	KeepUntil time.Time
	Cause     string
	Except    ID // the one session that lives on, "" for none; kept with the tombstone
}

// Attempt is a sign-in, a sign-up or a verification under way: opaque bytes of
// package flow with a deadline.
type Attempt struct {
	ID       string // "sia_…", "sua_…"
	Data     []byte
	ExpireAt time.Time
	Version  int64 // set by the store; Replace compares it
}

// AttemptStore persists attempts.
type AttemptStore interface {
	CreateAttempt(ctx context.Context, a Attempt) error
	// Attempt returns ErrNotFound for unknown and for expired ones.
	Attempt(ctx context.Context, id string, now time.Time) (Attempt, error)
	// ReplaceAttempt stores a where the stored version is a.Version, and returns the new
	// version; else ErrConflict. Of parallel callers exactly one wins (C-04).
	ReplaceAttempt(ctx context.Context, a Attempt, now time.Time) (int64, error)
	DeleteAttempt(ctx context.Context, id string) error
	// Try counts one more try under name for the attempt and returns how many there
	// were, this one included. It is its own committed write (C-05).
	Try(ctx context.Context, id, name string, now time.Time) (int, error)
}

// Event is something that a limit bounds.
type Event struct {
	Key    string
	Limit  int           // events within Window
	Window time.Duration // whole milliseconds
}

// LimitStore counts events in sliding windows.
type LimitStore interface {
	// Take counts one event under key unless limit events lie within window before
	// now; then ok is false and retryAfter says when the next would pass.
	Take(ctx context.Context, key string, limit int, window time.Duration, now time.Time) (ok bool, retryAfter time.Duration, err error)
	// CountIn returns how many events lie within window before now.
	CountIn(ctx context.Context, key string, window time.Duration, now time.Time) (int, error)
	Reset(ctx context.Context, key string) error
}

// RevocationStore is the log that every node follows. It is read in the order in which
// records arrived, by a clock of the store's own: how far the clocks of two nodes are
// apart plays no part in what a node gets to see.
type RevocationStore interface {
	// PublishRevocation adds r. Publishing it again is no second record.
	PublishRevocation(ctx context.Context, r RevocationRecord) error
	// RevocationsSince returns what arrived after the call that returned cursor, and the
	// cursor for the next call; all that is kept, an hour's worth, for cursor 0. What
	// arrived up to 5 s before that call comes again, so that nothing is missed that was
	// long in committing; if the store's clock went back, everything does.
	RevocationsSince(ctx context.Context, cursor RevocationCursor) ([]RevocationRecord, RevocationCursor, error)
}

// RevocationCursor is how far a node has read the log. Only the store that returned it
// can tell what it means.
type RevocationCursor int64

// RevocationWatcher is what a RevocationStore offers besides if it can tell of a record
// the moment that it is published.
type RevocationWatcher interface {
	// WatchRevocations calls listening once and then fn with what is published from there
	// on. It returns when ctx ends, with its error, or when it cannot go on. Records may
	// be missed, and come more than once: the log has them all.
	WatchRevocations(ctx context.Context, listening func(), fn func(RevocationRecord)) error
}

// RevocationRecord says that tokens of a session, or all tokens of a user issued up
// to At, are dead.
type RevocationRecord struct {
	ID        string // "rev_…"
	SessionID ID     // "" if it is the user
	UserID    string // "" if it is one session
	Except    ID     // with UserID: a session that lives on
	At        time.Time
	Cause     string
}

// KeyStore persists signing keys; private parts are sealed before they get here.
type KeyStore interface {
	SigningKeys(ctx context.Context) ([]StoredKey, error)
	// AddSigningKey adds k. ErrConflict if a key with its id exists, or if k is active and
	// any key exists: of several nodes that make the first key one is first.
	AddSigningKey(ctx context.Context, k StoredKey) error
	// UpdateSigningKey stores the state of is, its time and its sealed private part
	// where the key still has those of was, by compare-and-set. ErrConflict where it has
	// not, ErrNotFound for an unknown id. It puts no bound on how many keys are active:
	// of several the one that became so last signs.
	UpdateSigningKey(ctx context.Context, was, is StoredKey) error
}

// KeyState is where a signing key is in its rotation.
type KeyState string

// The key states, in order. A key in one of the last two is in no public set, and its
// private part is gone.
const (
	KeyNext     KeyState = "next"
	KeyActive   KeyState = "active"
	KeyRetiring KeyState = "retiring"
	KeyRetired  KeyState = "retired"
	KeyRevoked  KeyState = "revoked" // taken out at once; the sessions begun before have ended
)

// StoredKey is a signing key as it lies in the store.
type StoredKey struct {
	ID            string // kid
	Algorithm     string
	State         KeyState
	SealedPrivate []byte // PKCS #8, AES-256-GCM; empty for a key from the configuration
	PublicDER     []byte // SPKI
	CreatedAt     time.Time
	StateAt       time.Time
}
