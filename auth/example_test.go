package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
)

func ExampleFromContext() {
	handler := func(w http.ResponseWriter, r *http.Request) {
		a := auth.FromContext(r.Context())
		if !a.IsAuthenticated {
			http.Error(w, "sign in first", http.StatusUnauthorized)
			return
		}
		fmt.Println("hello", a.UserID)
	}

	// Package middleware does this for every request.
	ctx := auth.NewContext(context.Background(), &auth.Auth{IsAuthenticated: true, UserID: "user_2aB"})
	handler(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	// Output: hello user_2aB
}

func ExampleVerifier() {
	key, err := auth.ParsePEM("ins_1", []byte(`-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----`))
	if err != nil {
		panic(err)
	}
	keys, err := auth.FixedKeys(key)
	if err != nil {
		panic(err)
	}
	v, err := auth.NewVerifier(auth.VerifierConfig{
		Keys:              keys,
		Issuer:            "https://clerk.example.com",
		AuthorizedParties: []string{"https://app.example.com"},
		Leeway:            2 * time.Second,
	})
	if err != nil {
		panic(err)
	}
	_, err = v.Verify(context.Background(), "eyJhbGciOiJub25lIn0.e30.")
	if refused, ok := errors.AsType[*auth.TokenError](err); ok {
		fmt.Println(refused.Reason)
	}
	// Output: session_token_algorithm
}

func ExampleClaimsAs() {
	type plan struct {
		Tier  string `json:"tier"`
		Seats *int   `json:"seats"` // may be missing
	}
	handler := func(_ http.ResponseWriter, r *http.Request) {
		p, err := auth.ClaimsAs[plan](auth.FromContext(r.Context()))
		fmt.Printf("%q %v\n", p.Tier, err)
	}

	// Package middleware does this, with the payload of the token that it verified.
	for _, payload := range []string{`{"tier":"pro"}`, `{"Tier":"pro"}`, `{"tier":null}`} {
		a := &auth.Auth{IsAuthenticated: true, Claims: &auth.Claims{Raw: []byte(payload)}}
		ctx := auth.NewContext(context.Background(), a)
		handler(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	}
	// Output:
	// "pro" <nil>
	// "" auth: claim "tier": is missing
	// "" auth: claim "tier": is null
}

func ExampleCookieSuffix() {
	key := auth.PublishableKey("clerk.local.test")
	fmt.Println(key)
	fmt.Println("__session_" + auth.CookieSuffix(key))
	// Output:
	// pk_live_Y2xlcmsubG9jYWwudGVzdCQ=
	// __session_4qziOR6R
}
