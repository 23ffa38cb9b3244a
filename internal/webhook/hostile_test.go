package webhook_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/outgoing"
	"github.com/gatehouse-dev/gatehouse/internal/webhook"
	verify "github.com/gatehouse-dev/gatehouse/webhook"
)

// raw is a receiver that answers with bytes of its own.
func raw(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buffer := make([]byte, 64<<10)
				_, _ = conn.Read(buffer)
				answer(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// A receiver that fails, redirects or lies loses nothing: the message comes again until it
// is taken.
func TestHostileReceivers(t *testing.T) {
	elsewhere := newReceiver(t, nil)
	wrongName := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(wrongName.Close)
	closed := httptest.NewServer(nil)
	closed.Close()
	for _, tc := range []struct {
		name, url, why string
	}{
		{"fails", newReceiver(t, status(503)).URL, "status 503"},
		{"refuses", newReceiver(t, status(410)).URL, "status 410"},
		{"redirects", newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusPermanentRedirect)
		}).URL, "status 308"},
		{"continues forever", raw(t, func(c net.Conn) { _, _ = io.WriteString(c, strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 10)) }), "EOF"},
		{"answers garbage", raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "\x00\xffgarbage\r\n\r\n") }), "malformed"},
		{"answers too long a header", raw(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20))
		}), "header"},
		{"closes early", raw(t, func(net.Conn) {}), "EOF"},
		{"closes inside of the status line", raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200") }), ""},
		{"is away", closed.URL, "refused"},
		{"has a certificate of its own", wrongName.URL, "certificate"},
		{"speaks no TLS", strings.Replace(elsewhere.URL, "http://", "https://", 1), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(t, sqlite(t))
			e, secret := f.endpoint(tc.url)
			f.publish(message("msg_1", "user.created", "user_1"))
			f.deliver()
			d := f.deliveries(e)[0]
			if d.Status != webhook.StatusPending || len(d.Attempts) != 1 || !strings.Contains(d.Attempts[0].Error, tc.why) || d.Attempts[0].Error == "" {
				t.Fatalf("after the first try: %+v", d)
			}
			if strings.Contains(d.Attempts[0].Error, tc.url) {
				t.Errorf("the error quotes the URL: %s", d.Attempts[0].Error)
			}
			app := newReceiver(t, nil)
			_, err := f.Update(t.Context(), e.ID, webhook.Fields{URL: &app.URL})
			must(t, err)
			f.advance(5 * time.Second)
			f.deliver()
			got := app.received()
			if len(got) != 1 {
				t.Fatalf("received %d, want 1", len(got))
			}
			if _, err := verify.VerifyAt(f.clock(), got[0].header, got[0].body, secret); err != nil {
				t.Error(err)
			}
		})
	}
	if n := len(elsewhere.received()); n != 0 {
		t.Errorf("the target of a redirect was called %d times", n)
	}
}

// An answer that counts counts by its status line: a body that is huge or that never ends
// is neither read nor waited for.
func TestBodyOfAnswerIsNotRead(t *testing.T) {
	for name, url := range map[string]string{
		"huge": newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, io.LimitReader(zeros{}, 1<<30))
		}).URL,
		"drips": raw(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
			_, _ = c.Read(make([]byte, 1)) // until the other side has had enough
		}),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, sqlite(t))
			e, _ := f.endpoint(url)
			f.publish(message("msg_1", "user.created", "user_1"))
			f.deliver()
			if d := f.deliveries(e)[0]; d.Status != webhook.StatusDelivered {
				t.Errorf("delivery = %+v", d)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// One endpoint that hangs holds up no other, nor more than its own tries; what it did not
// answer comes again.
func TestHangingReceiver(t *testing.T) {
	release := make(chan struct{})
	hanging := newReceiver(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	quick := newReceiver(t, nil)
	f := newFixture(t, sqlite(t), func(c *webhook.Config) { c.Poll = 5 * time.Millisecond })
	slow, _ := f.endpoint(hanging.URL)
	fast, _ := f.endpoint(quick.URL)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = f.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	for n := range 30 {
		f.publish(message(fmt.Sprint("msg_", n), "user.created", "user_1"))
	}
	delivered := func(e webhook.Endpoint) func() bool {
		return func() bool {
			for _, d := range f.deliveries(e) {
				if d.Status != webhook.StatusDelivered {
					return false
				}
			}
			return true
		}
	}
	eventually(t, delivered(fast))
	if n := len(quick.received()); n != 30 {
		t.Errorf("the quick endpoint received %d, want 30", n)
	}
	if n := len(hanging.received()); n > 4 {
		t.Errorf("%d tries of the hanging endpoint at once, want 4 at most", n)
	}
	close(release)
	eventually(t, delivered(slow))
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never")
		}
	}
}

// N-01: an endpoint is looked at when it is called: one that was fine when it was made, or
// whose name leads elsewhere by now, is not called.
func TestGuardAtDelivery(t *testing.T) {
	app := newReceiver(t, nil)
	f := newFixture(t, sqlite(t), func(c *webhook.Config) {
		c.Client, c.CheckURL = outgoing.NewClient(outgoing.Config{}), nil // it was exempted once
	})
	e, _ := f.endpoint(strings.Replace(app.URL, "127.0.0.1", "localhost", 1))
	f.publish(message("msg_1", "user.created", "user_1"))
	f.deliver()
	d := f.deliveries(e)[0]
	if len(app.received()) != 0 || !strings.Contains(d.Attempts[0].Error, "not public") {
		t.Errorf("the endpoint was called, or not for its address: %+v", d)
	}
}

// A delivery that a node took and did not finish is made by another one a little later.
func TestCrashedNode(t *testing.T) {
	entered := make(chan struct{})
	app := newReceiver(t, func(_ http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-r.Context().Done()
	})
	f := newFixture(t, sqlite(t))
	e, _ := f.endpoint(app.URL)
	f.publish(message("msg_1", "user.created", "user_1"))
	ctx, crash := context.WithCancel(t.Context())
	dead := make(chan struct{})
	go func() { defer close(dead); _ = f.Deliver(ctx) }()
	<-entered
	crash()
	<-dead
	app.setAnswer(nil)
	f.deliver()
	if n := len(app.received()); n != 1 {
		t.Errorf("%d tries while the first node may still be at it, want 1", n)
	}
	f.advance(20 * time.Second)
	f.deliver()
	if d := f.deliveries(e)[0]; d.Status != webhook.StatusDelivered || len(app.received()) != 2 {
		t.Errorf("after 20 s: %+v", d)
	}
}

// TLS is verified, against what the client trusts.
func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	f := newFixture(t, sqlite(t), func(c *webhook.Config) {
		trusting := loopback
		trusting.RootCAs = pool
		c.Client = outgoing.NewClient(trusting)
	})
	e, _ := f.endpoint(server.URL)
	f.publish(message("msg_1", "user.created", "user_1"))
	f.deliver()
	if d := f.deliveries(e)[0]; d.Status != webhook.StatusDelivered {
		t.Errorf("delivery = %+v", d)
	}
}
