package gatehouse_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/gatehouse-dev/gatehouse"
)

// An app in whose process the server runs: one page for everybody, one route for
// people who are signed in.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	server, err := gatehouse.Open(context.Background(), gatehouse.Config{
		Development: true,
		Dir:         filepath.Join(dir, "gatehouse"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	app := http.NewServeMux()
	app.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		_, err := server.User(r.Context())
		fmt.Fprintln(w, err)
	})
	app.Handle("GET /api/me", server.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := server.User(r.Context())
		fmt.Fprintln(w, u, err)
	})))

	handler := server.Mount(app) // for server.ListenAndServe
	for _, path := range []string{"/", "/api/me", "/healthz"} {
		r := httptest.NewRequest("GET", "http://localhost:8080"+path, nil)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(path, w.Code)
	}
	// Output:
	// / 200
	// /api/me 401
	// /healthz 200
}
