package frontendapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/frontendapi"
	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

const verified = publicURL + "/verified?from=mail#/step"

func withLinks(_ *frontendapi.Config, s *flow.Settings) {
	s.Strategies = append(s.Strategies, "email_link")
	s.VerifyURL = publicURL + "/v1/verify"
}

// link returns the path and query of the newest link that was sent to an address.
func (s *server) link(email string) string {
	s.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		for _, m := range s.outbox.Messages(email) {
			if m.Link != "" {
				return strings.TrimPrefix(m.Link, publicURL)
			}
		}
		time.Sleep(time.Millisecond)
	}
	s.t.Fatalf("no link was sent to %s", email)
	return ""
}

// askedForLink is somebody who has an account and a browser that asked for a link.
func (s *server) askedForLink(email string) (b *browser, signIn string) {
	s.t.Helper()
	s.signUp(email)
	b = s.browser()
	a := b.post("/v1/client/sign_ins", form("identifier", email, "strategy", "email_link", "redirect_url", verified)).ok()
	return b, a.text("response.id")
}

// landed checks that an answer sends the browser to the page, with no token in the
// URL (C-09), and returns what it says there.
func (a *answer) landed() url.Values {
	a.t.Helper()
	if a.status != http.StatusSeeOther {
		a.t.Fatalf("status = %d, want 303: %s", a.status, a.raw)
	}
	u, err := url.Parse(a.header.Get("Location"))
	must(a.t, err)
	q := u.Query()
	if u.Scheme+"://"+u.Host+u.Path != publicURL+"/verified" || u.Fragment != "/step" || q.Get("from") != "mail" || q.Has("token") {
		a.t.Errorf("Location = %s", u)
	}
	if a.header.Get("Referrer-Policy") != "no-referrer" || a.header.Get("Cache-Control") != "no-store" || a.raw != "" {
		a.t.Errorf("headers %v, body %q", a.header, a.raw)
	}
	return q
}

func TestLinkSignsIn(t *testing.T) {
	s := newServer(t, withLinks)
	b, id := s.askedForLink("jane@example.com")
	q := b.get(s.link("jane@example.com")).landed()
	if q.Get("__clerk_status") != "verified" || q.Get("__clerk_created_session") == "" {
		t.Fatalf("landed with %v", q)
	}
	if b.cookies["__client_uat"] == "" || b.cookies["__client_uat"] == "0" {
		t.Errorf("__client_uat = %q", b.cookies["__client_uat"])
	}
	polled := b.get("/v1/client/sign_ins/" + id).ok()
	for path, want := range map[string]any{
		"response.status":                                       "complete",
		"response.created_session_id":                           q.Get("__clerk_created_session"),
		"response.first_factor_verification.object":             "verification_email_link",
		"response.first_factor_verification.status":             "verified",
		"response.first_factor_verification.verified_at_client": polled.at("client.id"),
		"client.last_active_session_id":                         q.Get("__clerk_created_session"),
	} {
		if got := polled.at(path); got != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	// The second time it is used up.
	if q := b.get(s.link("jane@example.com")).landed(); q.Get("__clerk_status") != "failed" || q.Has("__clerk_created_session") {
		t.Errorf("landed again with %v", q)
	}
}

// C-08: what only looks at a link, or is another browser, leaves it good.
func TestLinkIsNotConsumed(t *testing.T) {
	s := newServer(t, withLinks)
	b, _ := s.askedForLink("jane@example.com")
	path := s.link("jane@example.com")
	for name, header := range map[string]string{
		"Sec-Purpose": "prefetch;prerender", "Purpose": "preview", "X-Moz": "prefetch", "Sec-Fetch-Dest": "image",
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set(name, header)
		if a := b.do(r); a.status != http.StatusServiceUnavailable || a.header.Get("Location") != "" || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %s: %d %v", name, header, a.status, a.header)
		}
	}
	if a := b.send(http.MethodHead, path, nil, ""); a.status != http.StatusServiceUnavailable || a.header.Get("Location") != "" {
		t.Errorf("HEAD: %d %v", a.status, a.header)
	}
	other := s.browser()
	q := other.get(path).landed()
	if q.Get("__clerk_status") != "client_mismatch" || q.Has("__clerk_created_session") || len(other.cookies) != 0 {
		t.Errorf("another browser landed with %v and %v", q, other.cookies)
	}
	if q := b.get(path).landed(); q.Get("__clerk_status") != "verified" {
		t.Errorf("landed with %v", q)
	}
}

func TestLinkExpired(t *testing.T) {
	s := newServer(t, withLinks)
	b, id := s.askedForLink("jane@example.com")
	s.clock.Advance(10 * time.Minute)
	if q := b.get(s.link("jane@example.com")).landed(); q.Get("__clerk_status") != "expired" {
		t.Errorf("landed with %v", q)
	}
	if got := b.get("/v1/client/sign_ins/" + id).ok().text("response.first_factor_verification.status"); got != "expired" {
		t.Errorf("polled %s", got)
	}
	s.clock.Advance(24 * time.Hour)
	b.get(s.link("jane@example.com")).refused(400, "verification_link_token_invalid")
}

