package gatehouse_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
	"github.com/gatehouse-dev/gatehouse/gatehousetest"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/middleware"
	"github.com/gatehouse-dev/gatehouse/user"
)

// twoOrigins is a server and an app that runs elsewhere: it knows the server's address
// and publishable key, and no secret.
type twoOrigins struct {
	*gatehousetest.Server
	t      *testing.T
	app    string // origin of the app
	suffix string // of cookies
	ann    *user.User
}

// newTwoOrigins starts both. The app's host is a name or address of this machine.
func newTwoOrigins(t *testing.T, in world) *twoOrigins {
	t.Helper()
	w := &twoOrigins{t: t}
	web := httptest.NewUnstartedServer(nil)
	_, port, _ := strings.Cut(web.Listener.Addr().String(), ":")
	w.app = "http://" + in.host + ":" + port
	w.Server = gatehousetest.New(t, gatehousetest.WithConfig(func(c *gatehouse.Config) {
		c.AllowedOrigins = []string{w.app}
		if in.production {
			c.Development = false
			c.DatabaseURL = "sqlite:" + filepath.Join(t.TempDir(), "gatehouse.db")
			c.SecretKey, c.EncryptionKeys = gatehouse.NewSecretKey(false), gatehouse.NewEncryptionKey()
		}
		if in.redis {
			c.DatabaseURL = testservers.Postgres(t)
			c.RedisURL, c.RedisPrefix = testservers.Redis(t)
		}
	}))
	w.suffix = "_" + auth.CookieSuffix(w.PublishableKey())
	keys, err := jwks.New(jwks.Config{URL: w.URL + "/.well-known/jwks.json", Now: w.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	host, err := auth.ParsePublishableKey(w.PublishableKey())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.NewVerifier(auth.VerifierConfig{Keys: keys, Issuer: "https://" + host, Now: w.Clock.Now, AuthorizedParties: []string{w.app, w.URL}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := middleware.New(middleware.Config{
		Verifier: verifier, PublishableKey: w.PublishableKey(), FrontendAPI: w.URL, AuthorizedParty: w.app,
		SignInURL: w.SignInURL(), ShowReasons: true, Now: w.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	web.Config.Handler = m.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, auth.FromContext(r.Context()).UserID)
	}))
	web.Start()
	t.Cleanup(web.Close)
	w.ann = w.CreateUser(gatehousetest.Email("ann@example.com"))
	return w
}

// visitor is a browser, with what it holds for the app's host.
type visitor struct {
	*twoOrigins
	*http.Client
	hops []string // addresses that the last navigation went through
}

// signedIn is a browser that is signed in at the server and that the app does not know.
func (w *twoOrigins) signedIn() *visitor { return &visitor{twoOrigins: w, Client: w.SignIn(w.ann)} }

func (v *visitor) url(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		v.t.Fatal(err)
	}
	return u
}

// has puts cookies into the browser, for the app; "" takes one away.
func (v *visitor) has(pairs ...string) {
	var cookies []*http.Cookie
	for i := 0; i < len(pairs); i += 2 {
		c := &http.Cookie{Name: pairs[i], Value: pairs[i+1], Path: "/"}
		if c.Value == "" {
			c.MaxAge = -1
		}
		cookies = append(cookies, c)
	}
	v.Jar.SetCookies(v.url(v.app), cookies)
}

func (v *visitor) cookie(name string) string {
	for _, c := range v.Jar.Cookies(v.url(v.app)) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// do sends one request; a script's unless dest says otherwise.
func (v *visitor) do(method, target, dest string) (*http.Response, string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, target, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Dest", dest)
	res, err := v.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	return res, text(v.t, res)
}

// navigate follows redirects of the app and the handshake, as a browser does.
func (v *visitor) navigate(path string) (*http.Response, string) {
	v.t.Helper()
	v.hops = nil
	target := v.app + path
	for range 10 {
		v.hops = append(v.hops, target)
		res, body := v.do(http.MethodGet, target, "document")
		if res.StatusCode != http.StatusTemporaryRedirect {
			return res, body
		}
		if cc := res.Header.Get("Cache-Control"); cc != "no-store" {
			v.t.Errorf("%s: Cache-Control = %q", target, cc)
		}
		next, err := v.url(target).Parse(res.Header.Get("Location"))
		if err != nil {
			v.t.Fatal(err)
		}
		target = next.String()
	}
	v.t.Fatalf("redirected in circles: %q", v.hops)
	return nil, ""
}

// world is a way in which an answer travels.
type world struct {
	name, host string // the app's; the server's is 127.0.0.1
	production bool
	redis      bool // and PostgreSQL
}

var worlds = []world{
	{name: "one_host", host: "127.0.0.1"},
	{name: "one_host_production", host: "127.0.0.1", production: true},
	{name: "two_hosts", host: "localhost"},
	{name: "two_hosts_production", host: "localhost", production: true},
	{name: "two_hosts_production_on_Redis", host: "localhost", production: true, redis: true},
}

// The table of states, told to a whole server and to the app's middleware over HTTP.
func TestHandshakeStates(t *testing.T) {
	for _, world := range worlds {
		t.Run(world.name, func(t *testing.T) {
			w := newTwoOrigins(t, world)
			now := w.Clock.Now().Unix()
			fresh, signedUp := w.Token(w.ann), now-300
			w.Clock.Advance(-5 * time.Minute)
			expired := w.Token(w.ann)
			w.Clock.Advance(5 * time.Minute)
			for _, test := range []struct {
				name  string
				token string
				uat   int64 // -1: none
				asks  string
				page  int // status of a navigation, at its end
			}{
				{"nothing", "", -1, "", http.StatusSeeOther},
				{"signed_out", "", 0, "", http.StatusSeeOther},
				{"uat_alone", "", signedUp, "client-uat-but-no-session-token", http.StatusOK},
				{"session_alone", fresh, -1, "session-token-but-no-client-uat", http.StatusOK},
				{"session_uat_zero", fresh, 0, "session-token-but-no-client-uat", http.StatusOK},
				{"malformed", "x", signedUp, "", http.StatusSeeOther},
				{"older_than_uat", fresh, now + 30, "session-token-iat-before-client-uat", http.StatusOK},
				{"good", fresh, signedUp, "", http.StatusOK},
				{"expired", expired, signedUp - 300, "session-token-expired", http.StatusOK},
			} {
				t.Run(test.name, func(t *testing.T) {
					v := w.signedIn()
					v.t = t
					v.has("__session", "", "__session"+w.suffix, "", "__client_uat", "", "__client_uat"+w.suffix, "")
					if test.token != "" {
						v.has("__session", test.token)
					}
					if test.uat >= 0 {
						v.has("__client_uat", strconv.FormatInt(test.uat, 10))
					}
					// a script is told, not sent.
					res, body := v.do(http.MethodGet, w.app+"/api", "empty")
					good := test.name == "good" || test.name == "session_alone"
					if good && body != string(w.ann.ID) || !good && (res.StatusCode != 401 || !strings.Contains(body, "authentication_invalid")) {
						t.Errorf("script: %d %s", res.StatusCode, body)
					}
					res, body = v.navigate("/notes?id=1")
					if res.StatusCode != test.page || test.page == http.StatusOK && body != string(w.ann.ID) {
						t.Fatalf("navigation: %d %v %s, by way of %q", res.StatusCode, res.Header, body, v.hops)
					}
					if asked := len(v.hops) > 1; asked != (test.asks != "") {
						t.Fatalf("went %q", v.hops)
					}
					if test.asks == "" {
						return
					}
					if !strings.Contains(v.hops[1], "__clerk_hs_reason="+test.asks+"&") {
						t.Errorf("asked %s, want because of %s", v.hops[1], test.asks)
					}
					// S-12: outside of development no address holds a token.
					for _, hop := range v.hops {
						if world.production && strings.Contains(hop, "eyJ") {
							t.Errorf("a token in %s", hop)
						}
					}
					if last := v.hops[len(v.hops)-1]; last != w.app+"/notes?id=1" {
						t.Errorf("ended at %s", last)
					}
					// From now on the browser is known, to scripts too, without asking again.
					if res, body := v.do(http.MethodGet, w.app+"/api", "empty"); body != string(w.ann.ID) {
						t.Errorf("script afterwards: %d %s", res.StatusCode, body)
					}
					if v.navigate("/"); len(v.hops) != 1 {
						t.Errorf("asked again: %q", v.hops)
					}
				})
			}
		})
	}
}

// A whole story: unknown, signed in by the page, expired, signed out elsewhere, banned.
func TestHandshakeStory(t *testing.T) {
	for _, world := range worlds {
		t.Run(world.name, func(t *testing.T) {
			w := newTwoOrigins(t, world)
			v := &visitor{twoOrigins: w, Client: w.Client()}
			res, _ := v.navigate("/notes?id=1")
			signIn := v.url(res.Header.Get("Location"))
			if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(signIn.String(), w.SignInURL()+"?") {
				t.Fatalf("a stranger: %d %v", res.StatusCode, res.Header)
			}
			// What the sign-in page does; then it goes where it was told, on its own origin.
			v.signIn()
			back := v.url(signIn.Query().Get("redirect_url"))
			if back.Scheme+"://"+back.Host != w.URL {
				t.Fatalf("the page would go to %s", back)
			}
			res, _ = v.do(http.MethodGet, back.String(), "document")
			v.arrives(res)

			// The token expires.
			v.wait(2 * time.Minute)
			before := v.cookie("__session")
			if _, body := v.navigate("/notes"); body != string(w.ann.ID) || v.cookie("__session") == before {
				t.Errorf("after two minutes: %s by way of %q", body, v.hops)
			}

			// Signed out at the server: at the latest when the token expires the app knows.
			v.post("/v1/client/sessions?_method=DELETE", nil)
			v.wait(2 * time.Minute)
			if res, _ := v.navigate("/notes"); res.StatusCode != http.StatusSeeOther || v.cookie("__session") != "" || v.cookie("__client_uat") != "0" {
				t.Errorf("signed out: %d by way of %q", res.StatusCode, v.hops)
			}
			if v.navigate("/notes"); len(v.hops) != 1 {
				t.Errorf("signed out and asked again: %q", v.hops)
			}

			// S-08: a ban counts at once.
			v.wait(time.Minute)
			v.signIn()
			v.has("__client_uat", strconv.FormatInt(w.Clock.Now().Unix(), 10), "__client_uat"+w.suffix, strconv.FormatInt(w.Clock.Now().Unix(), 10))
			if _, body := v.navigate("/notes"); body != string(w.ann.ID) {
				t.Errorf("signed in again: %s by way of %q", body, v.hops)
			}
			if _, err := w.Users().Ban(t.Context(), w.ann.ID); err != nil {
				t.Fatal(err)
			}
			v.wait(2 * time.Minute)
			if res, _ := v.navigate("/notes"); res.StatusCode != http.StatusSeeOther || v.cookie("__session") != "" {
				t.Errorf("banned: %d by way of %q", res.StatusCode, v.hops)
			}
		})
	}
}

// wait lets time pass, for short-lived cookies too.
func (v *visitor) wait(d time.Duration) {
	v.Clock.Advance(d)
	v.has("__clerk_redirect_count", "")
}

// arrives follows the way back of a handshake and fails unless the app knows the browser.
func (v *visitor) arrives(res *http.Response) {
	v.t.Helper()
	back := v.url(res.Header.Get("Location"))
	if res.StatusCode != http.StatusTemporaryRedirect || back.Scheme+"://"+back.Host != v.app {
		v.t.Fatalf("handshake: %d %v", res.StatusCode, res.Header)
	}
	if res, body := v.navigate(back.RequestURI()); body != string(v.ann.ID) {
		v.t.Fatalf("arrived: %d %s by way of %q", res.StatusCode, body, v.hops)
	}
}

func (v *visitor) post(path string, form url.Values) {
	v.t.Helper()
	res, err := v.PostForm(v.URL+path, form)
	if err != nil {
		v.t.Fatal(err)
	}
	if body := text(v.t, res); res.StatusCode != http.StatusOK {
		v.t.Fatalf("%s: %d %s", path, res.StatusCode, body)
	}
}

func (v *visitor) signIn() {
	v.t.Helper()
	v.post("/v1/client/sign_ins", url.Values{
		"identifier": {"ann@example.com"}, "strategy": {"password"}, "password": {gatehousetest.Password},
	})
}

// H-06: an attacker's answer, given to somebody else's browser, signs nobody in.
func TestHandshakeOfAnAttacker(t *testing.T) {
	for _, world := range worlds[2:] {
		t.Run(world.name, func(t *testing.T) {
			w := newTwoOrigins(t, world)
			attacker, victim := w.signedIn(), &visitor{twoOrigins: w, Client: w.Client()}
			attacker.has("__client_uat", "5")
			res, _ := attacker.do(http.MethodGet, w.app+"/notes", "document")
			res, _ = attacker.do(http.MethodGet, res.Header.Get("Location"), "document")
			link := res.Header.Get("Location")
			if !strings.Contains(link, "__clerk_handshake") {
				t.Fatalf("link = %s", link)
			}
			for _, state := range []string{"", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} {
				if state != "" {
					victim.has("__clerk_hs", state)
				}
				if res, _ := victim.do(http.MethodGet, link, "document"); res.StatusCode < 303 || victim.cookie("__session") != "" {
					t.Errorf("the victim's browser: %d %v", res.StatusCode, res.Header)
				}
			}
			// The attacker's own browser has not lost it.
			if res, body := attacker.navigate(strings.TrimPrefix(link, w.app)); body != string(w.ann.ID) {
				t.Errorf("the attacker's browser: %d %s", res.StatusCode, body)
			}
		})
	}
}

// T-20: an answer of another server, signed by a key of the same name, is no answer.
func TestHandshakeOfAnotherServer(t *testing.T) {
	w, other := newTwoOrigins(t, world{host: "localhost"}), newTwoOrigins(t, world{host: "localhost"})
	v := w.signedIn()
	v.has("__client_uat", "5", "__clerk_hs", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	stranger := other.signedIn()
	res, _ := stranger.do(http.MethodGet, other.URL+"/v1/client/handshake?redirect_url="+url.QueryEscape(w.app)+
		"&__clerk_hs_challenge="+auth.Challenge("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "document")
	foreign := v.url(res.Header.Get("Location")).RequestURI()
	if res.StatusCode != http.StatusTemporaryRedirect || !strings.Contains(foreign, "__clerk_handshake=eyJ") {
		t.Fatalf("answer = %d %v", res.StatusCode, res.Header)
	}
	if _, body := v.navigate(foreign); body != string(w.ann.ID) || !strings.Contains(v.hops[1], w.URL) {
		t.Errorf("body = %s by way of %q", body, v.hops)
	}
}
