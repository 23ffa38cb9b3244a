package frontendapi

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

// maxRedirectURL bounds a redirect_url, in bytes.
const maxRedirectURL = 2048

// redirectURL returns the parameter redirect_url in canonical form, "" if none was sent
// (H-01).
func (c *call) redirectURL() (string, error) {
	text := c.params.values["redirect_url"]
	if text == "" {
		return "", nil
	}
	target, ok := c.h.redirectTarget(text)
	if !ok {
		return "", apierr.ParamValue.At("redirect_url")
	}
	return target.String(), nil
}

// redirectTarget parses where a browser is to be sent: an absolute URL whose origin is
// allowed, with https unless it is this machine. What it returns is what was judged;
// the text is not used again (H-01).
func (h *Handler) redirectTarget(text string) (*url.URL, bool) {
	if len(text) > maxRedirectURL || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return nil, false
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Opaque != "" || u.Host == "" {
		return nil, false
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !h.plainHost(u)) {
		return nil, false
	}
	if !h.cfg.AllowedOrigin(u.Scheme + "://" + u.Host) {
		return nil, false
	}
	return u, true
}

// plainHost reports whether http is good enough for a host: for this machine, and where
// the server itself speaks nothing else.
func (h *Handler) plainHost(u *url.URL) bool {
	if u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost") || h.cfg.PublicURL.Scheme == "http" {
		return true
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.Unmap().IsLoopback()
}
