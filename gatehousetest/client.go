package gatehousetest

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/session"
)

// Client returns a browser that nobody has signed in with: cookies of its own, an
// address of its own. It follows no redirects, so that a test sees them.
func (s *Server) Client() *http.Client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatalf("gatehousetest: %v", err)
	}
	n := s.clients.Add(1)
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Jar: jar,
		Transport: &browser{
			next: transport, origin: s.URL,
			address: fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255),
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// browser sends what a browser on the server's own pages would send.
type browser struct {
	next    http.RoundTripper
	origin  string
	address string
}

// RoundTrip implements http.RoundTripper. Headers that the test has set stay.
func (b *browser) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.Header.Get("X-Forwarded-For") == "" {
		r.Header.Set("X-Forwarded-For", b.address)
	}
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	if !safe && r.Header["Origin"] == nil && r.Header["Sec-Fetch-Site"] == nil {
		r.Header.Set("Origin", b.origin)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return b.next.RoundTrip(r)
}

// setCookies puts into the browser what a sign-in leaves there: the server's own
// cookies and those that the pages write.
func (s *Server) setCookies(client *http.Client, cookie session.Cookie, ss session.Session) {
	s.t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		s.t.Fatalf("gatehousetest: %v", err)
	}
	suffix := "_" + auth.CookieSuffix(s.PublishableKey())
	token, uat := s.mint(ss), strconv.FormatInt(ss.CreatedAt.Unix(), 10)
	cookies := []*http.Cookie{{Name: "__client", Value: string(cookie.Value), Path: "/", HttpOnly: true}}
	for _, c := range []struct{ name, value string }{
		{"__client_uat", uat},
		{"__client_uat" + suffix, uat},
		{"__session", token},
		{"__session" + suffix, token},
	} {
		cookies = append(cookies, &http.Cookie{Name: c.name, Value: c.value, Path: "/"})
	}
	client.Jar.SetCookies(u, cookies)
}
