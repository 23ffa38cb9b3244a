package session_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// visit is what a handshake left in a browser.
type visit struct{ session, refresh string }

// visitOf reads Set-Cookie values.
func visitOf(t testing.TB, directives []string) visit {
	t.Helper()
	v := visit{session: sessionOf(directives)}
	for _, d := range directives {
		if rest, ok := strings.CutPrefix(d, "__refresh_sfx="); ok {
			v.refresh, _, _ = strings.Cut(rest, ";")
			if !strings.Contains(d, "; HttpOnly; SameSite=Lax; Secure") {
				t.Errorf("the refresh cookie has the attributes %s", d)
			}
		}
	}
	return v
}

// visit goes through a handshake.
func (h *harness) visit(cookie string) visit {
	h.t.Helper()
	nonce, err := h.HandshakeNonce(h.t.Context(), cookie, session.HandshakeRequest{Origin: app, CookieSuffix: "sfx", Refresh: true})
	if err != nil {
		h.t.Fatal(err)
	}
	directives, err := h.HandshakeDirectives(h.t.Context(), nonce)
	if err != nil {
		h.t.Fatal(err)
	}
	return visitOf(h.t, directives)
}

// refresh does as the server of an app.
func (h *harness) refresh(q session.RefreshRequest, cookies bool) (session.Refreshed, error) {
	ss, err := h.Refreshable(h.t.Context(), q)
	if err != nil {
		return session.Refreshed{}, err
	}
	return h.Refresh(h.t.Context(), ss, q, cookies)
}

func wantRefusal(t *testing.T, what string, err error, want session.RefreshRule) {
	t.Helper()
	if refused, ok := errors.AsType[*session.RefreshError](err); !ok || refused.Rule != want {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

// RFC 9700 §4.14.2: a refresh token is replaced by its use; the one before is good for a
// moment, and after that its use ends all.
func TestRefreshTokensAreReplaced(t *testing.T) {
	h := openHandshakes(t)
	_, cookie, ss := h.signedIn(userA)
	v := h.visit(cookie)
	q := session.RefreshRequest{SessionID: ss.ID, ExpiredToken: v.session, RefreshToken: v.refresh, Origin: app}
	h.clock.Advance(5 * time.Minute)

	first, err := h.refresh(q, true)
	if err != nil {
		t.Fatal(err)
	}
	if a := h.verify(first.Token); a.SessionID != string(ss.ID) || a.Claims.AuthorizedParty != app || sessionOf(first.Cookies) != first.Token {
		t.Errorf("refreshed: %+v %v", a, first.Cookies)
	}
	next := visitOf(t, first.Cookies).refresh
	if next == "" || next == v.refresh {
		t.Fatalf("the next refresh token is %q", next)
	}
	// A request that went out together with it.
	h.clock.Advance(9 * time.Second)
	again, err := h.refresh(q, true)
	if err != nil || visitOf(t, again.Cookies).refresh != "" || again.Token == "" {
		t.Errorf("a moment later: %v %v", again.Cookies, err)
	}
	q.RefreshToken = next
	second, err := h.refresh(q, true)
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(10 * time.Second)
	_, err = h.refresh(q, true)
	wantRefusal(t, "a token that was replaced", err, session.RefreshTokenUsed)
	q.RefreshToken = visitOf(t, second.Cookies).refresh
	_, err = h.refresh(q, true)
	wantRefusal(t, "its successor, after that", err, session.RefreshTokenUnknown)

	// The next handshake begins anew.
	v = h.visit(cookie)
	q.ExpiredToken, q.RefreshToken = v.session, v.refresh
	for range 2 { // as a token alone it stays, since nothing brings the next one back
		if got, err := h.refresh(q, false); err != nil || got.Cookies != nil || got.Token == "" {
			t.Errorf("as a token: %+v %v", got, err)
		}
	}
	q.RefreshToken = v.refresh[:42] + "x"
	_, err = h.refresh(q, false)
	wantRefusal(t, "another value", err, session.RefreshTokenUnknown)
	q.RefreshToken = v.refresh
	_, err = h.refresh(q, false)
	wantRefusal(t, "the right one, after another", err, session.RefreshTokenUnknown)
}

// C-04: of requests that come at once one replaces the refresh token.
func TestRefreshAtOnce(t *testing.T) {
	h := openHandshakes(t)
	_, cookie, ss := h.signedIn(userA)
	v := h.visit(cookie)
	q := session.RefreshRequest{SessionID: ss.ID, ExpiredToken: v.session, RefreshToken: v.refresh, Origin: app}
	var replaced atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, err := h.refresh(q, true)
			if err != nil {
				t.Error(err)
			}
			if slices.ContainsFunc(got.Cookies, func(c string) bool { return strings.HasPrefix(c, "__refresh_") }) {
				replaced.Add(1)
			}
		})
	}
	wg.Wait()
	if n := replaced.Load(); n != 1 {
		t.Errorf("replaced %d times", n)
	}
}

