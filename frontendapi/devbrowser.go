package frontendapi

import (
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// devBrowserJSON is a development browser.
type devBrowserJSON struct {
	Object string `json:"object"`
	ID     string `json:"id"`
}

// createDevBrowser serves POST /v1/dev_browser, bare. An SDK asks for it where the host in
// its publishable key is one of the vendor's for development, and sends the id along from
// then on. Cookies tell browsers apart here, so the id stands for nothing.
func (c *call) createDevBrowser() error {
	if !c.h.cfg.Development {
		return apierr.EnvironmentWrong
	}
	return httpjson.Write(c.w, http.StatusOK, devBrowserJSON{Object: "dev_browser", ID: random.ID("dvb", c.now())})
}