func TestLinkUnknown(t *testing.T) {
	s := newServer(t, withLinks)
	b, _ := s.askedForLink("jane@example.com")
	path := s.link("jane@example.com")
	for _, bad := range []string{"/v1/verify", path[:len(path)-2], path + "A", path + "&token=x", "/v1/verify?token="} {
		b.get(bad).refused(400, "verification_link_token_invalid")
	}
}

func TestLinkProvesAnAddedAddress(t *testing.T) {
	s := newServer(t, withLinks)
	b := s.signUp("jane@example.com")
	added := b.me(http.MethodPost, "/v1/me/email_addresses", form("email_address", "joe@example.com")).ok()
	path := "/v1/me/email_addresses/" + added.text("response.id")
	b.me(http.MethodPost, path+"/prepare_verification", form("strategy", "email_link", "redirect_url", verified)).ok()
	if got := b.me(http.MethodGet, path, nil).ok().text("response.verification.object"); got != "verification_email_link" {
		t.Errorf("object = %s", got)
	}
	if q := b.get(s.link("joe@example.com")).landed(); q.Get("__clerk_status") != "verified" {
		t.Errorf("landed with %v", q)
	}
	if got := b.me(http.MethodGet, path, nil).ok().text("response.verification.status"); got != "verified" {
		t.Errorf("status = %s", got)
	}
}

// H-01, H-02: each way to name a page to go on with, and none leads elsewhere.
func TestRedirectURLs(t *testing.T) {
	s := newServer(t, withLinks)
	b := s.signUp("jane@example.com")
	added := b.me(http.MethodPost, "/v1/me/email_addresses", form("email_address", "joe@example.com")).ok().text("response.id")
	fresh := s.browser()
	signIn := fresh.post("/v1/client/sign_ins", form("identifier", "jane@example.com")).ok().text("response.id")
	newcomer := s.browser()
	signUp := newcomer.post("/v1/client/sign_ups", form("email_address", "new@example.com", "password", password)).ok().text("response.id")
	for name, ask := range map[string]func(form url.Values) *answer{
		"sign_ins": func(f url.Values) *answer {
			f.Set("identifier", "jane@example.com")
			return s.browser().post("/v1/client/sign_ins", f)
		},
		"sign_ups": func(f url.Values) *answer {
			f.Set("email_address", "n@example.com")
			return s.browser().post("/v1/client/sign_ups", f)
		},
		"sign_ups_update": func(f url.Values) *answer { return newcomer.post("/v1/client/sign_ups/"+signUp+"?_method=PATCH", f) },
		"sign_in_prepare": func(f url.Values) *answer {
			return fresh.post("/v1/client/sign_ins/"+signIn+"/prepare_first_factor", f)
		},
		"sign_up_prepare": func(f url.Values) *answer {
			return newcomer.post("/v1/client/sign_ups/"+signUp+"/prepare_verification", f)
		},
		"address_prepare": func(f url.Values) *answer {
			return b.me(http.MethodPost, "/v1/me/email_addresses/"+added+"/prepare_verification", f)
		},
	} {
		for _, text := range hostileRedirects {
			s.clock.Advance(time.Minute) // limits
			a := ask(form("strategy", "email_link", "redirect_url", text))
			if a.status != 422 || a.code() != "form_param_value_invalid" || a.text("errors.0.meta.param_name") != "redirect_url" {
				t.Errorf("%s takes %q: %d %s", name, text, a.status, a.raw)
			}
		}
	}
	for _, to := range []string{"new@example.com", "joe@example.com", "n@example.com"} {
		if got := s.outbox.Messages(to); len(got) != 0 {
			t.Errorf("%s was sent %+v", to, got)
		}
	}
}

// H-02: an origin that is not allowed any more gets nobody sent to it.
func TestLinkToAnOriginNoLongerAllowed(t *testing.T) {
	allowed := true
	s := newServer(t, withLinks, func(c *frontendapi.Config, _ *flow.Settings) {
		c.AllowedOrigin = func(o string) bool { return o == publicURL || allowed && o == otherApp }
	})
	s.signUp("jane@example.com")
	b := s.browser()
	b.post("/v1/client/sign_ins", form("identifier", "jane@example.com", "strategy", "email_link", "redirect_url", otherApp+"/x")).ok()
	allowed = false
	if a := b.get(s.link("jane@example.com")); a.status != 422 || a.header.Get("Location") != "" {
		t.Errorf("answer = %d %v", a.status, a.header)
	}
}

// The SDK's sign-up and profile forms take links alone where links are listed.
func TestEnvironmentOfLinks(t *testing.T) {
	s := newServer(t, withLinks)
	at := func(path string) string {
		a := s.browser().get("/v1/environment").ok()
		var names []string
		for _, v := range a.at("user_settings.attributes.email_address." + path).([]any) {
			names = append(names, v.(string))
		}
		return strings.Join(names, " ")
	}
	if f, v := at("first_factors"), at("verifications"); f != "email_code email_link" || v != "email_code" {
		t.Errorf("with both: first factors %s, verifications %s", f, v)
	}
	s.settings.Strategies = []string{"email_link"}
	if f, v := at("first_factors"), at("verifications"); f != "email_link" || v != "email_link" {
		t.Errorf("with links alone: first factors %s, verifications %s", f, v)
	}
}
