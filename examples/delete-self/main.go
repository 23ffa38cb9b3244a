// Command delete-self shows one route: people delete their own account, after they
// have said so twice.
//
//	go run ./examples/delete-self
//
// The first request is answered 428 with a confirmation to send back; the second
// one, with it, deletes. The confirmation is good for this person, this session and
// two minutes.
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

// newApp protects the one route. Everybody else is answered 401.
func newApp(server *gatehouse.Server, now func() time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("DELETE /api/account", server.Require(newDeleter(server, now)))
	return mux
}
