package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	gatehouse "github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/user"
)

// stack is a whole server with an app around it, over HTTP on loopback, that keeps
// everything it says: answers, log lines, mails.
type stack struct {
	t        *testing.T
	server   *gatehouse.Server
	url      string
	database string // its URL
	redis    string // its URL, "" without
	prefix   string // of the keys in Redis
	log      buffer
	mails    mailbox
	answers  answers
}

// stores are the combinations of stores that every story runs on.
var stores = []string{"SQLite", "PostgreSQL and Redis"}

// allStores are all the combinations that there are.
var allStores = []string{"SQLite", "PostgreSQL", "SQLite and Redis", "PostgreSQL and Redis"}

func newStack(t *testing.T, kind string, change ...func(*gatehouse.Config)) *stack {
	t.Helper()
	s := &stack{t: t}
	web := httptest.NewUnstartedServer(nil)
	s.url = "http://" + web.Listener.Addr().String()
	cfg := gatehouse.Config{
		Development:    true,
		Addr:           web.Listener.Addr().String(),
		PublicURL:      s.url,
		Dir:            filepath.Join(t.TempDir(), "gatehouse"),
		TrustedProxies: []string{"127.0.0.1"},
		Passwords:      gatehouse.Passwords{MemoryKiB: 19456},
		Sender:         &s.mails,
		Logger:         slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	database, _, redis := strings.Cut(kind, " and ")
	if database == "PostgreSQL" {
		cfg.DatabaseURL = testservers.Postgres(t)
	} else {
		cfg.DatabaseURL = "sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")
	}
	if redis {
		cfg.RedisURL, cfg.RedisPrefix = testservers.Redis(t)
	}
	for _, c := range change {
		c(&cfg)
	}
	s.database, s.redis, s.prefix = cfg.DatabaseURL, cfg.RedisURL, cfg.RedisPrefix
	server, err := gatehouse.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.server = server
	web.Config.Handler = server.Mount(s.app())
	web.Start()
	t.Cleanup(func() {
		web.Close()
		if err := server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// app is what a Go developer writes around the kit.
func (s *stack) app() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /api/me", s.server.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"userId": auth.FromContext(r.Context()).UserID})
	})))
	mux.Handle("POST /api/delete-me", s.server.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := user.ID(auth.FromContext(r.Context()).UserID)
		if err := s.server.Users().DeleteSelf(r.Context(), id); err != nil {
			http.Error(w, "not deleted", http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]bool{"success": true})
	})))
	return s.server.Authenticate(mux)
}

// browser is one visitor with cookies and an address of their own.
type browser struct {
	*stack
	client  *http.Client
	address string
	// bearer is sent on calls to the Backend API.
	bearer string
}

func (s *stack) newBrowser(n int, transport http.RoundTripper) *browser {
	jar, _ := cookiejar.New(nil)
	s.answers.base = transport
	return &browser{
		stack: s, address: fmt.Sprintf("2001:db8:0:%x::1", n),
		client: &http.Client{Jar: jar, Transport: &s.answers, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// answer is what came back, decoded as far as it is JSON.
type answer struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

// at follows keys and indexes: at("response", "sessions", 0, "id").
func (a answer) at(path ...any) any {
	var value any = a.json
	for _, step := range path {
		switch key := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[key]
		case int:
			list, _ := value.([]any)
			if key >= len(list) {
				return nil
			}
			value = list[key]
		}
	}
	return value
}

func (a answer) str(path ...any) string {
	s, _ := a.at(path...).(string)
	return s
}

func (a answer) code() string { return a.str("errors", 0, "code") }

func (b *browser) get(path string) answer { return b.do(http.MethodGet, path, nil, "") }

// form posts a form; pairs are names and values.
func (b *browser) form(path string, pairs ...string) answer {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, strings.NewReader(values.Encode()), "application/x-www-form-urlencoded")
}

// backend calls the Backend API with the secret key.
func (b *browser) backend(method, path string, body any) answer {
	text, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	operator := *b
	operator.bearer = string(b.server.SecretKey())
	operator.client = &http.Client{Transport: &b.answers}
	return operator.do(method, "/api/v1"+path, bytes.NewReader(text), "application/json")
}

func (b *browser) do(method, path string, body io.Reader, contentType string) answer {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", b.address)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if b.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+b.bearer)
	} else if method != http.MethodGet {
		request.Header.Set("Origin", b.url)
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.json)
	return a
}

// want fails the test unless the answer has the status, and the error code if one is given.
func (a answer) want(t *testing.T, status int, code string) answer {
	t.Helper()
	if a.status != status || a.code() != code {
		t.Fatalf("answer = %d %q, want %d %q: %s", a.status, a.code(), status, code, a.text)
	}
	return a
}

// cookie returns the value that the browser holds.
func (b *browser) cookie(name string) string {
	u, _ := url.Parse(b.url)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// answers records what passes through it.
type answers struct {
	base http.RoundTripper
	mu   sync.Mutex
	all  []recorded
}

type recorded struct {
	method, path string
	status       int
	header       string
	body         string
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := a.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	var header bytes.Buffer
	_ = response.Header.Write(&header)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, recorded{r.Method, r.URL.Path, response.StatusCode, header.String(), string(body)})
	return response, nil
}

// mailbox is a notify.Sender that keeps everything.
type mailbox struct {
	mu  sync.Mutex
	all []notify.Message
}

func (m *mailbox) Send(_ context.Context, message notify.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, message)
	return nil
}

// code returns the newest code sent to an address.
func (m *mailbox) code(t *testing.T, to string) string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, message := range slices.Backward(m.all) {
		if message.To == to && message.Code != "" {
			return message.Code
		}
	}
	t.Fatalf("no code was sent to %s", to)
	return ""
}

// buffer is a bytes.Buffer that may be written to while it is read.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
