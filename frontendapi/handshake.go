package frontendapi

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/session"
)

// maxCookie is the longest name and value that browsers keep (RFC 6265 §6.1).
const maxCookie = 4096

// handshake serves GET /v1/client/handshake: an app on another origin sends its browser
// here to learn who is signed in, and the browser goes back with the answer. Nothing
// is rotated or written to the client: this is a GET.
func (c *call) handshake() error {
	back, err := c.handshakeTarget()
	if err != nil {
		return err
	}
	challenge, err := c.handshakeChallenge()
	if err != nil {
		return err
	}
	q := session.HandshakeRequest{Origin: back.Scheme + "://" + back.Host, Challenge: challenge, CookieSuffix: c.h.cookieSuffix}
	way := c.h.wayBack(back)
	// Apps with a challenge have no secret key, and an address is no place for a token that
	// is good for days.
	q.Refresh = challenge == "" && (way.byCookie || way.name == auth.HandshakeNonce)
	answer, err := c.handshakeAnswer(&way, q)
	if err != nil {
		return err
	}
	if way.byCookie {
		http.SetCookie(c.w, way.cookie(answer, c.h.cfg.PublicURL.Scheme == "https"))
	} else {
		back.RawQuery = strings.TrimPrefix(back.RawQuery+"&"+way.name+"="+url.QueryEscape(answer), "&")
	}
	c.w.Header().Set("Location", back.String())
	c.w.WriteHeader(http.StatusTemporaryRedirect)
	return nil
}

// handshakeAnswer is what travels on the way: the signed answer, or a nonce to fetch it
// with. An answer that is too long for its cookie makes way for a nonce.
func (c *call) handshakeAnswer(way *wayBack, q session.HandshakeRequest) (string, error) {
	sessions, ctx := c.h.cfg.Sessions, c.r.Context()
	if way.name == auth.HandshakeCookie {
		q.Clear = way.clear()
		answer, err := sessions.Handshake(ctx, c.cookie, q)
		if err != nil || !way.byCookie || len(way.name)+1+len(answer) <= maxCookie {
			return answer, err
		}
		way.name = auth.HandshakeNonce
	}
	q.Clear = way.clear()
	return sessions.HandshakeNonce(ctx, c.cookie, q)
}

// handshakeTarget is where the browser goes back to: an address of an allowed origin.
func (c *call) handshakeTarget() (*url.URL, error) {
	values := c.query()["redirect_url"]
	if len(values) != 1 {
		return nil, apierr.HandshakeInvalid.At("redirect_url")
	}
	u, origin, ok := parseTarget(values[0])
	switch {
	case !ok:
		return nil, apierr.HandshakeInvalid.At("redirect_url")
	case c.h.cfg.AllowedOrigin(origin):
		return u, nil
	case c.h.cfg.Development:
		return nil, apierr.OriginInvalid.At("redirect_url").Saying("The app at " + printable(origin) +
			" is not on the list of allowed origins. Add it to the configuration.")
	}
	return nil, apierr.OriginInvalid.At("redirect_url")
}

// parseTarget reads an absolute web address, once, and returns it with its origin. It
// takes only those that every browser reads alike, and drops the fragment and what an
// earlier handshake left in the query (H-01).
func parseTarget(text string) (u *url.URL, origin string, ok bool) {
	if strings.ContainsFunc(text, misread) {
		return nil, "", false
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return nil, "", false
	}
	origin = u.Scheme + "://" + u.Host
	rest, ok := strings.CutPrefix(text, origin)
	if !ok || rest != "" && !strings.ContainsRune("/?#", rune(rest[0])) {
		return nil, "", false
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Fragment, u.RawFragment = "", ""
	u.RawQuery = auth.StripAnswer(u.RawQuery)
	return u, origin, true
}

// misread reports characters that browsers and net/url take for different things, or
// that no browser leaves in an address.
func misread(r rune) bool { return r <= ' ' || r == '\\' || r >= 0x7f }

// handshakeChallenge is the SHA-256 of a secret that the app left in the browser, "" if
// it left none.
func (c *call) handshakeChallenge() (string, error) {
	values := c.query()[auth.HandshakeChallenge]
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) == 1 && len(values[0]) == len(auth.Challenge("")) && !strings.ContainsFunc(values[0], notBase64URL):
		return values[0], nil
	}
	return "", apierr.HandshakeInvalid.At(auth.HandshakeChallenge)
}

func notBase64URL(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
}

// wayBack is how an answer gets to an app.
type wayBack struct {
	byCookie bool   // else in the query
	name     string // of the cookie or parameter: auth.HandshakeCookie or auth.HandshakeNonce
	domain   string // of the cookie, "" for the host alone
	https    bool   // of the app
}

// wayBack chooses, from what the app's and this server's hosts let a cookie do. The
// signed answer holds a session token, so it goes to this very host alone, or on a
// development server in an address. A nonce, which is good once and for nobody without
// a secret, may be seen by every host of the domain, and by logs of addresses (H-04).
func (h *Handler) wayBack(app *url.URL) wayBack {
	own, other := h.cfg.PublicURL.Hostname(), app.Hostname()
	way := wayBack{https: app.Scheme == "https"}
	switch domain := commonDomain(own, other); {
	case own == other:
		way.byCookie, way.name = true, auth.HandshakeCookie
	case domain != "":
		way.byCookie, way.name, way.domain = true, auth.HandshakeNonce, domain
	case h.cfg.Development:
		way.name = auth.HandshakeCookie
	default:
		way.name = auth.HandshakeNonce
	}
	return way
}

// commonDomain is the registrable domain of both hosts, "" if they have none in common.
func commonDomain(a, b string) string {
	if _, err := netip.ParseAddr(a); err == nil {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(a)
	other, otherErr := publicsuffix.EffectiveTLDPlusOne(b)
	if err != nil || otherErr != nil || domain != other {
		return ""
	}
	return domain
}

// cookie brings answer to the app; it is Secure if both sides are https.
func (w wayBack) cookie(answer string, https bool) *http.Cookie {
	return &http.Cookie{
		Name: w.name, Value: answer, Path: "/", Domain: w.domain, MaxAge: 60,
		HttpOnly: true, Secure: https && w.https, SameSite: http.SameSiteLaxMode,
	}
}

// clear is the Set-Cookie value that the app takes the cookie away with, "" if there is none.
func (w wayBack) clear() string {
	if !w.byCookie {
		return ""
	}
	return (&http.Cookie{Name: w.name, Path: "/", Domain: w.domain, MaxAge: -1}).String()
}

// handshakeJSON is the answer behind a nonce.
type handshakeJSON struct {
	Object string `json:"object"`
	Token  string `json:"token"`
}

// redeemHandshake serves POST /v1/client/handshake, for the app's own server: it shows
// the secret behind the challenge and gets what the nonce stands for (RFC 7636 §4.6).
func (c *call) redeemHandshake() error {
	token, err := c.h.cfg.Sessions.RedeemHandshake(c.r.Context(), c.params.values["nonce"], c.params.values["verifier"])
	if errors.Is(err, session.ErrNotFound) {
		return apierr.HandshakeInvalid.Because(err)
	}
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, handshakeJSON{Object: "handshake", Token: token})
}