func TestRefreshRefusals(t *testing.T) {
	h := openHandshakes(t)
	c, cookie, ss := h.signedIn(userA)
	_, otherCookie, other := h.signedIn(userB)
	v, foreign := h.visit(cookie), h.visit(otherCookie)
	good := session.RefreshRequest{SessionID: ss.ID, ExpiredToken: v.session, RefreshToken: v.refresh, Origin: app}
	noParty, err := h.Token(t.Context(), ss, "")
	if err != nil {
		t.Fatal(err)
	}
	template, err := h.TemplateTokenFor(ss, session.TemplateToken{Lifetime: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*session.RefreshRequest)
		want   session.RefreshRule
	}{
		"no token":           {func(q *session.RefreshRequest) { q.ExpiredToken = "x" }, session.RefreshExpiredInvalid},
		"forged":             {func(q *session.RefreshRequest) { q.ExpiredToken = v.session[:len(v.session)-4] + "AAAA" }, session.RefreshExpiredInvalid},
		"of a template":      {func(q *session.RefreshRequest) { q.ExpiredToken = template }, session.RefreshExpiredInvalid},
		"without a party":    {func(q *session.RefreshRequest) { q.ExpiredToken = noParty }, session.RefreshExpiredNoParty},
		"of another app":     {func(q *session.RefreshRequest) { q.Origin = "https://other.example.com" }, session.RefreshOriginOther},
		"of another session": {func(q *session.RefreshRequest) { q.SessionID = other.ID }, session.RefreshSessionOther},
	} {
		q := good
		test.change(&q)
		_, err := h.refresh(q, true)
		wantRefusal(t, name, err, test.want)
	}
	if _, err := h.refresh(good, true); err != nil {
		t.Fatalf("what was refused ended something: %v", err)
	}
	q := good
	q.RefreshToken = foreign.refresh
	_, err = h.refresh(q, true)
	wantRefusal(t, "somebody else's refresh token", err, session.RefreshTokenUnknown)

	h.clock.Advance(24*time.Hour + 2*time.Second)
	_, err = h.refresh(session.RefreshRequest{SessionID: other.ID, ExpiredToken: foreign.session, RefreshToken: foreign.refresh, Origin: app}, true)
	wantRefusal(t, "a token of yesterday", err, session.RefreshExpiredTooOld)

	// S-08: the session is read anew.
	v = h.visit(cookie)
	if _, err := h.End(t.Context(), c.ID, ss.ID, session.StatusEnded); err != nil {
		t.Fatal(err)
	}
	q = session.RefreshRequest{SessionID: ss.ID, ExpiredToken: v.session, RefreshToken: v.refresh, Origin: app}
	_, err = h.refresh(q, true)
	wantRefusal(t, "a session that has ended", err, session.RefreshSessionInactive)
}

// B-05: whoever acts as somebody gets nothing that lasts.
func TestNoRefreshWhileActing(t *testing.T) {
	h := openHandshakes(t)
	c, cookie := h.client()
	_, err := h.Start(t.Context(), session.NewSession{
		ClientID: c.ID, UserID: userA, AsOf: h.clock.Now(), Strategy: session.StrategyTicket, Actor: json.RawMessage(`{"sub":"user_op"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	v := h.visit(cookie)
	if v.session == "" || v.refresh != "" {
		t.Errorf("the handshake leaves %+v", v)
	}
}

// K-03: the store holds no refresh token.
func TestRefreshTokenIsHashed(t *testing.T) {
	h := openHandshakes(t)
	_, cookie, ss := h.signedIn(userA)
	v := h.visit(cookie)
	a, err := h.store.Attempt(t.Context(), session.RefreshID(ss.ID, app), h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(a.Data), v.refresh) || !a.ExpireAt.Equal(ss.ExpireAt) {
		t.Errorf("stored until %v: %s", a.ExpireAt, a.Data)
	}
}
