package frontendapi

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

const (
	cookieClient = "__client"
	cookieUAT    = "__client_uat"
)

// cookieSuffix tells the cookies of several instances on one host apart. Every SDK
// computes it from the publishable key; it is a name, so SHA-1 does no harm.
func cookieSuffix(publishableKey string) string {
	sum := sha1.Sum([]byte(publishableKey))
	return base64.URLEncoding.EncodeToString(sum[:])[:8]
}

// clientCookie returns the value of __client, "" if there is none. Two different values
// mean that somebody planted one: neither counts.
func clientCookie(r *http.Request) string {
	value := ""
	for _, c := range r.CookiesNamed(cookieClient) {
		if value != "" && c.Value != value {
			return ""
		}
		value = c.Value
	}
	return value
}

// setClientCookie hands the browser its new credential (S-03): invisible to scripts,
// bound to this host, never sent along by other sites' forms.
func (c *call) setClientCookie(cookie session.Cookie) {
	c.cookie = string(cookie.Value)
	c.setCookie(cookieClient, c.cookie, cookie.Expires, true)
}

// forgetClientCookie takes the credential away. Only a request that proved to own it
// may do so: a stale one in flight must not wipe its successor (S-04).
func (c *call) forgetClientCookie() {
	c.setCookie(cookieClient, "", time.Time{}, true)
}

// setUAT tells back ends when authentication last changed, if it changed or if the
// browser believes to be signed in and is not (its sessions may have run out or been
// revoked elsewhere): 0 when nobody is signed in. The time is never later than the newest
// token's iat, since back ends take a token older than it for stale.
func (c *call) setUAT(sessions []sessionJSON) {
	signedOut := len(sessions) == 0
	if c.client.AuthChangedAt.Equal(c.before.AuthChangedAt) && !(signedOut && c.believesSignedIn()) {
		return
	}
	uat := int64(0)
	if !signedOut {
		uat = c.client.AuthChangedAt.Unix()
	}
	for _, s := range sessions {
		if iat, ok := session.IssuedAt(s.LastActiveToken.JWT); ok {
			uat = min(uat, iat)
		}
	}
	expires := c.client.ExpireAt
	if !expires.After(c.now()) {
		expires = c.now().AddDate(1, 0, 0)
	}
	for _, name := range []string{cookieUAT, cookieUAT + "_" + c.h.cookieSuffix} {
		c.setCookie(name, strconv.FormatInt(uat, 10), expires, false)
	}
}

// believesSignedIn reports whether the browser has a __client_uat of this instance that
// is not 0.
func (c *call) believesSignedIn() bool {
	for _, name := range []string{cookieUAT, cookieUAT + "_" + c.h.cookieSuffix} {
		if cookie, err := c.r.Cookie(name); err == nil && cookie.Value != "0" {
			return true
		}
	}
	return false
}

// setCookie writes a host-only cookie; a zero expiry deletes it.
func (c *call) setCookie(name, value string, expires time.Time, httpOnly bool) {
	cookie := &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		Expires:  expires,
		MaxAge:   int(expires.Sub(c.now()) / time.Second),
		HttpOnly: httpOnly,
		SameSite: http.SameSiteLaxMode,
		Secure:   c.h.cfg.PublicURL.Scheme == "https",
	}
	if cookie.MaxAge <= 0 {
		cookie.MaxAge, cookie.Expires = -1, time.Unix(1, 0)
	}
	http.SetCookie(c.w, cookie)
}
