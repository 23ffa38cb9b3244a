package middleware_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/middleware"
)

const secret = "the guarded data"

func newMux(t *testing.T, c *clock) *middleware.Mux {
	t.Helper()
	mux := middleware.NewMux(newMiddleware(t, c, nil))
	mux.Protected("GET /api/admin/data", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, secret) }))
	mux.Protected("/files/{path...}", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, secret) }))
	mux.Public("GET /{$}", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "home") }))
	mux.Public("/public/{path...}", seen)
	return mux
}

func TestMux(t *testing.T) {
	c := newClock()
	mux := newMux(t, c)
	bearer := "Bearer " + c.token("a")
	for _, test := range []struct {
		target, authorization string
		status                int
		body                  string
	}{
		{"/", "", 200, "home"},
		{"/public/x", "", 200, ""},
		{"/public/x", bearer, 200, "user_a"},
		{"/public/100%25", bearer, 200, "user_a"},
		{"/public/gr%C3%BCn%20x", bearer, 200, "user_a"},
		{"/api/admin/data", "", 401, ""},
		{"/api/admin/data", bearer, 200, secret},
		{"/files/a/b", bearer, 200, secret},
		{"/unknown", "", 401, ""},
		{"/unknown", bearer, 404, ""},
	} {
		r := httptest.NewRequest("GET", test.target, nil)
		if test.authorization != "" {
			r.Header.Set("Authorization", test.authorization)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != test.status || test.status == 200 && w.Body.String() != test.body {
			t.Errorf("%s: answer = %d %s, want %d %s", test.target, w.Code, w.Body, test.status, test.body)
		}
	}
	r := httptest.NewRequest("POST", "/api/admin/data", nil)
	r.Header.Set("Authorization", bearer)
	w := httptest.NewRecorder()
	if mux.ServeHTTP(w, r); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("another method: answer = %d", w.Code)
	}
}

// however a guarded path is spelled, a request without a token never gets
// the data; spellings that two readers read differently are answered 400.
func TestMuxSpellings(t *testing.T) {
	server := httptest.NewServer(newMux(t, newClock()))
	defer server.Close()
	for target, want := range map[string]int{
		"/api/admin/data":                    401,
		"/api/admin/data/":                   401,
		"/api/admin/data//":                  401,
		"/api/admin/data?x=1":                401,
		"/api/admin/data%3Fx":                401,
		"/api/admin/data;x=1":                401,
		"/api/admin/data%20":                 401,
		"/api/admin/data.":                   401,
		"/api/admin/data%23":                 401,
		"/api/admin/datA":                    401,
		"/API/admin/data":                    401,
		"/%61pi/admin/data":                  401,
		"/api/%61dmin/data":                  401,
		"/api%25%32%66admin/data":            401,
		"/api%252fadmin/data":                401,
		"/public%2f..%2fapi/admin/data":      400,
		"/api%2fadmin/data":                  400,
		"/api%2Fadmin/data":                  400,
		"/api/admin%5cdata":                  400,
		"/api/admin%5Cdata":                  400,
		`/api\admin\data`:                    400,
		`/api/admin\data`:                    400,
		"/api/admin/data%00":                 400,
		"/api/admin/data%00.png":             400,
		"/api/./admin/data":                  400,
		"/api/../api/admin/data":             400,
		"/public/../api/admin/data":          400,
		"/public/%2e%2e/api/admin/data":      400,
		"/public/%2E%2E/api/admin/data":      400,
		"/public/.%2e/api/admin/data":        400,
		"/public/..%2fapi%2fadmin%2fdata":    400,
		"/public/%2e/x":                      400,
		"/public/..":                         400,
		"/api/admin/data%":                   400,
		"/api/admin/data%zz":                 400,
		"/api/admin/data%2":                  400,
		"/api/admin/%0adata":                 400,
		"/api/admin/data%0d%0a":              400,
		"/api/admin/%7fdata":                 400,
		"/files/a%2f..%2fb":                  400,
		"*":                                  400,
		"/api/admin/%c0%ae%c0%ae/admin/data": 401,
		"/api/admin/%ef%bc%8e%ef%bc%8e/data": 401,
		"/files/%e2%88%95":                   401,
	} {
		status, body := raw(t, server.Listener.Addr().String(), target)
		if status != want || strings.Contains(body, secret) {
			t.Errorf("%s: answer = %d %q, want %d", target, status, body, want)
		}
	}
	// Doubled slashes are the mux's own business: it sends the browser to the clean path.
	for _, target := range []string{"//api/admin/data", "/api//admin/data"} {
		if status, body := raw(t, server.Listener.Addr().String(), target); status == 200 || strings.Contains(body, secret) {
			t.Errorf("%s: answer = %d %q", target, status, body)
		}
	}
}

// raw sends a request line as it is, which no client library would.
func raw(t *testing.T, addr, target string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: app.example.com\r\nConnection: close\r\n\r\n", target)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
