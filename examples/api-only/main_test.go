package main

import (
	"context"
	"debug/buildinfo"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
)

// call sends a request with a token and returns status and body.
func call(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// beside is the API beside a server.
func beside(t *testing.T, s *gatehousetest.Server) string {
	t.Helper()
	m, _, err := newMiddleware(s.URL, s.PublishableKey())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(newAPI(m))
	t.Cleanup(server.Close)
	return server.URL
}

func TestNotes(t *testing.T) {
	s := gatehousetest.New(t)
	api := beside(t, s)
	ada, bob := s.CreateUser(), s.CreateUser()
	a, b := s.Token(ada), s.Token(bob)

	for _, token := range []string{"", "nonsense", a[:len(a)-4] + "AAAA"} {
		if status, body := call(t, "GET", api+"/api/notes", token, ""); status != 401 || !strings.Contains(body, "authentication_invalid") {
			t.Errorf("with token %.9q: %d %s, want 401", token, status, body)
		}
	}
	if status, body := call(t, "POST", api+"/api/notes", a, `{"text":"buy <milk>"}`); status != 201 {
		t.Errorf("add: %d %s", status, body)
	}
	if status, body := call(t, "GET", api+"/api/notes", a, ""); status != 200 || !strings.Contains(body, "milk") || !strings.Contains(body, string(ada.ID)) {
		t.Errorf("Ada's notes: %d %s", status, body)
	}
	if status, body := call(t, "GET", api+"/api/notes", b, ""); status != 200 || strings.Contains(body, "milk") {
		t.Errorf("Bob's notes: %d %s", status, body)
	}
	for _, body := range []string{"", "{}", `{"text":"` + strings.Repeat("x", maxNote+1) + `"}`, "[" + strings.Repeat(" ", 4*maxNote)} {
		if status, _ := call(t, "POST", api+"/api/notes", a, body); status != 422 {
			t.Errorf("add %.20q: %d, want 422", body, status)
		}
	}
	for i := range maxNotes {
		want := 201
		if i == maxNotes-1 {
			want = 409
		}
		if status, _ := call(t, "POST", api+"/api/notes", a, `{"text":"more"}`); status != want {
			t.Errorf("note %d: %d, want %d", i+2, status, want)
		}
	}
	if status, _ := call(t, "GET", api+"/healthz", "", ""); status != 200 {
		t.Errorf("/healthz: %d", status)
	}
	if status, _ := call(t, "GET", api+"/api/other", "", ""); status != 401 {
		t.Errorf("a path that nobody named: %d, want 401", status)
	}
}

// T-20: another server with the same signing key is another issuer.
func TestOtherServer(t *testing.T) {
	here, there := gatehousetest.New(t), gatehousetest.New(t)
	api := beside(t, here)
	if status, _ := call(t, "GET", api+"/api/notes", there.Token(there.CreateUser()), ""); status != 401 {
		t.Errorf("a token of another server: %d, want 401", status)
	}
}

// While its keys cannot be had nobody is let in, and nobody is told to sign in again.
func TestServerAway(t *testing.T) {
	s := gatehousetest.New(t)
	token := s.Token(s.CreateUser())
	m, _, err := newMiddleware("http://127.0.0.1:1", s.PublishableKey())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(newAPI(m))
	defer server.Close()
	if status, body := call(t, "GET", server.URL+"/api/notes", token, ""); status != 503 {
		t.Errorf("%d %s, want 503", status, body)
	}
}

func TestRun(t *testing.T) {
	s := gatehousetest.New(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close()
	env := map[string]string{"GATEHOUSE_PUBLIC_URL": s.URL, "GATEHOUSE_PUBLISHABLE_KEY": s.PublishableKey(), "ADDR": addr}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, func(name string) string { return env[name] }) }()
	for try := 0; ; try++ {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			break
		}
		if try == 1000 {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if status, body := call(t, "GET", "http://"+addr+"/api/notes", s.Token(s.CreateUser()), ""); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for name, env := range map[string]map[string]string{
		"key":   {"GATEHOUSE_PUBLISHABLE_KEY": "pk_live_x"},
		"http":  {"GATEHOUSE_PUBLIC_URL": "http://app.example.com"},
		"in it": {"GATEHOUSE_PUBLIC_URL": "https://user:password@app.example.com"},
	} {
		if err := run(t.Context(), func(name string) string { return env[name] }); err == nil {
			t.Errorf("started with a bad %s", name)
		}
	}
}

// What is linked in is the verifier and nothing of a server: no SQL driver, no Redis
// client.
func TestBinary(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api-only")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	for _, m := range info.Deps {
		modules = append(modules, m.Path)
	}
	slices.Sort(modules)
	want := []string{
		"github.com/golang-jwt/jwt/v5", "github.com/lestrrat-go/blackmagic", "github.com/lestrrat-go/httpcc", "github.com/lestrrat-go/httprc",
		"github.com/lestrrat-go/iter", "github.com/lestrrat-go/jwx/v2", "github.com/lestrrat-go/option", "golang.org/x/crypto",
	}
	if !slices.Equal(modules, want) {
		t.Errorf("modules %q, want %q", modules, want)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const home = "github.com/gatehouse-dev/gatehouse/"
	for _, p := range strings.Fields(string(out)) {
		own, ours := strings.CutPrefix(p, home)
		if ours && !slices.Contains([]string{"auth", "auth/jwks", "middleware", "internal/strictjson", "examples/api-only"}, own) || strings.HasPrefix(p, "database/sql") {
			t.Errorf("%s is linked in", p)
		}
	}
}

// The default is the key of a development server that was told nothing.
func TestDefaultKey(t *testing.T) {
	if want, err := gatehouse.PublishableKey(gatehouse.Config{Development: true}); err != nil || defaultKey() != want {
		t.Errorf("default key = %s, want %s (%v)", defaultKey(), want, err)
	}
}
