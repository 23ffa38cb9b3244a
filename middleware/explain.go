package middleware

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// Explain adds to the Detail of a refused request what the request shows of the cause
// and what mends it. OnRefuse and, in development, [ReasonHeader] have it already; it
// is for handlers that refuse by themselves. It names hosts and cookies, and tells of no
// cookie what it holds but that __client_uat is 0 (L-01). An Auth without a Reason comes
// back as it is.
func (m *Middleware) Explain(r *http.Request, a auth.Auth) auth.Auth {
	if a.Reason == auth.ReasonNone {
		return a
	}
	hint := m.hint(r, a)
	switch {
	case hint == "":
	case a.Detail == "":
		a.Detail = hint
	default:
		a.Detail += "; " + hint
	}
	return a
}

// hints are for reasons about which no request can say more.
var hints = map[auth.Reason]string{
	auth.ReasonTokenMalformed:    "the token was cut off or changed on its way, or is no session token",
	auth.ReasonTokenType:         "only session tokens are taken here, not handshakes or tokens made from a template",
	auth.ReasonTokenSignature:    "the token was changed, or was signed by another server under this key's id",
	auth.ReasonTokenAudience:     "set the verifier's Audiences to the name that the token carries",
	auth.ReasonTokenParty:        "add that origin to the authorized parties of the verifier or the route if it is yours",
	auth.ReasonSessionPending:    "the session has tasks left to do; Config.AcceptPending or MayBePending lets it in",
	auth.ReasonKeysUnavailable:   "the key set could not be fetched: is its address right, and reached from here?",
	auth.ReasonRevocationUnknown: "the session store does not answer",
	auth.ReasonRenewalFailed:     "the session store does not answer",
	auth.ReasonReverification:    "the page has to ask for a fresh proof and then send the request again, as the official SDKs do",
	auth.ReasonNoRequirement:     "a requirement of this route asks for nothing, so it lets nobody pass",
}

// hint says what the request shows of the cause of a refusal, "" if nothing.
func (m *Middleware) hint(r *http.Request, a auth.Auth) string {
	c := m.read(r.Header)
	switch a.Reason {
	case auth.ReasonTokenMissing:
		return m.whyMissing(r, c)
	case auth.ReasonTokenExpired:
		return m.whyNotRenewed(r, c)
	case auth.ReasonTokenNotYet:
		return "the clock that made it is ahead of the one here, where it is " + m.clock()
	case auth.ReasonTokenKeyUnknown, auth.ReasonTokenIssuer:
		if c.fromHeader {
			return "it is another server's, or older than this server's keys or public URL"
		}
		return "another server on this host name may have set the cookie, since cookies know no ports: sign in again"
	case auth.ReasonTokenAmbiguous:
		if len(r.Header["Authorization"]) > 1 {
			return "the request has several Authorization headers"
		}
		return "the cookie came twice with different values: delete the one that was set for a parent domain or a path"
	case auth.ReasonCrossOrigin:
		return m.whyCrossOrigin(r)
	}
	return hints[a.Reason]
}

func (m *Middleware) clock() string { return m.cfg.Now().UTC().Format(time.RFC3339) }

// whyMissing says why a request may have no session token. What is likely to be the
// only cause comes before what is often so anyway.
func (m *Middleware) whyMissing(r *http.Request, c credentials) string {
	if c.fromHeader {
		return "the header Authorization has the scheme Bearer, and nothing after it"
	}
	j := m.jar(r.Header["Cookie"])
	if c.client != "" {
		return m.whyNoSession()
	}
	switch where := m.misplaced(r); {
	case where != "":
		return where
	case j.signedIn == "0":
		return "nobody is signed in on this browser (__client_uat is 0)"
	case j.signedIn != "":
		return "the browser was signed in (__client_uat) and sends no __session: it ran out, was deleted, or was not taken " +
			"(more than 4096 bytes, Secure over http, blocked)"
	case j.foreign != "":
		return "the browser has " + plain(j.foreign) + " of another server, and this one reads " + m.ownCookie() +
			": do page and server have the same publishable key?"
	case j.cookies > 0:
		return "none of the cookies is a session's: nobody has signed in under this name"
	}
	return m.whyNoCookie(r)
}

// whyNoCookie is for requests without any cookie.
func (m *Middleware) whyNoCookie(r *http.Request) string {
	switch site := r.Header.Get("Sec-Fetch-Site"); {
	case site == "cross-site":
		return "a page of another site asked, and browsers keep SameSite=Lax cookies out of that: " +
			"serve both on one site, or send the token as Authorization: Bearer"
	case site == "same-site":
		return "a page of another origin asked: cookies belong to one host name and go along only with credentials: 'include'; " +
			"or send the token as Authorization: Bearer"
	case len(r.Header["Authorization"]) > 0:
		return "there is no cookie, and the header Authorization has another scheme than Bearer"
	case m.cfg.SecureCookies && r.TLS == nil && r.Header.Get("X-Forwarded-Proto") == "":
		return "there is no cookie and no Authorization; the cookies are Secure, and nothing shows that the request came by https"
	}
	return "there is no cookie and no Authorization: nobody has signed in under this name"
}

