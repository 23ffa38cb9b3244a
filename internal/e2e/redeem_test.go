package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	gatehouse "github.com/gatehouse-dev/gatehouse"
)

const (
	redeemers      = 50
	redeemPassword = "redeemed by one and no more"
)

// redemption is a request that is good once.
type redemption struct {
	method, path string
	form         []string
	won          func(a answer) bool
}

// redemptions lead up to the request, each with somebody of their own.
var redemptions = map[string]func(b *browser, email string) redemption{
	"sign-in by code": func(b *browser, email string) redemption {
		b.signedUp(email)
		path := "/v1/client/sign_ins/" + b.ask("/v1/client/sign_ins", "identifier", email, "strategy", "email_code").str("response", "id")
		return redemption{"POST", path + "/attempt_first_factor", []string{"strategy", "email_code", "code", b.mails.code(b.t, email)}, isComplete}
	},
	"sign-up by code": func(b *browser, email string) redemption {
		path := "/v1/client/sign_ups/" + b.ask("/v1/client/sign_ups", "email_address", email, "password", redeemPassword, "strategy", "email_code").str("response", "id")
		return redemption{"POST", path + "/attempt_verification", []string{"strategy", "email_code", "code", b.mails.code(b.t, email)}, isComplete}
	},
	"added address by code": func(b *browser, email string) redemption {
		path, acting := b.added(email)
		b.ask(path+"/prepare_verification"+acting, "strategy", "email_code")
		return redemption{"POST", path + "/attempt_verification" + acting, []string{"code", b.mails.code(b.t, "more-"+email)}, isOK}
	},
	"step-up by code": func(b *browser, email string) redemption {
		path := "/v1/client/sessions/" + b.signedIn(email) + "/verify"
		b.ask(path, "level", "first_factor")
		b.ask(path+"/prepare_first_factor", "strategy", "email_code")
		return redemption{"POST", path + "/attempt_first_factor", []string{"strategy", "email_code", "code", b.mails.code(b.t, email)}, isComplete}
	},
	"reset by code": func(b *browser, email string) redemption {
		path := b.resetting(email)
		return redemption{"POST", path + "/attempt_first_factor", []string{"strategy", "reset_password_email_code", "code", b.mails.code(b.t, email)}, func(a answer) bool {
			return a.str("response", "status") == "needs_new_password" && a.status == http.StatusOK
		}}
	},
	"new password after a reset": func(b *browser, email string) redemption {
		path := b.resetting(email)
		b.ask(path+"/attempt_first_factor", "strategy", "reset_password_email_code", "code", b.mails.code(b.t, email))
		return redemption{"POST", path + "/reset_password", []string{"password", "a password that is new"}, isComplete}
	},
	"sign-in by link": func(b *browser, email string) redemption {
		b.signedUp(email)
		b.ask("/v1/client/sign_ins", "identifier", email, "strategy", "email_link")
		return redemption{"GET", b.mails.link(b.t, email), nil, hasLanded}
	},
	"sign-up by link": func(b *browser, email string) redemption {
		b.ask("/v1/client/sign_ups", "email_address", email, "password", redeemPassword, "strategy", "email_link")
		return redemption{"GET", b.mails.link(b.t, email), nil, hasLanded}
	},
	"added address by link": func(b *browser, email string) redemption {
		path, acting := b.added(email)
		b.ask(path+"/prepare_verification"+acting, "strategy", "email_link")
		return redemption{"GET", b.mails.link(b.t, "more-"+email), nil, hasLanded}
	},
}

func isOK(a answer) bool       { return a.status == http.StatusOK }
func isComplete(a answer) bool { return isOK(a) && a.str("response", "status") == "complete" }
func hasLanded(a answer) bool {
	return a.status == http.StatusSeeOther && strings.Contains(a.header.Get("Location"), "__clerk_status=verified")
}

