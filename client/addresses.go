package client

import (
	"context"
	"net/http"
)

// NewAddress is an e-mail address or a phone number that a user is given.
type NewAddress struct {
	UserID   string
	Value    string // ada@example.com, or a number as in E.164: +14155552671
	Verified bool   // it counts as proved: the user can sign in with it
	Primary  bool   // in the place of the one before; needs Verified. The first verified one is primary anyway
}

// AddressChange changes an e-mail address or a phone number. Nil leaves a thing as it is.
type AddressChange struct {
	Verified *bool `json:"verified,omitempty"` // false takes the proof back
	Primary  *bool `json:"primary,omitempty"`  // false is refused for the primary one: make another primary
}

// EmailAddresses manages the e-mail addresses that users have.
type EmailAddresses struct{ c *Client }

// Get returns the e-mail address with an id.
func (s EmailAddresses) Get(ctx context.Context, id string) (*EmailAddress, error) {
	return one[EmailAddress](ctx, s.c, http.MethodGet, "/email_addresses/", "idn", id, "")
}

// Create gives a user an e-mail address. Errors: ErrTaken, *Error.
func (s EmailAddresses) Create(ctx context.Context, n NewAddress) (*EmailAddress, error) {
	return createAddress[EmailAddress](ctx, s.c, "/email_addresses", "email_address", n)
}

// Update changes an e-mail address. Errors: ErrTaken if it is somebody else's by now,
// *Error.
func (s EmailAddresses) Update(ctx context.Context, id string, change AddressChange) (*EmailAddress, error) {
	return updateAddress[EmailAddress](ctx, s.c, "/email_addresses/", id, change)
}

// Delete takes an e-mail address from its user.
func (s EmailAddresses) Delete(ctx context.Context, id string) error {
	return deleteAddress(ctx, s.c, "/email_addresses/", id)
}

// PhoneNumbers manages the phone numbers that users have.
type PhoneNumbers struct{ c *Client }

// Get returns the phone number with an id.
func (s PhoneNumbers) Get(ctx context.Context, id string) (*PhoneNumber, error) {
	return one[PhoneNumber](ctx, s.c, http.MethodGet, "/phone_numbers/", "idn", id, "")
}

// Create gives a user a phone number. Errors: ErrTaken, *Error.
func (s PhoneNumbers) Create(ctx context.Context, n NewAddress) (*PhoneNumber, error) {
	return createAddress[PhoneNumber](ctx, s.c, "/phone_numbers", "phone_number", n)
}

// Update changes a phone number. Errors: ErrTaken if it is somebody else's by now, *Error.
func (s PhoneNumbers) Update(ctx context.Context, id string, change AddressChange) (*PhoneNumber, error) {
	return updateAddress[PhoneNumber](ctx, s.c, "/phone_numbers/", id, change)
}

// Delete takes a phone number from its user.
func (s PhoneNumbers) Delete(ctx context.Context, id string) error {
	return deleteAddress(ctx, s.c, "/phone_numbers/", id)
}

// createAddress gives a user what the member of the request's body holds.
func createAddress[T any](ctx context.Context, c *Client, path, member string, n NewAddress) (*T, error) {
	if err := checkID("user", n.UserID); err != nil {
		return nil, err
	}
	v := new(T)
	return orNil(v, c.send(ctx, http.MethodPost, path, map[string]any{
		"user_id": n.UserID, member: n.Value, "verified": n.Verified, "primary": n.Primary,
	}, v))
}

func updateAddress[T any](ctx context.Context, c *Client, above, id string, change AddressChange) (*T, error) {
	if err := checkID("idn", id); err != nil {
		return nil, err
	}
	v := new(T)
	return orNil(v, c.send(ctx, http.MethodPatch, above+id, change, v))
}

func deleteAddress(ctx context.Context, c *Client, above, id string) error {
	if err := checkID("idn", id); err != nil {
		return err
	}
	return c.send(ctx, http.MethodDelete, above+id, nil, nil)
}
