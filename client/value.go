package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Field is a field of a change. Its zero value leaves what is there; see [Set] and
// [Clear].
type Field[T any] struct {
	value   T
	present bool
	null    bool
}

// Set makes a field v.
func Set[T any](v T) Field[T] { return Field[T]{value: v, present: true} }

// Clear empties a field.
func Clear[T any]() Field[T] { return Field[T]{present: true, null: true} }

// IsZero reports whether the field stays as it is; encoding/json leaves it out then.
func (f Field[T]) IsZero() bool { return !f.present }

// MarshalJSON implements json.Marshaler.
func (f Field[T]) MarshalJSON() ([]byte, error) {
	if f.null || !f.present {
		return []byte("null"), nil
	}
	return json.Marshal(f.value)
}

// Time is a moment, in JSON a number of Unix milliseconds. Its zero value is none.
type Time struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.UnixMilli())
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(raw []byte) error {
	var ms *int64
	if err := json.Unmarshal(raw, &ms); err != nil {
		return err
	}
	*t = Time{}
	if ms != nil && *ms != 0 {
		t.Time = time.UnixMilli(*ms)
	}
	return nil
}

// Metadata is a JSON object of an app's own.
type Metadata json.RawMessage

// Decode stores the object in the value that v points to, as json.Unmarshal does. An empty
// one leaves v as it is.
func (m Metadata) Decode(v any) error {
	if len(m) == 0 {
		return nil
	}
	if err := json.Unmarshal(m, v); err != nil {
		return fmt.Errorf("client: metadata: %w", err)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (m Metadata) MarshalJSON() ([]byte, error) {
	if len(m) == 0 {
		return []byte("{}"), nil
	}
	return m, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Metadata) UnmarshalJSON(raw []byte) error {
	*m = bytes.Clone(raw)
	return nil
}

// seconds is a period on the wire.
func seconds(d time.Duration) int { return int(d.Round(time.Second) / time.Second) }
