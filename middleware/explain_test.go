package middleware_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

// provoked is a request that fails, and what a developer is told about it.
type provoked struct {
	name   string
	change func(*middleware.Config)
	r      *http.Request
	want   auth.Reason
	says   string // in the detail
}

// Each failure that people meet names its one cause.
func TestExplain(t *testing.T) {
	c := newClock()
	renews := func(cfg *middleware.Config) {
		cfg.Renewer = &renewer{renew: func(string) (string, error) { return "", auth.ErrNoSession }}
	}
	local := func(cfg *middleware.Config) { cfg.AuthorizedParty, cfg.SecureCookies = "http://localhost:8080", false }
	at := func(url string, lines ...string) *http.Request {
		r := request(lines...)
		r.Host, r.TLS = httptest.NewRequest(http.MethodGet, url, nil).Host, nil
		return r
	}
	plain := func(r *http.Request) *http.Request {
		r.TLS = nil
		return r
	}
	bearer := "Authorization: Bearer "
	for _, test := range []provoked{
		{"clock_ahead_there", nil, request(bearer + c.token("a", "iat", c.Load()+40, "exp", c.Load()+100)), auth.ReasonTokenNotYet, "valid in 40 s; the clock that made it is ahead of the one here, where it is 2027-01-15T08:00:00Z"},
		{"clock_ahead_here", nil, request(bearer + c.expired("a")), auth.ReasonTokenExpired, "expired 60 s ago; bearer tokens are not renewed: send a fresh one with each request; if it was fresh, the clock here is ahead: it is 2027-01-15T08:00:00Z"},
		{"wrong_key", nil, request(bearer + sign(theirs, "ins_2", c.claims("a"))), auth.ReasonTokenKeyUnknown, `no key has the kid "ins_2"; it is another server's`},
		{"wrong_key_in_cookie", nil, request("Cookie: __session=" + sign(theirs, "ins_2", c.claims("a"))), auth.ReasonTokenKeyUnknown, "cookies know no ports"},
		{"wrong_key_same_kid", nil, request(bearer + sign(theirs, "ins_1", c.claims("a"))), auth.ReasonTokenSignature, "signed by another server"},
		{"wrong_issuer", nil, request(bearer + c.token("a", "iss", "https://x")), auth.ReasonTokenIssuer, `issued by "https://x", not by "https://clerk.example.com"`},
		{"wrong_audience", nil, request(bearer + c.token("a", "aud", "x")), auth.ReasonTokenAudience, "Audiences"},
		{"malformed", nil, request(bearer + "x"), auth.ReasonTokenMalformed, "cut off"},
		{"pending", nil, request(bearer + c.token("a", "sts", "pending")), auth.ReasonSessionPending, "AcceptPending"},
		{"no_bearer", nil, request("Authorization: Bearer "), auth.ReasonTokenMissing, "nothing after it"},
		{"other_scheme", nil, request("Authorization: Token abc"), auth.ReasonTokenMissing, "another scheme"},
		{"two_headers", nil, request(bearer+"a", bearer+"b"), auth.ReasonTokenAmbiguous, "several Authorization"},
		{"two_cookies", nil, request("Cookie: __session=a; __session=b"), auth.ReasonTokenAmbiguous, "parent domain"},

		{"no_cookie_at_all", nil, request(), auth.ReasonTokenMissing, "there is no cookie and no Authorization: nobody"},
		{"no_cookie_no_https", nil, plain(request()), auth.ReasonTokenMissing, "nothing shows that the request came by https"},
		{"other_cookies_only", nil, request("Cookie: theme=dark"), auth.ReasonTokenMissing, "none of the cookies is a session's"},
		{"same_site_lax", nil, request("Sec-Fetch-Site: cross-site"), auth.ReasonTokenMissing, "SameSite=Lax"},
		{"fetch_without_credentials", nil, request("Sec-Fetch-Site: same-site"), auth.ReasonTokenMissing, "credentials: 'include'"},
		{"cookie_lost", nil, request("Cookie: __client_uat=1800000000"), auth.ReasonTokenMissing, "4096 bytes"},
		{"signed_out", nil, request("Cookie: __client_uat=0; " + suffixed + "_x=1"), auth.ReasonTokenMissing, "__client_uat is 0"},
		{"other_servers_cookies", nil, request("Cookie: __session_AAAAAAAA=x; __client_uat_AAAAAAAA=1"), auth.ReasonTokenMissing, "AAAAAAAA of another server, and this one reads " + suffixed},
		{"secure_over_http", nil, plain(request("X-Forwarded-Proto: http")), auth.ReasonTokenMissing, "it came by http (X-Forwarded-Proto), and the cookies are Secure: open " + origin},
		{"proxy_says_https", local, at("http://localhost:8080", "X-Forwarded-Proto: https"), auth.ReasonTokenMissing, "the public URL is http://localhost:8080: make that https"},
		{"mixed_hosts", local, at("http://127.0.0.1:8080"), auth.ReasonTokenMissing, "sent to 127.0.0.1:8080, and the cookies belong to localhost:8080: open http://localhost:8080"},
		{"proxy_changes_host", nil, at("http://backend:8080"), auth.ReasonTokenMissing, "let the proxy pass the header Host on"},
		{"other_port_is_fine", local, at("http://localhost:3000"), auth.ReasonTokenMissing, "there is no cookie and no Authorization"},

		{"expired_no_renewer", nil, request("Cookie: __session=" + c.expired("a")), auth.ReasonTokenExpired, "Config.Renewer"},
		{"expired_no_client", renews, request("Cookie: __session=" + c.expired("a")), auth.ReasonTokenExpired, "expired 60 s ago; there is no __client cookie to renew from: is the page on another host than " + origin + "?"},
		{"expired_two_clients", renews, request("Cookie: __client=a; __client=b; __session=" + c.expired("a")), auth.ReasonTokenExpired, "__client came twice"},
		{"expired_mixed_hosts", func(cfg *middleware.Config) { renews(cfg); local(cfg) }, at("http://127.0.0.1", "Cookie: __session="+c.expired("a")), auth.ReasonTokenExpired, "open http://localhost:8080"},
		{"client_without_session", renews, request("Cookie: __client=a"), auth.ReasonTokenMissing, "no live session to renew; __client has no session here"},
		{"client_without_renewer", nil, request("Cookie: __client=a"), auth.ReasonTokenMissing, "nothing renews cookies here"},

		{"cross_origin", nil, post("Cookie: __session=a", "Origin: https://evil.example"), auth.ReasonCrossOrigin, "a page of https://evil.example sent it"},
		{"cross_origin_mixed_hosts", local, func() *http.Request {
			r := at("http://localhost:8080", "Cookie: __session=a", "Origin: http://127.0.0.1:8080")
			r.Method = http.MethodPost
			return r
		}(), auth.ReasonCrossOrigin, "use one name for both"},
		{"cross_origin_proxy", nil, func() *http.Request {
			r := at("http://backend:8080", "Cookie: __session=a", "Origin: "+origin)
			r.Method = http.MethodPost
			return r
		}(), auth.ReasonCrossOrigin, "Host arrives as backend:8080"},
		{"cross_origin_unnamed", nil, post("Cookie: __session=a", "Sec-Fetch-Site: cross-site"), auth.ReasonCrossOrigin, "another origin"},
		{"keys_away", func(cfg *middleware.Config) {
			set := newKeys(t, ours)
			set.err = errors.New("connection refused")
			cfg.Verifier = newVerifier(t, set, c)
		}, request(bearer + c.token("a")), auth.ReasonKeysUnavailable, "connection refused; the key set could not be fetched"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var logged auth.Auth
			header := explainHeader(t, c, test, true, &logged)
			reason, detail, ok := parseReason(header)
			if !ok || reason != string(test.want) || !strings.Contains(detail, test.says) {
				t.Errorf("%s: %s, want %s with %q", middleware.ReasonHeader, header, test.want, test.says)
			}
			if logged.Reason != test.want || !strings.Contains(logged.Detail, test.says) {
				t.Errorf("logged %s (%s), want %s with %q", logged.Reason, logged.Detail, test.want, test.says)
			}
			// Production: the same in the log, nothing in the answer.
			logged = auth.Auth{}
			if header := explainHeader(t, c, test, false, &logged); header != "" || !strings.Contains(logged.Detail, test.says) {
				t.Errorf("production: header %q, log %q", header, logged.Detail)
			}
		})
	}
}