// C-04, D-04: of fifty who redeem one code or link at the same moment exactly one has it,
// on every combination of stores, and all others are refused.
func TestRedeemedOnce(t *testing.T) {
	for _, kind := range allStores {
		t.Run(kind, func(t *testing.T) {
			s := newStack(t, kind, func(c *gatehouse.Config) { c.Passwords.MaxConcurrent = 4 })
			n := 0
			for name, begin := range redemptions {
				n++
				t.Run(name, func(t *testing.T) {
					b := s.newBrowser(0x100*n, http.DefaultTransport)
					b.t = t
					email := fmt.Sprintf("person%d@example.com", n)
					redeem(t, b, n, begin(b, email))
					if people := b.backend("GET", "/users?email_address="+email, nil).text; strings.Count(people, `"object":"user"`) != 1 {
						t.Errorf("people with the address: %s", people)
					}
				})
			}
		})
	}
}

// redeem sends the request fifty times at once, from as many addresses, as the one browser.
func redeem(t *testing.T, b *browser, n int, r redemption) {
	t.Helper()
	all := make([]answer, redeemers)
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range all {
		c := b.twin(0x100*n + 1 + i)
		group.Go(func() {
			<-start
			values := url.Values{}
			for i := 0; i < len(r.form); i += 2 {
				values.Add(r.form[i], r.form[i+1])
			}
			all[i] = c.do(r.method, r.path, strings.NewReader(values.Encode()), "application/x-www-form-urlencoded")
		})
	}
	close(start)
	group.Wait()
	won := 0
	for _, a := range all {
		switch {
		case r.won(a):
			won++
		case a.status >= 500 && a.code() != "service_unavailable", a.status == http.StatusOK:
			t.Errorf("another one got %d: %.300s", a.status, a.text)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d had it, want 1", won, redeemers)
	}
}

// twin is the browser once more, with the cookies that it has now.
func (b *browser) twin(n int) *browser {
	other := *b
	u, _ := url.Parse(b.url)
	jar, _ := cookiejar.New(nil)
	jar.SetCookies(u, b.client.Jar.Cookies(u))
	other.client = &http.Client{Jar: jar, Transport: b.client.Transport, CheckRedirect: b.client.CheckRedirect}
	other.address = fmt.Sprintf("2001:db8:0:%x::1", n)
	return &other
}

// ask posts a form that has to be taken.
func (b *browser) ask(path string, pairs ...string) answer {
	b.t.Helper()
	return b.form(path, pairs...).want(b.t, http.StatusOK, "")
}

// signedUp makes somebody with an address and a password.
func (b *browser) signedUp(email string) {
	b.t.Helper()
	b.backend("POST", "/users", map[string]any{"email_address": []string{email}, "password": redeemPassword}).want(b.t, http.StatusOK, "")
}

// signedIn makes somebody and signs them in; it returns the session's id.
func (b *browser) signedIn(email string) string {
	b.t.Helper()
	b.signedUp(email)
	return b.ask("/v1/client/sign_ins", "identifier", email, "password", redeemPassword).str("response", "created_session_id")
}

// added is an address that somebody signed in has added, and who acts.
func (b *browser) added(email string) (path, acting string) {
	b.t.Helper()
	acting = "?_clerk_session_id=" + b.signedIn(email)
	return "/v1/me/email_addresses/" + b.ask("/v1/me/email_addresses"+acting, "email_address", "more-"+email).str("response", "id"), acting
}

// resetting is a sign-in that has sent a code for a new password.
func (b *browser) resetting(email string) (path string) {
	b.t.Helper()
	b.signedUp(email)
	return "/v1/client/sign_ins/" + b.ask("/v1/client/sign_ins", "identifier", email, "strategy", "reset_password_email_code").str("response", "id")
}

// link returns the path of the newest link that was sent to an address.
func (m *mailbox) link(t *testing.T, to string) string {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		m.mu.Lock()
		for _, message := range m.all {
			if message.To == to && message.Link != "" {
				m.mu.Unlock()
				u, err := url.Parse(message.Link)
				if err != nil {
					t.Fatal(err)
				}
				return u.RequestURI()
			}
		}
		m.mu.Unlock()
	}
	t.Fatalf("no link was sent to %s", to)
	return ""
}
