package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/middleware"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/sqlstore"
)

// revokedSessions is how many revocations the set holds in the case "with revocations".
const revokedSessions = 5000

// ours builds the middleware under test for tokens of one key. entries is
// middleware.Config.CacheEntries, so -1 verifies every token.
func ours(k *issuerKey, entries int, revocations auth.Revocations) (*middleware.Middleware, error) {
	v, err := newVerifier(k)
	if err != nil {
		return nil, err
	}
	return middleware.New(middleware.Config{Verifier: v, CacheEntries: entries, Revocations: revocations})
}

func newVerifier(k *issuerKey) (*auth.Verifier, error) {
	keys, err := auth.FixedKeys(k.public)
	if err != nil {
		return nil, err
	}
	return auth.NewVerifier(auth.VerifierConfig{Keys: keys, Issuer: issuer, Audiences: []string{audience}})
}

// reads is the handler that ours protects: it reads the subject like those of peers.
func reads(saw func(string)) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { saw(auth.FromContext(r.Context()).UserID) })
}

// gatehousePeer is ours as one of the peers, so that it is put to the same test.
var gatehousePeer = peer{
	"gatehouse", "", "middleware.Require over a Verifier with FixedKeys, issuer and audience",
	func(k *issuerKey, saw func(string)) (http.Handler, error) {
		m, err := ours(k, 0, nil)
		if err != nil {
			return nil, err
		}
		return m.Require(reads(saw)), nil
	},
}

// service is a session service on SQLite in a folder of its own.
type service struct {
	*session.Service
	close func()
}

// newService returns a service that signs with the key and whose revocation log
// begins with n sessions of others. Its feed is current once newService returns.
func newService(ctx context.Context, k *issuerKey, n int) (_ *service, err error) {
	dir, err := os.MkdirTemp("", "gatehouse-bench")
	if err != nil {
		return nil, err
	}
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(dir, "gatehouse.db"))
	if err != nil {
		return nil, err
	}
	store, err := sqlstore.New(ctx, db)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.Parse(keyring.New())
	if err != nil {
		return nil, err
	}
	keys, err := session.OpenKeys(ctx, session.KeysConfig{Store: store, Sealer: ring, External: k.private})
	if err != nil {
		return nil, err
	}
	s, err := session.NewService(session.Config{
		Clients: store, Sessions: store, Revocations: &revocationLog{n: n}, Keys: keys, Issuer: issuer,
		TokenLifetime: 20 * time.Minute, RevocationPoll: time.Second,
	})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Run(ctx) // ends with the context
	}()
	for !s.Current(time.Now()) {
		time.Sleep(time.Millisecond)
	}
	return &service{Service: s, close: func() {
		stop()
		<-ended
		_ = db.Close()
		_ = os.RemoveAll(dir)
	}}, nil
}

// revocationLog says once that n sessions were revoked, and nothing after that.
type revocationLog struct{ n int }

func (l *revocationLog) PublishRevocation(context.Context, session.RevocationRecord) error {
	return nil
}

func (l *revocationLog) RevocationsSince(context.Context, session.RevocationCursor) ([]session.RevocationRecord, session.RevocationCursor, error) {
	now := time.Now()
	all := make([]session.RevocationRecord, l.n)
	for i := range all {
		all[i] = session.RevocationRecord{
			ID: fmt.Sprintf("rev_%d", i), SessionID: session.ID(fmt.Sprintf("sess_2zZyYxXwWvVuUtTsSrR%07d", i)), At: now, Cause: "signed out",
		}
	}
	l.n = 0
	return all, 1, nil
}
