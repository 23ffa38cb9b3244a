package backendapi

import (
	"context"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

// signingKeyJSON is a signing key as operators see it: when, never what. Times that are
// not known, or not ahead, are null.
type signingKeyJSON struct {
	Object    string `json:"object"`
	KeyID     string `json:"kid"`
	Algorithm string `json:"algorithm"`
	Status    string `json:"status"` // next, active, retiring, retired or revoked
	// Configured keys come from the configuration of the servers and do not rotate.
	Configured bool   `json:"configured"`
	CreatedAt  int64  `json:"created_at"`
	UpdatedAt  int64  `json:"updated_at"`  // since when it has its status
	PromotedAt *int64 `json:"promoted_at"` // of the active key
	// SignsAfter is when a key that is next should sign at the earliest: verifiers hold
	// the public set for a while.
	SignsAfter *int64 `json:"signs_after"`
	RetiresAt  *int64 `json:"retires_at"` // of a retiring key: its last token is dead
	RotatesAt  *int64 `json:"rotates_at"` // of the active key: its successor is made
}

func (c *call) renderSigningKey(k session.StoredKey) signingKeyJSON {
	j := signingKeyJSON{
		Object: "signing_key", KeyID: k.ID, Algorithm: k.Algorithm, Status: string(k.State), Configured: c.h.cfg.Keys.Configured(k.ID),
		CreatedAt: millis(k.CreatedAt), UpdatedAt: millis(k.StateAt),
	}
	switch k.State {
	case session.KeyNext:
		j.SignsAfter = new(millis(k.StateAt.Add(session.PromoteAfter)))
	case session.KeyActive:
		j.PromotedAt = new(millis(k.StateAt))
		if at := c.h.cfg.Keys.NextRotation(); !at.IsZero() && k.ID == c.h.cfg.Keys.SigningKey() {
			j.RotatesAt = new(millis(at))
		}
	case session.KeyRetiring:
		j.RetiresAt = new(millis(k.StateAt.Add(session.RetireAfter)))
	}
	return j
}

// signingKeysJSON is a list of signing keys.
type signingKeysJSON struct {
	Data  []signingKeyJSON `json:"data"`
	Total int              `json:"total_count"`
}

// listSigningKeys serves GET /v1/signing_keys, oldest first, those taken out included.
func (c *call) listSigningKeys() error {
	if err := c.query("paginated").err; err != nil {
		return err
	}
	if err := c.h.cfg.Keys.Reload(c.r.Context()); err != nil {
		return err
	}
	out := signingKeysJSON{Data: []signingKeyJSON{}}
	for _, k := range c.h.cfg.Keys.All() {
		out.Data = append(out.Data, c.renderSigningKey(k))
	}
	out.Total = len(out.Data)
	return httpjson.Write(c.w, http.StatusOK, out)
}

// addSigningKey serves POST /v1/signing_keys: a key that is published and signs nothing
// yet.
func (c *call) addSigningKey() error {
	if err := c.fields().err; err != nil {
		return err
	}
	kid, err := c.h.cfg.Keys.Add(c.r.Context())
	if err != nil {
		return err
	}
	return c.replySigningKey(kid)
}

// promoteSigningKey serves POST /v1/signing_keys/{kid}/promote.
func (c *call) promoteSigningKey() error { return c.changeSigningKey(c.h.cfg.Keys.Promote) }

// retireSigningKey serves POST /v1/signing_keys/{kid}/retire.
func (c *call) retireSigningKey() error { return c.changeSigningKey(c.h.cfg.Keys.Retire) }

// revokeSigningKey serves POST /v1/signing_keys/{kid}/revoke, which ends every session.
func (c *call) revokeSigningKey() error { return c.changeSigningKey(c.h.cfg.Keys.Revoke) }

func (c *call) changeSigningKey(change func(context.Context, string) error) error {
	kid := c.values["kid"]
	if !random.ValidID("ins", kid) {
		return apierr.NotFound // I-09
	}
	if err := c.fields().err; err != nil {
		return err
	}
	if err := change(c.r.Context(), kid); err != nil {
		return err
	}
	return c.replySigningKey(kid)
}

func (c *call) replySigningKey(kid string) error {
	k, err := c.h.cfg.Keys.KeyByID(kid)
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, c.renderSigningKey(k))
}