// whyNotRenewed says why an expired token was not replaced.
func (m *Middleware) whyNotRenewed(r *http.Request, c credentials) string {
	switch {
	case c.fromHeader:
		return "bearer tokens are not renewed: send a fresh one with each request; if it was fresh, the clock here is ahead: it is " + m.clock()
	case m.cfg.Renewer == nil:
		return "nothing renews cookies here (Config.Renewer), which leaves it to the page"
	case c.client != "":
		return m.whyNoSession()
	case m.jar(r.Header["Cookie"]).client:
		return "the cookie __client came twice with different values: delete the one that was set for a parent domain or a path"
	}
	if where := m.misplaced(r); where != "" {
		return where
	}
	text := "there is no __client cookie to renew from"
	if m.cfg.AuthorizedParty != "" {
		text += ": is the page on another host than " + m.cfg.AuthorizedParty + "?"
	}
	return text
}

// whyNoSession is for a __client that came and did not help.
func (m *Middleware) whyNoSession() string {
	if m.cfg.Renewer == nil {
		return "there is a __client and no __session, and nothing renews cookies here (Config.Renewer)"
	}
	return "__client has no session here: signed out, ended, or of a server with another database; sign in again"
}

// whyCrossOrigin says which page sent a request that its origin does not allow.
func (m *Middleware) whyCrossOrigin(r *http.Request) string {
	origin := r.Header.Get("Origin")
	from, err := url.Parse(origin)
	host := hostname(r.Host)
	switch {
	case err != nil || from.Host == "":
		return "a page of another origin sent it with the session cookie"
	case origin == m.cfg.AuthorizedParty && !strings.EqualFold(from.Hostname(), host):
		return "the page is the app's own, but Host arrives as " + plain(r.Host) + ": let the proxy pass the header Host on"
	case loopback(from.Hostname()) && loopback(host) && !strings.EqualFold(from.Hostname(), host):
		return "the page is on " + plain(from.Host) + " and calls " + plain(r.Host) + ": use one name for both"
	}
	return "a page of " + plain(origin) + " sent it with the session cookie: list that origin as allowed (Config.TrustedOrigins) if it is yours"
}

// misplaced says how the address of a request differs from the app's public one, as
// far as cookies are concerned, which know no ports; "" if it does not.
func (m *Middleware) misplaced(r *http.Request) string {
	public, err := url.Parse(m.cfg.AuthorizedParty)
	if err != nil || public.Host == "" {
		return ""
	}
	secure := public.Scheme == "https"
	switch proto := r.Header.Get("X-Forwarded-Proto"); {
	case !strings.EqualFold(hostname(r.Host), public.Hostname()):
		text := "it was sent to " + plain(r.Host) + ", and the cookies belong to " + public.Host + ": open " + m.cfg.AuthorizedParty
		if !loopback(hostname(r.Host)) || !loopback(public.Hostname()) {
			text += ", or let the proxy pass the header Host on"
		}
		return text
	case !secure && (proto == "https" || r.TLS != nil):
		return "it came by https, and the public URL is " + m.cfg.AuthorizedParty + ": make that https"
	case secure && m.cfg.SecureCookies && proto == "http" && r.TLS == nil:
		return "it came by http (X-Forwarded-Proto), and the cookies are Secure: open " + m.cfg.AuthorizedParty
	}
	return ""
}

// jar is what the cookies of a request tell by their names.
type jar struct {
	cookies  int
	client   bool   // __client is there
	signedIn string // __client_uat of this server, else the one without suffix
	foreign  string // name of a cookie that only another server sets
}

func (m *Middleware) jar(lines []string) jar {
	var j jar
	suffix := strings.TrimPrefix(m.suffixed, sessionCookie)
	for _, line := range lines {
		for line != "" {
			var name, value string
			name, value, line = nextCookie(line)
			switch {
			case name == "":
				continue
			case name == clientCookie:
				j.client = true
			case name == uatCookie+suffix, name == uatCookie && j.signedIn == "":
				j.signedIn = value
			case name != m.suffixed && strings.HasPrefix(name, sessionCookie+"_"), strings.HasPrefix(name, uatCookie+"_"):
				j.foreign = name
			}
			j.cookies++
		}
	}
	return j
}

// ownCookie names the session cookie that is read first.
func (m *Middleware) ownCookie() string {
	if m.suffixed != "" {
		return m.suffixed
	}
	return sessionCookie
}

// hostname is a Host header without the port.
func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// loopback reports whether a host name means this machine (RFC 6761 §6.3).
func loopback(host string) bool {
	ip := net.ParseIP(host)
	host = strings.ToLower(host)
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// plain makes what a request says fit to be quoted: at most 80 bytes of printable ASCII.
func plain(s string) string { return printable(s, 80) }

func printable(s string, limit int) string {
	clean := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, s[:min(len(s), limit)])
	if len(s) > limit {
		clean += "..."
	}
	return clean
}

// maxDetail bounds the detail in the header, in bytes.
const maxDetail = 500

// reasonHeader writes a refusal as a structured field (RFC 9651 §3.3): the reason as
// a token, its detail as a parameter, in printable ASCII.
func reasonHeader(a auth.Auth) string {
	if a.Detail == "" {
		return string(a.Reason)
	}
	detail := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(printable(a.Detail, maxDetail))
	return fmt.Sprintf(`%s; detail="%s"`, a.Reason, detail)
}
