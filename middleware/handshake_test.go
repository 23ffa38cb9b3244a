package middleware_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

const frontendAPI = "https://auth.example.com/base"

var suffixedUAT = "__client_uat_" + auth.CookieSuffix(publishableKey)

// remote is a middleware of an app on another origin than the Frontend API.
func remote(t testing.TB, c *clock, change func(*middleware.Config)) *middleware.Middleware {
	t.Helper()
	return newMiddleware(t, c, func(cfg *middleware.Config) {
		cfg.FrontendAPI, cfg.AuthorizedParty, cfg.SecureCookies = frontendAPI+"/", origin, true
		if change != nil {
			change(cfg)
		}
	})
}

// page is a browser's navigation to /notes?id=1 with cookies.
func page(cookies string, lines ...string) *http.Request {
	r := request(append(lines, "Sec-Fetch-Dest: document", "Cookie: "+cookies)...)
	r.URL.Path, r.URL.RawQuery = "/notes", "id=1"
	r.RequestURI = "/notes?id=1"
	return r
}

// begun takes the redirect into a handshake apart; ok is false for other answers.
func begun(t *testing.T, w *httptest.ResponseRecorder) (q url.Values, ok bool) {
	t.Helper()
	if w.Code != http.StatusTemporaryRedirect || !strings.HasPrefix(w.Header().Get("Location"), frontendAPI+"/v1/client/handshake?") {
		return nil, false
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control = %q", got)
	}
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return u.Query(), true
}