// explainHeader sends a provoked request and returns the header with the reason.
func explainHeader(t *testing.T, c *clock, test provoked, show bool, logged *auth.Auth) string {
	t.Helper()
	m := newMiddleware(t, c, func(cfg *middleware.Config) {
		cfg.AuthorizedParty, cfg.SecureCookies, cfg.ShowReasons = origin, true, show
		cfg.OnRefuse = func(_ *http.Request, _ int, a auth.Auth) { *logged = a }
		if test.change != nil {
			test.change(cfg)
		}
	})
	w := do(m, test.r.Clone(context.Background()))
	if w.Code != http.StatusUnauthorized && w.Code != http.StatusServiceUnavailable {
		t.Errorf("answer = %d, want a refusal", w.Code)
	}
	return w.Header().Get(middleware.ReasonHeader)
}

// structured is a token with one string parameter (RFC 9651 §3.3).
var structured = regexp.MustCompile(`^([a-z_]+)(?:; detail="((?:[ !#-\[\]-~]|\\["\\])*)")?$`)

func parseReason(header string) (reason, detail string, ok bool) {
	m := structured.FindStringSubmatch(header)
	if m == nil {
		return "", "", false
	}
	return m[1], strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(m[2]), true
}

// L-01, L-03: what a request says stays one line of printable ASCII within bounds, and
// no credential is told.
func TestExplainTellsNoSecret(t *testing.T) {
	c := newClock()
	const canary = "canary7Zq"
	long := strings.Repeat("a", 3000)
	for name, r := range map[string]*http.Request{
		"cookies":      request("Cookie: __client_uat=1; __client_=" + canary + "; x=" + canary),
		"other_server": request("Cookie: __session_\"\\\x01\xff" + long + "=" + canary),
		"bearer":       request("Authorization: Bearer " + canary),
		"scheme":       request("Authorization: Basic " + canary),
		"clients":      request("Cookie: __client=" + canary + "1; __client=" + canary + "2; __session=" + c.expired("a")),
		"origin":       post("Cookie: __session="+canary, "Origin: https://\"é\r\nX: y"+long),
		"issuer":       request("Authorization: Bearer " + c.token("a", "iss", "\"\r\nSet-Cookie: a=b\x1b"+long)),
	} {
		t.Run(name, func(t *testing.T) {
			var logged auth.Auth
			header := explainHeader(t, c, provoked{r: r}, true, &logged)
			if _, detail, ok := parseReason(header); !ok || detail == "" || len(detail) > 510 {
				t.Errorf("header of %d bytes: %q", len(header), header)
			}
			if strings.Contains(header+logged.Detail, canary) {
				t.Errorf("a secret is told: %s, %s", header, logged.Detail)
			}
		})
	}
}

// Who is signed in and may not do this is told why, too.
func TestExplainForbidden(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.ShowReasons = true })
	w := httptest.NewRecorder()
	m.RequireThat(middleware.AuthorizedParty(origin))(seen).ServeHTTP(w, request("Authorization: Bearer "+c.token("a", "azp", "https://x.example")))
	want := `session_token_authorized_party; detail="asked for by \"https://x.example\"; add that origin to the authorized parties`
	if header := w.Header().Get(middleware.ReasonHeader); w.Code != http.StatusForbidden || !strings.HasPrefix(header, want) {
		t.Errorf("%d with %s", w.Code, header)
	}
}

// A redirect to sign in, which may be part of a loop, says why, too.
func TestExplainRedirect(t *testing.T) {
	m := newMiddleware(t, newClock(), func(cfg *middleware.Config) { cfg.SignInURL, cfg.ShowReasons = "/sign-in", true })
	w := do(m, request("Sec-Fetch-Dest: document"))
	if header := w.Header().Get(middleware.ReasonHeader); w.Code != http.StatusSeeOther || !strings.HasPrefix(header, "session_token_missing; detail=") {
		t.Errorf("%d with %s", w.Code, header)
	}
}
