package frontendapi

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/session"
)

// touchClient serves GET /v1/client/touch: a browser comes by on its way to redirect_url
// and gets its cookie once more, from the server, whose cookies some browsers keep longer
// than a script's. Nothing is rotated or prolonged: this is a GET.
func (c *call) touchClient() error {
	target, err := c.navigationTarget()
	if err != nil {
		return err
	}
	c.changes = true // though it is a GET: an outdated cookie must not come back (S-04)
	if err := c.identify(browser); err != nil && !errors.Is(err, apierr.AuthenticationInvalid) {
		return err
	}
	if c.client.ID != "" {
		c.setClientCookie(session.Cookie{Value: session.Secret(c.cookie), Expires: c.client.ExpireAt})
	}
	return c.leadTo(target)
}

// syncClient serves GET /v1/client/sync, to which an app on another domain sends a browser
// to have its client brought there. All apps of an instance ask one Frontend API, so there
// is nothing to bring: the browser goes back and is told so, or it would come again.
func (c *call) syncClient() error {
	target, err := c.navigationTarget()
	if err != nil {
		return err
	}
	q := target.Query()
	q.Set("__clerk_synced", "true")
	target.RawQuery = q.Encode()
	return c.leadTo(target)
}

// navigationTarget returns the query parameter redirect_url, given once and allowed
// (H-01, H-02).
func (c *call) navigationTarget() (*url.URL, error) {
	values := c.query()["redirect_url"]
	if len(values) == 0 {
		return nil, apierr.ParamMissing.At("redirect_url")
	}
	if len(values) > 1 {
		return nil, apierr.ParamDuplicate.At("redirect_url")
	}
	target, ok := c.h.redirectTarget(values[0])
	if !ok {
		return nil, apierr.ParamValue.At("redirect_url")
	}
	return target, nil
}

// leadTo sends a browser that navigates on to an address that was judged.
func (c *call) leadTo(target *url.URL) error {
	c.w.Header().Del("Content-Type")
	c.w.Header().Set("Location", target.String())
	c.w.WriteHeader(http.StatusTemporaryRedirect)
	return nil
}
