package client

import (
	"context"
	"net/http"
	"time"
)

// SigningKeys rotates the keys that session tokens are signed with. Servers do it by
// themselves once a year; by hand it is add, wait until SignsAfter, promote, wait until
// RetiresAt, retire.
type SigningKeys struct{ c *Client }

// SigningKey is a signing key: when, never what.
type SigningKey struct {
	KeyID     string `json:"kid"`
	Algorithm string `json:"algorithm"`
	// Status is next (published, signs nothing yet), active (signs), retiring (signs
	// nothing more), retired or revoked (no longer published).
	Status     string `json:"status"`
	Configured bool   `json:"configured"` // comes from the configuration of the servers, and goes only there
	CreatedAt  Time   `json:"created_at"`
	UpdatedAt  Time   `json:"updated_at"` // since when it has its status
	PromotedAt Time   `json:"promoted_at,omitzero"`
	SignsAfter Time   `json:"signs_after,omitzero"` // when a key that is next may be promoted
	RetiresAt  Time   `json:"retires_at,omitzero"`  // when the last token of a retiring key is dead
	RotatesAt  Time   `json:"rotates_at,omitzero"`  // when servers begin to replace the active key
}

// List returns all keys, oldest first, those that were taken out included.
func (s SigningKeys) List(ctx context.Context) ([]*SigningKey, error) {
	page := new(Page[*SigningKey])
	err := s.c.get(ctx, "/signing_keys", nil, page)
	return page.Data, err
}

// Add makes a key that is next.
func (s SigningKeys) Add(ctx context.Context) (*SigningKey, error) {
	k := new(SigningKey)
	return orNil(k, s.c.send(ctx, http.MethodPost, "/signing_keys", nil, k))
}

// Promote lets a key sign, and makes the one before it retiring. It does so before
// SignsAfter, too: then verifiers elsewhere may not know the key yet, and refuse its tokens
// for some minutes.
func (s SigningKeys) Promote(ctx context.Context, keyID string) (*SigningKey, error) {
	return s.move(ctx, keyID, "/promote")
}

// Retire takes a key out whose tokens are dead. ErrConflict for one that signs, or whose
// tokens may live yet.
func (s SigningKeys) Retire(ctx context.Context, keyID string) (*SigningKey, error) {
	return s.move(ctx, keyID, "/retire")
}

// Revoke takes a key out at once that somebody else may have. Every session ends.
func (s SigningKeys) Revoke(ctx context.Context, keyID string) (*SigningKey, error) {
	return s.move(ctx, keyID, "/revoke")
}

func (s SigningKeys) move(ctx context.Context, keyID, below string) (*SigningKey, error) {
	return one[SigningKey](ctx, s.c, http.MethodPost, "/signing_keys/", "ins", keyID, below)
}

// SecretKeys manages the keys that apps show to this API. To replace one: create another,
// give it to the apps, wait until LastUsedAt of the old one stands still, revoke it.
type SecretKeys struct{ c *Client }

// SecretKey is a secret key. Secret is in the answer to its creation alone: nothing keeps
// it.
type SecretKey struct {
	ID         string `json:"id"`
	Label      string `json:"label"`
	Hint       string `json:"hint"` // how it begins and ends
	Secret     Secret `json:"secret,omitzero"`
	Status     string `json:"status"`     // active, expired, revoked
	Configured bool   `json:"configured"` // stands in the configuration of the servers, and goes only there
	CreatedAt  Time   `json:"created_at,omitzero"`
	ExpiresAt  Time   `json:"expires_at,omitzero"` // zero means never
	RevokedAt  Time   `json:"revoked_at,omitzero"`
	LastUsedAt Time   `json:"last_used_at,omitzero"` // to the hour
}

// List returns one page, those of the configuration first: limit is 1…MaxLimit, and 0
// means MaxLimit.
func (s SecretKeys) List(ctx context.Context, limit, offset int) (*Page[*SecretKey], error) {
	return list[*SecretKey](ctx, s.c, "/secret_keys", values{}, limit, offset)
}

// Create makes a key that is good for life, rounded to seconds; 0 means until it is
// revoked. The label is for people.
func (s SecretKeys) Create(ctx context.Context, label string, life time.Duration) (*SecretKey, error) {
	k := new(SecretKey)
	return orNil(k, s.c.send(ctx, http.MethodPost, "/secret_keys", struct {
		Label string `json:"label,omitzero"`
		Life  int    `json:"expires_in_seconds,omitzero"`
	}{label, seconds(life)}, k))
}

// Revoke makes a key useless at once, also the one that this client shows. ErrForbidden for
// one of the configuration.
func (s SecretKeys) Revoke(ctx context.Context, id string) (*SecretKey, error) {
	return one[SecretKey](ctx, s.c, http.MethodPost, "/secret_keys/", "skey", id, "/revoke")
}
