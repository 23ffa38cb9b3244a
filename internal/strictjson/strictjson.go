// Package strictjson reads JSON that came from somebody else, without the
// leniency of encoding/json: text must be UTF-8, an object may not hold one name
// twice, names are compared byte by byte, nesting is bounded, and nothing may
// follow the value (RFC 8259, RFC 7493 §2.3).
//
// [Check] judges a whole text before another decoder reads it. [Reader] reads
// one without allocating.
package strictjson

import (
	"errors"
	"fmt"
)

// What can be wrong with a text. Every error of this package is an [*Error] that
// wraps one of them.
var (
	ErrSyntax    = errors.New("not JSON")
	ErrUTF8      = errors.New("text is not UTF-8")
	ErrDepth     = errors.New("nested too deep")
	ErrDuplicate = errors.New("name given twice in one object")
	ErrTrailing  = errors.New("data after the value")
	ErrNotObject = errors.New("not an object")
)

// Error says what is wrong with a text and where. It holds nothing of the text.
type Error struct {
	Offset int // in bytes, where reading stopped
	Err    error
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("json: %v at byte %d", e.Err, e.Offset)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Check reports whether b is exactly one JSON value that nests at most maxDepth
// objects and arrays. It stops reading at the first fault, so that a text of a
// million brackets costs no more than maxDepth of them.
func Check(b []byte, maxDepth int) error {
	r := NewReader(b, maxDepth)
	r.Skip()
	return r.Close()
}

// CheckObject is Check for a text that must be an object.
func CheckObject(b []byte, maxDepth int) error {
	r := NewReader(b, maxDepth)
	if r.Peek() != KindObject {
		r.fail(ErrNotObject)
	}
	r.Skip()
	return r.Close()
}
