package frontendapi

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

// The query parameters with which a link lands: the SDK reads them from the search part.
const (
	landedStatus  = "__clerk_status"
	landedSession = "__clerk_created_session"
)

// followLink serves GET /v1/verify, where links in mails lead to. It sends the browser on
// to the page that asked for the link, with no token in the URL any more (C-09).
func (c *call) followLink() error {
	if prefetches(c.r) {
		// A refusal, so that no browser keeps it as the answer to the real visit.
		c.w.WriteHeader(http.StatusServiceUnavailable)
		return nil
	}
	tokens := c.query()["token"]
	if len(tokens) != 1 {
		return apierr.LinkInvalid
	}
	c.changes = true // though it is a GET: an outdated cookie must not pass
	if err := c.identify(browser); err != nil {
		return err
	}
	to, err := c.h.cfg.Flow.FollowLink(c.r.Context(), c.caller(), tokens[0])
	c.took(to.Client, to.Cookie)
	if e := apierr.From(err); err != nil && e.Code == apierr.NotFound.Code {
		return apierr.LinkInvalid
	}
	if err != nil {
		return err
	}
	target, ok := c.h.redirectTarget(to.RedirectURL) // H-02: the list may be another by now
	if !ok {
		return apierr.ParamValue.At("redirect_url")
	}
	if _, err := c.renderClient(); err != nil { // sets __client_uat
		return err
	}
	q := target.Query()
	q.Set(landedStatus, to.Status)
	if to.SessionID != "" {
		q.Set(landedSession, string(to.SessionID))
	}
	target.RawQuery = q.Encode()
	c.seeOther(target)
	return nil
}

// seeOther sends the browser on, with an empty body.
func (c *call) seeOther(target *url.URL) {
	c.w.Header().Del("Content-Type")
	c.w.Header().Set("Location", target.String())
	c.w.WriteHeader(http.StatusSeeOther)
}

// prefetches reports whether nobody has followed the link: something only looks at it, or
// loads it ahead or as part of a page (C-08).
func prefetches(r *http.Request) bool {
	if r.Method == http.MethodHead {
		return true
	}
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		v := strings.ToLower(r.Header.Get(name))
		if strings.Contains(v, "prefetch") || strings.Contains(v, "preview") || strings.Contains(v, "prerender") {
			return true
		}
	}
	dest := r.Header.Get("Sec-Fetch-Dest")
	return dest != "" && dest != "document"
}
