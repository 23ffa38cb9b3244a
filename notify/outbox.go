package notify

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// outboxSize is how many messages an Outbox keeps by default.
const outboxSize = 500

// Outbox keeps the last messages in memory instead of sending them: the mail
// server of a development server. It holds codes in the clear, so nothing but a
// development server may show it. The zero value keeps 500 messages. It is safe for
// concurrent use.
type Outbox struct {
	// Size is how many messages are kept, the oldest go first; 0 means 500.
	Size int
	// Stylesheet is the path of a stylesheet for the page; "" leaves it unstyled.
	Stylesheet string

	mu   sync.Mutex
	kept []Message // oldest first
}

// Send keeps m. It never fails.
func (o *Outbox) Send(_ context.Context, m Message) error {
	size := o.Size
	if size <= 0 {
		size = outboxSize
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if over := len(o.kept) + 1 - size; over > 0 {
		o.kept = slices.Delete(o.kept, 0, over)
	}
	o.kept = append(o.kept, m)
	return nil
}

// Messages returns the messages sent to an address, newest first; with "" all of
// them. Letter case does not count.
func (o *Outbox) Messages(to string) []Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := []Message{}
	for _, m := range slices.Backward(o.kept) {
		if to == "" || strings.EqualFold(m.To, to) {
			out = append(out, m)
		}
	}
	return out
}

// LastCode returns the newest one-time code sent to an address; ok is false if there
// is none.
func (o *Outbox) LastCode(to string) (code string, ok bool) {
	for _, m := range o.Messages(to) {
		if m.Code != "" {
			return m.Code, true
		}
	}
	return "", false
}
