package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// ActorTokens lets somebody act as a user.
type ActorTokens struct{ c *Client }

// ActorToken signs somebody in as its user, once, on the page that URL leads to or with
// the strategy "ticket". The session's tokens say in their claim act who acts. Token and
// URL are in the answer to its creation alone: nothing keeps them.
type ActorToken struct {
	ID        string          `json:"id"`
	UserID    string          `json:"user_id"`
	Actor     json.RawMessage `json:"actor"`
	Token     Secret          `json:"token,omitzero"`
	URL       Secret          `json:"url,omitzero"`
	Status    string          `json:"status"` // pending, accepted, revoked
	CreatedAt Time            `json:"created_at"`
	UpdatedAt Time            `json:"updated_at"`
}

// NewActorToken is an actor token to be issued.
type NewActorToken struct {
	UserID      string        // who is acted as
	Actor       any           // who acts: a value that is encoded as a JSON object with the member sub
	Life        time.Duration // of the token; 0 means an hour
	SessionLife time.Duration // of the session that begins by it; 0 means 30 minutes
}

// Create issues a token.
func (s ActorTokens) Create(ctx context.Context, n NewActorToken) (*ActorToken, error) {
	if err := checkID("user", n.UserID); err != nil {
		return nil, err
	}
	t := new(ActorToken)
	return orNil(t, s.c.send(ctx, http.MethodPost, "/actor_tokens", struct {
		UserID      string `json:"user_id"`
		Actor       any    `json:"actor"`
		Life        int    `json:"expires_in_seconds,omitzero"`
		SessionLife int    `json:"session_max_duration_in_seconds,omitzero"`
	}{n.UserID, n.Actor, seconds(n.Life), seconds(n.SessionLife)}, t))
}

// Revoke makes a token useless that nobody has used yet. What began by it goes on.
func (s ActorTokens) Revoke(ctx context.Context, id string) (*ActorToken, error) {
	return one[ActorToken](ctx, s.c, http.MethodPost, "/actor_tokens/", "act", id, "/revoke")
}
