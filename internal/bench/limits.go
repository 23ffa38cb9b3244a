package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
	"github.com/gatehouse-dev/gatehouse/session"
)

// goal is what a comparison should come to. The zero goal is none.
type goal struct {
	ratio float64 // at most, f against base
	nanos float64 // at most, f longer than base
	least float64 // at least, f against base
}

func (g goal) String() string {
	switch {
	case g.nanos > 0:
		return fmt.Sprintf("≤ +%.0f ns", g.nanos)
	case g.least > 0:
		return fmt.Sprintf("≥ %.0f", g.least)
	case g.ratio > 0:
		return fmt.Sprintf("≤ %.2f", g.ratio)
	}
	return ""
}

// met says whether the goal was reached, "" if there is none.
func (g goal) met(r figures) string {
	var ok bool
	switch {
	case g.nanos > 0:
		ok = r.more() <= g.nanos
	case g.least > 0:
		ok = r.ratio >= g.least
	case g.ratio > 0:
		ok = r.ratio <= g.ratio
	default:
		return ""
	}
	if ok {
		return "yes"
	}
	return "no"
}

func atMost(ratio float64) goal { return goal{ratio: ratio} }

type floorKey struct{}

// floor is what no middleware can do without: putting a value into a request's
// context, and reading it in the handler.
func (s *suite) floor() http.Handler {
	someone := &auth.Auth{UserID: "user_a"}
	var next http.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		a, _ := r.Context().Value(floorKey{}).(*auth.Auth)
		s.saw(a.UserID)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), floorKey{}, someone)))
	})
}

// listHits compares what a token costs that was seen before.
func (s *suite) listHits() error {
	before := heap()
	plain, err := s.warm(nil)
	if err != nil {
		return err
	}
	s.tokenSize, s.entrySize = len(s.rs.token()), (heap()-before)/inTurn
	svc, err := newService(s.ctx, s.key, revokedSessions)
	if err != nil {
		return err
	}
	s.closed = append(s.closed, svc.close)
	revoking, err := s.warm(svc)
	if err != nil {
		return err
	}
	floor := s.on(s.floor(), s.rs.hot)
	hot := s.on(plain.Authenticate(reads(s.saw)), s.rs.hot)
	hotRevoking := s.on(revoking.Authenticate(reads(s.saw)), s.rs.hot)
	bare := s.on(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { s.saw("") }), s.rs.hot)

	s.add("injection floor", "bare handler", goal{}, bare, floor)
	s.add("hot", "injection floor", atMost(2.2), floor, hot)
	s.add("hot, Require", "injection floor", atMost(2.2), floor, s.on(plain.Require(reads(s.saw)), s.rs.hot))
	s.add("hot, a browser's 14 headers", "injection floor", goal{}, floor, s.on(plain.Authenticate(reads(s.saw)), fromBrowser(s.rs.hot)))
	s.add("hot, direct Auth(r)", "hot", atMost(0.6), hot, func() { s.saw(plain.Auth(s.rs.hot).UserID) })
	s.add("hot, cookie", "hot", goal{nanos: 100}, hot, s.on(plain.Authenticate(reads(s.saw)), s.rs.cookie))
	s.add(fmt.Sprintf("hot, %d revocations", revokedSessions), "hot", atMost(1.10), hot, hotRevoking)
	s.addInTurn(fmt.Sprintf("%d in turn", inTurn), "injection floor", atMost(5), floor, s.inTurn(plain.Authenticate(reads(s.saw))))
	s.addInTurn(fmt.Sprintf("%d in turn, %d revocations", inTurn, revokedSessions), "injection floor", goal{}, floor, s.inTurn(revoking.Authenticate(reads(s.saw))))
	// The tokens of this case lie cold in memory, where a server has just read them. What
	// that costs shows in a floor that reads them too.
	s.add("floor that reads the token, in turn", "injection floor", goal{}, floor, s.inTurn(readingToken(s.floor())))
	s.addInTurn(fmt.Sprintf("%d in turn, having read the token", inTurn), "floor that reads the token, in turn", goal{},
		s.inTurn(readingToken(s.floor())), s.inTurn(readingToken(plain.Authenticate(reads(s.saw)))))
	return s.listOtter(plain, hot, s.inTurn(plain.Authenticate(reads(s.saw))))
}

// heap is how many bytes are in use.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers kept
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// readingToken reads a token's memory before next does.
func readingToken(next http.Handler) http.Handler {
	var sum byte
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header["Authorization"][0]
		for i := 0; i < len(token); i += 32 {
			sum += token[i]
		}
		next.ServeHTTP(w, r)
	})
}

// warm returns a middleware that has seen every good token.
func (s *suite) warm(revocations auth.Revocations) (*middleware.Middleware, error) {
	m, err := ours(s.key, 0, revocations)
	if err != nil {
		return nil, err
	}
	refused := 0
	h := m.Authenticate(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if !auth.FromContext(r.Context()).IsAuthenticated {
			refused++
		}
	}))
	all(s.inTurn(h))()
	h.ServeHTTP(s.w, s.rs.hot)
	h.ServeHTTP(s.w, s.rs.cookie)
	if refused > 0 {
		return nil, fmt.Errorf("%d good tokens were refused", refused)
	}
	return m, nil
}

