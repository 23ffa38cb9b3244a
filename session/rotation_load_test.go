package session_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
	"github.com/gatehouse-dev/gatehouse/session"
)

// rotationLoad mints on two nodes and verifies each token on both and on a server
// elsewhere that fetches the public set over HTTP.
type rotationLoad struct {
	*harness
	followerKeys *session.Keys
	follower     *session.Service
	remote       *jwks.Set
	verifiers    map[string]*auth.Verifier

	minted, refused atomic.Int64
	// still is held while the clock jumps, so that no token under way grows old.
	still sync.RWMutex
}

func newRotationLoad(t *testing.T) *rotationLoad {
	h := open(t)
	l := &rotationLoad{harness: h, followerKeys: h.openKeys(session.KeysConfig{})}
	l.follower = h.node(func(cfg *session.Config) { cfg.Keys = l.followerKeys })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(l.followerKeys.JWKS())
	}))
	t.Cleanup(server.Close)
	var err error
	l.remote, err = jwks.New(jwks.Config{URL: server.URL, Now: h.clock.Now, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	l.verifiers = map[string]*auth.Verifier{}
	for name, keys := range map[string]auth.KeySet{"the node": h.keys, "the other node": l.followerKeys, "a server elsewhere": l.remote} {
		l.verifiers[name], err = auth.NewVerifier(auth.VerifierConfig{Keys: keys, Issuer: issuer, Now: h.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// run mints and verifies until ctx ends.
func (l *rotationLoad) run(ctx context.Context, worker int, cookie string, id session.ID) {
	node := []*session.Service{l.Service, l.follower}[worker%2]
	for n := 0; ctx.Err() == nil; n++ {
		l.still.RLock()
		token, err := node.Mint(l.t.Context(), cookie, id, fmt.Sprint("https://", worker, "-", n))
		if err != nil {
			l.t.Errorf("Mint: %v", err)
		}
		l.minted.Add(1)
		for name, v := range l.verifiers {
			if _, err := v.Verify(l.t.Context(), token); err != nil {
				l.refused.Add(1)
				l.t.Errorf("%s: %v", name, err)
			}
		}
		l.still.RUnlock()
		if l.t.Failed() {
			return
		}
	}
}

// settle lets the other node follow, and the load run on what there is now.
func (l *rotationLoad) settle() {
	l.t.Helper()
	if err := l.followerKeys.Reload(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	for target := l.minted.Load() + 20; l.minted.Load() < target && !l.t.Failed(); {
		time.Sleep(time.Millisecond)
	}
}

func (l *rotationLoad) advance(d time.Duration) {
	l.still.Lock()
	defer l.still.Unlock()
	l.clock.Advance(d)
}

// forge signs a token that is good but for its key, as whoever holds the key can.
func (l *rotationLoad) forge(k stolenKey) string {
	now := l.clock.Now().Unix()
	token := jwt.NewWithClaims(k.method, jwt.MapClaims{
		"iss": issuer, "sub": userA, "sid": "sess_forged", "iat": now, "nbf": now - 10, "exp": now + 60,
	})
	token.Header["kid"] = k.id
	text, err := token.SignedString(k.private)
	if err != nil {
		l.t.Fatal(err)
	}
	return text
}

// wantRefused checks that nobody accepts what the key signs.
func (l *rotationLoad) wantRefused(k stolenKey) {
	l.t.Helper()
	for name, v := range l.verifiers {
		_, err := v.Verify(l.t.Context(), l.forge(k))
		if refused, ok := errors.AsType[*auth.TokenError](err); !ok || refused.Reason != auth.ReasonTokenKeyUnknown {
			l.t.Errorf("%s answers %v to a token of a key that was taken out", name, err)
		}
	}
}

// forgets waits until the server elsewhere has fetched a set without the key, as it does
// within 5 minutes of its own time.
func (l *rotationLoad) forgets(kid string) {
	l.t.Helper()
	l.advance(5 * time.Minute)
	for tries := 0; ; tries++ {
		_, err := l.remote.Key(l.t.Context(), kid)
		if errors.Is(err, auth.ErrUnknownKey) {
			return
		}
		if tries == 10_000 || l.t.Failed() {
			l.t.Fatalf("a server elsewhere still has the key %s: %v", kid, err)
		}
		time.Sleep(time.Millisecond)
	}
}

// K-08: a rotation in the order of its four steps refuses no token, on the node that
// does it, on one that follows and on a server elsewhere; and afterwards nobody accepts
// the old key. The same holds after a revocation.
func TestRotationUnderLoad(t *testing.T) {
	l := newRotationLoad(t)
	_, cookie, ss := l.signedIn(userA)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for worker := range 4 {
		load.Go(func() { l.run(ctx, worker, cookie, ss.ID) })
	}
	defer load.Wait()
	defer stop()
	l.settle()

	old := l.steal(l.keys.All()[0].ID)
	kid, err := l.keys.Add(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.settle()
	for _, keys := range []*session.Keys{l.keys, l.followerKeys} { // to be seen before it signs
		if _, err := keys.Key(t.Context(), kid); err != nil || len(jwksOf(t, keys)) != 2 {
			t.Errorf("the next key: %v, JWKS %s", err, keys.JWKS())
		}
	}
	l.advance(session.PromoteAfter)
	l.settle()
	if err := l.keys.Promote(t.Context(), kid); err != nil {
		t.Fatal(err)
	}
	l.settle()
	for name, v := range l.verifiers {
		if _, err := v.Verify(t.Context(), l.forge(old)); err != nil {
			t.Errorf("%s refuses a token of the retiring key: %v", name, err)
		}
	}
	l.advance(session.RetireAfter)
	if err := l.keys.Retire(t.Context(), old.id); err != nil {
		t.Fatal(err)
	}
	l.settle()
	l.forgets(old.id)
	l.wantRefused(old)

	stolen := l.steal(kid)
	stop()
	load.Wait() // its session ends now
	if l.refused.Load() != 0 || l.minted.Load() < 100 {
		t.Errorf("%d of %d tokens refused, want none of 100 or more", l.refused.Load(), l.minted.Load())
	}
	if err := l.keys.Revoke(t.Context(), kid); err != nil {
		t.Fatal(err)
	}
	l.afterRevocation(stolen)
}

// afterRevocation runs the load on a session begun after a key was revoked.
func (l *rotationLoad) afterRevocation(stolen stolenKey) {
	t := l.t
	l.clock.Advance(time.Second)
	if err := l.followerKeys.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, cookie, ss := l.signedIn(userA)
	l.clock.Advance(30 * time.Second) // an unknown kid makes the server elsewhere look again
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for worker := range 4 {
		load.Go(func() { l.run(ctx, worker, cookie, ss.ID) })
	}
	l.settle()
	l.wantRefused(stolen)
	stop()
	load.Wait()
	if l.refused.Load() != 0 {
		t.Errorf("%d tokens refused after the revocation, want none", l.refused.Load())
	}
}

// stolenKey is a private key in the wrong hands.
type stolenKey struct {
	id      string
	method  jwt.SigningMethod
	private any
}

// steal takes a private key out of the store.
func (l *rotationLoad) steal(kid string) stolenKey {
	t := l.t
	t.Helper()
	stored, err := l.store.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range stored {
		if row.ID != kid {
			continue
		}
		der, err := l.ring.Open("signing_keys", "private", row.ID, row.SealedPrivate)
		if err != nil {
			t.Fatal(err)
		}
		private, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			t.Fatal(err)
		}
		return stolenKey{id: kid, method: jwt.GetSigningMethod(row.Algorithm), private: private}
	}
	t.Fatalf("no key %s", kid)
	return stolenKey{}
}
