package clientip_test

import (
	"net/http/httptest"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/clientip"
)

// the peer's address, or the right-most hop that no trusted proxy is.
func TestAddr(t *testing.T) {
	tests := []struct {
		name    string
		trusted []string
		peer    string
		forward []string
		want    string
	}{
		{"peer_without_proxy", nil, "192.0.2.1:1234", nil, "192.0.2.1"},
		{"header_of_untrusted_peer_is_ignored", nil, "192.0.2.1:1234", []string{"203.0.113.9"}, "192.0.2.1"},
		{"header_of_peer_outside_the_network_is_ignored", []string{"10.0.0.0/8"}, "11.0.0.1:1", []string{"203.0.113.9"}, "11.0.0.1"},
		{"one_proxy", []string{"10.0.0.1"}, "10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"client_writes_first_proxy_appends", []string{"10.0.0.1"}, "10.0.0.1:1", []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
		{"client_claims_a_trusted_address", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"10.9.9.9, 203.0.113.9"}, "203.0.113.9"},
		{"two_proxies", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"1.1.1.1, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"several_header_lines_are_one_list", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"1.1.1.1", "203.0.113.9"}, "203.0.113.9"},
		{"all_hops_trusted", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"no_header", []string{"10.0.0.1"}, "10.0.0.1:1", nil, "10.0.0.1"},
		{"garbage_ends_at_the_hop_that_wrote_it", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"1.1.1.1, evil, 10.0.0.2"}, "10.0.0.2"},
		{"hop_with_port", []string{"10.0.0.1"}, "10.0.0.1:1", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"IPv6_hop_with_port", []string{"10.0.0.1"}, "10.0.0.1:1", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"mapped_IPv4_is_IPv4", nil, "[::ffff:192.0.2.1]:1", nil, "192.0.2.1"},
		{"mapped_IPv4_proxy_is_trusted", []string{"10.0.0.0/8"}, "[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"proxy_given_as_mapped_network", []string{"::ffff:10.0.0.0/104"}, "10.1.2.3:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"zone_is_dropped", nil, "[fe80::1%eth0]:1", nil, "fe80::1"},
		{"unknown_peer", []string{"10.0.0.1"}, "@", []string{"203.0.113.9"}, "invalid IP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := clientip.NewResolver(tt.trusted)
			if err != nil {
				t.Fatal(err)
			}
			req := httptest.NewRequest("GET", "/", nil)
			req.RemoteAddr = tt.peer
			for _, v := range tt.forward {
				req.Header.Add("X-Forwarded-For", v)
			}
			// Neither a twin with underscores nor the headers of other proxies speak for the client.
			req.Header["X_forwarded_for"] = []string{"6.6.6.6"}
			req.Header.Set("X-Real-Ip", "6.6.6.6")
			req.Header.Set("Forwarded", "for=6.6.6.6")
			if got := r.Addr(req).String(); got != tt.want {
				t.Errorf("Addr = %s, want %s", got, tt.want)
			}
		})
	}
}

// IPv6 clients are counted by /64.
func TestKey(t *testing.T) {
	tests := []struct{ peer, want string }{
		{"192.0.2.1:1", "192.0.2.1"},
		{"[::ffff:192.0.2.1]:1", "192.0.2.1"},
		{"[2001:db8:1:2:3:4:5:6]:1", "2001:db8:1:2::/64"},
		{"[2001:db8:1:2::99]:1", "2001:db8:1:2::/64"},
		{"[2001:db8:1:3::99]:1", "2001:db8:1:3::/64"},
		{"@", ""},
	}
	for _, tt := range tests {
		req := httptest.NewRequest("GET", "/", nil)
		req.RemoteAddr = tt.peer
		if got := new(clientip.Resolver).Key(req); got != tt.want {
			t.Errorf("Key(%s) = %q, want %q", tt.peer, got, tt.want)
		}
	}
}

func TestNewResolverRefuses(t *testing.T) {
	for _, text := range []string{"", "proxy", "10.0.0.0/33", "10.0.0.1:80", "::ffff:0.0.0.0/95"} {
		if _, err := clientip.NewResolver([]string{text}); err == nil {
			t.Errorf("NewResolver(%q): no error", text)
		}
	}
}