func cookieOf(w *httptest.ResponseRecorder, name string) *http.Cookie {
	for _, c := range w.Result().Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// The state of the cookies decides: who is known, who has to be asked for, who is
// signed out. The reasons are those of the official back-end SDKs.
func TestHandshakeStates(t *testing.T) {
	c := newClock()
	now := c.Load()
	uat := func(n int64) string { return fmt.Sprint("__client_uat=", n) }
	good := "__session=" + c.token("a")
	for _, test := range []struct {
		name, cookies string
		asks          string      // why a navigation is sent into a handshake, "" if it is not
		page, script  auth.Reason // of a navigation that was not, and of a script; "" if signed in
	}{
		{"nothing", "x=y", "", auth.ReasonTokenMissing, auth.ReasonTokenMissing},
		{"uat_zero", uat(0), "", auth.ReasonTokenMissing, auth.ReasonTokenMissing},
		{"uat_no_number", "__client_uat=x", "", auth.ReasonTokenMissing, auth.ReasonTokenMissing},
		{"uat_negative", uat(-5), "", auth.ReasonTokenMissing, auth.ReasonTokenMissing},
		{"uat_twice", uat(5) + "; " + uat(6), "", auth.ReasonTokenMissing, auth.ReasonTokenMissing},
		{"session_without_uat", good, "session-token-but-no-client-uat", "", ""},
		{"session_uat_zero", good + "; " + uat(0), "session-token-but-no-client-uat", "", auth.ReasonTokenStale},
		{"malformed_without_uat", "__session=x", "session-token-but-no-client-uat", "", auth.ReasonTokenMalformed},
		{"uat_without_session", uat(now), "client-uat-but-no-session-token", "", auth.ReasonTokenMissing},
		{"malformed", "__session=x; " + uat(now), "", auth.ReasonTokenMalformed, auth.ReasonTokenMalformed},
		{"template", "__session=" + withCategory(c, auth.CategoryTemplate) + "; " + uat(now), "", auth.ReasonTokenType, auth.ReasonTokenType},
		{"older_than_uat", "__session=" + c.token("a", "iat", now-20) + "; " + uat(now-10), "session-token-iat-before-client-uat", "", auth.ReasonTokenStale},
		{"expired_and_older", "__session=" + c.expired("a") + "; " + uat(now), "session-token-iat-before-client-uat", "", auth.ReasonTokenExpired},
		{"good", good + "; " + uat(now), "", "", ""},
		{"expired", "__session=" + c.expired("a") + "; " + uat(now-300), "session-token-expired", "", auth.ReasonTokenExpired},
		{"not_before", "__session=" + c.token("a", "nbf", now+30) + "; " + uat(now), "session-token-nbf", "", auth.ReasonTokenNotYet},
		{"issued_in_future", "__session=" + c.token("a", "iat", now+30, "exp", now+60) + "; " + uat(now), "session-token-nbf", "", auth.ReasonTokenNotYet},
		{"forged", "__session=" + sign(theirs, "ins_1", c.claims("a")) + "; " + uat(now), "", auth.ReasonTokenSignature, auth.ReasonTokenSignature},
		{"revoked", "__session=" + c.token("r") + "; " + uat(now), "session-revoked", "", auth.ReasonSessionRevoked},
		{"pending", "__session=" + c.token("a", "sts", "pending") + "; " + uat(now), "", auth.ReasonSessionPending, auth.ReasonSessionPending},
		// Several instances and SDK versions on one host.
		{"suffixed_pair", suffixed + "=" + c.token("a") + "; " + suffixedUAT + "=1", "", "", ""},
		{"suffixed_uat_counts", suffixed + "=" + c.token("a") + "; " + uat(now+9) + "; " + suffixedUAT + "=1", "", "", ""},
		{"suffixed_uat_zero", suffixed + "=" + c.token("a") + "; " + uat(1) + "; " + suffixedUAT + "=0", "session-token-but-no-client-uat", "", auth.ReasonTokenStale},
		{"plain_is_newer", suffixed + "=" + c.token("b", "iat", now-30) + "; " + good + "; " + uat(now-10), "", "", ""},
		{"plain_is_foreign", "__session=" + c.token("x", "iss", "https://clerk.other.example") + "; " + suffixed + "=" + c.token("a") + "; " + suffixedUAT + "=1", "", "", ""},
		{"only_foreign", "__session=" + c.token("x", "iss", "https://clerk.other.example") + "; " + uat(now), "client-uat-but-no-session-token", "", auth.ReasonTokenIssuer},
		{"only_foreign_signed_out", "__session=" + c.token("x", "iss", "https://clerk.other.example") + "; " + suffixedUAT + "=0", "", auth.ReasonTokenIssuer, auth.ReasonTokenIssuer},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := remote(t, c, func(cfg *middleware.Config) {
				cfg.Revocations = &feed{revoked: map[string]auth.Revocation{"sess_r": {At: c.now(), Cause: "signed out"}}}
			})
			w := do(m, page(test.cookies))
			q, asked := begun(t, w)
			if asked != (test.asks != "") || asked && q.Get("__clerk_hs_reason") != test.asks {
				t.Errorf("navigation: %d %v, want to be asked: %q", w.Code, w.Header(), test.asks)
			}
			if want := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[test.page == ""]; !asked && w.Code != want {
				t.Errorf("navigation: %d, want %d", w.Code, want)
			}
			// scripts are never sent anywhere.
			for name, r := range map[string]*http.Request{
				"fetch": request("Cookie: "+test.cookies, "Sec-Fetch-Dest: empty", "Accept: text/html"),
				"post":  post("Cookie: "+test.cookies, "Sec-Fetch-Dest: document", "Accept: text/html"),
				"image": request("Cookie: "+test.cookies, "Sec-Fetch-Dest: image"),
			} {
				w := do(m, r)
				if want := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[test.script == ""]; w.Code != want || len(w.Result().Cookies()) != 0 {
					t.Errorf("%s: %d %v, want %d", name, w.Code, w.Header(), want)
				}
				if a := m.Auth(r); a.Reason != test.script {
					t.Errorf("%s: Reason = %s, want %s", name, a.Reason, test.script)
				}
			}
		})
	}
}

func withCategory(c *clock, category string) string {
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c.claims("a"))
	token.Header["kid"], token.Header["cat"] = "ins_1", category
	s, err := token.SignedString(ours)
	if err != nil {
		panic(err)
	}
	return s
}

