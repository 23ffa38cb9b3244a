package gatehouse_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/session"
)

// Every way to have no right to a protected route is a 401 whose one reason stands in
// the log, and in production nowhere in the answer.
func TestRefusedTokens(t *testing.T) {
	for name, config := range map[string]func(*testing.T) gatehouse.Config{"development": development, "production": production} {
		t.Run(name, func(t *testing.T) {
			var log lockedBuffer
			c := config(t)
			c.Logger = slog.New(slog.NewJSONHandler(&log, nil))
			s := open(t, c)
			h := s.Mount(s.Require(app))
			for _, test := range refusedTokens(t, s) {
				t.Run(test.name, func(t *testing.T) {
					before := len(log.String())
					r := httptest.NewRequest(http.MethodGet, s.PublicURL()+"/api/me", nil)
					r.Header.Set("Authorization", "Bearer "+test.token)
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					said := w.Header().Get("Gatehouse-Auth-Reason") + w.Body.String()
					logged := log.String()[before:]
					if w.Code != http.StatusUnauthorized || !strings.Contains(logged, string(test.reason)) {
						t.Errorf("%d, log %q; want 401 and %s in the log", w.Code, logged, test.reason)
					}
					if tells := strings.Contains(said, string(test.reason)); tells != c.Development {
						t.Errorf("the answer tells the reason: %v, want %v: %s", tells, c.Development, said)
					}
					if strings.Contains(logged, test.token) {
						t.Error("the log holds the token (L-01)")
					}
				})
			}
		})
	}
}

type refusedToken struct {
	name, token string
	reason      auth.Reason
}

func refusedTokens(t *testing.T, s *gatehouse.Server) []refusedToken {
	t.Helper()
	u := createUser(t, s)
	mint := func() (id, token string) {
		ss, _ := startSession(t, s, u)
		token, err := s.Sessions().Token(t.Context(), ss, "")
		if err != nil {
			t.Fatal(err)
		}
		return string(ss.ID), token
	}
	endedID, ended := mint()
	_, good := mint()
	key, kid := signingKey(t), kidOf(t, good)
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	claims := claimsOf(t, good)
	past := claimsOf(t, good)
	for name, age := range map[string]int64{"iat": 180, "nbf": 190, "exp": 120} {
		past[name] = time.Now().Unix() - age
	}
	tokens := []refusedToken{
		{"forged", good[:len(good)-8] + "AAAAAAAA", auth.ReasonTokenSignature},
		{"expired", sign(t, jwt.SigningMethodRS256, kid, past, key), auth.ReasonTokenExpired},
		{"alg none", sign(t, jwt.SigningMethodNone, kid, claims, jwt.UnsafeAllowNoneSignatureType), auth.ReasonTokenAlgorithm},
		{"HS256 with the public key", sign(t, jwt.SigningMethodHS256, kid, claims, publicPEM), auth.ReasonTokenAlgorithm},
		{"foreign key under our kid", sign(t, jwt.SigningMethodRS256, kid, claims, foreign), auth.ReasonTokenSignature},
		{"foreign key", sign(t, jwt.SigningMethodRS256, "ins_somebody", claims, foreign), auth.ReasonTokenKeyUnknown},
		{"after sign-out", ended, auth.ReasonSessionRevoked},
		{"after deletion", good, auth.ReasonSessionRevoked},
	}
	revoke(t, s, endedID)
	if err := s.Users().DeleteSelf(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	return tokens
}

func sign(t *testing.T, method jwt.SigningMethod, kid string, claims jwt.MapClaims, key any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = kid
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// signingKey is the private half of testKey.
func signingKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(testKey()))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func kidOf(t *testing.T, token string) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	kid, _ := parsed.Header["kid"].(string)
	return kid
}

// claimsOf decodes a token's claims with whole numbers as such.
func claimsOf(t *testing.T, token string) jwt.MapClaims {
	t.Helper()
	parsed, _, err := jwt.NewParser(jwt.WithJSONNumber()).ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	claims := parsed.Claims.(jwt.MapClaims)
	for name, value := range claims {
		if n, ok := value.(json.Number); ok {
			claims[name], _ = n.Int64()
		}
	}
	return claims
}

func revoke(t *testing.T, s *gatehouse.Server, id string) {
	t.Helper()
	if _, err := s.Sessions().Revoke(t.Context(), session.ID(id), "signed out"); err != nil {
		t.Fatal(err)
	}
}
