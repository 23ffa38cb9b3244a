// Package clientip says which address a request comes from: the peer's, or the
// one that trusted reverse proxies vouch for.
package clientip

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Resolver finds the address of the client behind a request. Its zero value
// trusts no proxy. It is safe for concurrent use.
type Resolver struct {
	trusted []netip.Prefix
}

// NewResolver returns a Resolver that believes X-Forwarded-For as far as the
// given proxies wrote it. Each is an address ("10.0.0.7") or a network in CIDR
// notation ("10.0.0.0/8"). The error names the one that is neither.
func NewResolver(trustedProxies []string) (*Resolver, error) {
	r := &Resolver{}
	for _, text := range trustedProxies {
		p, err := parsePrefix(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q is neither an address nor a network", text)
		}
		r.trusted = append(r.trusted, p)
	}
	return r, nil
}

// parsePrefix reads an address or a network, and unmaps IPv4 in IPv6.
func parsePrefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = canonical(a)
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, fmt.Errorf("network is wider than IPv4")
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// Addr returns the client's address in canonical form: without zone, IPv4
// written as IPv4. That is the peer's address or, where the peer is a trusted
// proxy, the right-most address in X-Forwarded-For that is none: everything
// left of it is the client's own claim. An entry that is no address
// ends the search at the hop that wrote it. The zero Addr means that the peer's
// address is unknown.
func (r *Resolver) Addr(req *http.Request) netip.Addr {
	addr := parseHop(req.RemoteAddr)
	if !r.trusts(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(req.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := parseHop(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			return addr
		}
		addr = hop
		if !r.trusts(hop) {
			break
		}
	}
	return addr
}

// Key returns what limits and locks of a client are counted under: the IPv4
// address, or the /64 network of an IPv6 address, since whoever has one such
// address has 2^64 of them. "" means unknown.
func (r *Resolver) Key(req *http.Request) string {
	addr := r.Addr(req)
	switch {
	case !addr.IsValid():
		return ""
	case addr.Is4():
		return addr.String()
	default:
		return netip.PrefixFrom(addr, 64).Masked().String()
	}
}

func (r *Resolver) trusts(a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	for _, p := range r.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// parseHop reads an address with or without port, as proxies write both.
func parseHop(text string) netip.Addr {
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return canonical(a)
	}
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return canonical(ap.Addr())
	}
	return netip.Addr{}
}

func canonical(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
