package storetest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// RunSecrets lets a session.Service over the stores of cfg do its work, and looks
// into what dump then returns, all that the backend holds, for the secrets that
// browsers got and those in private (S-02, K-03). cfg needs Clients, Sessions,
// Revocations and Keys.
func RunSecrets(t *testing.T, cfg session.Config, dump func(*testing.T) []byte, private ...[]byte) {
	now := base
	cfg.Issuer, cfg.Now = "https://clerk.example.com", func() time.Time { return now }
	service, err := session.NewService(cfg)
	must(t, err)
	client, first, err := service.NewClient(t.Context())
	must(t, err)
	second, err := service.RotateCookie(t.Context(), client.ID, string(first.Value), true)
	must(t, err)
	now = now.Add(time.Minute)
	ss, err := service.Start(t.Context(), session.NewSession{ClientID: client.ID, UserID: newUserID(), AsOf: now, Strategy: "password"})
	must(t, err)
	token, err := service.Mint(t.Context(), string(second.Value), ss.ID, "")
	must(t, err)
	must(t, service.RevokeUser(t.Context(), ss.UserID, cause, ""))

	all := dump(t)
	if !bytes.Contains(all, []byte(cause)) {
		t.Fatalf("the dump of %d bytes lacks what was stored", len(all))
	}
	secrets := append([][]byte{secretOf(first), secretOf(second), []byte(token)}, private...)
	for i, secret := range secrets {
		for form, text := range map[string][]byte{
			"as it is":  secret,
			"in base64": []byte(base64.RawStdEncoding.EncodeToString(secret)),
			"in hex":    []byte(hex.EncodeToString(secret)),
		} {
			if bytes.Contains(all, text) {
				t.Errorf("secret %d lies in the dump %s", i, form)
			}
		}
		if raw, err := base64.RawURLEncoding.DecodeString(string(secret)); err == nil && bytes.Contains(all, raw) {
			t.Errorf("secret %d lies in the dump decoded", i)
		}
	}
}

// secretOf is what is secret of a cookie: the rest names its client.
func secretOf(c session.Cookie) []byte {
	secret, _, _ := bytes.Cut([]byte(c.Value), []byte("."))
	return secret
}
