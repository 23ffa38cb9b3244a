package jwks_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
)

func newKey(t testing.TB, kid string) auth.Key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k, err := auth.NewKey(kid, &private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// server is the far side of a Set. It answers without a network, so that the
// clock of synctest rules.
type server struct {
	mu     sync.Mutex
	body   string
	status int           // 0 means 200
	delay  time.Duration // before the answer
	asked  atomic.Int64
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked.Add(1)
	s.mu.Lock()
	body, status, delay := s.body, s.status, s.delay
	s.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if status == 0 {
		status = http.StatusOK
	}
	header := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (s *server) serve(t testing.TB, keys ...auth.Key) {
	t.Helper()
	b, err := jwks.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	s.set(func() { s.body, s.status, s.delay = string(b), 0, 0 })
}

func (s *server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func newSet(t testing.TB, s *server, change func(*jwks.Config)) *jwks.Set {
	t.Helper()
	cfg := jwks.Config{URL: "https://clerk.example.com/.well-known/jwks.json", HTTPClient: &http.Client{Transport: s}}
	if change != nil {
		change(&cfg)
	}
	set, err := jwks.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (s *server) expect(t *testing.T, n int64) {
	t.Helper()
	if got := s.asked.Load(); got != n {
		t.Errorf("%d requests so far, want %d", got, n)
	}
}

func find(t *testing.T, set *jwks.Set, kid string, want error) {
	t.Helper()
	k, err := set.Key(t.Context(), kid)
	if !errors.Is(err, want) || (err == nil) != (want == nil) {
		t.Errorf("Key(%s) = %v, want %v", kid, err, want)
	}
	if err == nil && k.ID != kid {
		t.Errorf("Key(%s) has the kid %s", kid, k.ID)
	}
}

func TestSetFetchesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		s.serve(t, newKey(t, "a"), newKey(t, "b"))
		set := newSet(t, s, nil)
		s.expect(t, 0)
		s.set(func() { s.delay = time.Second })
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { find(t, set, "a", nil) })
		}
		wg.Wait()
		find(t, set, "b", nil)
		s.expect(t, 1)
	})
}

// T-21: unknown kids lead to one request in 30 s.
func TestSetUnknownKids(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		s.serve(t, newKey(t, "a"))
		set := newSet(t, s, nil)
		find(t, set, "a", nil)
		time.Sleep(30 * time.Second)
		var wg sync.WaitGroup
		for i := range 1000 {
			wg.Go(func() { find(t, set, fmt.Sprintf("random%d", i), auth.ErrUnknownKey) })
		}
		wg.Wait()
		s.expect(t, 2)

		// A new key is seen once the time is over, and not before.
		s.serve(t, newKey(t, "a"), newKey(t, "new"))
		time.Sleep(29 * time.Second)
		find(t, set, "new", auth.ErrUnknownKey)
		s.expect(t, 2)
		time.Sleep(time.Second)
		find(t, set, "new", nil)
		s.expect(t, 3)
	})
}

// T-21: also while the server is away, though there were keys before.
func TestSetUnknownKidsServerAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		s.serve(t, newKey(t, "a"))
		set := newSet(t, s, nil)
		find(t, set, "a", nil)
		s.set(func() { s.status = 500 })
		for range 60 {
			time.Sleep(time.Second)
			find(t, set, "b", auth.ErrUnknownKey)
		}
		s.expect(t, 3)
	})
}

func TestSetRefreshesInBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		s.serve(t, newKey(t, "a"))
		set := newSet(t, s, nil)
		find(t, set, "a", nil)

		s.serve(t, newKey(t, "b"))
		s.set(func() { s.delay = 2 * time.Second })
		time.Sleep(5 * time.Minute)
		start := time.Now()
		find(t, set, "a", nil) // five minutes old: good for now
		if waited := time.Since(start); waited != 0 {
			t.Errorf("a request waited %v for newer keys", waited)
		}
		time.Sleep(3 * time.Second)
		s.expect(t, 2)
		find(t, set, "b", nil)
		find(t, set, "a", auth.ErrUnknownKey) // a key that was taken out is gone
	})
}

func TestSetKeepsLastGoodKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		s.serve(t, newKey(t, "a"))
		set := newSet(t, s, nil)
		find(t, set, "a", nil)
		s.set(func() { s.body = "<html>" })
		time.Sleep(time.Hour - time.Second)
		find(t, set, "a", nil)
		time.Sleep(time.Second)
		find(t, set, "a", auth.ErrKeysUnavailable)
		s.serve(t, newKey(t, "a"))
		time.Sleep(30 * time.Second)
		find(t, set, "a", nil)
	})
}

// without keys nobody passes, and the wait for them grows.
func TestSetWithoutKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{status: 503}
		set := newSet(t, s, nil)
		for range 31 { // tries at 0, 1, 3, 7, 15 s and not before 31
			find(t, set, "a", auth.ErrKeysUnavailable)
			time.Sleep(time.Second)
		}
		s.expect(t, 5)
		s.serve(t, newKey(t, "a"))
		find(t, set, "a", nil)
		s.expect(t, 6)
	})
}

func TestSetCancelledRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		s.serve(t, newKey(t, "a"))
		s.set(func() { s.delay = 2 * time.Second })
		set := newSet(t, s, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := set.Key(ctx, "a"); !errors.Is(err, auth.ErrKeysUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Key = %v", err)
		}
		find(t, set, "a", nil) // the fetch went on for the others
		s.expect(t, 1)
	})
}

func TestSetTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{delay: time.Hour}
		set := newSet(t, s, nil)
		start := time.Now()
		find(t, set, "a", auth.ErrKeysUnavailable)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("gave up after %v, want 3 s", took)
		}
	})
}

func TestSetRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{status: 500}
		set := newSet(t, s, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- set.Run(ctx) }()
		time.Sleep(500 * time.Millisecond)
		s.expect(t, 1)
		s.serve(t, newKey(t, "a"))
		time.Sleep(time.Second)
		s.expect(t, 2)
		time.Sleep(20 * time.Minute)
		s.expect(t, 6)
		find(t, set, "a", nil)
		s.expect(t, 6)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v", err)
		}
	})
}

// T-20: one kid on two servers is two keys.
func TestSetsAreApart(t *testing.T) {
	one, two := &server{}, &server{}
	k1, k2 := newKey(t, "ins_1"), newKey(t, "ins_1")
	one.serve(t, k1)
	two.serve(t, k2)
	a, b := newSet(t, one, nil), newSet(t, two, nil)
	ka, _ := a.Key(t.Context(), "ins_1")
	kb, _ := b.Key(t.Context(), "ins_1")
	if !k1.Public.(*ecdsa.PublicKey).Equal(ka.Public) || !k2.Public.(*ecdsa.PublicKey).Equal(kb.Public) {
		t.Error("a key of one server in the set of the other")
	}
}

// T-22: where keys come from.
func TestNewURL(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://clerk.example.com/jwks":       true,
		"http://localhost:8080/jwks":           true,
		"http://127.0.0.1:8080/jwks":           true,
		"http://[::1]/jwks":                    true,
		"http://clerk.example.com/jwks":        false,
		"http://localhost.evil.example/jwks":   false,
		"http://127.0.0.1.evil.example/jwks":   false,
		"ftp://localhost/jwks":                 false,
		"file:///etc/passwd":                   false,
		"/jwks":                                false,
		"https:///jwks":                        false,
		"https://user:pass@clerk.example.com/": false,
		"":                                     false,
		"https://%zz/":                         false,
	} {
		if _, err := jwks.New(jwks.Config{URL: url}); (err == nil) != ok {
			t.Errorf("New(%q) = %v, want ok %t", url, err, ok)
		}
	}
	if _, err := jwks.New(jwks.Config{URL: "https://a/", MaxStale: time.Minute}); err == nil {
		t.Error("MaxStale below RefreshInterval is accepted")
	}
	if _, err := jwks.New(jwks.Config{URL: "https://a/", Timeout: -1}); err == nil {
		t.Error("a negative Timeout is accepted")
	}
}

// T-22: no redirect leads to another host.
func TestSetRedirects(t *testing.T) {
	k := newKey(t, "a")
	body, err := jwks.Marshal([]auth.Key{k})
	if err != nil {
		t.Fatal(err)
	}
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		_, _ = w.Write(body)
	}))
	defer other.Close()
	mux := http.NewServeMux()
	mux.Handle("/away", http.RedirectHandler(other.URL+"/jwks", http.StatusFound))
	mux.Handle("/near", http.RedirectHandler("/jwks", http.StatusFound))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
	home := httptest.NewServer(mux)
	defer home.Close()
	for path, want := range map[string]error{"/jwks": nil, "/near": nil, "/away": auth.ErrKeysUnavailable, "/loop": auth.ErrKeysUnavailable} {
		set, err := jwks.New(jwks.Config{URL: home.URL + path})
		if err != nil {
			t.Fatal(err)
		}
		find(t, set, "a", want)
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

func TestSetBounds(t *testing.T) {
	keys := []auth.Key{}
	for i := range 17 {
		keys = append(keys, newKey(t, fmt.Sprintf("k%d", i)))
	}
	body, _ := jwks.Marshal(keys[:16])
	for name, test := range map[string]struct {
		set  func(s *server)
		want error
	}{
		"16_keys":      {func(s *server) { s.serve(t, keys[:16]...) }, nil},
		"17_keys":      {func(s *server) { s.serve(t, keys...) }, auth.ErrKeysUnavailable},
		"64_KiB":       {func(s *server) { s.body = string(body) + strings.Repeat(" ", 64<<10-len(body)) }, nil},
		"above_64_KiB": {func(s *server) { s.body = string(body) + strings.Repeat(" ", 64<<10-len(body)+1) }, auth.ErrKeysUnavailable},
		"status_404":   {func(s *server) { s.serve(t, keys[0]); s.status = 404 }, auth.ErrKeysUnavailable},
		"status_203":   {func(s *server) { s.serve(t, keys[0]); s.status = 203 }, auth.ErrKeysUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{}
			test.set(s)
			find(t, newSet(t, s, nil), "k0", test.want)
		})
	}
}
