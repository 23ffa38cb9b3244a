package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"

	"github.com/clerk/clerk-sdk-go/v2"
	clerkhttp "github.com/clerk/clerk-sdk-go/v2/http"
	"github.com/clerk/clerk-sdk-go/v2/jwks"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

const clerkModule = "github.com/clerk/clerk-sdk-go/v2"

// clerkJWKS lets clerk-sdk-go fetch the key set, which it keeps for an hour. The
// server of the set lives as long as the process.
func clerkJWKS(k *issuerKey, saw func(string)) (http.Handler, error) {
	body, err := keySet(k)
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
	client := jwks.NewClient(&clerk.ClientConfig{BackendConfig: clerk.BackendConfig{
		HTTPClient: server.Client(), URL: clerk.String(server.URL), Key: clerk.String("sk_test_0000000000"),
	}})
	return clerkhttp.RequireHeaderAuthorization(clerkhttp.JWKSClient(client))(clerkHandler(saw)), nil
}

// clerkPEM gives clerk-sdk-go the key itself.
func clerkPEM(k *issuerKey, saw func(string)) (http.Handler, error) {
	der, err := x509.MarshalPKIXPublicKey(k.public.Public)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return clerkhttp.RequireHeaderAuthorization(clerkhttp.JSONWebKey(string(text)))(clerkHandler(saw)), nil
}

func clerkHandler(saw func(string)) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		claims, _ := clerk.SessionClaimsFromContext(r.Context())
		saw(claims.Subject)
	})
}

// keySet is the key as a JWK set (RFC 7517 §5).
func keySet(k *issuerKey) ([]byte, error) {
	key, err := jwk.FromRaw(k.public.Public)
	if err != nil {
		return nil, err
	}
	set := jwk.NewSet()
	for name, value := range map[string]any{jwk.KeyIDKey: k.public.ID, jwk.AlgorithmKey: k.public.Algorithm, jwk.KeyUsageKey: "sig"} {
		if err := key.Set(name, value); err != nil {
			return nil, err
		}
	}
	if err := set.AddKey(key); err != nil {
		return nil, err
	}
	return json.Marshal(set)
}