// R-12, S-12: the address that the browser is sent to.
func TestHandshakeAddress(t *testing.T) {
	c := newClock()
	m := remote(t, c, nil)
	for target, want := range map[string]string{
		"/notes?id=1":                 origin + "/notes?id=1&__clerk_hs_tries=1",
		"//evil.example/x":            origin + "/evil.example/x?__clerk_hs_tries=1",
		"http://evil.example/a?b":     origin + "/a?b&__clerk_hs_tries=1",
		"/a?b=%26&__clerk_handshake=": origin + "/a?b=%26&__clerk_hs_tries=1",
		"/a?__clerk_handshake_nonce=hsc_x&c&__clerk_db_jwt=x": origin + "/a?c&__clerk_hs_tries=1",
	} {
		r := page("__client_uat=5; __session="+c.expired("a"), "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example")
		r.Host, r.RequestURI = "evil.example", target
		w := do(m, r)
		q, ok := begun(t, w)
		if !ok {
			t.Fatalf("%s: answer = %d %v", target, w.Code, w.Header())
		}
		if got := q.Get("redirect_url"); got != want {
			t.Errorf("%s: redirect_url = %s, want %s", target, got, want)
		}
		state := cookieOf(w, "__clerk_hs")
		if state == nil || !state.HttpOnly || !state.Secure || state.MaxAge != 3600 || state.SameSite != http.SameSiteLaxMode || state.Domain != "" {
			t.Fatalf("state cookie = %v", state)
		}
		sum := sha256.Sum256([]byte(state.Value))
		if q.Get("__clerk_hs_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || strings.Contains(w.Header().Get("Location"), state.Value) {
			t.Errorf("the address does not hold the secret's hash alone: %v", q)
		}
		if q.Get("format") != "nonce" || q.Get("suffixed_cookies") != "true" || strings.Contains(w.Header().Get("Location"), "eyJ") {
			t.Errorf("address = %s", w.Header().Get("Location"))
		}
	}
	// Tabs that ask together share the secret, so that the answer of each is good.
	first := cookieOf(do(m, page("__client_uat=5")), "__clerk_hs")
	if second := cookieOf(do(m, page("__client_uat=5; __clerk_hs="+first.Value)), "__clerk_hs"); second.Value != first.Value {
		t.Errorf("another secret while one is under way")
	}
	if planted := cookieOf(do(m, page("__client_uat=5; __clerk_hs=x")), "__clerk_hs"); planted.Value == "x" {
		t.Error("a secret of another form was kept")
	}
}

// A page that anybody may see is asked for too: it may greet people.
func TestHandshakeOnPublicPages(t *testing.T) {
	c := newClock()
	m := remote(t, c, func(cfg *middleware.Config) { cfg.ShowReasons = true })
	w := httptest.NewRecorder()
	m.Authenticate(seen).ServeHTTP(w, page("__client_uat=5"))
	if _, ok := begun(t, w); !ok || w.Body.Len() != 0 || w.Header().Get(middleware.ReasonHeader) != "client-uat-but-no-session-token" {
		t.Errorf("answer = %d %v %s", w.Code, w.Header(), w.Body)
	}
}

// From the sign-in page of the Frontend API the way back is a handshake that is begun
// already.
func TestHandshakeFromSignIn(t *testing.T) {
	c := newClock()
	m := remote(t, c, func(cfg *middleware.Config) { cfg.SignInURL = "https://auth.example.com/base/sign-in" })
	w := do(m, page("x=y"))
	u, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther || u.Host != "auth.example.com" || u.Path != "/base/sign-in" {
		t.Fatalf("answer = %d %v", w.Code, w.Header())
	}
	back, err := url.Parse(u.Query().Get("redirect_url"))
	if err != nil || back.Host != "auth.example.com" || back.Path != "/base/v1/client/handshake" {
		t.Fatalf("redirect_url = %v", back)
	}
	state := cookieOf(w, "__clerk_hs")
	if state == nil || back.Query().Get("__clerk_hs_challenge") != auth.Challenge(state.Value) || back.Query().Get("redirect_url") != origin+"/notes?id=1&__clerk_hs_tries=1" {
		t.Errorf("way back = %v, state %v", back, state)
	}
}

