// Command quickstart is a whole app in one file: people sign up, sign in, see
// what the server knows about them, and delete their account.
//
//	go run ./examples/quickstart
package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/gatehouse-dev/gatehouse"
)

//go:embed page.html page.css page.js
var files embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	cfg, err := gatehouse.FromEnv(os.Getenv)
	if err != nil {
		return err
	}
	cfg.Development = true // test codes, an outbox, secrets made on the first start
	cfg.Logger = gatehouse.NewTerminalLogger(os.Stderr, nil)
	server, err := gatehouse.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer server.Close()
	return server.ListenAndServe(ctx, server.Mount(newApp(server)), func(net.Addr) { fmt.Println(server.Welcome()) })
}

// newApp is the app: a page for everybody, two routes for people who are signed in.
func newApp(server *gatehouse.Server) http.Handler {
	a := &app{server}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.Handle("GET /page.css", http.FileServerFS(files))
	mux.Handle("GET /page.js", http.FileServerFS(files))
	mux.Handle("GET /api/me", server.Require(http.HandlerFunc(a.me)))
	mux.Handle("POST /api/delete-me", server.Require(http.HandlerFunc(a.deleteMe)))
	return mux
}

type app struct{ server *gatehouse.Server }

// me says who is asking, with what everybody may know of them.
func (a *app) me(w http.ResponseWriter, r *http.Request) {
	u, err := a.server.User(r.Context())
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"userId": u.ID, "publicMetadata": u.PublicMetadata})
}

// deleteMe deletes whoever asks. Their sessions end with them, on every device.
func (a *app) deleteMe(w http.ResponseWriter, r *http.Request) {
	u, err := a.server.User(r.Context())
	if err == nil {
		err = a.server.Users().DeleteSelf(r.Context(), u.ID)
	}
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"success": true})
}

var page = template.Must(template.ParseFS(files, "page.html"))

// home greets people, by name if they are signed in.
func (a *app) home(w http.ResponseWriter, r *http.Request) {
	u, err := a.server.User(r.Context())
	if err != nil && !errors.Is(err, gatehouse.ErrSignedOut) {
		fail(w, err)
		return
	}
	view := map[string]any{"User": u}
	if u != nil {
		view["Metadata"] = string(u.PublicMetadata)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
	if err := page.Execute(w, view); err != nil {
		log.Print(err)
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func fail(w http.ResponseWriter, err error) {
	if errors.Is(err, gatehouse.ErrSignedOut) {
		answer(w, http.StatusUnauthorized, map[string]any{"error": "signed out"})
		return
	}
	log.Print(err)
	answer(w, http.StatusInternalServerError, map[string]any{"error": "something went wrong"})
}
