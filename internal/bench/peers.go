package main

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"net/http"
	"strings"

	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-chi/jwtauth/v5"
	"github.com/labstack/echo/v4"

	"github.com/golang-jwt/jwt/v5"
	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/lestrrat-go/jwx/v2/jwa"
	jwxjwt "github.com/lestrrat-go/jwx/v2/jwt"
)

// peer is a way to protect a handler in Go. All are told the same key, issuer and
// audience as far as they take them, and the handler behind each reads the token's
// subject by the peer's own accessor.
type peer struct {
	name   string
	module string // whose version is shown
	setup  string // how it is set up, for the table
	// protect returns the handler; saw is told the subject.
	protect func(k *issuerKey, saw func(subject string)) (http.Handler, error)
}

// peers verify every token that they are sent, by design.
var peers = []peer{
	{"clerk-sdk-go, JWKS cache", clerkModule, "RequireHeaderAuthorization; the key set comes from a server on the loopback, once", clerkJWKS},
	{"clerk-sdk-go, JSONWebKey", clerkModule, "RequireHeaderAuthorization(JSONWebKey(pem)), its option without network", clerkPEM},
	{"auth0/go-jwt-middleware", "github.com/auth0/go-jwt-middleware/v2", "validator.New with the key, RS256, issuer and audience", auth0},
	{"go-chi/jwtauth", "github.com/go-chi/jwtauth/v5", "Verifier and Authenticator, issuer and audience as validate options", chiJWTAuth},
	{"echo-jwt", "github.com/labstack/echo-jwt/v4", "in echo, KeyFunc and registered claims; issuer and audience are left to the handler", echoJWT},
	{"golang-jwt by hand", "github.com/golang-jwt/jwt/v5", "one Parser with RS256, issuer and audience; registered claims", golangJWT},
	{"jwx by hand", "github.com/lestrrat-go/jwx/v2", "jwt.ParseString with the key, issuer and audience", jwxByHand},
	{"coreos/go-oidc", "github.com/coreos/go-oidc/v3", "IDTokenVerifier over a StaticKeySet, issuer and client id", goOIDC},
}

func auth0(k *issuerKey, saw func(string)) (http.Handler, error) {
	key := func(context.Context) (any, error) { return k.public.Public, nil }
	v, err := validator.New(key, validator.RS256, issuer, []string{audience})
	if err != nil {
		return nil, err
	}
	return jwtmiddleware.New(v.ValidateToken).CheckJWT(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		claims, _ := r.Context().Value(jwtmiddleware.ContextKey{}).(*validator.ValidatedClaims)
		saw(claims.RegisteredClaims.Subject)
	})), nil
}

func chiJWTAuth(k *issuerKey, saw func(string)) (http.Handler, error) {
	ja := jwtauth.New("RS256", nil, k.public.Public, jwxjwt.WithIssuer(issuer), jwxjwt.WithAudience(audience))
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		token, _, _ := jwtauth.FromContext(r.Context())
		saw(token.Subject())
	})
	return jwtauth.Verifier(ja)(jwtauth.Authenticator(ja)(next)), nil
}

func echoJWT(k *issuerKey, saw func(string)) (http.Handler, error) {
	e := echo.New()
	e.Use(echojwt.WithConfig(echojwt.Config{
		SigningMethod: jwt.SigningMethodRS256.Alg(),
		KeyFunc:       keyFunc(k.public.Public),
		NewClaimsFunc: func(echo.Context) jwt.Claims { return new(jwt.RegisteredClaims) },
	}))
	e.GET("/api/orders", func(c echo.Context) error {
		token, _ := c.Get("user").(*jwt.Token)
		subject, err := token.Claims.GetSubject()
		saw(subject)
		return err
	})
	return e, nil
}

func keyFunc(public crypto.PublicKey) jwt.Keyfunc {
	return func(t *jwt.Token) (any, error) {
		if t.Method.Alg() != jwt.SigningMethodRS256.Alg() || t.Header["kid"] != keyID {
			return nil, errors.New("unknown key")
		}
		return public, nil
	}
}

type subjectKey struct{}

// byHand is the middleware that people write around a parser: verify returns the
// subject.
func byHand(verify func(context.Context, string) (string, error), saw func(string)) http.Handler {
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		subject, _ := r.Context().Value(subjectKey{}).(string)
		saw(subject)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		subject, err := verify(r.Context(), token)
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), subjectKey{}, subject)))
	})
}

func golangJWT(k *issuerKey, saw func(string)) (http.Handler, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithExpirationRequired())
	key := keyFunc(k.public.Public)
	return byHand(func(_ context.Context, token string) (string, error) {
		var claims jwt.RegisteredClaims
		_, err := parser.ParseWithClaims(token, &claims, key)
		return claims.Subject, err
	}, saw), nil
}

func jwxByHand(k *issuerKey, saw func(string)) (http.Handler, error) {
	options := []jwxjwt.ParseOption{jwxjwt.WithKey(jwa.RS256, k.public.Public), jwxjwt.WithIssuer(issuer), jwxjwt.WithAudience(audience)}
	return byHand(func(_ context.Context, token string) (string, error) {
		t, err := jwxjwt.ParseString(token, options...)
		if err != nil {
			return "", err
		}
		return t.Subject(), nil
	}, saw), nil
}

func goOIDC(k *issuerKey, saw func(string)) (http.Handler, error) {
	public, ok := k.public.Public.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("want an RSA key")
	}
	keys := &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{public}}
	v := oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: audience})
	return byHand(func(ctx context.Context, token string) (string, error) {
		t, err := v.Verify(ctx, token)
		if err != nil {
			return "", err
		}
		return t.Subject, nil
	}, saw), nil
}
