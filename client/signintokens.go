package client

import (
	"context"
	"net/http"
	"time"
)

// SignInTokens issues tokens that sign one user in, once.
type SignInTokens struct{ c *Client }

// SignInToken signs its user in once, on the page that URL leads to or with the strategy
// "ticket". Token and URL are in the answer to its creation alone: nothing keeps them.
type SignInToken struct {
	ID        string `json:"id"`
	UserID    string `json:"user_id"`
	Token     Secret `json:"token,omitzero"`
	URL       Secret `json:"url,omitzero"`
	Status    string `json:"status"` // pending, accepted, revoked
	CreatedAt Time   `json:"created_at"`
	UpdatedAt Time   `json:"updated_at"`
}

// Create issues a token that is good for life, rounded to seconds; 0 means 30 days.
func (s SignInTokens) Create(ctx context.Context, userID string, life time.Duration) (*SignInToken, error) {
	if err := checkID("user", userID); err != nil {
		return nil, err
	}
	t := new(SignInToken)
	return orNil(t, s.c.send(ctx, http.MethodPost, "/sign_in_tokens", struct {
		UserID string `json:"user_id"`
		Life   int    `json:"expires_in_seconds,omitzero"`
	}{userID, seconds(life)}, t))
}

// Revoke makes a token useless that nobody has used yet.
func (s SignInTokens) Revoke(ctx context.Context, id string) (*SignInToken, error) {
	return one[SignInToken](ctx, s.c, http.MethodPost, "/sign_in_tokens/", "sit", id, "/revoke")
}
