package gatehouse

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
	"github.com/gatehouse-dev/gatehouse/internal/logging"
)

type traceKey struct{}

// traceID returns the id that the request's log lines and its error answer share.
func traceID(r *http.Request) string {
	if id, ok := r.Context().Value(traceKey{}).(string); ok {
		return id
	}
	return httpjson.TraceID()
}

// edge is the outermost handler: it numbers the request, writes its one line in
// the log, and turns a panic into the generic 500 (E-06). What the panic said goes
// to the log and nowhere else.
func edge(log *slog.Logger, now func() time.Time, https bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := now()
		if https {
			// Two years (W-01). Sub-domains are left alone, which may not be ours.
			w.Header().Set("Strict-Transport-Security", "max-age=63072000")
		}
		id := httpjson.TraceID()
		r = r.WithContext(context.WithValue(r.Context(), traceKey{}, id))
		rec := &recorder{ResponseWriter: w}
		defer func() {
			v := recover()
			if v != nil && !isAbort(v) {
				log.ErrorContext(r.Context(), "handler panicked", "trace_id", id, logging.KeyMethod, r.Method, logging.KeyPath, r.URL.Path,
					"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				if rec.status == 0 {
					clear(w.Header())
					httpjson.WriteError(rec, apierr.Internal, id, nil)
				} else {
					v = http.ErrAbortHandler // half an answer is out: cut the connection
				}
			}
			log.DebugContext(r.Context(), "request", logging.KeyStatus, rec.code(), logging.KeyMethod, r.Method, logging.KeyPath, r.URL.Path,
				"trace_id", id, "duration_ms", now().Sub(start).Milliseconds())
			if isAbort(v) {
				panic(v)
			}
		}()
		if e := tooLong(w, r); e != nil {
			httpjson.WriteError(rec, e, id, nil)
			return
		}
		next.ServeHTTP(rec, r)
	})
}

// tooLong refuses addresses beyond the bound of R-15, and sees to it that no
// request hides behind another: a body in chunks may come with a Content-Length
// that a proxy before us believed and net/http dropped, so the connection ends
// with the answer (RFC 9112 §6.1).
func tooLong(w http.ResponseWriter, r *http.Request) *apierr.Error {
	if len(r.TransferEncoding) > 0 && r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
	}
	if len(r.RequestURI) <= maxURLBytes {
		return nil
	}
	w.Header().Set("Connection", "close")
	e := apierr.MalformedParameters.Saying("The address of the request is longer than 8 KiB.")
	e.Status = http.StatusRequestURITooLong
	return e
}

// isAbort reports whether v is how a handler asks net/http to cut the connection.
func isAbort(v any) bool {
	err, ok := v.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	// 1xx answers come before the final one, except 101, which is final.
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap gives http.ResponseController the writer with its further abilities.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Flush keeps answers that stream flowing through handlers that assert http.Flusher.
func (r *recorder) Flush() {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	_ = http.NewResponseController(r.ResponseWriter).Flush()
}

// ReadFrom lets files go to the connection without a detour through memory.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return io.Copy(r.ResponseWriter, src)
}

// Hijack hands the connection over, as web sockets want it.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.status = http.StatusSwitchingProtocols
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

// code is the status that the client saw; a handler that writes nothing answers 200.
func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
