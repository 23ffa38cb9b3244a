package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

const (
	// handshakeLifetime is how long an answer, or the nonce for one, is good (H-04).
	handshakeLifetime = 60 * time.Second
	// openNonce and boundNonce begin the nonces of handshakes without and with a
	// challenge, which apps tell apart by auth.BoundNonce.
	openNonce, boundNonce = "hsn", "hsc"
	// sessionCookieAge is how long apps keep the session cookie, in seconds: longer
	// than its token lives, as the browser SDKs do, since an expired token says more
	// than none.
	sessionCookieAge = 365 * 24 * 60 * 60
)

// HandshakeRequest is what an app on another origin asks about a browser.
type HandshakeRequest struct {
	Origin       string `json:"origin"`              // of the app, "https://app.example.com"
	Challenge    string `json:"challenge,omitempty"` // see auth.Challenge; "" if the app gave none
	CookieSuffix string `json:"suffix"`              // of this instance's cookies
	// Clear is a Set-Cookie value that the answer begins with: it takes away the cookie
	// that brings the answer. "" if none does.
	Clear string `json:"clear,omitempty"`
	// Refresh asks for a refresh token as well, for an app whose server has the secret key.
	Refresh bool `json:"refresh,omitempty"`
}

// Handshake answers at once, with a token of a minute that auth.Verifier.VerifyHandshake
// reads. An unknown cookie is a browser in which nobody is signed in.
func (s *Service) Handshake(ctx context.Context, cookie string, q HandshakeRequest) (string, error) {
	asked, err := s.ask(ctx, cookie, q)
	if err != nil {
		return "", wrap("handshake", err)
	}
	token, err := s.signHandshake(ctx, asked)
	return token, wrap("handshake", err)
}

// HandshakeNonce keeps the question for a minute, to be answered once: to whoever
// shows the secret of q.Challenge, or to the Backend API where there is no challenge.
// Nothing that is kept signs anybody in.
func (s *Service) HandshakeNonce(ctx context.Context, cookie string, q HandshakeRequest) (string, error) {
	if s.cfg.Attempts == nil {
		return "", errors.New("handshake: session: Config.Attempts is needed")
	}
	asked, err := s.ask(ctx, cookie, q)
	if err != nil {
		return "", wrap("handshake", err)
	}
	data, err := json.Marshal(asked)
	if err != nil {
		return "", wrap("handshake", err)
	}
	prefix, now := openNonce, s.now()
	if q.Challenge != "" {
		prefix = boundNonce
	}
	nonce := random.ID(prefix, now)
	err = s.cfg.Attempts.CreateAttempt(ctx, Attempt{ID: nonce, Data: data, ExpireAt: now.Add(handshakeLifetime)})
	return nonce, wrap("handshake", err)
}

// RedeemHandshake answers the question behind a nonce to the app that began the
// handshake, which verifier proves. The answer says who is signed in now. ErrNotFound
// for a nonce that is unknown, used, older than a minute or another browser's.
func (s *Service) RedeemHandshake(ctx context.Context, nonce, verifier string) (string, error) {
	asked, err := s.redeem(ctx, nonce, func(q HandshakeRequest) bool {
		return q.Challenge != "" && sameToken(q.Challenge, auth.Challenge(verifier))
	})
	if err != nil {
		return "", wrap("redeem handshake", err)
	}
	token, err := s.signHandshake(ctx, asked)
	return token, wrap("redeem handshake", err)
}

// HandshakeDirectives is RedeemHandshake for the Backend API, whose callers have the
// secret key: the Set-Cookie values alone. A nonce with a challenge is ErrNotFound to
// them too.
func (s *Service) HandshakeDirectives(ctx context.Context, nonce string) ([]string, error) {
	asked, err := s.redeem(ctx, nonce, func(q HandshakeRequest) bool { return q.Challenge == "" })
	if err != nil {
		return nil, wrap("redeem handshake", err)
	}
	directives, err := s.directives(ctx, asked)
	return directives, wrap("redeem handshake", err)
}

// question is a HandshakeRequest about a browser.
type question struct {
	HandshakeRequest
	ClientID    ClientID `json:"client_id,omitempty"`    // "" if the browser has none
	CookieToken string   `json:"cookie_token,omitempty"` // SHA-256 of its cookie
}

// ask finds the browser's client.
func (s *Service) ask(ctx context.Context, cookie string, q HandshakeRequest) (question, error) {
	c, err := s.ClientByCookie(ctx, cookie, true)
	switch {
	case errors.Is(err, ErrNotFound):
		return question{HandshakeRequest: q}, nil
	case err != nil:
		return question{}, err
	}
	v, _ := parseCookie(cookie) // it has led to a client
	return question{HandshakeRequest: q, ClientID: c.ID, CookieToken: v.token()}, nil
}

