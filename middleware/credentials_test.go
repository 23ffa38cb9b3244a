package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/middleware"
)

func TestSources(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	a := c.token("a")
	for name, r := range map[string]*http.Request{
		"bearer":           request("Authorization: Bearer " + a),
		"bearer_lower":     request("Authorization: bearer " + a),
		"bearer_upper":     request("Authorization: BEARER " + a),
		"bearer_blanks":    request("Authorization: Bearer   " + a + " "),
		"cookie":           request("Cookie: __session=" + a),
		"suffixed":         request("Cookie: " + suffixed + "=" + a),
		"both_cookies":     request("Cookie: x=1; __session=" + a + "; y=2; " + suffixed + "=" + a),
		"cookie_twice":     request("Cookie: __session="+a, "Cookie: __session="+a),
		"cookie_blanks":    request("Cookie:   x=1;\t__session=" + a + "\t;y"),
		"other_scheme":     request("Authorization: Basic YTpi", "Cookie: __session="+a),
		"longer_scheme":    request("Authorization: BearerToken "+c.token("b"), "Cookie: __session="+a),
		"safe_cross_site":  request("Cookie: __session="+a, "Sec-Fetch-Site: cross-site"),
		"bearer_on_a_post": post("Authorization: Bearer "+a, "Sec-Fetch-Site: cross-site", "Origin: https://evil.example"),
	} {
		t.Run(name, func(t *testing.T) { admits(t, m, r, "a") })
	}
}

// nothing else carries a token.
func TestOtherSources(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	a := c.token("a")
	body := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("__session="+a+"&access_token="+a))
	body.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, r := range map[string]*http.Request{
		"nothing":              request(),
		"query":                httptest.NewRequest("GET", "/?__session="+a+"&access_token="+a+"&token="+a, nil),
		"body":                 body,
		"x_auth_token":         request("X-Auth-Token: " + a),
		"x_authorization":      request("X-Authorization: Bearer " + a),
		"proxy_authorization":  request("Proxy-Authorization: Bearer " + a),
		"underscore_twin":      request("HTTP_AUTHORIZATION: Bearer " + a),
		"cookie2":              request("Cookie2: __session=" + a),
		"set_cookie":           request("Set-Cookie: __session=" + a),
		"scheme_missing":       request("Authorization: " + a),
		"cookie_upper_case":    request("Cookie: __SESSION=" + a),
		"cookie_host_prefix":   request("Cookie: __Host-__session=" + a),
		"cookie_other_suffix":  request("Cookie: __session_AAAAAAAA=" + a),
		"cookie_client":        request("Cookie: __client=" + a),
		"cookie_without_name":  request("Cookie: =" + a),
		"cookie_nothing_but_a": request("Cookie: " + a),
	} {
		t.Run(name, func(t *testing.T) { refuses(t, m, r, auth.ReasonTokenMissing) })
	}
	bare := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.PublishableKey = "" })
	refuses(t, bare, request("Cookie: ="+a), auth.ReasonTokenMissing)
}

// a bearer token decides alone.
func TestBearerDecides(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, func(cfg *middleware.Config) {
		cfg.Renewer = &renewer{renew: func(string) (string, error) { return c.token("b"), nil }}
	})
	b := c.token("b")
	cookies := "Cookie: __session=" + b + "; " + suffixed + "=" + b + "; __client=c"
	for value, reason := range map[string]auth.Reason{
		"Bearer":                   auth.ReasonTokenMissing,
		"Bearer ":                  auth.ReasonTokenMissing,
		"Bearer x":                 auth.ReasonTokenMalformed,
		"bEARER " + c.expired("a"): auth.ReasonTokenExpired,
		"Bearer " + sign(theirs, "ins_1", c.claims("a")): auth.ReasonTokenSignature,
		"Bearer\t" + c.token("a"):                        auth.ReasonTokenMalformed,
	} {
		refuses(t, m, request("Authorization: "+value, cookies), reason)
	}
}

// and if it is good, cookies cannot spoil it.
func TestBearerDecidesOverBadCookies(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	bearer := "Authorization: Bearer " + c.token("a")
	for _, cookies := range []string{"__session=x; __session=y", "__session=" + c.token("b"), suffixed + "=x"} {
		admits(t, m, request(bearer, "Cookie: "+cookies), "a")
	}
	admits(t, m, post(bearer, "Cookie: __session="+c.token("b"), "Origin: https://evil.example"), "a")
}

// one header, one token.
func TestSeveralBearers(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	a, b := c.token("a"), c.token("b")
	for _, pair := range [][2]string{{"Bearer " + a, "Bearer " + b}, {"Bearer " + b, "Bearer " + a}, {"Bearer " + a, "Bearer " + a}, {"Basic eA==", "Bearer " + a}, {"", "Bearer " + a}} {
		refuses(t, m, request("Authorization: "+pair[0], "Authorization: "+pair[1], "Cookie: __session="+a), auth.ReasonTokenAmbiguous)
	}
	for _, value := range []string{a + "," + b, a + ", Bearer " + b, a + " " + b, a + ",", "," + a, a[:20] + " " + a[20:], a + "\tx"} {
		refuses(t, m, request("Authorization: Bearer "+value), auth.ReasonTokenMalformed)
	}
}