const hsSecret = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// answer is a good answer for a browser that holds hsSecret.
func (c *clock) answer(change ...any) string {
	now := c.Load()
	claims := jwt.MapClaims{
		"iss": issuer, "aud": origin, "iat": now, "exp": now + 60, "challenge": auth.Challenge(hsSecret),
		"handshake": []string{
			"__clerk_handshake=; Path=/; Max-Age=0", "__client_uat=1700000000; Path=/", suffixedUAT + "=1700000000; Path=/",
			suffixed + "=" + c.token("a") + "; Path=/", "__session=" + c.token("a") + "; Path=/",
		},
	}
	for i := 0; i < len(change); i += 2 {
		claims[change[i].(string)] = change[i+1]
	}
	return sign(ours, "ins_1", claims)
}

// set lists the cookies of an answer that are not taken away.
func set(w *httptest.ResponseRecorder) map[string]string {
	all := map[string]string{}
	for _, k := range w.Result().Cookies() {
		if k.MaxAge >= 0 {
			all[k.Name] = k.Value
		}
	}
	return all
}

func TestHandshakeAnswer(t *testing.T) {
	c := newClock()
	m := remote(t, c, nil)
	w := do(m, page("__clerk_hs="+hsSecret+"; __clerk_handshake="+c.answer()))
	if w.Code != http.StatusOK || w.Body.String() != "user_a" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("by cookie: %d %v %s", w.Code, w.Header(), w.Body)
	}
	want := map[string]string{
		"__session": c.token("a"), suffixed: c.token("a"), "__client_uat": "1700000000", suffixedUAT: "1700000000",
		"__clerk_redirect_count": "1",
	}
	if got := set(w); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("cookies = %v, want %v", got, want)
	}
	for _, name := range []string{"__clerk_hs", "__clerk_handshake"} {
		if k := cookieOf(w, name); k == nil || k.MaxAge >= 0 {
			t.Errorf("%s is left behind: %v", name, k)
		}
	}
	r := page("__clerk_hs=" + hsSecret)
	r.URL.RawQuery = "id=1&__clerk_handshake=" + c.answer()
	r.RequestURI = "/notes?" + r.URL.RawQuery
	if w := do(m, r); w.Code != http.StatusTemporaryRedirect || w.Header().Get("Location") != "/notes?id=1" || fmt.Sprint(set(w)) != fmt.Sprint(want) || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("by address: %d %v", w.Code, w.Header())
	}
	out := []string{"__client_uat=0; Path=/", "__session=; Path=/; Max-Age=0"}
	w = do(m, page("__session="+c.expired("a")+"; __clerk_hs="+hsSecret+"; __clerk_handshake="+c.answer("handshake", out)))
	if k := cookieOf(w, "__session"); w.Code != http.StatusUnauthorized || k == nil || k.MaxAge >= 0 || set(w)["__client_uat"] != "0" {
		t.Errorf("signed out: %d %v", w.Code, w.Header())
	}
}

// H-05: names and attributes are ours, whatever a signed answer says.
func TestHandshakeDirectives(t *testing.T) {
	c := newClock()
	m := remote(t, c, nil)
	w := do(m, page("__clerk_hs="+hsSecret+"; __clerk_handshake="+c.answer("handshake", []string{
		"evil=1; Path=/", "__Host-session=x", "__client=stolen", "__refresh_x=1", "__client_uat=1;x\r\nSet-Cookie: evil=2", "__client_uat=12a",
		"__session=x\r\nSet-Cookie: evil=3", "__session_x=" + c.token("a") + "; Domain=example.com; HttpOnly; SameSite=None; Max-Age=1; Path=/x",
	})))
	if w.Code != http.StatusOK || w.Body.String() != "user_a" {
		t.Fatalf("answer = %d %s", w.Code, w.Body)
	}
	for _, k := range w.Result().Cookies() {
		known := map[string]bool{"__session": true, suffixed: true, "__client_uat": true, suffixedUAT: true, "__clerk_hs": true, "__clerk_handshake": true, "__clerk_handshake_nonce": true, "__clerk_redirect_count": true}
		if !known[k.Name] || k.Domain != "" || k.Path != "/" || !k.Secure || k.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie = %v", k)
		}
	}
	if k := cookieOf(w, "__session"); k == nil || k.HttpOnly || k.MaxAge != 31536000 {
		t.Errorf("session cookie = %v", k)
	}
	if got := set(w)["__client_uat"]; got != "1" {
		t.Errorf("__client_uat = %q, want the last that is a time", got)
	}
	if strings.Contains(fmt.Sprint(w.Header()), "evil") {
		t.Errorf("headers = %v", w.Header())
	}
}

