package middleware_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// publicKey stands for the one that the server's key set publishes.
const publicKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----`

func exampleVerifier() *auth.Verifier {
	key, err := auth.ParsePEM("ins_1", []byte(publicKey))
	if err != nil {
		panic(err)
	}
	keys, err := auth.FixedKeys(key)
	if err != nil {
		panic(err)
	}
	v, err := auth.NewVerifier(auth.VerifierConfig{Keys: keys, Issuer: "https://clerk.example.com"})
	if err != nil {
		panic(err)
	}
	return v
}

func Example() {
	m, err := middleware.New(middleware.Config{Verifier: exampleVerifier(), SignInURL: "/sign-in"})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /api/me", m.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, auth.FromContext(r.Context()).UserID)
	})))

	script := httptest.NewRecorder()
	mux.ServeHTTP(script, httptest.NewRequest("GET", "/api/me", nil))
	fmt.Println(script.Code)

	page := httptest.NewRequest("GET", "/api/me", nil)
	page.Header.Set("Sec-Fetch-Dest", "document")
	browser := httptest.NewRecorder()
	mux.ServeHTTP(browser, page)
	fmt.Println(browser.Code, browser.Header().Get("Location"))
	// Output:
	// 401
	// 303 /sign-in?redirect_url=%2Fapi%2Fme
}

func ExampleMiddleware_RequireThat() {
	m := exampleMiddleware()
	stepUp := m.RequireThat(middleware.Reverified(10*time.Minute, middleware.FirstFactor))
	mux := http.NewServeMux()
	mux.Handle("DELETE /api/account", stepUp(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "deleted "+auth.FromContext(r.Context()).UserID)
	})))

	for _, age := range []int{2, 30} { // minutes since the password was proved
		r := httptest.NewRequest("DELETE", "/api/account", nil)
		r.Header.Set("Authorization", "Bearer "+exampleToken("fva", []int{age, -1}))
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 deleted user_2aB
	// 403 {"clerk_error":{"type":"forbidden","reason":"reverification-error","metadata":{"reverification":{"level":"first_factor","afterMinutes":10}}}}
}

// A rule on claims of the app's own. A token without the claim is refused, and so is
// one whose claim is something else.
func ExampleClaims() {
	type plan struct {
		Tier string `json:"tier"`
	}
	m := exampleMiddleware()
	paid := m.RequireThat(middleware.Claims(func(p plan) bool { return p.Tier != "free" }))
	handler := paid(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := auth.ClaimsAs[plan](auth.FromContext(r.Context()))
		fmt.Println(p.Tier, err)
	}))
	for _, token := range []string{exampleToken("tier", "pro"), exampleToken("tier", "free"), exampleToken()} {
		r := httptest.NewRequest("GET", "/reports", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// pro <nil>
	// 200
	// 403
	// 403
}

// The body says whether the request is one to be careful with.
func ExampleMiddleware_Protect() {
	m := exampleMiddleware()
	stepUp := middleware.Reverified(5*time.Minute, middleware.FirstFactor)
	transfer := m.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		amount, err := strconv.Atoi(r.FormValue("amount"))
		if err != nil {
			http.Error(w, "no amount", http.StatusBadRequest)
			return
		}
		if amount > 1000 && !m.Protect(w, r, stepUp) {
			return
		}
		_, _ = io.WriteString(w, "transferred\n")
	}))
	for _, amount := range []string{"10", "5000"} {
		r := httptest.NewRequest("POST", "/transfers?amount="+amount, nil)
		r.Header.Set("Authorization", "Bearer "+exampleToken("fva", []int{8, -1}))
		w := httptest.NewRecorder()
		transfer.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 403
}

// exampleMiddleware trusts the tokens of exampleToken.
func exampleMiddleware() *middleware.Middleware {
	key, err := auth.NewKey("ins_1", ours.Public())
	if err != nil {
		panic(err)
	}
	keys, err := auth.FixedKeys(key)
	if err != nil {
		panic(err)
	}
	v, err := auth.NewVerifier(auth.VerifierConfig{Keys: keys, Issuer: issuer, Now: newClock().now})
	if err != nil {
		panic(err)
	}
	m, err := middleware.New(middleware.Config{Verifier: v, Now: newClock().now})
	if err != nil {
		panic(err)
	}
	return m
}

func exampleToken(claims ...any) string { return newClock().token("2aB", claims...) }

// An app on another origin than the Frontend API asks there who a browser is.
func ExampleConfig_frontendAPI() {
	m, err := middleware.New(middleware.Config{
		Verifier:        exampleVerifier(),
		FrontendAPI:     "https://auth.example.com",
		AuthorizedParty: "https://app.example.com",
		SecureCookies:   true,
	})
	if err != nil {
		panic(err)
	}
	home := m.Authenticate(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))

	// Somebody signed in once, and the token is gone.
	page := httptest.NewRequest("GET", "/notes", nil)
	page.Header.Set("Sec-Fetch-Dest", "document")
	page.Header.Set("Cookie", "__client_uat=1700000000")
	browser := httptest.NewRecorder()
	home.ServeHTTP(browser, page)
	to, err := browser.Result().Location()
	if err != nil {
		panic(err)
	}
	fmt.Println(browser.Code, to.Host+to.Path)
	fmt.Println("and back to", to.Query().Get("redirect_url"))
	// Output:
	// 307 auth.example.com/v1/client/handshake
	// and back to https://app.example.com/notes?__clerk_hs_tries=1
}

func ExampleMux() {
	m, err := middleware.New(middleware.Config{Verifier: exampleVerifier()})
	if err != nil {
		panic(err)
	}
	mux := middleware.NewMux(m)
	page := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	mux.Public("GET /{$}", page("welcome"))
	mux.Protected("GET /account", page("your account"))

	for _, target := range []string{"/", "/account", "/forgotten", "/%2e%2e/account"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		fmt.Println(target, w.Code)
	}
	// Output:
	// / 200
	// /account 401
	// /forgotten 401
	// /%2e%2e/account 400
}
