// Command api-only is a JSON API beside a Gatehouse server: it verifies the tokens that
// the server mints, by the public keys that it fetches there, and shares neither
// database nor secret with it.
//
//	go run ./examples/quickstart    # the server, in another terminal
//	go run ./examples/api-only
//
// Sign up at http://localhost:8080, take a token in that page's console with
// document.cookie.match(/__session=([^;]*)/)[1], and within a minute
//
//	curl -H "Authorization: Bearer $TOKEN" http://localhost:8081/api/notes
//
// The API knows people by their id alone. It does not hear of revocations: whoever signs
// out can call it until their token of 60 seconds is over.
//
//	GATEHOUSE_PUBLIC_URL       where the server is; http://localhost:8080 by default
//	GATEHOUSE_PUBLISHABLE_KEY  what `gatehouse keys show` prints; that of the default by default
//	ADDR                       where to listen; 127.0.0.1:8081 by default
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv); err != nil {
		log.Fatal(err)
	}
}

// run serves the API until ctx ends.
func run(ctx context.Context, getenv func(string) string) error {
	publicURL := cmp.Or(getenv("GATEHOUSE_PUBLIC_URL"), "http://localhost:8080")
	key := cmp.Or(getenv("GATEHOUSE_PUBLISHABLE_KEY"), defaultKey())
	m, keys, err := newMiddleware(publicURL, key)
	if err != nil {
		return err
	}
	server := &http.Server{
		Addr: cmp.Or(getenv("ADDR"), "127.0.0.1:8081"), Handler: newAPI(m),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10,
	}
	go func() { _ = keys.Run(ctx) }() // fetches in the background, so that no request waits
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(grace)
	}()
	fmt.Println("listening on http://" + server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// defaultKey names a development server that was told nothing.
func defaultKey() string { return auth.PublishableKey("clerk.localhost:8080") }

// newMiddleware accepts the tokens of one server. All that it needs is public.
func newMiddleware(publicURL, publishableKey string) (*middleware.Middleware, *jwks.Set, error) {
	host, err := auth.ParsePublishableKey(publishableKey)
	if err != nil {
		return nil, nil, err
	}
	keys, err := jwks.New(jwks.Config{URL: strings.TrimSuffix(publicURL, "/") + "/.well-known/jwks.json", Logger: slog.Default()})
	if err != nil {
		return nil, nil, err
	}
	verifier, err := auth.NewVerifier(auth.VerifierConfig{Keys: keys, Issuer: "https://" + host})
	if err != nil {
		return nil, nil, err
	}
	m, err := middleware.New(middleware.Config{Verifier: verifier, PublishableKey: publishableKey})
	return m, keys, err
}
