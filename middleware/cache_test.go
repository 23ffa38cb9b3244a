package middleware_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers kept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A kept token takes no more than 2 KiB, however long the header was that it came in.
func TestCacheEntrySize(t *testing.T) {
	const tokens = 2000
	c := newClock()
	m := newMiddleware(t, c, nil)
	before := heap()
	size := 0
	for i := range tokens {
		token := c.token(fmt.Sprintf("2aBcDeFgHiJkLmNoPqR%07d", i), "azp", "https://app.example.com", "jti", fmt.Sprintf("%032x", i),
			"fea", "u:dashboard,o:teams", "o", map[string]any{"id": "org_2aBcDeFgHiJkLmNoPqRsTuVwXyZ", "rol": "admin", "per": "read,manage", "slg": "example"})
		size = len(token)
		r := request("Cookie: other=" + strings.Repeat("x", 16<<10) + "; __session=" + token)
		if a := m.Auth(r); !a.IsAuthenticated {
			t.Fatalf("token %d: %+v", i, a)
		}
	}
	each := (heap() - before) / tokens
	t.Logf("%d bytes for a token of %d", each, size)
	if each > 2048 {
		t.Errorf("a kept token of %d bytes takes %d, want at most 2048", size, each)
	}
	runtime.KeepAlive(m)
}

// The bound on entries is one on bytes: of large tokens fewer are kept.
func TestCacheIsBoundedInBytes(t *testing.T) {
	const entries = 70
	c := newClock()
	set := newKeys(t, ours)
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Verifier, cfg.CacheEntries = newVerifier(t, set, c), entries })
	large := func(i, n int) *http.Request {
		return request("Authorization: Bearer " + c.token(fmt.Sprintf("u%d", i), "data", strings.Repeat("x", n)))
	}
	before := heap()
	for i := range 10 * entries {
		m.Auth(large(i, 4000))
	}
	if got := heap() - before; got > entries*2048 {
		t.Errorf("%d entries take %d bytes, want at most %d", entries, got, entries*2048)
	}
	// The last large one is kept, and small ones find room beside it.
	set.asked.Store(0)
	m.Auth(large(10*entries-1, 4000))
	if n := set.asked.Load(); n != 0 {
		t.Errorf("the last token was verified %d more times, want 0", n)
	}
	runtime.KeepAlive(m)
}

// A flood of tokens that do not verify evicts no good one and takes no lock.
func TestFloodEvictsNothing(t *testing.T) {
	c := newClock()
	set := newKeys(t, ours)
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Verifier, cfg.CacheEntries = newVerifier(t, set, c), 700 })
	var good []*http.Request
	for i := range 100 {
		good = append(good, request("Authorization: Bearer "+c.token(fmt.Sprintf("u%d", i))))
		m.Auth(good[i])
	}
	set.asked.Store(0)
	unlock := m.LockCache()
	defer unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		signature := good[0].Header.Get("Authorization")[len(good[0].Header.Get("Authorization"))-40:]
		for i := range 2000 {
			token := c.token(fmt.Sprintf("f%d", i))
			m.Auth(request("Authorization: Bearer " + token[:len(token)-40] + signature))
			m.Auth(request("Authorization: Bearer " + c.expired(fmt.Sprintf("f%d", i))))
		}
		if n := set.asked.Swap(0); n != 4000 {
			t.Errorf("%d of 4000 bad tokens were verified", n)
		}
		for i, r := range good {
			if a := m.Auth(r); a.UserID != fmt.Sprintf("user_u%d", i) {
				t.Errorf("good token %d: %+v", i, a)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("a lookup or a refusal waits for the lock of the cache")
	}
	if n := set.asked.Load(); n != 0 {
		t.Errorf("%d of 100 good tokens had to be verified again", n)
	}
}

// What the handler gets from the cache is what the verifier said.
func TestCacheKeepsEverything(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	r := request("Authorization: Bearer " + c.token("a", "azp", "https://app.example.com", "jti", "7", "fva", []int{1, 2},
		"act", map[string]any{"sub": "user_admin"}, "own", "claim"))
	first, second := m.Auth(r), m.Auth(r)
	if first.Claims == second.Claims {
		t.Fatal("the second answer is not from the cache")
	}
	want, got := fmt.Sprintf("%+v %+v", withoutClaims(first), *first.Claims), fmt.Sprintf("%+v %+v", withoutClaims(second), *second.Claims)
	if got != want {
		t.Errorf("from the cache: %s\nfrom the verifier: %s", got, want)
	}
}

func withoutClaims(a auth.Auth) auth.Auth {
	a.Claims = nil
	return a
}
