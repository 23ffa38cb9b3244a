package backendapi

import (
	"encoding/json"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/jwttemplate"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// templateJSON is a JWT template.
type templateJSON struct {
	Object           string          `json:"object"`
	ID               string          `json:"id"`
	Name             string          `json:"name"`
	Claims           json.RawMessage `json:"claims"`
	Lifetime         int             `json:"lifetime"`
	AllowedClockSkew int             `json:"allowed_clock_skew"`
	CustomSigningKey bool            `json:"custom_signing_key"`
	SigningAlgorithm string          `json:"signing_algorithm"`
	CreatedAt        int64           `json:"created_at"`
	UpdatedAt        int64           `json:"updated_at"`
}

func (c *call) templateJSON(t jwttemplate.Template) templateJSON {
	return templateJSON{
		Object: "jwt_template", ID: t.ID, Name: t.Name, Claims: t.Claims,
		Lifetime: t.Lifetime, AllowedClockSkew: t.Skew, SigningAlgorithm: c.h.cfg.Sessions.SigningAlgorithm(),
		CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}
}

// templatePageJSON is a list of which paginated=true was asked.
type templatePageJSON struct {
	Data  []templateJSON `json:"data"`
	Total int            `json:"total_count"`
}

// listTemplates serves GET /v1/jwt_templates.
func (c *call) listTemplates() error {
	q := c.query("paginated", "limit", "offset")
	limit, offset := q.number("limit", 1, maxLimit, 10), q.number("offset", 0, maxOffset, 0)
	if q.err != nil {
		return q.err
	}
	all := c.h.cfg.Templates.All()
	out := []templateJSON{}
	for _, t := range all[min(offset, len(all)):min(offset+limit, len(all))] {
		out = append(out, c.templateJSON(t))
	}
	if q.text("paginated") == "true" {
		return httpjson.Write(c.w, http.StatusOK, templatePageJSON{Data: out, Total: len(all)})
	}
	return httpjson.Write(c.w, http.StatusOK, out)
}

// getTemplate serves GET /v1/jwt_templates/{id}.
func (c *call) getTemplate() error {
	id, err := c.templateID()
	if err != nil {
		return err
	}
	t, err := c.h.cfg.Templates.ByID(id)
	return c.replyTemplate(t, err)
}

// createTemplate serves POST /v1/jwt_templates.
func (c *call) createTemplate() error {
	fields, err := c.templateFields()
	if err != nil {
		return err
	}
	t, err := c.h.cfg.Templates.Create(c.r.Context(), fields)
	return c.replyTemplate(t, err)
}

// updateTemplate serves PATCH /v1/jwt_templates/{id}.
func (c *call) updateTemplate() error {
	id, err := c.templateID()
	if err != nil {
		return err
	}
	fields, err := c.templateFields()
	if err != nil {
		return err
	}
	t, err := c.h.cfg.Templates.Update(c.r.Context(), id, fields)
	return c.replyTemplate(t, err)
}

// deleteTemplate serves DELETE /v1/jwt_templates/{id}.
func (c *call) deleteTemplate() error {
	id, err := c.templateID()
	if err != nil {
		return err
	}
	if err := c.fields().err; err != nil {
		return err
	}
	if err := c.h.cfg.Templates.Delete(c.r.Context(), id); err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, deletedJSON{Object: "jwt_template", ID: id, Deleted: true})
}

func (c *call) replyTemplate(t jwttemplate.Template, err error) error {
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, c.templateJSON(t))
}

// templateFields reads the body of both writing routes. Tokens are signed with the
// instance's key alone.
func (c *call) templateFields() (jwttemplate.Fields, error) {
	f := c.fields("name", "claims", "lifetime", "allowed_clock_skew", "custom_signing_key", "signing_algorithm", "signing_key")
	f.always("custom_signing_key", false)
	f.absent("signing_key")
	if a := f.text("signing_algorithm"); a != "" && a != c.h.cfg.Sessions.SigningAlgorithm() {
		f.fail(apierr.FeatureOff.At("signing_algorithm"))
	}
	out := jwttemplate.Fields{Lifetime: f.number("lifetime"), Skew: f.number("allowed_clock_skew")}
	if name, ok := value[string](f, "name"); ok {
		out.Name = &name
	}
	if raw, sent := f.members["claims"]; sent && string(raw) != "null" {
		out.Claims = raw
	}
	return out, f.err
}

// templateID is the {id} of the path; what is no id is no template's (I-09).
func (c *call) templateID() (string, error) {
	if id := c.values["id"]; random.ValidID("jtmp", id) {
		return id, nil
	}
	return "", apierr.NotFound
}
