package user

import (
	"fmt"
	"io"
	"log/slog"
)

// Digest is a stored password: an argon2id PHC string, or one that was imported and tells
// which hasher made it.
// However it is printed, logged or marshalled, it is "[redacted]" (P-10, L-02);
// only a conversion to string shows it.
type Digest string

const redacted = "[redacted]"

// String returns "[redacted]".
func (Digest) String() string { return redacted }

// GoString returns "[redacted]".
func (Digest) GoString() string { return redacted }

// Format writes "[redacted]" whatever the verb. Without it a verb that does not fit,
// such as %d, would print the value.
func (Digest) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns "[redacted]".
func (Digest) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (Digest) LogValue() slog.Value { return slog.StringValue(redacted) }
