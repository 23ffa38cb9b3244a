// Command server is a development server for browser tests that need settings or a time
// of their own.
//
// GATEHOUSE_TEST_SETTINGS holds what differs from the default settings, as JSON with the
// field names of [gatehouse.Settings]. POST /clock?forward=11m puts the server's clock
// forward. GET /api/me says who asks, as in the quickstart; everything else is the
// server's own. Configuration is otherwise that of [gatehouse.FromEnv].
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth"
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
	settings := gatehouse.DefaultSettings(true)
	if text := os.Getenv("GATEHOUSE_TEST_SETTINGS"); text != "" {
		if err := json.Unmarshal([]byte(text), &settings); err != nil {
			return fmt.Errorf("GATEHOUSE_TEST_SETTINGS: %w", err)
		}
	}
	var clock clock
	cfg.Development = true
	cfg.Settings, cfg.Now = &settings, clock.Now
	cfg.Logger = gatehouse.NewTerminalLogger(os.Stderr, nil)
	server, err := gatehouse.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer server.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /clock", clock.putForward)
	mux.Handle("GET /api/me", server.Require(http.HandlerFunc(me)))
	return server.ListenAndServe(ctx, server.Mount(mux), func(net.Addr) { fmt.Println(server.Welcome()) })
}

// clock is the time of day and what it was put forward by.
type clock struct{ ahead atomic.Int64 }

// Now is safe for concurrent use.
func (c *clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) putForward(w http.ResponseWriter, r *http.Request) {
	d, err := time.ParseDuration(r.FormValue("forward"))
	if err != nil || d <= 0 {
		http.Error(w, "forward is no positive duration", http.StatusBadRequest)
		return
	}
	c.ahead.Add(int64(d))
	w.WriteHeader(http.StatusNoContent)
}

func me(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"userId": auth.FromContext(r.Context()).UserID})
}
