package backendapi

import (
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/internal/secretkey"
)

// secretKeyJSON is a secret key. Only the answer to its creation has the secret: nothing
// keeps it (B-01).
type secretKeyJSON struct {
	Object     string `json:"object"`
	ID         string `json:"id"`
	Label      string `json:"label"`
	Hint       string `json:"hint"`
	Secret     string `json:"secret,omitempty"`
	Status     string `json:"status"`     // active, expired or revoked
	Configured bool   `json:"configured"` // it stands in the configuration and goes only there
	CreatedAt  *int64 `json:"created_at"` // null for one of the configuration
	ExpiresAt  *int64 `json:"expires_at"` // null: never
	RevokedAt  *int64 `json:"revoked_at"`
	LastUsedAt *int64 `json:"last_used_at"` // to the hour
}

func (c *call) renderSecretKey(k secretkey.Key) secretKeyJSON {
	return secretKeyJSON{
		Object: "secret_key", ID: k.ID, Label: k.Label, Hint: k.Hint, Status: string(k.StatusAt(c.now())),
		Configured: k.Configured, CreatedAt: millisOrNull(k.CreatedAt), ExpiresAt: millisOrNull(k.ExpiresAt),
		RevokedAt: millisOrNull(k.RevokedAt), LastUsedAt: millisOrNull(k.LastUsedAt),
	}
}

// secretKeysJSON is a list of secret keys.
type secretKeysJSON struct {
	Data  []secretKeyJSON `json:"data"`
	Total int             `json:"total_count"`
}

// listSecretKeys serves GET /v1/secret_keys: those of the configuration, then the newest.
func (c *call) listSecretKeys() error {
	q := c.query("paginated", "limit", "offset")
	limit, offset := q.number("limit", 1, maxLimit, maxLimit), q.number("offset", 0, maxOffset, 0)
	if q.err != nil {
		return q.err
	}
	all, err := c.h.cfg.SecretKeys.All(c.r.Context())
	if err != nil {
		return err
	}
	out := secretKeysJSON{Data: []secretKeyJSON{}, Total: len(all)}
	for _, k := range all[min(offset, len(all)):min(offset+limit, len(all))] {
		out.Data = append(out.Data, c.renderSecretKey(k))
	}
	return httpjson.Write(c.w, http.StatusOK, out)
}

// createSecretKey serves POST /v1/secret_keys.
func (c *call) createSecretKey() error {
	f := c.fields("label", "expires_in_seconds")
	label, life := f.text("label"), f.seconds("expires_in_seconds")
	if f.err != nil {
		return f.err
	}
	made, err := c.h.cfg.SecretKeys.Create(c.r.Context(), label, life)
	if err != nil {
		return err
	}
	j := c.renderSecretKey(made.Key)
	j.Secret = string(made.Secret)
	return httpjson.Write(c.w, http.StatusOK, j)
}

// revokeSecretKey serves POST /v1/secret_keys/{id}/revoke. A key may revoke itself.
func (c *call) revokeSecretKey() error {
	id := c.values["id"]
	if !random.ValidID("skey", id) {
		return apierr.NotFound // I-09
	}
	if err := c.fields().err; err != nil {
		return err
	}
	k, err := c.h.cfg.SecretKeys.Revoke(c.r.Context(), id)
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, c.renderSecretKey(k))
}
