package session_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
)

const app = "https://app.example.com"

func openHandshakes(t *testing.T) *harness {
	t.Helper()
	h := open(t)
	h.cfg.Attempts = h.store
	h.Service = h.node()
	return h
}

// handshake verifies an answer as an app does.
func (h *harness) handshake(token, origin string) (*auth.Handshake, error) {
	h.t.Helper()
	v, err := auth.NewVerifier(auth.VerifierConfig{Keys: h.keys, Issuer: issuer, Now: h.clock.Now})
	if err != nil {
		h.t.Fatal(err)
	}
	return v.VerifyHandshake(h.t.Context(), token, origin)
}

// sessionOf returns the session token of an answer.
func sessionOf(directives []string) string {
	value, _, _ := strings.Cut(directives[len(directives)-1], ";")
	return strings.TrimPrefix(value, "__session=")
}

func TestHandshake(t *testing.T) {
	h := openHandshakes(t)
	c, cookie, ss := h.signedIn(userA)
	q := session.HandshakeRequest{Origin: app, Challenge: "c", CookieSuffix: "sfx", Clear: "__clerk_handshake=; Max-Age=0"}
	token, err := h.Handshake(t.Context(), cookie, q)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := h.handshake(token, app)
	if err != nil {
		t.Fatal(err)
	}
	jwt := sessionOf(answer.Directives)
	want := []string{
		"__clerk_handshake=; Max-Age=0",
		"__client_uat=1772366400; Path=/; Max-Age=31536000; SameSite=Lax; Secure",
		"__client_uat_sfx=1772366400; Path=/; Max-Age=31536000; SameSite=Lax; Secure",
		"__session_sfx=" + jwt + "; Path=/; Max-Age=31536000; SameSite=Lax; Secure",
		"__session=" + jwt + "; Path=/; Max-Age=31536000; SameSite=Lax; Secure",
	}
	if !slices.Equal(answer.Directives, want) || answer.Challenge != "c" {
		t.Errorf("answer = %q", answer)
	}
	a := h.verify(jwt)
	if a.SessionID != string(ss.ID) || a.Claims.AuthorizedParty != app || a.Claims.IssuedAt < h.mustClient(c.ID).AuthChangedAt.Unix() {
		t.Errorf("session token = %+v", a.Claims)
	}

	// H-04: an answer is for one app, and for a minute.
	if _, err := h.handshake(token, "https://other.example.com"); reasonOf(err) != auth.ReasonTokenAudience {
		t.Errorf("another app: %v", err)
	}
	h.clock.Advance(66 * time.Second)
	if _, err := h.handshake(token, app); reasonOf(err) != auth.ReasonTokenExpired {
		t.Errorf("after a minute: %v", err)
	}
}

// S-04, S-08: what the stores say now decides, and an unknown cookie is nobody.
func TestHandshakeSignedOut(t *testing.T) {
	h := openHandshakes(t)
	_, cookie, _ := h.signedIn(userA)
	out := []string{
		"__client_uat=0; Path=/; Max-Age=31536000; SameSite=Lax", "__client_uat_sfx=0; Path=/; Max-Age=31536000; SameSite=Lax",
		"__session_sfx=; Path=/; Max-Age=0; SameSite=Lax", "__session=; Path=/; Max-Age=0; SameSite=Lax",
	}
	q := session.HandshakeRequest{Origin: "http://localhost:3000", CookieSuffix: "sfx"}
	begun, err := h.HandshakeNonce(t.Context(), cookie, q)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.RevokeUser(t.Context(), userA, "user banned", ""); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{cookie, "", "*", random.Token()} {
		token, err := h.Handshake(t.Context(), value, q)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := h.handshake(token, q.Origin)
		if err != nil || !slices.Equal(answer.Directives, out) {
			t.Errorf("cookie %q: answer = %q, %v", value, answer, err)
		}
	}
	if got, err := h.HandshakeDirectives(t.Context(), begun); err != nil || !slices.Equal(got, out) {
		t.Errorf("begun before the ban: directives = %q, %v", got, err)
	}
}