// listOtter compares with the least middleware that keeps verified tokens in otter:
// no cookies, no header rules, no revocations.
func (s *suite) listOtter(m *middleware.Middleware, hot, turns func()) error {
	v, err := newVerifier(s.key)
	if err != nil {
		return err
	}
	cache, err := otter.New(&otter.Options[string, *auth.Auth]{MaximumSize: 32768})
	if err != nil {
		return err
	}
	protected := reads(s.saw)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		a, ok := cache.GetIfPresent(token)
		if !ok || time.Now().Unix() >= a.Claims.ExpiresAt {
			var err error
			if a, err = v.Verify(r.Context(), token); err != nil {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			cache.Set(strings.Clone(token), a) // not the memory of the request
		}
		protected.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), a)))
	})
	all(s.inTurn(h))()
	direct := func(r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if a, ok := cache.GetIfPresent(token); ok && time.Now().Unix() < a.Claims.ExpiresAt {
			s.saw(a.UserID)
		}
	}
	s.add("least check on otter, hot", "hot, direct Auth(r)", goal{}, func() { s.saw(m.Auth(s.rs.hot).UserID) }, func() { direct(s.rs.hot) })
	s.add("least middleware on otter, hot", "hot", goal{}, hot, s.on(h, s.rs.hot))
	s.addInTurn(fmt.Sprintf("least middleware on otter, %d in turn", inTurn), fmt.Sprintf("%d in turn", inTurn), goal{}, turns, s.inTurn(h))
	last := s.limits[len(s.limits)-1]
	last.before = func() { all(turns)(); all(last.f)() }
	return nil
}

// listFirstSeen compares what a token costs that has to be verified with the bare
// check of its signature.
func (s *suite) listFirstSeen() error {
	for _, algorithm := range []string{auth.RS256, auth.ES256, auth.EdDSA} {
		k, rs := s.key, s.rs
		limit := atMost(1.10)
		if algorithm != auth.RS256 {
			limit = atMost(1.05)
			var err error
			if k, err = newIssuerKey(algorithm); err != nil {
				return err
			}
			if rs, err = newRequests(k, 1); err != nil {
				return err
			}
		}
		m, err := ours(k, -1, nil)
		if err != nil {
			return err
		}
		raw, err := k.rawVerify(rs.token())
		if err != nil {
			return err
		}
		v, err := newVerifier(k)
		if err != nil {
			return err
		}
		token := rs.token()
		s.add("Verify "+algorithm, "raw verify", limit, raw, func() {
			a, err := v.Verify(s.ctx, token)
			if err != nil {
				panic(err)
			}
			s.saw(a.UserID)
		})
		s.add("first-seen "+algorithm, "raw verify", goal{}, raw, s.on(m.Authenticate(reads(s.saw)), rs.hot))
		if algorithm != auth.RS256 {
			continue
		}
		small, err := ours(k, 8, nil) // so that each token evicts another
		if err != nil {
			return err
		}
		cached, err := s.warm(nil)
		if err != nil {
			return err
		}
		s.add("first-seen RS256, insert and evict", "raw verify", atMost(1.18), raw, s.inTurn(small.Authenticate(reads(s.saw))))
		s.add("forged RS256", "raw verify", atMost(1.10), raw, s.on(cached.Require(reads(s.saw)), rs.forged))
		s.add("expired RS256", "raw verify", atMost(1.10), raw, s.on(cached.Require(reads(s.saw)), rs.expired))
	}
	return nil
}

// listMints compares minting with the bare signature.
func (s *suite) listMints() error {
	for _, algorithm := range []string{session.RS256, session.ES256, session.EdDSA} {
		limit := atMost(1.10)
		if algorithm == session.RS256 {
			limit = atMost(1.02)
		}
		k, err := newIssuerKey(algorithm)
		if err != nil {
			return err
		}
		svc, err := newService(s.ctx, k, 0)
		if err != nil {
			return err
		}
		s.closed = append(s.closed, svc.close)
		now := time.Now()
		ss := session.Session{
			ID: session.NewSessionID("user_2aBcDeFgHiJkLmNoPqR0000000"), UserID: "user_2aBcDeFgHiJkLmNoPqR0000000",
			Status: session.StatusActive, FirstFactorAt: now, CreatedAt: now, UpdatedAt: now, LastActiveAt: now,
			ExpireAt: now.Add(24 * time.Hour), AbandonAt: now.Add(30 * 24 * time.Hour),
		}
		s.add("mint "+algorithm, "raw sign", limit, k.rawSign(), func() {
			ss.Version++ // or the last token would be handed out again
			if _, err := svc.Token(s.ctx, ss, "https://app.example.com"); err != nil {
				panic(errors.Join(errors.New("mint"), err))
			}
		})
	}
	return nil
}
