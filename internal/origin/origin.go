// Package origin carries through a context who is behind a change and where they are, so
// that what records the change can say so: the outbox, the sessions' intents, the audit
// log. It decides nothing.
package origin

import "context"

// Kind is what acts.
type Kind string

// The kinds. The zero value counts as KindSystem.
const (
	KindUser      Kind = "user"       // a person, through the Frontend API
	KindSecretKey Kind = "secret_key" // a server or an operator, through the Backend API
	KindCLI       Kind = "cli"        // an operator, through the command line
	KindSystem    Kind = "system"     // the server itself, or the app around it
)

// Origin is who asked for something, and from where. The JSON names are how it is kept.
type Origin struct {
	Kind Kind `json:"kind,omitempty"`
	// ID is the user's id or the name of the secret key, which is no secret. "" with
	// KindUser is whoever the change is about: people act for themselves.
	ID string `json:"id,omitempty"`
	// Impersonator acts in the user's name: the sub of the session's actor; "" for none.
	Impersonator string `json:"impersonator,omitempty"`
	Address      string `json:"address,omitempty"`    // of the client, as R-13 finds it
	UserAgent    string `json:"user_agent,omitempty"` // at most 512 bytes
	TraceID      string `json:"trace_id,omitempty"`   // 32 hex digits, also in log and error answer
}

// maxUserAgent bounds what a client may have kept, in bytes.
const maxUserAgent = 512

type key struct{}

// With returns a context in which o is behind what is done.
func With(ctx context.Context, o Origin) context.Context {
	o.UserAgent = printable(o.UserAgent)
	return context.WithValue(ctx, key{}, o)
}

// From returns who is behind what is done in ctx; nobody said so means the system.
func From(ctx context.Context) Origin {
	o, _ := ctx.Value(key{}).(Origin)
	if o.Kind == "" {
		o.Kind = KindSystem
	}
	return o
}

// printable cuts a header that a client chose to visible ASCII and its bound.
func printable(s string) string {
	b := []byte(s[:min(len(s), maxUserAgent)])
	for n, c := range b {
		if c < ' ' || c > '~' {
			b[n] = '?'
		}
	}
	return string(b)
}
