// Package apierr is the catalogue of errors that the HTTP APIs answer with, and the
// one place where errors of the packages below become answers.
//
// A handler returns whatever error it met; the edge calls [From] once and renders
// the result. What is not in the catalogue becomes [Internal]: its cause goes to the
// log and nowhere else (E-06).
package apierr

import (
	"maps"
	"time"
)

// Error is one entry of the catalogue. Everything but Err goes to the client.
type Error struct {
	Status      int            // HTTP status code
	Code        string         // stable, snake_case; clients branch on it
	Message     string         // a short sentence that is safe to show to anyone
	LongMessage string         // what forms show: says what to do
	Param       string         // meta.param_name, the request field to blame; "" if none
	Meta        map[string]any // further keys of meta; nil if none
	RetryAfter  time.Duration  // header Retry-After, rounded up to seconds; 0 if none
	Err         error          // cause, for the log only
}

// Error tells the code and the cause. It is for logs, not for clients.
func (e *Error) Error() string {
	s := e.Code
	if e.Param != "" {
		s += " (" + e.Param + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an entry with the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// At returns a copy that blames a request field.
func (e *Error) At(param string) *Error {
	c := *e
	c.Param = param
	return &c
}

// Because returns a copy that carries a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Err = cause
	return &c
}

// With returns a copy with one more key of meta.
func (e *Error) With(key string, value any) *Error {
	c := *e
	c.Meta = maps.Clone(e.Meta)
	if c.Meta == nil {
		c.Meta = map[string]any{}
	}
	c.Meta[key] = value
	return &c
}

// Saying returns a copy with another long message: one that names a bound or a value
// of the catalogue's own. Never hand it text of a client or of an error.
func (e *Error) Saying(long string) *Error {
	c := *e
	c.LongMessage = long
	return &c
}

// After returns a copy that asks the client to wait.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}
