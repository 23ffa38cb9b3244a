package frontendapi

import (
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// jwks serves GET /.well-known/jwks.json (RFC 7517). It is the one answer that may be
// cached: a new key is published for ten minutes before it signs.
func (c *call) jwks() error {
	return httpjson.WriteRaw(&cacheable{c.w}, http.StatusOK, c.h.cfg.JWKS())
}

// cacheable replaces no-store where an answer is public.
type cacheable struct{ http.ResponseWriter }

func (w *cacheable) WriteHeader(status int) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.ResponseWriter.WriteHeader(status)
}

// health serves GET /v1/health.
func (c *call) health() error {
	return httpjson.Write(c.w, http.StatusOK, map[string]string{"status": "healthy"})
}
