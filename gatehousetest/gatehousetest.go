// Package gatehousetest runs the whole server inside a test: nothing to install, no
// network but the loopback, a signed-in user in about a millisecond.
//
//	server := gatehousetest.New(t, gatehousetest.WithApp(app))
//	ada := server.CreateUser()
//	client := server.SignIn(ada)
//	res, err := client.Get(server.URL + "/api/me")
//
// Each server has a SQLite database of its own in t.TempDir, a clock that the test
// sets, and an outbox that the test reads. It ends with the test. Password hashes
// are as cheap as is allowed and one signing key serves all servers of a test
// binary, so that a server starts in some ten milliseconds.
//
// Limits are on, as everywhere: every http.Client of a server comes from an
// address of its own, so that clients do not use up each other's attempts.
package gatehousetest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/notify"
)

// Server is a development server for one test. Its methods end the test that it
// was made for if something goes wrong.
type Server struct {
	*gatehouse.Server

	// URL is the server's public URL, without trailing slash.
	URL string
	// Clock is the server's clock.
	Clock *Clock

	t       testing.TB
	clients atomic.Uint32
	users   atomic.Uint32
}

// New starts a server that ends with the test.
func New(t testing.TB, opts ...Option) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("gatehousetest: %v", err)
	}
	s := &Server{t: t, URL: "http://" + listener.Addr().String(), Clock: newClock()}
	o := options{config: gatehouse.Config{
		Development:    true,
		Addr:           listener.Addr().String(),
		PublicURL:      s.URL,
		Dir:            filepath.Join(t.TempDir(), "gatehouse"),
		SigningKeyPEM:  signingKey(),
		TrustedProxies: []string{"127.0.0.1"},
		Passwords:      gatehouse.Passwords{MemoryKiB: 19456, Iterations: 2},
		Now:            s.Clock.Now,
		Logger:         gatehouse.NewTerminalLogger(t.Output(), nil),
	}}
	for _, opt := range opts {
		opt(&o)
	}
	if s.Server, err = gatehouse.Open(t.Context(), o.config); err != nil {
		_ = listener.Close()
		t.Fatalf("gatehousetest: %v", err)
	}
	handler := s.Handler()
	if o.app != nil {
		handler = s.Mount(o.app(s.Server))
	}
	server := &httptest.Server{Listener: listener, Config: s.NewHTTPServer(handler)}
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := s.Close(); err != nil {
			t.Errorf("gatehousetest: close: %v", err)
		}
	})
	return s
}

// signingKey makes one RSA key per process: it takes longer than everything else.
var signingKey = sync.OnceValue(func() gatehouse.Secret {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return gatehouse.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
})

// Option changes how New starts a server.
type Option func(*options)

type options struct {
	config gatehouse.Config
	app    func(*gatehouse.Server) http.Handler
}

// WithApp mounts the app behind the server, as [gatehouse.Server.Mount] does.
func WithApp(app func(*gatehouse.Server) http.Handler) Option {
	return func(o *options) { o.app = app }
}

// WithConfig lets change edit the configuration before the server opens.
func WithConfig(change func(*gatehouse.Config)) Option {
	return func(o *options) { change(&o.config) }
}

// WithSettings lets change edit the settings, which begin as the defaults of
// development.
func WithSettings(change func(*gatehouse.Settings)) Option {
	return WithConfig(func(c *gatehouse.Config) {
		if c.Settings == nil {
			settings := gatehouse.DefaultSettings(true)
			c.Settings = &settings
		}
		change(c.Settings)
	})
}

// Messages returns the mails and texts that were sent to an address, newest first.
func (s *Server) Messages(address string) []notify.Message {
	return s.Outbox().Messages(address)
}

// LastCode returns the newest code that was sent to an address. It waits up to 5
// seconds for one. Test addresses (with +clerk_test) get no mail: their code is
// [gatehouse.Server.TestCode].
func (s *Server) LastCode(address string) string {
	s.t.Helper()
	if strings.Contains(address, "+clerk_test") {
		return s.TestCode()
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		for _, m := range s.Messages(address) {
			if m.Code != "" {
				return m.Code
			}
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("gatehousetest: no code was sent to %s", address)
		}
	}
}
