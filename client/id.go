package client

import (
	"fmt"

	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// IDError is text in the place of an id that cannot be one. No request was made.
type IDError struct {
	Kind string // what its ids begin with: "user", "sess"
	ID   string // what was given
}

func (e *IDError) Error() string {
	return fmt.Sprintf("client: %q is no id that begins with %s_", e.ID, e.Kind)
}

// Is makes it ErrNotFound, too: what is no id is nobody's.
func (e *IDError) Is(target error) bool { return target == ErrNotFound }

// checkID lets nothing but ids of the kind into a URL (I-09).
func checkID(kind, id string) error {
	if !random.ValidID(kind, id) {
		return &IDError{kind, id}
	}
	return nil
}
