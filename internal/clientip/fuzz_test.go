package clientip_test

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/clientip"
)

// whatever the header says, the address is canonical, and a peer that is no trusted
// proxy is its own.
func FuzzAddr(f *testing.F) {
	f.Add("10.0.0.1:80", "203.0.113.9, 10.0.0.2")
	f.Add("[::ffff:10.0.0.1]:80", "::ffff:203.0.113.9")
	f.Add("[fe80::1%eth0]:1", "[2001:db8::1]:443")
	f.Add("192.0.2.1:1", "10.0.0.1")
	f.Add("@", ",,,")
	f.Add("10.0.0.1", "fe80::1%25lo, [::1")
	r, err := clientip.NewResolver([]string{"10.0.0.0/8"})
	if err != nil {
		f.Fatal(err)
	}
	nobody := &clientip.Resolver{}
	proxies := netip.MustParsePrefix("10.0.0.0/8")
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		req := httptest.NewRequest("GET", "/", nil)
		req.RemoteAddr = peer
		req.Header.Set("X-Forwarded-For", forwarded)
		got, own := r.Addr(req), nobody.Addr(req)
		if got.Is4In6() || got.Zone() != "" {
			t.Fatalf("%q behind %q is %s", forwarded, peer, got)
		}
		if !proxies.Contains(own) && got != own {
			t.Fatalf("%q of %q, which is no proxy, is believed: %s", forwarded, peer, got)
		}
		if got.IsValid() != (r.Key(req) != "") {
			t.Fatalf("%s has the key %q", got, r.Key(req))
		}
	})
}
