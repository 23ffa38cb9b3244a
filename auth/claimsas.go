package auth

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/gatehouse-dev/gatehouse/internal/strictjson"
)

// ErrNotAuthenticated means that there are no claims: nobody is signed in.
var ErrNotAuthenticated = errors.New("auth: not authenticated")

// ClaimError is the error of a claim that does not fit the type it was asked for as.
type ClaimError struct {
	Claim string // "tier", or "org.tier" inside of another; "" for the payload as a whole
	Err   error  // what is wrong with it
}

// Error implements error.
func (e *ClaimError) Error() string {
	if e.Claim == "" {
		return "auth: claims: " + e.Err.Error()
	}
	return fmt.Sprintf("auth: claim %q: %v", e.Claim, e.Err)
}

// Unwrap returns Err.
func (e *ClaimError) Unwrap() error { return e.Err }

// ClaimsAs returns the claims of a verified token as T, a struct with the claims that
// the app wants to see, named by the tag json:
//
//	type plan struct {
//		Tier  string `json:"tier"`
//		Seats *int   `json:"seats"` // may be missing
//	}
//
// It is stricter than encoding/json, so that no slip in a template reads as a zero
// value and no other claim stands in for the one that was meant. Names match
// letter by letter. A field that is neither a pointer nor tagged omitempty or
// omitzero must be there and not null, in structs within T too. Numbers fit, arrays
// have the length of theirs. Claims that T does not name are left out. Embedded
// structs are read as part of the one around them; embedded pointers and the option
// string of the tag are refused. Types that implement json.Unmarshaler or
// encoding.TextUnmarshaler read themselves.
//
// It reads the payload anew on each call and costs nothing where it is not called.
// Errors: ErrNotAuthenticated, [*ClaimError]; T is zero beside them.
func ClaimsAs[T any](a Auth) (T, error) {
	var claims, none T
	if !a.IsAuthenticated || a.Claims == nil {
		return none, ErrNotAuthenticated
	}
	r := strictjson.NewReader(a.Claims.Raw, maxTokenDepth)
	if err := readInto(&r, reflect.ValueOf(&claims).Elem()); err != nil {
		return none, err
	}
	if err := r.Close(); err != nil {
		return none, &ClaimError{Err: err}
	}
	return claims, nil
}
