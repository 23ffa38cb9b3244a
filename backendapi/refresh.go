package backendapi

import (
	"net/http"
	"net/url"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/session"
)

// The forms of the answer to a refresh.
const (
	refreshAsToken  = "token"
	refreshAsCookie = "cookie"
)

// cookiesJSON is what an app's server sets in a browser, as Set-Cookie values.
type cookiesJSON struct {
	Object  string   `json:"object"`
	Cookies []string `json:"cookies"`
}

// refreshSession serves POST /v1/sessions/{id}/refresh: the server of an app gets a
// session token in place of the expired one that its browser sent. Whatever stands in the
// way is a 401, upon which SDKs go through a handshake. suffixed_cookies is taken and
// ignored, as is what the app tells of the request: both spellings are set.
func (c *call) refreshSession() error {
	if err := c.query("suffixed_cookies").err; err != nil {
		return err
	}
	q, format, err := c.refreshRequest()
	if err != nil {
		return err
	}
	if q.SessionID, err = c.sessionID(); err != nil {
		return &session.RefreshError{Rule: session.RefreshSessionUnknown}
	}
	if !c.isOrigin(q.Origin) {
		return &session.RefreshError{Rule: session.RefreshOriginInvalid}
	}
	fresh, err := c.h.cfg.Flow.Refresh(c.r.Context(), q, format == refreshAsCookie)
	if err != nil {
		return err
	}
	if format == refreshAsCookie {
		return httpjson.Write(c.w, http.StatusOK, cookiesJSON{Object: "cookies", Cookies: fresh.Cookies})
	}
	return c.replyToken(fresh.Token, nil)
}

// refreshRequest reads the body.
func (c *call) refreshRequest() (q session.RefreshRequest, format string, err error) {
	f := c.fields("expired_token", "refresh_token", "request_origin", "request_headers", "request_originating_ip", "format")
	needed := func(name string) string {
		text := f.text(name)
		if text == "" {
			f.fail(apierr.ParamMissing.At(name))
		}
		return text
	}
	q.ExpiredToken, q.RefreshToken, q.Origin = needed("expired_token"), needed("refresh_token"), needed("request_origin")
	f.object("request_headers")
	f.text("request_originating_ip")
	switch format = f.text("format"); format {
	case "":
		format = refreshAsToken
	case refreshAsToken, refreshAsCookie:
	default:
		f.fail(apierr.ParamValue.At("format"))
	}
	return q, format, f.err
}

// isOrigin reports whether text is an origin, written as browsers write it, whose pages
// this instance serves.
func (c *call) isOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || text != u.Scheme+"://"+u.Host {
		return false
	}
	_, ok := c.h.cfg.RedirectURL(text + "/")
	return ok
}
