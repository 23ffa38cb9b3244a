package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// JWTTemplates manages templates of tokens for other services.
type JWTTemplates struct{ c *Client }

// JWTTemplate says what is in the tokens that sessions mint by its name.
type JWTTemplate struct {
	ID               string          `json:"id"`
	Name             string          `json:"name"`
	Claims           json.RawMessage `json:"claims"`             // an object with shortcodes: {"email":"{{user.primary_email_address}}"}
	Lifetime         int             `json:"lifetime"`           // in seconds
	AllowedClockSkew int             `json:"allowed_clock_skew"` // in seconds
	SigningAlgorithm string          `json:"signing_algorithm"`
	CreatedAt        Time            `json:"created_at"`
	UpdatedAt        Time            `json:"updated_at"`
}

// JWTTemplateFields are what can be written of a template.
type JWTTemplateFields struct {
	Name             string `json:"name"`                        // required
	Claims           any    `json:"claims"`                      // required: a value that is encoded as a JSON object
	Lifetime         int    `json:"lifetime,omitzero"`           // 30…315360000 seconds; 0 leaves it, or is 60
	AllowedClockSkew *int   `json:"allowed_clock_skew,omitzero"` // 0…300 seconds; nil leaves it, or is 5
}

// List returns one page: limit is 1…MaxLimit, and 0 means 10.
func (s JWTTemplates) List(ctx context.Context, limit, offset int) (*Page[*JWTTemplate], error) {
	return list[*JWTTemplate](ctx, s.c, "/jwt_templates", values{}, limit, offset)
}

// Get returns the template with an id.
func (s JWTTemplates) Get(ctx context.Context, id string) (*JWTTemplate, error) {
	return one[JWTTemplate](ctx, s.c, http.MethodGet, "/jwt_templates/", "jtmp", id, "")
}

// Create makes a template.
func (s JWTTemplates) Create(ctx context.Context, f JWTTemplateFields) (*JWTTemplate, error) {
	t := new(JWTTemplate)
	return orNil(t, s.c.send(ctx, http.MethodPost, "/jwt_templates", f, t))
}

// Update changes a template; tokens that are minted from now on obey it.
func (s JWTTemplates) Update(ctx context.Context, id string, f JWTTemplateFields) (*JWTTemplate, error) {
	if err := checkID("jtmp", id); err != nil {
		return nil, err
	}
	t := new(JWTTemplate)
	return orNil(t, s.c.send(ctx, http.MethodPatch, "/jwt_templates/"+id, f, t))
}

// Delete deletes a template; tokens minted by it live on until they expire.
func (s JWTTemplates) Delete(ctx context.Context, id string) error {
	if err := checkID("jtmp", id); err != nil {
		return err
	}
	return s.c.send(ctx, http.MethodDelete, "/jwt_templates/"+id, nil, nil)
}
