package backendapi

import (
	"net/http"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// The bounds of expires_in_seconds of a token.
const (
	minTokenSeconds = 30
	maxTokenSeconds = 315_360_000 // ten years
)

// tokenJSON is a token.
type tokenJSON struct {
	Object string `json:"object"`
	JWT    string `json:"jwt"`
}

// mintToken serves POST /v1/sessions/{id}/tokens: a session token that no browser asked
// for, so that it has no azp.
func (c *call) mintToken() error {
	life, err := c.tokenLife()
	if err != nil {
		return err
	}
	ss, err := c.pathSession()
	if err != nil {
		return err
	}
	if life == 0 {
		life = c.h.cfg.Sessions.TokenLifetime()
	}
	jwt, err := c.h.cfg.Sessions.TokenFor(c.r.Context(), ss, life)
	return c.replyToken(jwt, err)
}

// mintTemplate serves POST /v1/sessions/{id}/tokens/{template}: a token of the JWT
// template with that name.
func (c *call) mintTemplate() error {
	life, err := c.tokenLife()
	if err != nil {
		return err
	}
	ss, err := c.pathSession()
	if err != nil {
		return err
	}
	jwt, err := c.h.cfg.Flow.TemplateTokenFor(c.r.Context(), ss, c.values["template"], life)
	return c.replyToken(jwt, err)
}

// tokenLife reads how long a token is to live, 0 if it was not said.
func (c *call) tokenLife() (time.Duration, error) {
	f := c.fields("expires_in_seconds")
	seconds := f.number("expires_in_seconds")
	if f.err != nil || seconds == nil {
		return 0, f.err
	}
	if *seconds < minTokenSeconds || *seconds > maxTokenSeconds {
		return 0, apierr.ParamValue.At("expires_in_seconds")
	}
	return time.Duration(*seconds) * time.Second, nil
}

func (c *call) replyToken(jwt string, err error) error {
	if err != nil {
		return sessionOver(err)
	}
	return httpjson.Write(c.w, http.StatusOK, tokenJSON{Object: "token", JWT: jwt})
}