// a cookie given twice says nothing.
func TestCookieTossing(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	a, b := c.token("a"), c.token("b")
	for _, name := range []string{"__session", suffixed} {
		for _, pair := range [][2]string{{a, b}, {b, a}, {a, ""}, {"", a}, {a, "x"}} {
			one, two := name+"="+pair[0], name+"="+pair[1]
			refuses(t, m, request("Cookie: "+one+"; "+two), auth.ReasonTokenAmbiguous)
			refuses(t, m, request("Cookie: "+one, "Cookie: "+two), auth.ReasonTokenAmbiguous)
		}
	}
	// A tossed client cookie renews nothing.
	r := &renewer{renew: func(string) (string, error) { return c.token("a"), nil }}
	m = newMiddleware(t, c, func(cfg *middleware.Config) { cfg.Renewer = r })
	if w := do(m, request("Cookie: __client=c1; __client=c2")); w.Code != http.StatusUnauthorized || len(r.called()) != 0 {
		t.Errorf("answer = %d, renewals %v", w.Code, r.called())
	}
}

// cookies are split first, and names are compared byte by byte.
func TestCookieParsing(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	a := c.token("a")
	for _, line := range []string{
		"a=x%3b%20__session%3d" + a,
		"\u2000__session=" + a,
		"\u00a0__session=" + a,
		"\u0085__session=" + a,
		"\v__session=" + a,
		"__session\u2000=" + a,
		`$Version=1, __session=` + a,
		`a="x, __session=` + a + `"`,
		"a=x,__session=" + a,
		"%5f%5fsession=" + a,
		"a=__session=" + a,
		`a\;__session:` + a,
	} {
		refuses(t, m, request("Cookie: "+line), auth.ReasonTokenMissing)
	}
	// A quoted value is taken as it is, and so is one with a line break.
	refuses(t, m, request(`Cookie: __session="`+a+`"`), auth.ReasonTokenMalformed)
	// A semicolon in quotes ends a cookie all the same (RFC 6265 §4.2.1).
	admits(t, m, request(`Cookie: a="x; __session=`+a), "a")
}

// Two cookies with two tokens: ours, then the later one.
func TestCookieChoice(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, nil)
	old, later := c.token("old", "iat", c.Load()-5), c.token("later")
	foreignIssuer := c.token("x", "iss", "https://clerk.other.example", "iat", c.Load()+3)
	foreignKey := sign(theirs, "ins_2", c.claims("x", "iat", c.Load()+3))
	forged := sign(theirs, "ins_1", c.claims("x", "iat", c.Load()+3))
	for _, test := range []struct{ name, suffixed, plain, want string }{
		{"later_plain", old, later, "later"},
		{"later_suffixed", later, old, "later"},
		{"tie", c.token("s"), c.token("p"), "s"},
		{"foreign_issuer_plain", old, foreignIssuer, "old"},
		{"foreign_issuer_suffixed", foreignIssuer, old, "old"},
		{"foreign_key_plain", old, foreignKey, "old"},
		{"foreign_key_suffixed", foreignKey, old, "old"},
		{"forged_plain", old, forged, "old"},
		{"forged_suffixed", forged, old, "old"},
		{"expired_plain", old, c.expired("x"), "old"},
		{"garbage_plain", old, "x", "old"},
	} {
		t.Run(test.name, func(t *testing.T) {
			admits(t, m, request("Cookie: "+suffixed+"="+test.suffixed+"; __session="+test.plain), test.want)
		})
	}
	refuses(t, m, request("Cookie: __session="+foreignIssuer), auth.ReasonTokenIssuer)
	refuses(t, m, request("Cookie: "+suffixed+"="+forged+"; __session="+foreignKey), auth.ReasonTokenSignature)
	refuses(t, m, request("Cookie: "+suffixed+"="+foreignKey+"; __session="+forged), auth.ReasonTokenSignature)
	// The later one counts even if it is the one that was revoked.
	m = newMiddleware(t, c, func(cfg *middleware.Config) {
		cfg.Revocations = &feed{revoked: map[string]auth.Revocation{"sess_later": {At: c.now(), Cause: "signed out"}}}
	})
	refuses(t, m, request("Cookie: "+suffixed+"="+old+"; __session="+later), auth.ReasonSessionRevoked)
}

// A cookie on an unsafe request of another site's page is not the user's word.
func TestCrossOrigin(t *testing.T) {
	c := newClock()
	m := newMiddleware(t, c, func(cfg *middleware.Config) { cfg.TrustedOrigins = []string{"https://admin.example.com"} })
	for _, cookie := range []string{"Cookie: __session=" + c.token("a"), "Cookie: " + suffixed + "=" + c.token("a")} {
		admits(t, m, post(cookie), "a") // no browser
		admits(t, m, post(cookie, "Sec-Fetch-Site: same-origin"), "a")
		admits(t, m, post(cookie, "Origin: "+origin), "a")
		admits(t, m, post(cookie, "Origin: https://admin.example.com", "Sec-Fetch-Site: same-site"), "a")
		for _, lines := range [][]string{
			{"Sec-Fetch-Site: cross-site"},
			{"Sec-Fetch-Site: same-site"},
			{"Origin: https://evil.example"},
			{"Origin: null"},
			{"Origin: https://app.example.com.evil.example"},
			{"Origin: " + origin, "Sec-Fetch-Site: cross-site"},
		} {
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "QUERY"} {
				r := post(append(lines, cookie)...)
				r.Method = method
				refuses(t, m, r, auth.ReasonCrossOrigin)
			}
		}
	}
}
