// Package session owns clients (one browser or device each), the sessions on
// them, the tokens minted from sessions and the keys that sign those.
//
// A [Service] is opened over stores (packages session/redisstore and
// session/sqlstore) and [Keys]. Most callers need three of its methods:
// [Service.Start] signs a user in, [Service.Mint] makes tokens for the middleware of
// package middleware, and [Service.RevokeUser] ends everything of a user at once.
//
// What it decides:
//   - The cookie __client is 256 random bits, stored as SHA-256, valid for 365 days
//     from its last rotation. One value is current; the one before may be read for
//     10 s, or is dead at once.
//   - A session lives 7 days at most, and has an idle limit if Config sets one. A
//     client has 10 live sessions, a user 100; the oldest ends. What has ended never
//     comes back: records change by compare-and-set.
//   - A token lives 60 s. Ending a session stops minting at once on every node, and
//     tokens already minted are refused by nodes that poll the revocation log, by
//     default every 200 ms.
//   - Signing keys are made here (RS256 with 2048 bits by default) and lie encrypted
//     in the store.
//
// It knows users only by id and nothing of HTTP.
package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Errors that Service and every store return, wrapped or bare; test with errors.Is.
var (
	ErrNotFound      = errors.New("session: not found") // unknown, expired, malformed, of another client
	ErrNotActive     = errors.New("session: not active")
	ErrUserRevoked   = errors.New("session: all sessions of the user were revoked") // a tombstone forbids it
	ErrConflict      = errors.New("session: changed meanwhile")                     // compare-and-set lost
	ErrExpired       = errors.New("session: deadline has passed")                   // (S-06)
	ErrTokenLifetime = errors.New("session: tokens do not live that long")
	ErrTokenTooLarge = errors.New("session: token too large for a cookie")
	ErrUnavailable   = errors.New("session: store unavailable") // Redis or the database is away
)

// LimitError means that a limit has no room for another event.
type LimitError struct {
	RetryAfter time.Duration // when the next would pass
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("session: too many requests, again in %s", e.RetryAfter)
}

// Status is where a session is in its life.
type Status string

// The statuses. Only StatusActive and StatusPending are live.
const (
	StatusActive    Status = "active"
	StatusPending   Status = "pending"
	StatusEnded     Status = "ended"
	StatusRemoved   Status = "removed"
	StatusRevoked   Status = "revoked"
	StatusExpired   Status = "expired"
	StatusReplaced  Status = "replaced"
	StatusAbandoned Status = "abandoned"
)

// Session is one user signed in on one client.
type Session struct {
	ID       ID
	ClientID ClientID
	UserID   string
	Status   Status
	Cause    string          // why it is not live: "signed out", "user banned"; for the log
	Actor    json.RawMessage // impersonation; nil if none

	FirstFactorAt  time.Time // zero means never
	SecondFactorAt time.Time

	Activity Activity

	ExpireAt     time.Time // absolute
	AbandonAt    time.Time
	LastActiveAt time.Time
	CreatedAt    time.Time
	UpdatedAt    time.Time

	Version int64 // compare-and-set
}

// Live reports whether the session may mint tokens at now.
func (s Session) Live(now time.Time) bool {
	return (s.Status == StatusActive || s.Status == StatusPending) && now.Before(s.ExpireAt)
}

// Activity is what was seen of the device at the last sign-in or touch.
type Activity struct {
	ID             string // "sact_…"
	DeviceType     string
	IsMobile       bool
	BrowserName    string
	BrowserVersion string
	IPAddress      string
	City, Country  string
}
