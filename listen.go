package gatehouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/logging"
)

// Limits of every connection.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
	maxURLBytes       = 8 << 10
	// shutdownTimeout is how long requests under way may take to finish.
	shutdownTimeout = 20 * time.Second
)

// NewHTTPServer returns an http.Server for h with the time-outs and sizes that a
// server on the internet needs: 5 s for a request's headers, 15 s for the whole
// request, 30 s for the answer, 60 s between requests, 16 KiB of headers. A handler
// that takes longer by intent, as for server-sent events, moves its deadline with
// [http.ResponseController.SetWriteDeadline].
func (s *Server) NewHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// ListenAndServe serves h on Config.Addr until ctx ends; requests under way then
// have 20 s to finish. ready, if not nil, is called when the server accepts
// connections. The Server stays open: call Close afterwards.
func (s *Server) ListenAndServe(ctx context.Context, h http.Handler, ready func(net.Addr)) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("gatehouse: %w", err)
	}
	return s.Serve(ctx, listener, h, ready)
}

// Serve is ListenAndServe on a listener of the caller's, which it closes.
func (s *Server) Serve(ctx context.Context, listener net.Listener, h http.Handler, ready func(net.Addr)) error {
	server := s.NewHTTPServer(h)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if ready != nil {
		ready(listener.Addr())
	}
	select {
	case err := <-failed:
		return fmt.Errorf("gatehouse: serve: %w", err)
	case <-ctx.Done():
	}
	s.log.InfoContext(ctx, "shutting down")
	shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(shutdown); err != nil {
		return fmt.Errorf("gatehouse: shut down: %w", errors.Join(err, server.Close()))
	}
	return nil
}

// NewTerminalLogger returns a logger that writes one line per record for people to
// read: what a development server shows. Records below level are dropped.
func NewTerminalLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(logging.Redact(logging.Terminal(w, level)))
}
