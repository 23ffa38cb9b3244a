package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// comparison is a pair with a name and, where there is one, a goal.
type comparison struct {
	name    string // what is measured
	against string // the base
	goal    goal
	pair
	// before, unless nil, runs before each round: kept tokens live for a minute.
	before func()

	rounds        []figures
	result        figures
	allocs, bytes float64
}

// suite is everything that runs in this process.
type suite struct {
	ctx     context.Context
	key     *issuerKey
	rs      *requests
	w       http.ResponseWriter
	subject string // what the last handler saw

	limits []*comparison
	peers  []*peerRow
	closed []func()

	tokenSize int // bytes of one token
	entrySize int // bytes that the middleware keeps for it
}

// newSuite prepares the fixtures and lists the comparisons whose name matches only.
func newSuite(ctx context.Context, only *regexp.Regexp) (*suite, error) {
	s := &suite{ctx: ctx, w: &nullWriter{header: http.Header{}}}
	var err error
	if s.key, err = newIssuerKey(auth.RS256); err != nil {
		return nil, err
	}
	if s.rs, err = newRequests(s.key, inTurn); err != nil {
		return nil, err
	}
	for _, list := range []func() error{s.listHits, s.listFirstSeen, s.listMints, s.listPeers} {
		if err := list(); err != nil {
			s.close()
			return nil, err
		}
	}
	s.keep(only)
	return s, nil
}

func (s *suite) close() {
	for _, f := range s.closed {
		f()
	}
}

func (s *suite) saw(subject string) { s.subject = subject }

// add lists a comparison of f with base.
func (s *suite) add(name, against string, g goal, base, f func()) {
	s.limits = append(s.limits, &comparison{name: name, against: against, goal: g, pair: pair{base, f}})
}

// on returns a run of h with r.
func (s *suite) on(h http.Handler, r *http.Request) func() {
	return func() { h.ServeHTTP(s.w, r) }
}

// addInTurn is add for an f that has its next token in each run, seen before each round.
func (s *suite) addInTurn(name, against string, g goal, base, f func()) {
	s.add(name, against, g, base, f)
	s.limits[len(s.limits)-1].before = all(f)
}

// all returns what runs f for every token that comes in turn.
func all(f func()) func() {
	return func() {
		for range inTurn {
			f()
		}
	}
}

// inTurn returns a run of h with the next of many tokens.
func (s *suite) inTurn(h http.Handler) func() {
	r, i := request(), 0
	return func() {
		r.Header["Authorization"] = s.rs.inTurn[i]
		h.ServeHTTP(s.w, r)
		if i++; i == len(s.rs.inTurn) {
			i = 0
		}
	}
}

// keep drops what was not asked for.
func (s *suite) keep(only *regexp.Regexp) {
	var limits []*comparison
	for _, c := range s.limits {
		if only.MatchString(c.name + " / " + c.against) {
			limits = append(limits, c)
		}
	}
	var peers []*peerRow
	for _, p := range s.peers {
		if only.MatchString(p.name) {
			peers = append(peers, p)
		}
	}
	s.limits, s.peers = limits, peers
}

func (s *suite) all() []*comparison {
	all := append([]*comparison(nil), s.limits...)
	for _, p := range s.peers {
		all = append(all, p.cases()...)
	}
	return all
}

// run takes every comparison through all rounds, each round in the same order, so
// that what the machine does meanwhile hits all alike. It tells progress.
func (s *suite) run(rounds int, progress io.Writer) {
	all := s.all()
	for _, c := range all {
		c.allocs, c.bytes = allocated(c.f)
	}
	for n := range rounds {
		fmt.Fprintf(progress, "round %d of %d: %d pairs\n", n+1, rounds, len(all))
		for _, c := range all {
			if c.before != nil {
				c.before()
			}
			c.rounds = append(c.rounds, c.round())
		}
	}
	for _, c := range all {
		c.result = medians(c.rounds)
	}
}

// nullWriter drops the answer.
type nullWriter struct{ header http.Header }

func (w *nullWriter) Header() http.Header         { return w.header }
func (w *nullWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *nullWriter) WriteHeader(int)             {}
