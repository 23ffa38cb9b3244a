package gatehouse_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-dev/gatehouse"
)

// lockedBuffer is a log that a test reads while the server writes.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// E-06: a panic becomes the generic 500 with a trace id; the rest is in the log.
func TestPanic(t *testing.T) {
	var log lockedBuffer
	c := development(t)
	c.Logger = slog.New(slog.NewJSONHandler(&log, nil))
	s := open(t, c)
	h := s.Mount(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Half", "done")
		panic("canary: sql: no rows in users.go:42")
	}))
	res := ask(h, "GET", "/x", "localhost:8080", false)
	body := text(t, res)
	var envelope struct {
		Errors []struct{ Code string }
		Trace  string `json:"clerk_trace_id"`
	}
	if err := json.Unmarshal([]byte(body), &envelope); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if res.StatusCode != 500 || len(envelope.Errors) != 1 || envelope.Errors[0].Code != "internal_clerk_error" {
		t.Errorf("%d %s, want 500 internal_clerk_error", res.StatusCode, body)
	}
	for _, leak := range []string{"canary", "sql:", ".go:", "goroutine"} {
		if strings.Contains(body, leak) || res.Header.Get("X-Half") != "" {
			t.Errorf("the answer tells %q: %v %s", leak, res.Header, body)
		}
	}
	if got := log.String(); len(envelope.Trace) != 32 || !strings.Contains(got, envelope.Trace) || !strings.Contains(got, "canary") {
		t.Errorf("trace %q and cause are not both in the log: %s", envelope.Trace, got)
	}
}

// E-06: a panic behind half an answer ends the connection: the rest would look whole.
func TestPanicBehindHalfAnAnswer(t *testing.T) {
	s := open(t, development(t))
	server := httptest.NewUnstartedServer(nil)
	defer server.Close()
	h := s.Mount(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		_ = http.NewResponseController(w).Flush()
		panic("boom")
	}))
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = "localhost:8080"
		h.ServeHTTP(w, r)
	})
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("read %q to its end, want a broken connection", body)
	}
}

// The terminal names the reason of a refusal; the answer does so in development only.
func TestRefusedRequestIsLogged(t *testing.T) {
	for _, mode := range []struct {
		name   string
		config func(*testing.T) gatehouse.Config
		host   string
		header string
	}{
		{"development", development, "localhost:8080", `session_token_malformed; detail="want three parts; the token was cut off or changed on its way, or is no session token"`},
		{"production", production, "app.example.com", ""},
	} {
		t.Run(mode.name, func(t *testing.T) {
			var log lockedBuffer
			c := mode.config(t)
			c.Logger = gatehouse.NewTerminalLogger(&log, nil)
			s := open(t, c)
			r := httptest.NewRequest("GET", "/api/me?token=canary", nil)
			r.Host = mode.host
			r.Header.Set("Authorization", "Bearer canary")
			w := httptest.NewRecorder()
			s.Mount(s.Require(app)).ServeHTTP(w, r)
			if w.Code != 401 || w.Header().Get("Gatehouse-Auth-Reason") != mode.header {
				t.Errorf("%d with reason %q, want 401 with %q", w.Code, w.Header().Get("Gatehouse-Auth-Reason"), mode.header)
			}
			if mode.header == "" && strings.Contains(w.Body.String(), "malformed") {
				t.Errorf("the answer tells the reason: %s", w.Body)
			}
			if got := log.String(); !strings.Contains(got, " 401 GET /api/me  session_token_malformed") || strings.Contains(got, "canary") {
				t.Errorf("log = %q", got)
			}
		})
	}
}

// W-01: over https browsers are told to stay there, over http not.
func TestStrictTransportSecurity(t *testing.T) {
	dev := ask(open(t, development(t)).Mount(app), "GET", "/x", "localhost:8080", false)
	prod := ask(open(t, production(t)).Mount(app), "GET", "/x", "app.example.com", false)
	if dev.Header.Get("Strict-Transport-Security") != "" || prod.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("Strict-Transport-Security: development %q, production %q", dev.Header.Get("Strict-Transport-Security"), prod.Header.Get("Strict-Transport-Security"))
	}
}