// H-04, H-06: a nonce is answered once, within a minute, and only to whoever began.
func TestHandshakeNonce(t *testing.T) {
	h := openHandshakes(t)
	_, cookie, ss := h.signedIn(userA)
	begin := func(challenge string) string {
		t.Helper()
		nonce, err := h.HandshakeNonce(t.Context(), cookie, session.HandshakeRequest{Origin: app, Challenge: challenge, CookieSuffix: "sfx"})
		if err != nil {
			t.Fatal(err)
		}
		return nonce
	}
	bound, open := begin(auth.Challenge("secret")), begin("")
	if !strings.HasPrefix(bound, auth.BoundNonce) || strings.HasPrefix(open, auth.BoundNonce) {
		t.Errorf("nonces = %s with a challenge, %s without", bound, open)
	}
	for _, verifier := range []string{"", "other", auth.Challenge("secret")} {
		if _, err := h.RedeemHandshake(t.Context(), bound, verifier); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("verifier %q: %v", verifier, err)
		}
	}
	if _, err := h.HandshakeDirectives(t.Context(), bound); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Backend API with a bound nonce: %v", err)
	}
	if _, err := h.RedeemHandshake(t.Context(), open, ""); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("an open nonce without the secret key: %v", err)
	}
	var wins atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			token, err := h.RedeemHandshake(t.Context(), bound, "secret")
			switch {
			case err == nil:
				wins.Add(1)
				if answer, err := h.handshake(token, app); err != nil || h.verify(sessionOf(answer.Directives)).SessionID != string(ss.ID) {
					t.Errorf("answer = %q, %v", answer, err)
				}
			case !errors.Is(err, session.ErrNotFound):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if wins.Load() != 1 {
		t.Errorf("redeemed %d times", wins.Load())
	}
	directives, err := h.HandshakeDirectives(t.Context(), open)
	if err != nil || h.verify(sessionOf(directives)).SessionID != string(ss.ID) {
		t.Errorf("directives = %q, %v", directives, err)
	}
	late := begin("")
	h.clock.Advance(time.Minute)
	for _, nonce := range []string{open, late, "", "hsn_*", "sia_" + late[4:]} {
		if _, err := h.HandshakeDirectives(t.Context(), nonce); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("nonce %q: %v", nonce, err)
		}
	}
}

// T-16: a handshake is no session token, nor the reverse.
func TestHandshakeClass(t *testing.T) {
	h := openHandshakes(t)
	_, cookie, ss := h.signedIn(userA)
	token, err := h.Handshake(t.Context(), cookie, session.HandshakeRequest{Origin: app, CookieSuffix: "sfx"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.NewVerifier(auth.VerifierConfig{Keys: h.keys, Issuer: issuer, Now: h.clock.Now, AllowAnyAudience: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), token); reasonOf(err) != auth.ReasonTokenType {
		t.Errorf("a handshake as a session token: %v", err)
	}
	if _, err := h.handshake(h.mustMint(cookie, ss.ID), app); reasonOf(err) != auth.ReasonTokenType {
		t.Errorf("a session token as a handshake: %v", err)
	}
}

// A store that is away is no signed-out browser.
func TestHandshakeStoreAway(t *testing.T) {
	h := openHandshakes(t)
	_, cookie, _ := h.signedIn(userA)
	h.cfg.Sessions = awayStore{h.store}
	q := session.HandshakeRequest{Origin: app}
	if token, err := h.node().Handshake(t.Context(), cookie, q); token != "" || !errors.Is(err, session.ErrUnavailable) {
		t.Errorf("Handshake = %q, %v", token, err)
	}
	if _, err := open(t).HandshakeNonce(t.Context(), cookie, q); err == nil {
		t.Error("a nonce was made with nowhere to keep it")
	}
}

func reasonOf(err error) auth.Reason {
	if refused, ok := errors.AsType[*auth.TokenError](err); ok {
		return refused.Reason
	}
	return ""
}
