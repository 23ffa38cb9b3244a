package ui

import (
	"net/http"
	"strings"
)

// policy is the Content-Security-Policy of the pages (W-01). It needs no nonce:
// nothing on the pages is inline. Trusted Types make the browser refuse innerHTML
// and its relatives, should one ever slip in.
var policy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' data:",
	"connect-src 'self'",
	"form-action 'self'",
	"frame-ancestors 'none'",
	"base-uri 'none'",
	"object-src 'none'",
	"require-trusted-types-for 'script'",
	"trusted-types 'none'",
}, "; ")

// permissions switches off what a page with forms has no use for; passkeys stay on
// for the own origin.
const permissions = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), " +
	"fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), " +
	"picture-in-picture=(), publickey-credentials-create=(self), publickey-credentials-get=(self), " +
	"screen-wake-lock=(), usb=(), xr-spatial-tracking=()"

// hsts lasts two years. It leaves sub-domains alone, which may not be ours.
const hsts = "max-age=63072000"

// ticketParam brings a ticket, which the page takes out of its address at once.
const ticketParam = "__clerk_ticket"

// pageHeaders sets what every page sends (W-01). While a page has a ticket in its address
// it sends no referrer at all (C-09).
func (h *Handler) pageHeaders(head http.Header, ticket bool) {
	head.Set("Content-Security-Policy", policy)
	head.Set("Permissions-Policy", permissions)
	head.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	if ticket {
		head.Set("Referrer-Policy", "no-referrer")
	}
	head.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-store")
	h.transport(head)
}

// transport keeps a browser that came by https on https.
func (h *Handler) transport(head http.Header) {
	if h.secure {
		head.Set("Strict-Transport-Security", hsts)
	}
}
