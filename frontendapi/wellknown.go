package frontendapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// jwks serves GET /.well-known/jwks.json (RFC 7517). It may be cached: a new key is published for ten minutes before it signs.
func (c *call) jwks() error {
	return httpjson.WriteRaw(&cacheable{c.w}, http.StatusOK, c.h.cfg.JWKS())
}

// openIDJSON is what verifiers of tokens look for (OpenID Connect Discovery 1.0 §3). There
// are no endpoints in it: nobody signs in to other sites with this server.
type openIDJSON struct {
	Issuer     string   `json:"issuer"`
	JWKSURI    string   `json:"jwks_uri"`
	Subjects   []string `json:"subject_types_supported"`
	Algorithms []string `json:"id_token_signing_alg_values_supported"`
	Claims     []string `json:"claims_supported"`
}

// openIDConfiguration serves GET /.well-known/openid-configuration, bare: who signs the
// session tokens, with which keys, and by which algorithms.
func (c *call) openIDConfiguration() error {
	var set struct {
		Keys []struct {
			Algorithm string `json:"alg"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(c.h.cfg.JWKS(), &set); err != nil {
		return fmt.Errorf("read key set: %w", err)
	}
	algorithms := []string{}
	for _, key := range set.Keys {
		if !slices.Contains(algorithms, key.Algorithm) {
			algorithms = append(algorithms, key.Algorithm)
		}
	}
	return httpjson.Write(&cacheable{c.w}, http.StatusOK, openIDJSON{
		Issuer: c.h.cfg.Issuer, JWKSURI: c.h.cfg.PublicURL.JoinPath("/.well-known/jwks.json").String(),
		Subjects: []string{"public"}, Algorithms: algorithms,
		Claims: []string{"iss", "sub", "sid", "azp", "iat", "nbf", "exp", "jti", "fva", "sts", "act", "v"},
	})
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
