package user

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// TicketID is a ticket's id: "sit_" for a sign-in token, "act_" for an actor token or
// "inv_" for an invitation, and 27 base62 characters.
type TicketID string

// Kind tells by its form what an id is of, "" if it is no ticket's (I-09).
func (id TicketID) Kind() TicketKind {
	for kind, prefix := range ticketPrefixes {
		if random.ValidID(prefix, string(id)) {
			return kind
		}
	}
	return ""
}

// TicketKind is what a ticket is good for.
type TicketKind string

// The kinds of tickets.
const (
	TicketSignIn     TicketKind = "sign_in_token" // signs one user in
	TicketActor      TicketKind = "actor_token"   // signs somebody else in as one user
	TicketInvitation TicketKind = "invitation"    // signs up, or in, whoever has an e-mail address
)

var ticketPrefixes = map[TicketKind]string{TicketSignIn: "sit", TicketActor: "act", TicketInvitation: "inv"}

// TicketStatus is where a ticket stands.
type TicketStatus string

// The statuses of tickets.
const (
	TicketPending  TicketStatus = "pending"
	TicketAccepted TicketStatus = "accepted" // used up
	TicketRevoked  TicketStatus = "revoked"
	TicketExpired  TicketStatus = "expired" // what a pending one is from ExpireAt on; never stored
)

// Ticket lets in whoever shows its secret: once, until it expires or is revoked. It is
// a sign-in token, an actor token or an invitation.
type Ticket struct {
	ID   TicketID
	Kind TicketKind
	// Hash is the SHA-256 of the whole secret, in hex: nothing else finds the ticket
	// again (C-10).
	Hash   string
	Status TicketStatus // as stored; see StatusAt
	UserID ID           // whom a sign-in token signs in, or an actor acts as; who accepted an invitation, "" while nobody has

	// Of an actor token:

	Actor       json.RawMessage // who acts: an object with a sub, kept whole
	SessionLife time.Duration   // how long their session lasts at most

	// Of an invitation:

	EmailAddress   string          // as shown
	EmailKey       string          // canonical
	PublicMetadata json.RawMessage // of the user who accepts it, a JSON object
	RedirectURL    string          // where its link leads, "" for the instance's own page
	Sole           bool            // there was to be no other pending one of the address

	ExpireAt  time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// StatusAt returns the status at the given time: a ticket expires by itself.
func (t *Ticket) StatusAt(now time.Time) TicketStatus {
	if t.Status == TicketPending && !now.Before(t.ExpireAt) {
		return TicketExpired
	}
	return t.Status
}

// TicketSecret is what a ticket's holder shows: 256 random bits in unpadded base64url. It
// prints, marshals and logs as "[redacted]" (L-02); convert it to string to hand it out.
type TicketSecret string

// ticketSecretLength is that of random.Token.
const ticketSecretLength = 43

// String returns "[redacted]".
func (TicketSecret) String() string { return redacted }

// GoString returns "[redacted]".
func (TicketSecret) GoString() string { return redacted }

// Format writes "[redacted]" whatever the verb.
func (TicketSecret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns "[redacted]".
func (TicketSecret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (TicketSecret) LogValue() slog.Value { return slog.StringValue(redacted) }

// IssuedTicket is a new ticket and its secret, which nobody can read again.
type IssuedTicket struct {
	Ticket
	Secret TicketSecret
}

// newTicket makes a pending ticket that is good for life.
func newTicket(kind TicketKind, now time.Time, life time.Duration) *IssuedTicket {
	secret := random.Token()
	return &IssuedTicket{Secret: TicketSecret(secret), Ticket: Ticket{
		ID: TicketID(random.ID(ticketPrefixes[kind], now)), Kind: kind, Hash: ticketHash(secret), Status: TicketPending,
		PublicMetadata: json.RawMessage("{}"), ExpireAt: toMillis(now.Add(life)), CreatedAt: now, UpdatedAt: now,
	}}
}

func ticketHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// TicketError says why a ticket lets nobody in, or cannot be revoked.
type TicketError struct {
	Kind   TicketKind
	Status TicketStatus // accepted, revoked or expired
}

func (e *TicketError) Error() string {
	return "user: " + strings.ReplaceAll(string(e.Kind), "_", " ") + " is " + string(e.Status)
}

// Is makes errors.Is(err, ErrTicketSpent) true.
func (e *TicketError) Is(target error) bool { return target == ErrTicketSpent }

// InvitedError names the address that has a pending invitation already.
type InvitedError struct{ EmailAddress string }

func (e *InvitedError) Error() string { return "user: an invitation of the address is pending" }

// Is makes errors.Is(err, ErrInvited) true.
func (e *InvitedError) Is(target error) bool { return target == ErrInvited }
