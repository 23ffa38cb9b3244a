package client

import (
	"context"
	"iter"
	"net/http"
)

// Invitations invites people by e-mail.
type Invitations struct{ c *Client }

// Invitation lets whoever reads the mail sign up, once, also where sign-ups are
// restricted. URL is in the answer to its creation alone: nothing keeps it.
type Invitation struct {
	ID             string   `json:"id"`
	EmailAddress   string   `json:"email_address"`
	PublicMetadata Metadata `json:"public_metadata"`
	Status         string   `json:"status"` // pending, accepted, revoked, expired
	Revoked        bool     `json:"revoked"`
	URL            Secret   `json:"url,omitzero"`
	ExpiresAt      Time     `json:"expires_at,omitzero"`
	CreatedAt      Time     `json:"created_at"`
	UpdatedAt      Time     `json:"updated_at"`
}

// NewInvitation is an invitation to be made.
type NewInvitation struct {
	EmailAddress   string `json:"email_address"`             // required
	PublicMetadata any    `json:"public_metadata,omitempty"` // the user's from the start
	RedirectURL    string `json:"redirect_url,omitzero"`     // where the link leads; "" is the sign-up page
	ExpiresInDays  int    `json:"expires_in_days,omitzero"`  // 1…365; 0 means 30
	// IgnoreExisting invites although there is a pending invitation, or a user of that
	// address.
	IgnoreExisting bool `json:"ignore_existing,omitzero"`
	// Silent sends no mail: hand the URL on yourself.
	Silent bool `json:"-"`
}

// InvitationQuery selects invitations.
type InvitationQuery struct {
	Statuses []string // nil is every one but revoked
	Query    string   // part of the address, or an id
	OrderBy  string   // created_at, email_address or expires_at, - before it; "" means -created_at
	Limit    int      // 1…MaxLimit; 0 means 10 for List and MaxLimit for All
	Offset   int
}

// Create makes an invitation and, unless it is silent, mails it. Errors: ErrTaken where
// there is one or a user of that address, *Error.
func (s Invitations) Create(ctx context.Context, n NewInvitation) (*Invitation, error) {
	i := new(Invitation)
	return orNil(i, s.c.send(ctx, http.MethodPost, "/invitations", struct {
		NewInvitation
		Notify bool `json:"notify"`
	}{n, !n.Silent}, i))
}

// List returns one page.
func (s Invitations) List(ctx context.Context, q InvitationQuery) (*Page[*Invitation], error) {
	v := values{}
	v.texts("status", q.Statuses)
	v.text("query", q.Query)
	v.text("order_by", q.OrderBy)
	return list[*Invitation](ctx, s.c, "/invitations", v, q.Limit, q.Offset)
}

// All ranges over the invitations that q selects. An error is the last thing that it
// yields. Collect them before revoking any: pages are cut by number.
func (s Invitations) All(ctx context.Context, q InvitationQuery) iter.Seq2[*Invitation, error] {
	return pages(ctx, q.Limit, q.Offset, func(ctx context.Context, limit, offset int) ([]*Invitation, error) {
		q.Limit, q.Offset = limit, offset
		return data(s.List(ctx, q))
	})
}

// Revoke makes the link of an invitation useless that nobody has accepted yet.
func (s Invitations) Revoke(ctx context.Context, id string) (*Invitation, error) {
	return one[Invitation](ctx, s.c, http.MethodPost, "/invitations/", "inv", id, "/revoke")
}
