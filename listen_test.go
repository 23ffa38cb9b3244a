package gatehouse_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
)

// serve runs h on a free port until stop; done gives what Serve returned.
func serve(t *testing.T, h func(*gatehouse.Server) http.Handler) (addr string, stop func(), done <-chan error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := development(t)
	c.Addr = listener.Addr().String()
	c.PublicURL = "http://" + c.Addr
	s := open(t, c)
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	var group sync.WaitGroup
	group.Go(func() { result <- s.Serve(ctx, listener, s.Mount(h(s)), nil) })
	t.Cleanup(func() { cancel(); group.Wait() })
	return c.Addr, cancel, result
}

func plain(h http.HandlerFunc) func(*gatehouse.Server) http.Handler {
	return func(*gatehouse.Server) http.Handler { return h }
}

// speak sends raw bytes and returns what comes back until the connection ends.
func speak(t *testing.T, addr, raw string) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, raw); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

// A request under way when the server is told to stop gets its answer; new ones
// find nobody.
func TestGracefulShutdown(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	addr, stop, done := serve(t, plain(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-finish
		fmt.Fprint(w, "finished")
	}))
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + addr + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answer <- string(body)
	}()
	<-began
	stop()
	// The listener closes first; the request is still being served.
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		conn.Close()
		if time.Now().After(deadline) {
			t.Fatal("the server still listens")
		}
	}
	select {
	case err := <-done:
		t.Fatalf("Serve returned %v before the request was done", err)
	default:
	}
	close(finish)
	if got := <-answer; got != "finished" {
		t.Errorf("answer = %q, want finished", got)
	}
	if err := <-done; err != nil {
		t.Errorf("Serve = %v", err)
	}
}

// every server has its time-outs and sizes.
func TestHTTPServerLimits(t *testing.T) {
	s := open(t, development(t)).NewHTTPServer(nil)
	for name, got := range map[string]time.Duration{
		"ReadHeaderTimeout": s.ReadHeaderTimeout - 5*time.Second, "ReadTimeout": s.ReadTimeout - 15*time.Second,
		"WriteTimeout": s.WriteTimeout - 30*time.Second, "IdleTimeout": s.IdleTimeout - 60*time.Second,
	} {
		if got != 0 {
			t.Errorf("%s is off by %v", name, got)
		}
	}
	if s.MaxHeaderBytes != 16<<10 {
		t.Errorf("MaxHeaderBytes = %d, want 16 KiB", s.MaxHeaderBytes)
	}
}

// what is too slow or too large ends with 4xx and a closed connection.
func TestHostileRequests(t *testing.T) {
	addr, _, _ := serve(t, plain(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprintln(w, "served", r.URL.Path)
	}))
	head := "GET / HTTP/1.1\r\nHost: " + addr + "\r\n"
	tests := []struct{ name, raw, want string }{
		{"many_cookies", head + "Cookie: " + strings.Repeat("a=b; ", 5000) + "\r\n\r\n", "431"},
		{"many_headers", head + strings.Repeat("X-A: b\r\n", 5000) + "\r\n", "431"},
		{"long_address", "GET /" + strings.Repeat("a", 9000) + " HTTP/1.1\r\nHost: " + addr + "\r\n\r\n", "414"},
		{"two_lengths", "POST / HTTP/1.1\r\nHost: " + addr + "\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
		{"two_hosts", head + "Host: evil.example\r\n\r\n", "400"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := speak(t, addr, tt.raw); !strings.HasPrefix(got, "HTTP/1.1 "+tt.want) {
				t.Errorf("answer %.80q, want %s", got, tt.want)
			}
		})
	}
	t.Run("request_hidden_behind_a_length", func(t *testing.T) {
		hidden := "GET /hidden HTTP/1.1\r\nHost: " + addr + "\r\n\r\n"
		got := speak(t, addr, "POST /first HTTP/1.1\r\nHost: "+addr+"\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"+hidden)
		if !strings.Contains(got, "served /first") || strings.Contains(got, "/hidden") {
			t.Errorf("answer %q, want that of the first request alone", got)
		}
	})
	t.Run("slow_headers", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		start := time.Now()
		_, _ = io.WriteString(conn, head)
		_ = conn.SetReadDeadline(start.Add(10 * time.Second))
		_, err = bufio.NewReader(conn).ReadByte()
		if took := time.Since(start); err == nil || took > 8*time.Second {
			t.Errorf("the connection lived %v (%v), want it closed after 5 s", took, err)
		}
	})
}
