package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Errors that an *Error is, by errors.Is.
var (
	// ErrNotFound is a thing that there is not, or not any more (404).
	ErrNotFound = errors.New("client: not found")
	// ErrUnauthorized is a secret key that the server does not take (401).
	ErrUnauthorized = errors.New("client: the secret key is refused")
	// ErrForbidden is what the instance does not let anybody do, such as changing a
	// setting that its configuration decides (403).
	ErrForbidden = errors.New("client: not allowed")
	// ErrTaken is an identifier or an external id that somebody has already.
	ErrTaken = errors.New("client: already taken")
	// ErrConflict is a change that another one came before (409): read again, then retry.
	ErrConflict = errors.New("client: changed in between")
	// ErrRateLimited is a request too many (429); Error.RetryAfter says when the next
	// one is welcome.
	ErrRateLimited = errors.New("client: too many requests")
	// ErrUnavailable is a server that cannot answer now (500 and above).
	ErrUnavailable = errors.New("client: server unavailable")
)

// Errors that come from the client itself.
var (
	// ErrTooLarge is an answer that no Backend API gives: larger than 64 MiB.
	ErrTooLarge = errors.New("client: the answer is too large")
	// ErrNotAnAPI is an answer in another form than the Backend API's: the URL leads to
	// something else.
	ErrNotAnAPI = errors.New("client: this is not a Backend API")
)

// Error is what the server answered instead of what was asked for.
type Error struct {
	Status     int           // of HTTP
	Faults     []Fault       // what was wrong; never empty
	TraceID    string        // finds the line in the server's log; "" if there is none
	RetryAfter time.Duration // how long the server asks to wait; 0 if it does not say
}

// Fault is one thing that was wrong.
type Fault struct {
	Code    string // stable, to branch on: docs/errors.md lists them
	Message string // a sentence for people
	Param   string // the parameter to blame; "" if there is none
}

// Error implements error: what is wrong, and what finds it in the server's log.
func (e *Error) Error() string {
	var b strings.Builder
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteString("; ")
		}
		if f.Param != "" {
			b.WriteString(f.Param + ": ")
		}
		fmt.Fprintf(&b, "%s (%d %s)", strings.TrimSuffix(f.Message, "."), e.Status, f.Code)
	}
	if e.TraceID != "" && e.Status >= 500 {
		b.WriteString(", trace " + e.TraceID)
	}
	return b.String()
}

// Has reports whether one of the faults has the code.
func (e *Error) Has(code string) bool {
	return slices.ContainsFunc(e.Faults, func(f Fault) bool { return f.Code == code })
}

// Is makes errors.Is answer for the errors above.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.Status == http.StatusNotFound
	case ErrUnauthorized:
		return e.Status == http.StatusUnauthorized
	case ErrForbidden:
		return e.Status == http.StatusForbidden
	case ErrTaken:
		return e.Has("form_identifier_exists") || e.Has("duplicate_record")
	case ErrConflict:
		return e.Status == http.StatusConflict
	case ErrRateLimited:
		return e.Status == http.StatusTooManyRequests
	case ErrUnavailable:
		return e.Status >= 500
	}
	return false
}

// envelope is the body of an error.
type envelope struct {
	Errors []struct {
		Code        string `json:"code"`
		Message     string `json:"message"`
		LongMessage string `json:"long_message"`
		Meta        struct {
			Param string `json:"param_name"`
		} `json:"meta"`
	} `json:"errors"`
	TraceID string `json:"clerk_trace_id"`
}

// newError reads an answer that is no success. What is no error of a Backend API comes from
// something in front of it, or from another server: its text is not repeated.
func newError(res *http.Response, body []byte) *Error {
	e := &Error{Status: res.StatusCode, RetryAfter: retryAfter(res.Header)}
	var env envelope
	if json.Unmarshal(body, &env) == nil {
		e.TraceID = env.TraceID
		for _, item := range env.Errors {
			f := Fault{Code: item.Code, Message: item.LongMessage, Param: item.Meta.Param}
			if f.Message == "" {
				f.Message = item.Message
			}
			e.Faults = append(e.Faults, f)
		}
	}
	if len(e.Faults) == 0 {
		text := http.StatusText(res.StatusCode)
		if text == "" {
			text = "unknown status"
		}
		e.Faults = []Fault{{Code: "http_status", Message: text + ", and not from a Backend API"}}
	}
	return e
}

// retryAfter reads the form of the header that the server sends, whole seconds
// (RFC 9110 §10.2.3), up to a day.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.ParseUint(h.Get("Retry-After"), 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(n)*time.Second, 24*time.Hour)
}
