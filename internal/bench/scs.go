package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/redis/go-redis/v9"
)

// The servers that scripts/with-servers started.
const (
	redisVariable    = "GATEHOUSE_TEST_REDIS_URL"
	postgresVariable = "GATEHOUSE_TEST_POSTGRES_URL"
)

// findStores says plainly what is missing.
func findStores() error {
	if os.Getenv(redisVariable) == "" || os.Getenv(postgresVariable) == "" {
		return errors.New("no Redis or PostgreSQL: run make bench-peers, or set " + redisVariable + " and " + postgresVariable)
	}
	return nil
}

// listSCS compares a session cookie that is looked up in Redis on every request. It
// lists nothing where there is no Redis.
func (s *suite) listSCS(hot func()) error {
	address := os.Getenv(redisVariable)
	if address == "" {
		return nil
	}
	options, err := redis.ParseURL(address)
	if err != nil {
		return err
	}
	client := redis.NewClient(options)
	s.closed = append(s.closed, func() { _ = client.Close() })
	manager := scs.New()
	manager.Store = goredisstore.NewWithPrefix(client, "scs:session:")
	token, err := newSCSSession(s.ctx, manager)
	if err != nil {
		return err
	}
	h := manager.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		subject := manager.GetString(r.Context(), "user_id")
		if subject == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		s.saw(subject)
	}))
	known, unknown := request(), request()
	known.Header.Set("Cookie", "theme=dark; session="+token+"; lang=en")
	unknown.Header.Set("Cookie", "theme=dark; session="+token[1:]+"A; lang=en")
	s.peers = append(s.peers, &peerRow{
		peer:   peer{name: "scs, goredisstore", module: "github.com/alexedwards/scs/v2", setup: "LoadAndSave, three values in the session, Redis on the loopback"},
		hot:    &comparison{pair: pair{hot, s.on(h, known)}},
		forged: &comparison{pair: pair{hot, s.on(h, unknown)}},
	})
	return nil
}

// newSCSSession stores a session and returns the value of its cookie.
func newSCSSession(ctx context.Context, manager *scs.SessionManager) (string, error) {
	ctx, err := manager.Load(ctx, "")
	if err != nil {
		return "", err
	}
	manager.Put(ctx, "user_id", "user_2aBcDeFgHiJkLmNoPqR0000000")
	manager.Put(ctx, "session_id", "sess_2aBcDeFgHiJkLmNoPqR0000000")
	manager.Put(ctx, "signed_in_at", time.Now().Unix())
	token, _, err := manager.Commit(ctx)
	return token, err
}
