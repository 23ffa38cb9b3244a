// Package httpjson reads and writes the JSON bodies of the HTTP APIs: limits, content
// types and headers live here, once.
package httpjson

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/random"
)

// The values of SetHeaders, which all answers share: whoever adds to one of these, which
// have no room, gets a copy.
var (
	contentType    = []string{"application/json"}
	cacheControl   = []string{"no-store"}
	noSniff        = []string{"nosniff"}
	noContent      = []string{"default-src 'none'; frame-ancestors 'none'"}
	referrerPolicy = []string{"no-referrer"}
)

// SetHeaders sets what every answer of the APIs carries (W-02). The content type has
// no charset: the official JavaScript SDK compares it literally.
func SetHeaders(h http.Header) {
	h["Content-Type"] = contentType
	h["Cache-Control"] = cacheControl
	h["X-Content-Type-Options"] = noSniff
	h["Content-Security-Policy"] = noContent
	h["Referrer-Policy"] = referrerPolicy
}

// Write answers with v as JSON. Nothing is written if v cannot be encoded.
func Write(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return WriteRaw(w, status, body)
}

// WriteRaw answers with JSON that is ready.
func WriteRaw(w http.ResponseWriter, status int, body []byte) error {
	SetHeaders(w.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone: there is nobody left to tell
	return nil
}

// WriteError answers with e and the given trace id. client is the browser's client for
// meta.client; nil leaves it out.
func WriteError(w http.ResponseWriter, e *apierr.Error, traceID string, client any) {
	if e.RetryAfter > 0 {
		// RFC 9110 §10.2.3: whole seconds; rounding down would invite the client too early.
		secs := (e.RetryAfter + time.Second - 1) / time.Second
		w.Header().Set("Retry-After", strconv.FormatInt(int64(secs), 10))
	}
	w.Header().Set("Clerk-Trace-Id", traceID)
	if err := Write(w, e.Status, e.Envelope(traceID, client)); err != nil {
		// Only a client that cannot be encoded gets here.
		_ = Write(w, http.StatusInternalServerError, apierr.Internal.Envelope(traceID, nil))
	}
}

// TraceID returns the 32 hex digits that an error answer and its log line share.
func TraceID() string { return hex.EncodeToString(random.Bytes(16)) }
