package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/auth"
)

// What every token says and every middleware is told to expect.
const (
	issuer   = "https://clerk.example.com"
	audience = "https://api.example.com"
	keyID    = "ins_2aBcDeFgHiJkLmNoPqRsTuVwXyZ"
	inTurn   = 10_000 // tokens of the case "in turn"
)

// issuerKey is a key pair that signs tokens.
type issuerKey struct {
	method  jwt.SigningMethod
	private crypto.Signer
	public  auth.Key
}

func newIssuerKey(algorithm string) (*issuerKey, error) {
	var private crypto.Signer
	var err error
	switch algorithm {
	case auth.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case auth.EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		return nil, err
	}
	public, err := auth.NewKey(keyID, private.Public())
	return &issuerKey{method: jwt.GetSigningMethod(algorithm), private: private, public: public}, err
}

// token returns the token of the nth user, some 900 bytes, that expires at the given time.
func (k *issuerKey) token(n int, expires time.Time) (string, error) {
	now := expires.Add(-time.Hour).Unix()
	t := jwt.NewWithClaims(k.method, jwt.MapClaims{
		"azp": "https://app.example.com", "aud": audience, "iss": issuer,
		"exp": expires.Unix(), "iat": now, "nbf": now - 10, "fva": []int{3, -1}, "v": 2,
		"jti": fmt.Sprintf("%020x", n), "fea": "o:teams",
		"o":   map[string]any{"id": "org_2aBcDeFgHiJkLm", "rol": "admin", "per": "read", "fpm": "1", "slg": "example"},
		"sid": fmt.Sprintf("sess_2aBcDeFgHiJkLmNoPqR%07d", n),
		"sub": fmt.Sprintf("user_2aBcDeFgHiJkLmNoPqR%07d", n),
	})
	t.Header["kid"], t.Header["cat"] = k.public.ID, auth.CategorySession
	return t.SignedString(k.private)
}

// rawVerify returns the bare check of a token's signature.
func (k *issuerKey) rawVerify(token string) (func(), error) {
	dot := strings.LastIndexByte(token, '.')
	signature, err := jwt.NewParser().DecodeSegment(token[dot+1:])
	if err != nil {
		return nil, err
	}
	signed := token[:dot]
	return func() {
		if err := k.method.Verify(signed, signature, k.public.Public); err != nil {
			panic(err)
		}
	}, nil
}

// rawSign returns the bare signature of a text as long as what is signed of a token.
func (k *issuerKey) rawSign() func() {
	text := strings.Repeat("a", 600)
	return func() {
		if _, err := k.method.Sign(text, k.private); err != nil {
			panic(err)
		}
	}
}

// requests are the cases that every middleware is put to.
type requests struct {
	hot     *http.Request // one good token again and again
	forged  *http.Request // its signature is another token's
	expired *http.Request
	inTurn  [][]string    // values of Authorization: good tokens, each of another user
	cookie  *http.Request // the token of hot in a cookie among five others
}

// newRequests makes the cases. n is how many tokens come in turn.
func newRequests(k *issuerKey, n int) (*requests, error) {
	soon := time.Now().Add(50 * time.Minute)
	good, err := k.token(0, soon)
	if err != nil {
		return nil, err
	}
	other, err := k.token(1, soon)
	if err != nil {
		return nil, err
	}
	old, err := k.token(0, time.Now().Add(-time.Hour))
	if err != nil {
		return nil, err
	}
	forged := good[:strings.LastIndexByte(good, '.')] + other[strings.LastIndexByte(other, '.'):]
	rs := &requests{hot: bearer(good), forged: bearer(forged), expired: bearer(old), cookie: request()}
	rs.cookie.Header.Set("Cookie", "theme=dark; _ga=GA1.1.1234567890.1700000000; lang=en; __session="+good+"; consent=yes; seen=1700000000")
	for i := range n {
		token, err := k.token(i, soon)
		if err != nil {
			return nil, err
		}
		rs.inTurn = append(rs.inTurn, []string{"Bearer " + token})
	}
	return rs, nil
}

func (rs *requests) token() string {
	return strings.TrimPrefix(rs.hot.Header.Get("Authorization"), "Bearer ")
}

// request has the headers that an API client sends.
func request() *http.Request {
	r, err := http.NewRequest(http.MethodGet, "http://app.example.com/api/orders", nil)
	if err != nil {
		panic(err) // a constant
	}
	r.Header.Set("User-Agent", "example-app/1.0")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Accept-Encoding", "gzip")
	return r
}

// fromBrowser adds the headers that a browser sends besides.
func fromBrowser(r *http.Request) *http.Request {
	r = r.Clone(r.Context())
	for _, name := range []string{
		"Accept-Language", "Cache-Control", "Pragma", "Priority", "Referer",
		"Sec-Ch-Ua", "Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode",
	} {
		r.Header.Set(name, "as browsers send it")
	}
	return r
}

func bearer(token string) *http.Request {
	r := request()
	// Another copy than the one that a cache keeps: no comparison is won by address.
	r.Header.Set("Authorization", "Bearer "+strings.Clone(token))
	return r
}
