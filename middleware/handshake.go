package middleware

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

const (
	uatCookie = "__client_uat"
	// stateCookie holds a secret that binds a handshake to the browser in which it
	// began (H-06).
	stateCookie = "__clerk_hs"
	// stateMaxAge is how long somebody may take to sign in meanwhile, in seconds.
	stateMaxAge = 60 * 60
	// countCookie counts the answers that were taken within its life of 2 s, by the name
	// that official SDKs use. One who asks again after that has not kept what the answer
	// brought.
	countCookie = "__clerk_redirect_count"
	countMaxAge = 2
)

// handshake is what an app needs to know to ask a Frontend API of another origin who
// its browsers are.
type handshake struct {
	api    string // Config.FrontendAPI without trailing slash
	origin string // of api
	uat    string // name of the suffixed cookie __client_uat, "" if there is none
	client *http.Client
}

// newHandshake returns nil if the app does not ask.
func newHandshake(cfg *Config) (*handshake, error) {
	if cfg.FrontendAPI == "" {
		return nil, nil
	}
	u, err := url.Parse(cfg.FrontendAPI)
	switch {
	case err != nil:
		return nil, fmt.Errorf("field FrontendAPI: %w", err)
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) || u.Host == "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("field FrontendAPI must be an https URL of host and path alone (http on this machine)")
	case cfg.Renewer != nil:
		return nil, errors.New("field FrontendAPI excludes Renewer, which serves the same origin")
	}
	app, err := url.Parse(cfg.AuthorizedParty)
	if err != nil || app.Host == "" || app.Scheme+"://"+app.Host != cfg.AuthorizedParty {
		return nil, errors.New("field FrontendAPI needs AuthorizedParty, the public origin of the app")
	}
	h := &handshake{
		api: strings.TrimRight(cfg.FrontendAPI, "/"), origin: u.Scheme + "://" + u.Host,
		client: &http.Client{
			Timeout:       5 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if cfg.PublishableKey != "" {
		h.uat = uatCookie + "_" + auth.CookieSuffix(cfg.PublishableKey)
	}
	return h, nil
}

func isLoopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// browser is what a browser brings along beside credentials.
type browser struct {
	uat    string // __client_uat: when authentication last changed; "" if it has none
	answer string // a signed answer
	nonce  string // what an answer is fetched with
	state  string // the secret of a handshake under way, "" if there is none
	count  int    // answers taken in the last moments
	tries  int    // how often this page has asked
}

// since is uat in Unix seconds, 0 if nobody is signed in as far as the browser knows.
func (b browser) since() int64 {
	n, err := strconv.ParseInt(b.uat, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// browser reads the cookies. One that is given twice, differently, counts as none; of
// __client_uat the suffixed one counts if there is one.
func (h *handshake) browser(lines []string) browser {
	var plain, suffixed, answer, nonce, state, count slot
	for _, line := range lines {
		for line != "" {
			var name, value string
			name, value, line = nextCookie(line)
			switch name {
			case "":
			case uatCookie:
				plain.put(value)
			case h.uat:
				suffixed.put(value)
			case auth.HandshakeCookie:
				answer.put(value)
			case auth.HandshakeNonce:
				nonce.put(value)
			case stateCookie:
				state.put(value)
			case countCookie:
				count.put(value)
			}
		}
	}
	b := browser{uat: suffixed.one(), answer: answer.one(), nonce: nonce.one()}
	if b.uat == "" {
		b.uat = plain.one()
	}
	if s := state.one(); len(s) == len(newState()) {
		b.state = s
	}
	b.count, _ = strconv.Atoi(count.one())
	return b
}

// one is the value if there was only one.
func (s slot) one() string {
	if s.twice {
		return ""
	}
	return s.value
}

func newState() string { return rand.Text() }

// Why an app asks: the reasons of the official SDKs, and our own for what they have none.
const (
	doubtNoUAT    = "session-token-but-no-client-uat"
	doubtNoToken  = "client-uat-but-no-session-token"
	doubtOld      = "session-token-iat-before-client-uat"
	doubtExpired  = "session-token-expired"
	doubtEarly    = "session-token-nbf"
	doubtRevoked  = "session-revoked"
	doubtNotBegun = "handshake-not-begun-here"
	doubtSignIn   = "sign-in"
)

// doubt says why the cookies leave open who is signed in, "" if they do not. v and a
// are what came of the session token. The order is that of the official SDKs.
func doubt(v verdict, a *auth.Auth, b browser) string {
	var reason auth.Reason
	if v.err != nil {
		reason = v.err.Reason
	}
	claims, since := v.claims(), b.since()
	none := reason == auth.ReasonTokenMissing || v.foreign()
	switch {
	case none && since == 0:
		return ""
	case none:
		return doubtNoToken
	case since == 0:
		return doubtNoUAT
	case claims != nil && claims.IssuedAt < since:
		return doubtOld
	case reason == auth.ReasonTokenExpired:
		return doubtExpired
	case reason == auth.ReasonTokenNotYet:
		return doubtEarly
	case a.Reason == auth.ReasonSessionRevoked:
		return doubtRevoked
	}
	return ""
}

// recognise says who r is from where the Frontend API has another origin. v and a are
// what came of the session token. A nil writer means that r was answered: its browser
// goes to the Frontend API and back.
func (m *Middleware) recognise(w http.ResponseWriter, r *http.Request, v verdict, a *auth.Auth) (http.ResponseWriter, *auth.Auth) {
	b := m.handshake.browser(r.Header["Cookie"])
	b.tries = triesOf(r)
	why := doubt(v, a, b)
	// A token that is good counts, unless the browser knows better: that somebody else
	// signed in since, or everybody out.
	if a.IsAuthenticated && (why == doubtOld || why == doubtNoUAT && b.uat != "") {
		a = signedOut(auth.ReasonTokenStale, why)
	}
	if w == nil || !navigates(r) {
		return w, a
	}
	if given := givenAnswer(r, b); given != (answer{}) {
		w2, a2, err := m.accept(w, r, given, b)
		switch {
		case err == nil:
			return w2, a2
		case errors.Is(err, errNotBegun):
			why = doubtNotBegun
		case errors.Is(err, errNoState) && given.inQuery && !a.IsAuthenticated:
			// The browser keeps no cookies, or the link is somebody else's. To ask again would
			// lead here again.
			return w, signedOut(auth.ReasonHandshakeRefused, err.Error())
		case given.inQuery && a.IsAuthenticated && why == "": // an old address, opened again
			toCleanTarget(w, r)
			return nil, a
		}
	}
	if why == "" {
		if b.tries > 0 { // another tab's answer came first
			toCleanTarget(w, r)
			return nil, a
		}
		return w, a
	}
	if b.tries >= maxTries || b.count >= maxTries { // H-07
		if !a.IsAuthenticated {
			a = signedOut(a.Reason, "handshakes lead nowhere: "+why)
		}
		return w, a
	}
	m.begin(w, r, b, why)
	return nil, a
}

// begin sends the browser into a handshake.
func (m *Middleware) begin(w http.ResponseWriter, r *http.Request, b browser, why string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if m.cfg.ShowReasons {
		h.Set(ReasonHeader, why)
	}
	h.Set("Location", m.handshakeURL(w, r, b, why))
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// handshakeURL is the address of the handshake that leads back to r, and leaves in the
// browser what binds it. Tabs that ask at the same time share one secret. No token is
// in the address (S-12), and nothing of it but path and query is r's.
func (m *Middleware) handshakeURL(w http.ResponseWriter, r *http.Request, b browser, why string) string {
	state := b.state
	if state == "" {
		state = newState()
	}
	m.setCookie(w, &http.Cookie{Name: stateCookie, Value: state, MaxAge: stateMaxAge, HttpOnly: true})
	return m.handshake.api + "/v1/client/handshake?" + url.Values{
		"redirect_url":          {m.cfg.AuthorizedParty + countedTarget(r, b.tries+1)},
		"suffixed_cookies":      {strconv.FormatBool(m.suffixed != "")},
		"format":                {"nonce"},
		auth.HandshakeReason:    {why},
		auth.HandshakeChallenge: {auth.Challenge(state)},
	}.Encode()
}
