package frontendapi_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
)

// counted is a server whose round trips are counted.
type counted struct {
	*server
	trips *testservers.Trips
	redis *redis.Client // nil on SQLite
}

// onSQLite keeps everything in one file.
func onSQLite(t testing.TB) *counted {
	trips := &testservers.Trips{}
	db, err := sqldb.OpenThrough(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"), trips.SQL)
	must(t, err)
	return &counted{newServerOn(t, backend{db: db, log: slog.DiscardHandler}), trips, nil}
}

// onServers keeps users in PostgreSQL, and in Redis what is asked for all the time.
func onServers(t testing.TB) *counted {
	trips := &testservers.Trips{}
	db, err := sqldb.OpenThrough(t.Context(), testservers.Postgres(t), trips.SQL)
	must(t, err)
	address, prefix := testservers.Redis(t)
	options, err := redis.ParseURL(address)
	must(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	client.AddHook(trips)
	store, err := redisstore.New(client, prefix)
	must(t, err)
	return &counted{newServerOn(t, backend{db: db, live: store, log: slog.DiscardHandler}), trips, client}
}

// hotRequest is what browsers ask all the time, or what people wait for.
type hotRequest struct {
	name string
	// redis and statements are what it may take: on PostgreSQL each is a round trip.
	redis, statements int64
	onSQLite          int64 // statements
	make              func(b *browser) *http.Request
}

func (b *browser) request(method, path string, form url.Values) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Origin", publicURL)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

var hotRequests = []hotRequest{
	{"mint", 1, 0, 9, func(b *browser) *http.Request {
		return b.request(http.MethodPost, "/v1/client/sessions/"+b.sessionID+"/tokens", nil)
	}},
	{"GET client", 2, 1, 7, func(b *browser) *http.Request { return b.request(http.MethodGet, "/v1/client", nil) }},
	{"GET me", 1, 1, 7, func(b *browser) *http.Request {
		return b.request(http.MethodGet, "/v1/me?_clerk_session_id="+b.sessionID, nil)
	}},
	{"PATCH me", 3, 3, 9, func(b *browser) *http.Request {
		return b.request(http.MethodPost, "/v1/me?_method=PATCH&_clerk_session_id="+b.sessionID, form("first_name", "Jane"))
	}},
}

// send sends a request from an address of its own, so that limits do not interfere.
func (s *counted) send(t testing.TB, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	r.Header.Set("Test-Address", fmt.Sprintf("10.1.%d", s.requests.Add(1)))
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", r.Method, r.URL, w.Code, w.Body)
	}
	return w
}

// What browsers ask all the time costs no more round trips than it must.
func TestRoundTrips(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { roundTrips(t, onSQLite(t)) })
	t.Run("Redis and PostgreSQL", func(t *testing.T) { roundTrips(t, onServers(t)) })
}

func roundTrips(t *testing.T, s *counted) {
	b := s.browser().signUp("jane@example.com")
	for _, hot := range hotRequests {
		s.send(t, hot.make(b)) // statements are prepared, and scripts known, from here on
		s.trips.Reset()
		s.send(t, hot.make(b))
		want := [2]int64{hot.redis, hot.statements}
		if s.redis == nil {
			want = [2]int64{0, hot.onSQLite}
		}
		if got := [2]int64{s.trips.Redis.Load(), s.trips.Statements.Load()}; got != want {
			t.Errorf("%s: %v round trips to Redis and the database, want %v", hot.name, got, want)
		}
	}
	// With two people signed in, the users come in one query, too.
	b.signUp("joe@example.com")
	for _, hot := range hotRequests[1:3] {
		s.send(t, hot.make(b))
		s.trips.Reset()
		if a := s.send(t, hot.make(b)).Body.String(); !strings.Contains(a, "jane@example.com") || !strings.Contains(a, "joe@example.com") {
			t.Errorf("%s does not show both: %s", hot.name, a)
		}
		if n := s.trips.All(); s.redis != nil && n > 3 {
			t.Errorf("%s for two people: %d round trips, want at most 3", hot.name, n)
		}
	}
}

