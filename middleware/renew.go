package middleware

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// renewTimeout bounds one call of the Renewer, which outlives the request that
// began it if others wait.
const renewTimeout = 5 * time.Second

// renew asks for a fresh token in the place of one with the claims stale, nil if
// there was none of ours, and judges it. The new cookies go on the answer only if it
// is good. Without a live session the answer is refused as before says.
func (m *Middleware) renew(
	w http.ResponseWriter, r *http.Request, client string, stale *auth.Claims, before *auth.Auth,
) (http.ResponseWriter, *auth.Auth) {
	key := renewal{client: client}
	if stale != nil {
		key.session = stale.SessionID
	}
	token, err := m.freshToken(r.Context(), key)
	switch {
	case errors.Is(err, auth.ErrNoSession):
		return w, m.noSession(stale, before)
	case err != nil:
		return w, signedOut(auth.ReasonRenewalFailed, err.Error())
	}
	a := m.check(r.Context(), token)
	switch {
	case !a.IsAuthenticated:
		return w, a
	case stale != nil && stale.Subject != a.UserID && !isSafe(r.Method):
		return w, signedOut(before.Reason, "the browser is signed in as somebody else now")
	}
	return m.hand(w, token), a
}

// afresh returns what a new token says of the session that a is from, and that token,
// for proofs made since the old one was minted. It returns nil where there is none:
// the token did not come in a cookie, or the session is not live.
func (m *Middleware) afresh(r *http.Request, a auth.Auth) (*auth.Auth, string) {
	c := m.read(r.Header) // which reads no cookie beside a bearer token
	if m.cfg.Renewer == nil || c.client == "" {
		return nil, ""
	}
	token, err := m.freshToken(r.Context(), renewal{client: c.client, session: a.SessionID})
	if err != nil {
		return nil, ""
	}
	fresh := m.check(r.Context(), token)
	if !fresh.IsAuthenticated || fresh.SessionID != a.SessionID || fresh.UserID != a.UserID {
		return nil, ""
	}
	return fresh, token
}

// freshToken asks the Renewer, once for all who ask at the same time.
func (m *Middleware) freshToken(ctx context.Context, key renewal) (string, error) {
	return m.renewals.do(ctx, key, func(ctx context.Context) (string, error) {
		return m.cfg.Renewer.Renew(ctx, key.client, key.session, m.cfg.AuthorizedParty)
	})
}

// hand puts a new token on the answer, which w keeps out of every cache.
func (m *Middleware) hand(w http.ResponseWriter, token string) http.ResponseWriter {
	m.setSession(w, token)
	w.Header().Set("Cache-Control", "no-store") // for a handler that writes nothing
	return &noStoreWriter{ResponseWriter: w}
}

// isSafe reports whether a request only asks (RFC 9110 §9.2.1). What somebody
// meant to change as one user is not changed as another.
func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// noSession says why there is nothing to renew: that the session was revoked, if
// that is still known.
func (m *Middleware) noSession(stale *auth.Claims, before *auth.Auth) *auth.Auth {
	if before.Reason == auth.ReasonSessionRevoked {
		return before
	}
	if stale != nil && m.cfg.Revocations != nil {
		rev, revoked := m.cfg.Revocations.Revoked(stale.SessionID, stale.Subject, time.Unix(stale.IssuedAt, 0))
		if revoked {
			return m.revoked(rev)
		}
	}
	return signedOut(before.Reason, "no live session to renew")
}

// renewals makes one call at a time for each session of each browser: the page and
// what it loads ask together.
type renewals struct {
	mu      sync.Mutex
	running map[renewal]*flight
}

type renewal struct{ client, session string }

type flight struct {
	done  chan struct{} // closed once token and err are set
	token string
	err   error
}

// do calls renew, or waits for a call with the same key and returns its outcome.
func (g *renewals) do(ctx context.Context, key renewal, renew func(context.Context) (string, error)) (string, error) {
	g.mu.Lock()
	f, running := g.running[key]
	if !running {
		f = &flight{done: make(chan struct{}), err: errors.New("middleware: renewal did not finish")}
		if g.running == nil {
			g.running = make(map[renewal]*flight)
		}
		g.running[key] = f
	}
	g.mu.Unlock()
	if running {
		select {
		case <-f.done:
			return f.token, f.err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	defer func() { // also when renew panics
		g.mu.Lock()
		delete(g.running, key)
		g.mu.Unlock()
		close(f.done)
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewTimeout)
	defer cancel()
	f.token, f.err = renew(ctx)
	return f.token, f.err
}