// redeem takes a question out of the store. Of parallel callers exactly one gets it,
// and nobody of whom may is false.
func (s *Service) redeem(ctx context.Context, nonce string, may func(HandshakeRequest) bool) (question, error) {
	if s.cfg.Attempts == nil || !random.ValidID(openNonce, nonce) && !random.ValidID(boundNonce, nonce) {
		return question{}, ErrNotFound
	}
	now := s.now()
	a, err := s.cfg.Attempts.Attempt(ctx, nonce, now)
	if err != nil {
		return question{}, err
	}
	var q question
	if err := json.Unmarshal(a.Data, &q); err != nil || !may(q.HandshakeRequest) {
		return question{}, ErrNotFound
	}
	// The comparison of versions is what makes it single-use; the row goes by itself.
	a.Data = nil
	if _, err := s.cfg.Attempts.ReplaceAttempt(ctx, a, now); err != nil {
		if errors.Is(err, ErrConflict) {
			err = ErrNotFound
		}
		return question{}, err
	}
	return q, wrap("forget nonce", s.cfg.Attempts.DeleteAttempt(ctx, nonce))
}

// directives are the answer: what the app is to set. The session token comes last,
// where SDKs look for it.
func (s *Service) directives(ctx context.Context, q question) ([]string, error) {
	ss, token, uat, age, err := s.signedIn(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []string
	if q.Clear != "" {
		out = append(out, q.Clear)
	}
	if q.Refresh {
		var refresh string
		if ss.ID != "" && ss.Actor == nil {
			if refresh, err = s.issueRefresh(ctx, ss, q.HandshakeRequest); err != nil {
				return nil, err
			}
		}
		out = append(out, s.refreshCookie(q.CookieSuffix, refresh, q.Origin, ss.ExpireAt))
	}
	end := cookieEnd(q.Origin)
	set := func(name, value string, age int) {
		out = append(out, name+"="+value+"; Path=/; Max-Age="+strconv.Itoa(age)+end)
	}
	tokenAge := sessionCookieAge
	if token == "" {
		tokenAge = 0
	}
	for _, name := range []string{"__client_uat", "__client_uat_" + q.CookieSuffix} {
		set(name, strconv.FormatInt(uat, 10), age)
	}
	for _, name := range []string{"__session_" + q.CookieSuffix, "__session"} {
		set(name, token, tokenAge)
	}
	return out, nil
}

// signedIn reads the stores anew (S-08) and returns the browser's last active session and
// a token of it, what __client_uat is to say and for how many seconds; zero, "" and 0 if
// nobody is signed in.
func (s *Service) signedIn(ctx context.Context, q question) (last Session, token string, uat int64, age int, err error) {
	if q.ClientID == "" {
		return Session{}, "", 0, sessionCookieAge, nil
	}
	c, err := s.Client(ctx, q.ClientID)
	if err == nil {
		var sessions []Session
		if sessions, err = s.OfClient(ctx, c); err == nil {
			last = lastActive(c, sessions, s.now())
			token, err = s.mintFor(ctx, q.CookieToken, q.ClientID, last.ID, q.Origin)
		}
	}
	switch {
	case signedOut(err):
		return Session{}, "", 0, sessionCookieAge, nil
	case err != nil:
		return Session{}, "", 0, 0, err
	}
	// Apps take a token that is older than __client_uat for stale.
	uat = c.AuthChangedAt.Unix()
	if issued, ok := IssuedAt(token); ok {
		uat = min(uat, issued)
	}
	return last, token, uat, int(c.ExpireAt.Sub(s.now()) / time.Second), nil
}

// signHandshake signs the directives. The header is that of session tokens, as SDKs
// want it; what tells the two apart are the claims (T-16): a handshake has neither
// sub nor sid, and verifiers of session tokens refuse the claim handshake.
func (s *Service) signHandshake(ctx context.Context, q question) (string, error) {
	directives, err := s.directives(ctx, q)
	if err != nil {
		return "", err
	}
	now := s.now().Unix()
	claims, err := json.Marshal(struct {
		Audience  string   `json:"aud"`
		Challenge string   `json:"challenge,omitempty"`
		Expires   int64    `json:"exp"`
		Handshake []string `json:"handshake"`
		IssuedAt  int64    `json:"iat"`
		Issuer    string   `json:"iss"`
	}{q.Origin, q.Challenge, now + int64(handshakeLifetime/time.Second), directives, now, s.cfg.Issuer})
	if err != nil {
		return "", err
	}
	signer := s.cfg.Keys.current.Load().active
	signed := signer.head + base64.RawURLEncoding.EncodeToString(claims)
	signature, err := signer.method.Sign(signed, signer.private)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// IssuedAt reads the claim iat, in Unix seconds, of a token that the service minted.
// It verifies nothing.
func IssuedAt(token string) (seconds int64, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return 0, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return 0, false
	}
	var claims struct {
		IssuedAt int64 `json:"iat"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil || claims.IssuedAt == 0 {
		return 0, false
	}
	return claims.IssuedAt, true
}