// H-04, H-06, T-16: answers that are not heeded. Nothing is set, and the cookies
// decide as if there were none.
func TestHandshakeAnswerRefused(t *testing.T) {
	c := newClock()
	other := "ZYXWVUTSRQPONMLKJIHGFEDCBA"
	for name, test := range map[string]struct{ state, answer string }{
		"of_another_browser":   {other, c.answer()},
		"signature":            {hsSecret, sign(theirs, "ins_1", jwt.MapClaims{"handshake": []string{}})},
		"for_another_app":      {hsSecret, c.answer("aud", "https://other.example.com")},
		"of_another_issuer":    {hsSecret, c.answer("iss", "https://clerk.other.example")},
		"expired":              {hsSecret, c.answer("iat", c.Load()-120, "exp", c.Load()-60)},
		"session_token":        {hsSecret, c.token("a")},
		"both":                 {hsSecret, c.answer("sub", "user_a", "sid", "sess_a")},
		"session_forged":       {hsSecret, c.answer("handshake", []string{"__session=" + sign(theirs, "ins_1", c.claims("a"))})},
		"session_of_other_app": {hsSecret, c.answer("handshake", []string{"__session=" + c.token("x", "iss", "https://clerk.other.example")})},
		"malformed":            {hsSecret, "x"},
	} {
		t.Run(name, func(t *testing.T) {
			m := remote(t, c, nil)
			for _, inQuery := range []bool{false, true} {
				deliver := func(cookies string) *http.Request {
					r := page(cookies + "; __clerk_hs=" + test.state)
					if inQuery {
						r.URL.RawQuery = "__clerk_handshake=" + test.answer
						r.RequestURI = "/notes?" + r.URL.RawQuery
					} else {
						r.Header.Set("Cookie", r.Header.Get("Cookie")+"; __clerk_handshake="+test.answer)
					}
					return r
				}
				if w := do(m, deliver("x=y")); w.Code != http.StatusUnauthorized || len(set(w)) != 0 {
					t.Errorf("signed out: %d %v", w.Code, w.Header())
				}
				w := do(m, deliver("__session="+c.token("b")+"; __client_uat=5"))
				if _, kept := set(w)["__session"]; kept || inQuery && w.Header().Get("Location") != "/notes" || !inQuery && w.Body.String() != "user_b" {
					t.Errorf("signed in as somebody else: %d %v %s", w.Code, w.Header(), w.Body)
				}
				w = do(m, deliver("__client_uat=5"))
				if _, ok := begun(t, w); !ok {
					t.Errorf("in doubt: %d %v", w.Code, w.Header())
				}
			}
		})
	}
}

