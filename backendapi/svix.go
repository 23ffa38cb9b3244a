package backendapi

import (
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// svixJSON says where an operator manages webhooks: this server's own dashboard.
type svixJSON struct {
	URL string `json:"svix_url"`
}

// createSvix serves POST /v1/webhooks/svix.
func (c *call) createSvix() error {
	if err := c.fields().err; err != nil {
		return err
	}
	if err := c.h.cfg.Webhooks.CreateApp(c.r.Context()); err != nil {
		return err
	}
	return c.replySvix()
}

// svixURL serves POST /v1/webhooks/svix_url.
func (c *call) svixURL() error {
	if err := c.fields().err; err != nil {
		return err
	}
	if err := c.h.cfg.Webhooks.CheckApp(c.r.Context()); err != nil {
		return err
	}
	return c.replySvix()
}

// deleteSvix serves DELETE /v1/webhooks/svix: every endpoint is gone with it.
func (c *call) deleteSvix() error {
	if err := c.fields().err; err != nil {
		return err
	}
	if err := c.h.cfg.Webhooks.DeleteApp(c.r.Context()); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *call) replySvix() error {
	url := c.h.cfg.PublicURL.JoinPath("dashboard", "webhooks").String()
	return httpjson.Write(c.w, http.StatusOK, svixJSON{URL: url})
}
