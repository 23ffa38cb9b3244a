// Command delete-self shows one route: people delete their own account, after they
// have said so twice and proved lately who they are.
//
//	go run ./examples/delete-self
//
// The route requires a step-up: whoever proved their first factor more than ten
// minutes ago is answered 403, and may come back after a proof. The first request is
// answered 428 with a confirmation to send back; the second one, with it, deletes. The
// confirmation is good for this person, this session and two minutes.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

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
	cfg.Development = true
	cfg.Logger = gatehouse.NewTerminalLogger(os.Stderr, nil)
	server, err := gatehouse.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer server.Close()
	return server.ListenAndServe(ctx, server.Mount(newApp(server, time.Now)), func(net.Addr) { fmt.Println(server.Welcome()) })
}

// newApp protects the one route. Whoever is not signed in is answered 401, whoever did
// not prove it lately 403.
func newApp(server *gatehouse.Server, now func() time.Time) http.Handler {
	stepUp := server.RequireThat(middleware.Reverified(10*time.Minute, middleware.FirstFactor))
	mux := http.NewServeMux()
	mux.Handle("DELETE /api/account", stepUp(newDeleter(server, now)))
	mux.HandleFunc("GET /{$}", home(server))
	mux.Handle("GET /page.js", http.FileServerFS(files))
	return mux
}
