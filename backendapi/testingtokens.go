package backendapi

import (
	"net/http"

	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// testingTokenJSON is a testing token; its end is in Unix seconds, unlike other times.
type testingTokenJSON struct {
	Object    string `json:"object"`
	Token     string `json:"token"`
	ExpiresAt int64  `json:"expires_at"`
}

// createTestingToken serves POST /v1/testing_tokens: what automated browsers send along
// as __clerk_testing_token. Development only (C-13).
func (c *call) createTestingToken() error {
	if err := c.fields().err; err != nil {
		return err
	}
	token, expireAt, err := c.h.cfg.Flow.NewTestingToken()
	if err != nil {
		return err
	}
	return httpjson.Write(c.w, http.StatusOK, testingTokenJSON{Object: "testing_token", Token: token, ExpiresAt: expireAt.Unix()})
}
