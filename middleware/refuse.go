package middleware

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// ReasonHeader is the header with the reason of a refusal and its detail, see
// Config.ShowReasons:
//
//	session_token_expired; detail="expired 12 s ago; there is no __client cookie to renew from"
const ReasonHeader = "Gatehouse-Auth-Reason"

// The answers to refused requests, the same for every reason.
const (
	unauthenticatedBody = `{"errors":[{"message":"You are not signed in.",` +
		`"long_message":"This request needs a valid session token. Sign in and try again.",` +
		`"code":"authentication_invalid"}]}` + "\n"
	unavailableBody = `{"errors":[{"message":"Sign-in is unavailable.",` +
		`"long_message":"It could not be checked who this request is from. Try again in a moment.",` +
		`"code":"service_unavailable"}]}` + "\n"
)

// refuse answers a request that is not signed in.
func (m *Middleware) refuse(w http.ResponseWriter, r *http.Request, a auth.Auth) {
	status := m.refusal(r, a)
	m.tell(w, r, status, a)
	h := w.Header()
	switch {
	case status == http.StatusSeeOther:
		h.Set("Location", m.signInFor(w, r))
		w.WriteHeader(status)
	case m.cfg.ErrorHandler != nil:
		m.cfg.ErrorHandler(w, r, a)
	case status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer") // RFC 6750 §3
		writeJSON(w, status, unauthenticatedBody)
	default:
		h.Set("Retry-After", "1")
		writeJSON(w, status, unavailableBody)
	}
}

// tell says to whom it may concern why r is refused.
func (m *Middleware) tell(w http.ResponseWriter, r *http.Request, status int, a auth.Auth) {
	if m.cfg.OnRefuse != nil || m.cfg.ShowReasons {
		a = m.Explain(r, a)
	}
	if m.cfg.OnRefuse != nil {
		m.cfg.OnRefuse(r, status, a)
	}
	w.Header().Set("Cache-Control", "no-store")
	if m.cfg.ShowReasons {
		w.Header().Set(ReasonHeader, reasonHeader(a))
	}
}

// refusal is the status of a refusal. Sending a browser to sign in while nobody
// can be recognised would send it in circles.
func (m *Middleware) refusal(r *http.Request, a auth.Auth) int {
	switch a.Reason {
	case auth.ReasonKeysUnavailable, auth.ReasonRevocationUnknown, auth.ReasonRenewalFailed:
		return http.StatusServiceUnavailable
	case auth.ReasonHandshakeRefused: // it would lead here again
		return http.StatusUnauthorized
	}
	if m.signIn != nil && navigates(r) {
		return http.StatusSeeOther
	}
	return http.StatusUnauthorized
}

func writeJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // who has gone does not read the refusal
}

// navigates reports whether a browser wants to show the answer to r.
func navigates(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "document", "iframe":
		return true
	case "":
		return strings.HasPrefix(r.Header.Get("Accept"), "text/html")
	}
	return false
}

// signInFor returns the address to sign in at, with the way back to r. Hosts come
// from the configuration, never from the request. The pages of a Frontend API on
// another origin lead back through a handshake, or the app would not learn of it.
func (m *Middleware) signInFor(w http.ResponseWriter, r *http.Request) string {
	u := *m.signIn
	q := u.Query()
	back := pathAndQuery(r)
	if m.handshake != nil {
		back = cleanTarget(r)
	}
	switch {
	case m.handshake != nil && u.Scheme+"://"+u.Host == m.handshake.origin:
		back = m.handshakeURL(w, r, m.handshake.browser(r.Header["Cookie"]), doubtSignIn)
	case u.Host != "":
		back = m.cfg.AuthorizedParty + back
	}
	q.Set("redirect_url", back)
	u.RawQuery = q.Encode()
	return u.String()
}

// pathAndQuery returns the path of r as the browser sees it, query included. A
// path that begins with two slashes would name a host.
func pathAndQuery(r *http.Request) string {
	u, err := url.ParseRequestURI(r.RequestURI) // before any http.StripPrefix
	if err != nil {
		u = r.URL
	}
	back := "/" + strings.TrimLeft(u.EscapedPath(), `/\`)
	if u.RawQuery != "" {
		back += "?" + u.RawQuery
	}
	return back
}
