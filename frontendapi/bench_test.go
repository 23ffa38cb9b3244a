package frontendapi_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

// BenchmarkRequests is what browsers ask all the time, and the sign-in that people wait
// for, without the network and net/http. Beside time and memory it reports round trips
// to Redis (redis/op) and statements (sql/op).
func BenchmarkRequests(b *testing.B) {
	for _, on := range []struct {
		name string
		open func(testing.TB) *counted
	}{{"sqlite", onSQLite}, {"servers", onServers}} {
		b.Run(on.name, func(b *testing.B) {
			s := on.open(b)
			jane := s.browser().signUp("jane@example.com")
			for _, hot := range hotRequests {
				b.Run(hot.name, func(b *testing.B) { s.benchmark(b, func() *http.Request { return hot.make(jane) }) })
			}
			// The hash takes what it is told to take; here counts what is around it.
			b.Run("sign-in without the hash", func(b *testing.B) {
				fields := form("identifier", "jane@example.com", "strategy", "password", "password", password)
				before := s.hashing.Load()
				s.benchmark(b, func() *http.Request { return s.browser().request(http.MethodPost, "/v1/client/sign_ins", fields) })
				rest := b.Elapsed() - time.Duration(s.hashing.Load()-before)
				b.ReportMetric(float64(rest.Nanoseconds())/float64(b.N), "ns/op")
			})
		})
	}
}

func (s *counted) benchmark(b *testing.B, request func() *http.Request) {
	w := &discard{header: http.Header{}}
	send := func(n int) {
		s.clock.Advance(400 * time.Millisecond) // a session mints 30 times in 10 s
		r := request()
		r.Header.Set("Test-Address", "10.2."+strconv.Itoa(n))
		clear(w.header)
		s.handler.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			b.Fatalf("status %d", w.status)
		}
	}
	s.clock.Advance(time.Minute)
	send(0)
	s.trips.Reset()
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		send(n + 1)
	}
	b.StopTimer()
	b.ReportMetric(float64(s.trips.Redis.Load())/float64(b.N), "redis/op")
	b.ReportMetric(float64(s.trips.Statements.Load())/float64(b.N), "sql/op")
}

// discard is a writer that keeps the status alone.
type discard struct {
	header http.Header
	status int
}

func (w *discard) Header() http.Header         { return w.header }
func (w *discard) WriteHeader(status int)      { w.status = status }
func (w *discard) Write(p []byte) (int, error) { return len(p), nil }