// H-06: a link with somebody else's answer signs nobody in, and does not lead in circles.
func TestHandshakePlanted(t *testing.T) {
	c := newClock()
	m := remote(t, c, func(cfg *middleware.Config) { cfg.SignInURL = "https://auth.example.com/base/sign-in" })
	for _, query := range []string{"__clerk_handshake=" + c.answer(), "__clerk_handshake_nonce=hsc_2AbCdEfGhIjKlMnOpQrStUvWxYz"} {
		r := page("x=y")
		r.URL.RawQuery, r.RequestURI = query, "/notes?"+query
		if w := do(m, r); w.Code != http.StatusUnauthorized || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: %d %v", query, w.Code, w.Header())
		}
	}
	// An answer that no app began, as after signing in by a link of one's own, is only a
	// hint: the app asks by itself.
	for _, query := range []string{"__clerk_handshake=" + c.answer("challenge", ""), "__clerk_handshake_nonce=hsn_2AbCdEfGhIjKlMnOpQrStUvWxYz"} {
		r := page("__session=" + c.token("b") + "; __client_uat=5")
		r.URL.RawQuery, r.RequestURI = query, "/notes?"+query
		w := do(m, r)
		if q, ok := begun(t, w); !ok || q.Get("__clerk_hs_reason") != "handshake-not-begun-here" || q.Get("redirect_url") != origin+"/notes?__clerk_hs_tries=1" {
			t.Errorf("%s: %d %v", query, w.Code, w.Header())
		}
	}
}

// A nonce is exchanged at the Frontend API, with the browser's secret.
func TestHandshakeNonce(t *testing.T) {
	c := newClock()
	var got []string
	var reply func(w http.ResponseWriter)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.URL.Path+" "+r.FormValue("nonce")+" "+r.FormValue("verifier"))
		reply(w)
	}))
	defer api.Close()
	m := remote(t, c, func(cfg *middleware.Config) { cfg.FrontendAPI = api.URL })
	good := func(w http.ResponseWriter) { _ = json.NewEncoder(w).Encode(map[string]string{"token": c.answer()}) }
	const nonce = "hsc_2AbCdEfGhIjKlMnOpQrStUvWxYz"
	for name, test := range map[string]struct {
		reply func(w http.ResponseWriter)
		in    bool
	}{
		"good":     {good, true},
		"refused":  {func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadRequest); good(w) }, false},
		"redirect": {func(w http.ResponseWriter) { w.Header().Set("Location", "/x"); w.WriteHeader(http.StatusFound) }, false},
		"no_json":  {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>") }, false},
		"long":     {func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"x":"`+strings.Repeat("x", 1<<20)+`"}`) }, false},
		"empty":    {func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{}`) }, false},
	} {
		reply, got = test.reply, nil
		w := do(m, page("__clerk_hs="+hsSecret+"; __clerk_handshake_nonce="+nonce))
		if (w.Code == http.StatusOK) != test.in || len(set(w)) != 0 != test.in {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if want := "POST /v1/client/handshake " + nonce + " " + hsSecret; len(got) != 1 || got[0] != want {
			t.Errorf("%s: calls = %q, want %q", name, got, want)
		}
	}
}

// half a configuration starts nothing.
func TestHandshakeConfig(t *testing.T) {
	c := newClock()
	for name, change := range map[string]func(*middleware.Config){
		"plain_http": func(cfg *middleware.Config) { cfg.FrontendAPI = "http://auth.example.com" },
		"path":       func(cfg *middleware.Config) { cfg.FrontendAPI = "/auth" },
		"userinfo":   func(cfg *middleware.Config) { cfg.FrontendAPI = "https://x@auth.example.com" },
		"query":      func(cfg *middleware.Config) { cfg.FrontendAPI = "https://auth.example.com?x" },
		"malformed":  func(cfg *middleware.Config) { cfg.FrontendAPI = "https://[" },
		"renewer":    func(cfg *middleware.Config) { cfg.Renewer = &renewer{} },
		"no_party":   func(cfg *middleware.Config) { cfg.AuthorizedParty = "" },
		"party_path": func(cfg *middleware.Config) { cfg.AuthorizedParty = origin + "/" },
	} {
		cfg := middleware.Config{Verifier: newVerifier(t, newKeys(t, ours), c), FrontendAPI: frontendAPI, AuthorizedParty: origin}
		change(&cfg)
		if _, err := middleware.New(cfg); err == nil || !strings.Contains(err.Error(), "FrontendAPI") {
			t.Errorf("%s: err = %v", name, err)
		}
	}
	for _, url := range []string{"http://localhost:8080", "http://127.0.0.1:8080", "http://auth.localhost"} {
		remote(t, c, func(cfg *middleware.Config) { cfg.FrontendAPI = url })
	}
}
