package main

import (
	"fmt"
	"net/http"
)

// peerRow is one peer in all cases.
type peerRow struct {
	peer
	hot, verify, turns, forged, expired *comparison
}

func (p *peerRow) cases() []*comparison {
	var all []*comparison
	for _, c := range []*comparison{p.hot, p.verify, p.turns, p.forged, p.expired} {
		if c != nil {
			all = append(all, c)
		}
	}
	return all
}

// listPeers compares every peer with our hit and with the bare check of the signature.
func (s *suite) listPeers() error {
	m, err := s.warm(nil)
	if err != nil {
		return err
	}
	hot := s.on(m.Require(reads(s.saw)), s.rs.hot)
	raw, err := s.key.rawVerify(s.rs.token())
	if err != nil {
		return err
	}
	for _, p := range append([]peer{gatehousePeer, firstSeenPeer}, peers...) {
		h, err := p.protect(s.key, s.saw)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		against := func(base, f func()) *comparison { return &comparison{pair: pair{base, f}} }
		turns := against(raw, s.inTurn(h))
		turns.before = all(turns.f)
		s.peers = append(s.peers, &peerRow{
			peer:    p,
			hot:     against(hot, s.on(h, s.rs.hot)),
			verify:  against(raw, s.on(h, s.rs.hot)),
			turns:   turns,
			forged:  against(raw, s.on(h, s.rs.forged)),
			expired: against(raw, s.on(h, s.rs.expired)),
		})
	}
	return s.listSCS(hot)
}

// firstSeenPeer is ours without its cache.
var firstSeenPeer = peer{
	"gatehouse, no cache", "", "the same with CacheEntries: -1: every token is first-seen",
	func(k *issuerKey, saw func(string)) (http.Handler, error) {
		m, err := ours(k, -1, nil)
		if err != nil {
			return nil, err
		}
		return m.Require(reads(saw)), nil
	},
}
