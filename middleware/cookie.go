package middleware

import (
	"net/http"
	"strings"
)

// cookieMaxAge is how long browsers keep the session cookie: like the official
// SDK, far longer than the token in it lives, since an expired token says which
// session to renew.
const cookieMaxAge = 365 * 24 * 60 * 60 // seconds

// nextCookie takes the first cookie off a Cookie header as RFC 6265 §4.2.1 has it:
// split at the semicolon, then at the first equals sign, then freed of blanks and
// tabs. Nothing is decoded or unquoted, and names are not looked at. A pair
// without an equals sign has no name.
func nextCookie(line string) (name, value, rest string) {
	// Names are short: looking for both ends at once beats two searches.
	for i := range len(line) {
		switch line[i] {
		case ';':
			return "", "", line[i+1:]
		case '=':
			value, rest, _ = strings.Cut(line[i+1:], ";")
			return trim(line[:i]), trim(value), rest
		}
	}
	return "", "", ""
}

// trim cuts blanks and tabs only: strings.TrimSpace would also cut what Unicode
// calls a space, and so make one name of two.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// setSession puts a new token on the answer; "" takes away what the browser has.
func (m *Middleware) setSession(w http.ResponseWriter, token string) {
	age := cookieMaxAge
	if token == "" {
		age = -1
	}
	for _, name := range []string{sessionCookie, m.suffixed} {
		if name != "" {
			m.setCookie(w, &http.Cookie{Name: name, Value: token, MaxAge: age, HttpOnly: m.cfg.HTTPOnlySession})
		}
	}
}

// setCookie sets a cookie of this host alone.
func (m *Middleware) setCookie(w http.ResponseWriter, c *http.Cookie) {
	c.Path, c.Secure, c.SameSite = "/", m.cfg.SecureCookies, http.SameSiteLaxMode
	http.SetCookie(w, c)
}
