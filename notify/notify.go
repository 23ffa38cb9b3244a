// Package notify sends mails and texts.
//
// A [Sender] hands messages over: [SMTP] to a mail server, [Hook] as signed JSON to a
// program of yours, [Outbox] to a ring in memory that a development server shows as a
// page; [ByChannel] picks one for mails and one for texts. The package is a leaf: it
// knows neither users nor what its messages are about.
//
// One-time codes are in messages, so no sender logs one, and no error of a sender
// quotes more of it than its id.
package notify

import (
	"context"
	"log/slog"
	"time"
)

// Channel is how a message travels.
type Channel string

// The channels.
const (
	Mail Channel = "mail"
	SMS  Channel = "sms"
)

// Message is one mail or text, ready to send. As a value for slog it is its id and
// kind: what it says and to whom stays out of logs (L-01).
type Message struct {
	ID      string // "msg_…", made by the sender of the message
	Channel Channel
	Kind    string // template name: "verification_code", "password_changed"
	To      string // the stored address, never a typed one
	Subject string // mail only
	Text    string
	HTML    string // mail only; "" sends text alone
	Code    string // the one-time code in it, "" if none; for the development outbox
	Link    string // the one-time link in it, "" if none
	At      time.Time
}

// LogValue implements slog.LogValuer.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", m.ID), slog.String("kind", m.Kind))
}

// Sender delivers messages. Send returns when the message is handed over; an error
// means that it was not. Implementations are safe for concurrent use.
type Sender interface {
	Send(ctx context.Context, m Message) error
}
