package user

import (
	"context"
	"database/sql"
)

// Store persists users and records their events. Service is its only consumer;
// storetest.Run is the contract every backend passes. Implementations are safe
// for concurrent use. Times are kept in whole milliseconds and returned in UTC.
//
// A cancelled context ends a call with an error that wraps context.Canceled, and
// then nothing of it is stored.
type Store interface {
	// Create adds u with u.Version 1 and records events, in one transaction.
	// *TakenError if another user claims the kind and key of one of u's claimed
	// identifications, ErrExternalIDTaken for the external id.
	Create(ctx context.Context, u *User, events ...Event) error
	// ByID returns ErrNotFound for unknown and for deleted users.
	ByID(ctx context.Context, id ID) (*User, error)
	// ByKey finds the user that claims key, or ErrNotFound. Identifications that
	// claim nothing are not found.
	ByKey(ctx context.Context, kind Kind, key string) (*User, error)
	// ByIdentification finds the user who has the identification, claimed or not, or
	// ErrNoIdentification.
	ByIdentification(ctx context.Context, id IdentificationID) (*User, error)
	// Update stores what fn makes of the user, with Version grown by one, records the
	// events that fn returns and returns the user as stored, all in one transaction:
	// no update between fn's argument and its result is lost. fn may run more than
	// once. Errors are Create's, ErrNotFound, and fn's own, after which nothing is stored.
	Update(ctx context.Context, id ID, fn func(*User) ([]Event, error)) (*User, error)
	// UpdateImage is Update that also makes img the user's only picture, in the same
	// transaction; one without an ID removes what there is. fn sets User.ImageID.
	UpdateImage(ctx context.Context, id ID, img Image, fn func(*User) ([]Event, error)) (*User, error)
	// Image returns ErrNotFound for unknown ids, and for those of pictures that were
	// replaced, removed, or deleted with their user.
	Image(ctx context.Context, id ImageID) (Image, error)
	// Delete removes the user with picture, identifications and credentials and records
	// events in the same transaction. ErrNotFound if there is none; then no event is
	// recorded.
	Delete(ctx context.Context, id ID, events ...Event) error
	// Find returns a page of the users that q selects, in q's order; users that are
	// equal in it are ordered by id, so that pages neither repeat nor miss one. A
	// *FieldError if there is no user StartingAfter.
	Find(ctx context.Context, q Query) ([]*User, error)
	// Count counts the users that q selects; the order and the page do not
	// matter.
	Count(ctx context.Context, q Query) (int, error)
}

// Transactor is what a Store implements to take part in a caller's transaction.
type Transactor interface {
	// WithTx returns a Store whose every call is part of tx: a savepoint, so that a
	// call that fails leaves tx usable. It is a TicketStore and a BulkStore as well.
	WithTx(tx *sql.Tx) Store
}
