package outgoing_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/outgoing"
)

// N-01: what is not public, in each of its spellings.
func TestPublic(t *testing.T) {
	for _, tc := range []struct {
		ip   string
		want bool
	}{
		{"8.8.8.8", true},
		{"1.1.1.1", true},
		{"2606:4700:4700::1111", true},
		{"64:ff9b::808:808", true}, // 8.8.8.8 through NAT64
		{"::ffff:8.8.8.8", true},

		{"127.0.0.1", false},
		{"127.8.8.8", false},
		{"0.0.0.0", false},
		{"10.1.2.3", false},
		{"172.16.0.1", false},
		{"172.31.255.255", false},
		{"192.168.1.1", false},
		{"169.254.169.254", false}, // metadata
		{"100.100.100.200", false}, // metadata, shared by carriers
		{"192.0.0.192", false},
		{"198.18.0.1", false},
		{"224.0.0.1", false},
		{"255.255.255.255", false},
		{"::", false},
		{"::1", false},
		{"::7f00:1", false},        // IPv4-compatible
		{"::ffff:7f00:1", false},   // mapped
		{"::ffff:0:7f00:1", false}, // translated
		{"fe80::1", false},
		{"fe80::1%eth0", false},
		{"fec0::1", false},
		{"fc00::1", false},
		{"fd00:ec2::254", false}, // metadata
		{"ff02::1", false},
		{"64:ff9b::7f00:1", false}, // loopback through NAT64
		{"64:ff9b::a9fe:a9fe", false},
		{"64:ff9b:1::808:808", false}, // NAT64 of the local network
		{"2002:7f00:1::", false},      // 6to4
		{"2001:0:7f00:1::", false},    // Teredo
		{"2001:db8::1", false},
		{"100::1", false},
	} {
		if got := outgoing.Public(netip.MustParseAddr(tc.ip)); got != tc.want {
			t.Errorf("Public(%s) = %v, want %v", tc.ip, got, tc.want)
		}
	}
	if outgoing.Public(netip.Addr{}) {
		t.Error("Public of no address = true")
	}
}

// server counts the connections it gets.
func server(t *testing.T, h http.HandlerFunc) (url string, connections *atomic.Int64) {
	t.Helper()
	connections = new(atomic.Int64)
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL, connections
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err == nil {
		t.Cleanup(func() { resp.Body.Close() })
	}
	return resp, err
}

// N-01: the address is checked when it is dialled, whatever name or spelling led to it:
// nothing reaches the listener.
func TestDialGuard(t *testing.T) {
	url, connections := server(t, func(http.ResponseWriter, *http.Request) {})
	_, port, err := net.SplitHostPort(url[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	client := outgoing.NewClient(outgoing.Config{})
	// localhost is a name that resolves to an address of this machine, as one of an
	// attacker's may when it is looked up again.
	for _, host := range []string{"127.0.0.1", "localhost", "127.1.2.3", "::ffff:7f00:1"} {
		if _, err := get(t, client, "http://"+net.JoinHostPort(host, port)); !errors.Is(err, outgoing.ErrForbidden) {
			t.Errorf("get from %s = %v, want ErrForbidden", host, err)
		}
	}
	for _, host := range []string{"[::ffff:7f00:1]", "169.254.169.254", "[64:ff9b::7f00:1]", "10.0.0.1", "[fd00::1]"} {
		if _, err := get(t, client, "http://"+host+":"+port); !errors.Is(err, outgoing.ErrForbidden) {
			t.Errorf("get from %s = %v, want ErrForbidden", host, err)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections reached the listener", n)
	}

	exempt := outgoing.NewClient(outgoing.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if _, err := get(t, exempt, url); err != nil {
		t.Errorf("get from an exempted address: %v", err)
	}
}

// N-01: a redirect is an answer like any other, and the environment names no proxy.
func TestNoRedirectNoProxy(t *testing.T) {
	target, reached := server(t, func(http.ResponseWriter, *http.Request) {})
	t.Setenv("HTTP_PROXY", target)
	t.Setenv("http_proxy", target)
	url, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target, http.StatusTemporaryRedirect)
	})
	client := outgoing.NewClient(outgoing.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	resp, err := get(t, client, url)
	if err != nil || resp.StatusCode != http.StatusTemporaryRedirect {
		t.Fatalf("get = %v, %v; want the redirect itself", resp, err)
	}
	if transport := client.Transport.(*http.Transport); transport.Proxy != nil {
		t.Error("the transport asks for a proxy")
	}
	if reached.Load() != 0 {
		t.Error("the target of the redirect was called")
	}
}

// N-01: what can be refused before anything is dialled.
func TestCheckURL(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, tc := range []struct {
		url   string
		allow []netip.Prefix
		ok    bool
	}{
		{"https://hooks.example.com/in?team=1", nil, true},
		{"https://8.8.8.8/", nil, true},
		{"http://127.0.0.1:8080/in", loopback, true},
		{"http://localhost:8080/in", loopback, true},
		{"https://[::1]:8443/", loopback, true},

		{"http://hooks.example.com/in", nil, false},
		{"http://hooks.example.com/in", loopback, false},
		{"http://8.8.8.8/", nil, false},
		{"https://127.0.0.1/", nil, false},
		{"http://localhost/", nil, false},
		{"https://[::ffff:7f00:1]/", nil, false},
		{"https://169.254.169.254/", loopback, false},
		{"https://user:password@example.com/", nil, false},
		{"https://example.com/#part", nil, false},
		{"ftp://example.com/", nil, false},
		{"https://", nil, false},
		{"https:example.com", nil, false},
		{"/relative", nil, false},
		{"", nil, false},
		{"https://exa mple.com/", nil, false},
	} {
		err := outgoing.Config{Allow: tc.allow}.CheckURL(tc.url)
		if (err == nil) != tc.ok {
			t.Errorf("CheckURL(%q) = %v, want ok %v", tc.url, err, tc.ok)
		}
	}
}