// A mint asks Redis once, its limits included, and counts in them whatever it comes to.
func TestMintIsOneRoundTrip(t *testing.T) {
	s := onServers(t)
	b := s.browser().signUp("jane@example.com")
	mint := func(id, cookie string) int {
		r := httptest.NewRequest(http.MethodPost, publicURL+"/v1/client/sessions/"+id+"/tokens", nil)
		r.Header.Set("Origin", publicURL)
		r.Header.Set("Test-Address", "192.0.2.1")
		r.Header.Set("Cookie", "__client="+cookie)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Code
	}
	cookie := b.cookies["__client"]
	mint(b.sessionID, cookie) // the scripts are known from here on
	for name, tt := range map[string]struct {
		id, cookie string
		status     int
	}{
		"good":              {b.sessionID, cookie, http.StatusOK},
		"unknown session":   {string(session.NewSessionID(b.userID)), cookie, http.StatusUnauthorized},
		"malformed session": {"sess_*", cookie, http.StatusUnauthorized},
		"malformed cookie":  {b.sessionID, "x", http.StatusUnauthorized},
		"no cookie":         {b.sessionID, "", http.StatusUnauthorized},
	} {
		s.trips.Reset()
		if status := mint(tt.id, tt.cookie); status != tt.status {
			t.Errorf("%s: status %d, want %d", name, status, tt.status)
		}
		if n := s.trips.All(); n != 1 {
			t.Errorf("%s: %d round trips, want 1", name, n)
		}
	}
	// E-02: all six counted for the address.
	n, err := s.config.Limits.CountIn(t.Context(), "fapi:other:192.0.2.1", 10*time.Second, s.clock.Now())
	must(t, err)
	if n != 6 {
		t.Errorf("%d of 6 mints were counted", n)
	}
	// E-04: what cannot be counted is not minted.
	must(t, s.redis.Close())
	if status := mint(b.sessionID, cookie); status != http.StatusServiceUnavailable {
		t.Errorf("without Redis: status %d, want 503", status)
	}
}

// E-02: reads are counted in the trip that finds the client, whatever they come to, and
// one that has no room is refused. E-04: without Redis none is answered.
func TestReadsAreCounted(t *testing.T) {
	s := onServers(t)
	b := s.browser().signUp("jane@example.com")
	address := "192.0.2.1"
	read := func(path, cookie string) (status int, retryAfter string) {
		r := httptest.NewRequest(http.MethodGet, publicURL+path, nil)
		r.Header.Set("Test-Address", address)
		r.Header.Set("Cookie", "__client="+cookie)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Code, w.Header().Get("Retry-After")
	}
	cookie := b.cookies["__client"]
	me := "/v1/me?_clerk_session_id="
	calls := []struct {
		name, path, cookie string
		status             int
	}{
		{"signed in", "/v1/client", cookie, 200},
		{"unknown cookie", "/v1/client", madeUpCookie, 200},
		{"malformed cookie", "/v1/client", "x", 200},
		{"no cookie", "/v1/client", "", 200},
		{"me", me + b.sessionID, cookie, 200},
		{"me, no session", "/v1/me", cookie, 401},
		{"me, two sessions", me + b.sessionID + "&_clerk_session_id=" + b.sessionID, cookie, 400},
		{"me, unknown session", me + noSession, cookie, 401},
		{"me, unknown cookie", me + b.sessionID, madeUpCookie, 401},
		{"me, no cookie", me + b.sessionID, "", 401},
		{"native", "/v1/client?_is_native=1", cookie, 400},
	}
	for n, call := range calls {
		status, _ := read(call.path, call.cookie)
		if status != call.status {
			t.Errorf("%s: status %d, want %d", call.name, status, call.status)
		}
		got, err := s.config.Limits.CountIn(t.Context(), "fapi:other:"+address, 10*time.Second, s.clock.Now())
		must(t, err)
		if got != n+1 {
			t.Fatalf("%s: %d were counted, want %d", call.name, got, n+1)
		}
	}
	for range 300 - len(calls) {
		read("/v1/client", "")
	}
	for _, call := range calls {
		if status, retryAfter := read(call.path, call.cookie); status != http.StatusTooManyRequests || retryAfter == "" {
			t.Errorf("%s without room: status %d, Retry-After %q", call.name, status, retryAfter)
		}
	}
	must(t, s.redis.Close())
	for _, call := range calls {
		if status, retryAfter := read(call.path, call.cookie); status != http.StatusServiceUnavailable || retryAfter == "" {
			t.Errorf("%s without Redis: status %d, Retry-After %q", call.name, status, retryAfter)
		}
	}
}
