package backendapi

import (
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// handshakeJSON is what an app's server sets in a browser, as Set-Cookie values.
type handshakeJSON struct {
	Directives []string `json:"directives"`
}

// handshakePayload serves GET /v1/clients/handshake_payload: the official back-end SDKs
// fetch the answer of a handshake by its nonce, once.
func (c *call) handshakePayload() error {
	q := c.query("nonce")
	nonce := q.text("nonce")
	if q.err != nil {
		return q.err
	}
	directives, err := c.h.cfg.Sessions.HandshakeDirectives(c.r.Context(), nonce)
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, handshakeJSON{Directives: directives})
}
