package backendapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
)

// maxKey bounds a secret key, in bytes.
const maxKey = 256

// authenticate checks the secret key (B-01): one Authorization header with one Bearer
// token. It returns the name under which the key's requests are counted.
func (h *Handler) authenticate(r *http.Request) (name string, err error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", apierr.AuthenticationInvalid
	}
	if len(values) > 1 {
		return "", apierr.AuthorizationHeaderInvalid
	}
	scheme, key, ok := strings.Cut(values[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || key == "" || len(key) > maxKey || strings.ContainsAny(key, " ,\t") {
		return "", apierr.AuthorizationHeaderInvalid
	}
	found, err := h.cfg.SecretKeys.Check(key)
	return found.ID, err
}

// invitationsPerHour bounds the routes that send mails, a key.
var invitationsPerHour = map[string]int{
	"POST /v1/invitations":      100,
	"POST /v1/invitations/bulk": 25,
}

// take counts the request against the key's limit (E-02); the key set has none, since
// verifiers fetch it. When the store is away nothing passes (E-04).
func (c *call) take(key string) error {
	if c.pattern == "GET /v1/jwks" {
		return nil
	}
	limit := 1000
	if c.h.cfg.Development {
		limit = 100
	}
	if err := c.count("bapi:"+key, limit, 10*time.Second); err != nil {
		return err
	}
	if most, ok := invitationsPerHour[c.pattern]; ok {
		return c.count("bapi:"+c.pattern+":"+key, most, time.Hour)
	}
	return nil
}

// count takes one event out of a budget.
func (c *call) count(name string, limit int, window time.Duration) error {
	ok, wait, err := c.h.cfg.Limits.Take(c.r.Context(), name, limit, window, c.now())
	if err != nil {
		return apierr.Unavailable.Because(err).After(time.Second)
	}
	if !ok {
		return apierr.TooManyRequests.After(max(wait, time.Second))
	}
	return nil
}
