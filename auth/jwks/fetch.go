package jwks

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// snapshot is what one fetch brought. A nil snapshot has nothing.
type snapshot struct {
	keys    map[string]auth.Key
	fetched time.Time
}

func (s *snapshot) usable(now time.Time, maxStale time.Duration) bool {
	return s != nil && now.Sub(s.fetched) < maxStale
}

func (s *snapshot) find(kid string, now time.Time, maxStale time.Duration) (auth.Key, bool) {
	if !s.usable(now, maxStale) {
		return auth.Key{}, false
	}
	k, ok := s.keys[kid]
	return k, ok
}

// lost reports whether a key is missing among now, or another one.
func (s *snapshot) lost(now map[string]auth.Key) bool {
	if s == nil {
		return false
	}
	for kid, k := range s.keys {
		is, ok := now[kid]
		if public, comparable := k.Public.(interface{ Equal(crypto.PublicKey) bool }); !ok || !comparable || !public.Equal(is.Public) {
			return true
		}
	}
	return false
}

// state is what changes about a Set.
type state struct {
	keys     atomic.Pointer[snapshot]
	removals atomic.Uint64

	mu       sync.Mutex
	running  *flight   // the fetch under way, nil if none
	tried    time.Time // when the last fetch began
	failures int       // in a row
}

// flight is one fetch, shared by all who want one.
type flight struct{ done chan struct{} }

// begin returns the fetch under way, or starts one unless it is too early (T-21).
// It then returns nil, which serves as the negative entry of every unknown kid.
func (s *Set) begin(now time.Time) *flight {
	st := &s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.running != nil {
		return st.running
	}
	if !st.tried.IsZero() && now.Sub(st.tried) < s.wait(now) {
		return nil
	}
	f := &flight{done: make(chan struct{})}
	st.running, st.tried = f, now
	go s.fly(f) // ends by itself within Timeout
	return f
}

// wait is the shortest time between two fetches: MinInterval, but while there are
// no usable keys at all it grows from one second to that, so that a server that
// comes up late is soon found. The caller holds mu.
func (s *Set) wait(now time.Time) time.Duration {
	n := s.state.failures
	if n == 0 || n > 16 || s.state.keys.Load().usable(now, s.cfg.MaxStale) {
		return s.cfg.MinInterval
	}
	return min(time.Second<<(n-1), s.cfg.MinInterval)
}

// pause is how long Run waits.
func (s *Set) pause(now time.Time) time.Duration {
	st := &s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.failures > 0 {
		return s.wait(now)
	}
	return max(st.tried.Add(s.cfg.RefreshInterval).Sub(now), time.Millisecond)
}

// fly fetches, keeps the keys if they are good, and else the ones there are.
func (s *Set) fly(f *flight) {
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Timeout)
	defer cancel()
	keys, err := s.fetch(ctx)
	if err != nil {
		s.cfg.Logger.WarnContext(ctx, "key set not fetched", "url", s.cfg.URL, "err", err)
	}
	st := &s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	if err != nil {
		st.failures++
	} else {
		st.failures = 0
		old := st.keys.Swap(&snapshot{keys: keys, fetched: s.cfg.Now()})
		if old.lost(keys) { // counted once Key says so, see auth.RemovalCounter
			st.removals.Add(1)
		}
	}
	st.running = nil
	close(f.done)
}

func (s *Set) fetch(ctx context.Context) (keys map[string]auth.Key, err error) {
	defer func() { // what a server sends must not end the app (T-23)
		if v := recover(); v != nil {
			err = fmt.Errorf("fetch key set: panic: %v", v)
		}
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cfg.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch key set: %w", err)
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch key set: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch key set: status %d", resp.StatusCode)
	}
	if kind := resp.Header.Get("Content-Type"); !isJSON(kind) {
		return nil, fmt.Errorf("fetch key set: content type %.64q", kind)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, s.cfg.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("fetch key set: %w", err)
	}
	if int64(len(body)) > s.cfg.MaxBytes {
		return nil, fmt.Errorf("fetch key set: more than %d bytes", s.cfg.MaxBytes)
	}
	list, err := Parse(body, s.cfg.MaxKeys)
	if err != nil {
		return nil, fmt.Errorf("fetch key set: %w", err)
	}
	keys = make(map[string]auth.Key, len(list))
	for _, k := range list {
		keys[k.ID] = k
	}
	return keys, nil
}

// isJSON reports whether a content type is application/json or one like
// application/jwk-set+json (RFC 7517 §8.5.2, RFC 6839 §3.1).
func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

// newClient returns a copy of c that stays with the host of home (T-22).
func newClient(c *http.Client, home *url.URL) *http.Client {
	own := http.Client{}
	if c != nil {
		own = *c
	}
	own.Jar = nil
	own.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if req.URL.Scheme != home.Scheme || req.URL.Host != home.Host {
			return errors.New("redirect to another host")
		}
		if len(via) >= 3 {
			return errors.New("too many redirects")
		}
		return nil
	}
	return &own
}
