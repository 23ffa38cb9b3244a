package redisstore_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
)

// BenchmarkMemory reports what records take of Redis' used_memory, keys, TTLs and
// indexes included: of as many records as there are iterations, on a Redis that nobody
// else uses meanwhile.
//
//	scripts/with-servers go test ./session/redisstore -run '^$' -bench Memory -benchtime 200000x
func BenchmarkMemory(b *testing.B) {
	b.Run("session", func(b *testing.B) { // with the index of its user, who has one
		measureMemory(b, "B/session", func(s *redisstore.Store) {
			ns := newSession(newUserID())
			ns.Actor = nil
			must(b, s.Create(b.Context(), ns, now))
		})
	})
	b.Run("client", func(b *testing.B) { // with one session
		measureMemory(b, "B/client", func(s *redisstore.Store) {
			ns := newSession(newUserID())
			must(b, s.CreateClient(b.Context(), session.Client{
				ID: ns.ClientID, SessionIDs: []session.ID{ns.ID}, LastActiveSessionID: ns.ID, LastAuthenticationStrategy: "password",
				CookieToken: random.Token(), CookieRotatedAt: now, CreatedAt: now, UpdatedAt: now, AuthChangedAt: now, ExpireAt: now.Add(365 * 24 * time.Hour),
			}))
		})
	})
	b.Run("cookie", func(b *testing.B) {
		data := []byte(`{"client_id":"` + random.ID("client", now) + `"}`)
		measureMemory(b, "B/cookie", func(s *redisstore.Store) {
			must(b, s.CommitCookie(b.Context(), random.Token(), data, now.Add(365*24*time.Hour), now))
		})
	})
}

func measureMemory(b *testing.B, unit string, create func(*redisstore.Store)) {
	s := newServer(b)
	store, err := redisstore.Open(b.Context(), redisstore.Config{URL: s.url, Prefix: s.prefix})
	must(b, err)
	defer store.Close()
	create(store) // what is there once: connections, scripts
	before := usedMemory(b, s)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			create(store)
		}
	})
	b.ReportMetric(float64(usedMemory(b, s)-before)/float64(b.N), unit)
	b.ReportMetric(0, "ns/op") // is not what this is about
}

func usedMemory(b *testing.B, s *server) int {
	info := s.admin.Info(b.Context(), "memory").Val()
	for line := range strings.Lines(info) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); ok {
			n, err := strconv.Atoi(text)
			must(b, err)
			return n
		}
	}
	b.Fatalf("no used_memory in %q", info)
	return 0
}
