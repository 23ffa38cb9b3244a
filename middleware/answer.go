package middleware

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gatehouse-dev/gatehouse/auth"
)

var (
	// errNotBegun is an answer to a handshake that no app of ours began, as after signing
	// in by a link.
	errNotBegun = errors.New("the handshake was not begun here")
	// errNoState is an answer in a browser that has no secret of a handshake: it keeps
	// no cookies, or the answer is somebody else's.
	errNoState = errors.New("the handshake was begun in another browser, or this one keeps no cookies")
)

// maxAnswer bounds what is read from the Frontend API, in bytes.
const maxAnswer = 64 << 10

// answer is what a browser comes back with: one of the two.
type answer struct {
	token, nonce string
	inQuery      bool
}

// givenAnswer takes the answer from the address, which is newer, else from the cookies.
func givenAnswer(r *http.Request, b browser) answer {
	q := r.URL.Query()
	if given := (answer{token: q.Get(auth.HandshakeCookie), nonce: q.Get(auth.HandshakeNonce)}); given != (answer{}) {
		given.inQuery = true
		return given
	}
	return answer{token: b.answer, nonce: b.nonce}
}

// fetch returns what an answer says, once it is certain who gave it, to whom and about
// which browser (H-04, H-06).
func (m *Middleware) fetch(ctx context.Context, given answer, state string) (*auth.Handshake, error) {
	token := given.token
	if given.nonce != "" {
		switch {
		case !strings.HasPrefix(given.nonce, auth.BoundNonce):
			return nil, errNotBegun
		case state == "":
			return nil, errNoState
		}
		var err error
		if token, err = m.handshake.redeem(ctx, given.nonce, state); err != nil {
			return nil, fmt.Errorf("redeem handshake: %w", err)
		}
	}
	h, err := m.cfg.Verifier.VerifyHandshake(ctx, token, m.cfg.AuthorizedParty)
	switch {
	case err != nil:
		return nil, err
	case h.Challenge == "":
		return nil, errNotBegun
	case state == "":
		return nil, errNoState
	case subtle.ConstantTimeCompare([]byte(h.Challenge), []byte(auth.Challenge(state))) == 0:
		return nil, errors.New("the handshake was begun in another browser")
	}
	return h, nil
}

// redeem asks the Frontend API for the answer behind a nonce.
func (h *handshake) redeem(ctx context.Context, nonce, state string) (string, error) {
	form := url.Values{"nonce": {nonce}, "verifier": {state}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.api+"/v1/client/handshake", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := h.client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the Frontend API answers %s", resp.Status)
	}
	var got struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return "", err
	}
	return got.Token, nil
}

// directives are what of an answer is heeded (H-05): the session token and the time of
// the last sign-in. Names, attributes and everything else are our own.
type directives struct {
	token string // "" if nobody is signed in
	uat   string // "" if the answer does not say
}

func readDirectives(all []string) (d directives) {
	for _, directive := range all {
		name, value, _ := nextCookie(directive)
		switch {
		case strings.HasPrefix(name, sessionCookie): // the last one counts; it is verified before use
			d.token = value
		case strings.HasPrefix(name, uatCookie) && isDigits(value):
			d.uat = value
		}
	}
	return d
}

func isDigits(s string) bool {
	return s != "" && len(s) <= 12 && strings.Trim(s, "0123456789") == ""
}

// accept puts what an answer says into the browser. A nil writer means that r was
// answered. After an error nothing is set.
func (m *Middleware) accept(w http.ResponseWriter, r *http.Request, given answer, b browser) (http.ResponseWriter, *auth.Auth, error) {
	h, err := m.fetch(r.Context(), given, b.state)
	if err != nil {
		return nil, nil, err
	}
	d := readDirectives(h.Directives)
	a := signedOut(auth.ReasonTokenMissing, "signed out at the Frontend API")
	if d.token != "" {
		now := m.cfg.Now()
		v := m.verify(r.Context(), d.token, now)
		if v.claims() == nil {
			return nil, nil, v.err // clocks may differ
		}
		a = m.judge(r.Context(), v, now)
	}
	m.setSession(w, d.token)
	m.setUAT(w, d.uat)
	for _, name := range []string{stateCookie, auth.HandshakeCookie, auth.HandshakeNonce} {
		m.setCookie(w, &http.Cookie{Name: name, MaxAge: -1, HttpOnly: true})
	}
	m.setCookie(w, &http.Cookie{Name: countCookie, Value: strconv.Itoa(b.count + 1), MaxAge: countMaxAge, HttpOnly: true})
	if given.inQuery || b.tries > 0 {
		toCleanTarget(w, r)
		return nil, a, nil
	}
	w.Header().Set("Cache-Control", "no-store")
	return &noStoreWriter{ResponseWriter: w}, a, nil
}

// setUAT records when authentication last changed.
func (m *Middleware) setUAT(w http.ResponseWriter, uat string) {
	for _, name := range []string{uatCookie, m.handshake.uat} {
		if name != "" && uat != "" {
			m.setCookie(w, &http.Cookie{Name: name, Value: uat, MaxAge: cookieMaxAge})
		}
	}
}
