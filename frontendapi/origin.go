package frontendapi

import (
	"net/http"
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

// cors sets the CORS headers for an allowed origin and remembers it: it becomes
// the claim azp. Other origins get none, so their pages cannot read the answer.
func (c *call) cors() error {
	header := c.w.Header()
	header.Add("Vary", "Origin")
	values := c.r.Header.Values("Origin")
	switch len(values) {
	case 0:
		// Browsers leave Origin out of same-origin GETs but say so in Sec-Fetch-Site,
		// which a page cannot set.
		if c.r.Header.Get("Sec-Fetch-Site") == "same-origin" {
			c.origin = c.h.publicOrigin
		}
		return nil
	case 1:
	default:
		return apierr.OriginInvalid
	}
	origin := values[0]
	if origin == "" || origin == "null" || !c.h.cfg.AllowedOrigin(origin) {
		return nil
	}
	c.origin = origin
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Credentials", "true")
	header.Set("Access-Control-Expose-Headers", "Retry-After, X-Country, Clerk-Db-Jwt, Authorization")
	return nil
}

// checkOrigin is the defence against cross-site requests: what changes
// something must name an allowed origin. Without Origin it passes if it has no cookie to
// ride on, or if the browser says that it comes from this very origin or from the user.
func (c *call) checkOrigin() error {
	switch c.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if _, ok := c.r.Header["Origin"]; ok {
		switch {
		case c.origin != "":
			return nil
		case c.h.cfg.Development:
			return apierr.OriginInvalid.Saying("The page that sent this request is not on the list of allowed origins. " +
				"This server runs under " + c.h.publicOrigin + "; add other origins to the configuration.")
		}
		return apierr.OriginInvalid
	}
	site := c.r.Header.Get("Sec-Fetch-Site")
	if len(c.r.Header.Values("Cookie")) == 0 || site == "same-origin" || site == "none" {
		return nil
	}
	return apierr.OriginMissing
}

// preflight answers OPTIONS. The SDK's usual calls are simple requests and send none.
func (c *call) preflight() error {
	header := c.w.Header()
	if header.Get("Access-Control-Allow-Origin") != "" {
		header.Set("Access-Control-Allow-Methods", "GET, POST")
		header.Set("Access-Control-Allow-Headers", "Content-Type, Authorization, Clerk-API-Version")
		header.Set("Access-Control-Max-Age", "600")
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// refuseNative turns native applications away: they authenticate by a client
// token in Authorization, which this server does not issue. A session token in that
// header never signs anybody in; without _is_native the header is not looked at.
func (c *call) refuseNative() error {
	if slices.ContainsFunc(c.query()["_is_native"], func(v string) bool { return v != "" && v != "0" && v != "false" }) {
		return apierr.NativeDisabled
	}
	return nil
}
