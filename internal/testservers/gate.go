package testservers

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Gate is a TCP proxy before a server that a test shuts, to take the server away.
type Gate struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	conns []net.Conn
	shut  bool
}

// Behind returns an open Gate before the server of a URL, and the URL with the Gate's
// address. The Gate goes when the test ends.
func Behind(t testing.TB, rawURL string) (*Gate, string) {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &Gate{listener: listener, target: u.Host}
	go g.run()
	t.Cleanup(func() { listener.Close(); g.Shut() })
	u.Host = listener.Addr().String()
	return g, u.String()
}

func (g *Gate) run() {
	for {
		in, err := g.listener.Accept()
		if err != nil {
			return
		}
		g.pass(in)
	}
}

func (g *Gate) pass(in net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		in.Close()
		return
	}
	out, err := net.Dial("tcp", g.target)
	if err != nil {
		in.Close()
		return
	}
	g.conns = append(g.conns, in, out)
	go func() { _, _ = io.Copy(out, in); out.Close() }()
	go func() { _, _ = io.Copy(in, out); in.Close() }()
}

// Shut cuts what goes through the Gate and lets nothing through.
func (g *Gate) Shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	for _, c := range g.conns {
		c.Close()
	}
	g.conns = nil
}

// Open lets connections through again.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
}
