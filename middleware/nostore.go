package middleware

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// noStoreWriter keeps an answer out of every cache, whatever the handler says: it
// carries one person's fresh token.
type noStoreWriter struct {
	http.ResponseWriter
	begun bool
}

func (w *noStoreWriter) begin() {
	if !w.begun {
		w.Header().Set("Cache-Control", "no-store")
	}
}

// WriteHeader implements http.ResponseWriter.
func (w *noStoreWriter) WriteHeader(status int) {
	w.begin()
	w.begun = w.begun || status >= 200 // 1xx answers come before the real one
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *noStoreWriter) Write(b []byte) (int, error) {
	w.begin()
	w.begun = true
	return w.ResponseWriter.Write(b)
}

// ReadFrom implements io.ReaderFrom, so that files are still sent by the kernel.
func (w *noStoreWriter) ReadFrom(src io.Reader) (int64, error) {
	w.begin()
	w.begun = true
	return io.Copy(w.ResponseWriter, src)
}

// Flush implements http.Flusher for handlers that know no ResponseController.
func (w *noStoreWriter) Flush() {
	w.begin()
	_ = http.NewResponseController(w.ResponseWriter).Flush() // Flush has no way to say that it cannot
}

// Hijack implements http.Hijacker.
func (w *noStoreWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap serves http.ResponseController.
func (w *noStoreWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
