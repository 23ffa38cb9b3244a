package middleware_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/middleware"
)

// pageAt is a navigation to target with cookies.
func pageAt(target, cookies string) *http.Request {
	r := page(cookies)
	r.RequestURI = target
	r.URL, _ = url.ParseRequestURI(target)
	return r
}

// H-07: a page asks three times, then the request is signed out.
func TestHandshakeLoop(t *testing.T) {
	c := newClock()
	m := remote(t, c, func(cfg *middleware.Config) { cfg.SignInURL = "/sign-in" })
	target := "/notes?id=1"
	for i := 1; i <= 3; i++ {
		w := do(m, pageAt(target, "__client_uat=5"))
		q, ok := begun(t, w)
		if want := fmt.Sprintf("%s/notes?id=1&__clerk_hs_tries=%d", origin, i); !ok || q.Get("redirect_url") != want {
			t.Fatalf("navigation %d: %d, back to %s, want %s", i, w.Code, q.Get("redirect_url"), want)
		}
		target = strings.TrimPrefix(q.Get("redirect_url"), origin)
	}
	for _, target := range []string{target, "/notes?__clerk_hs_tries=4&id=1", "/notes?id=1&__clerk_hs_tries=-1", "/notes?id=1&__clerk_hs_tries=x"} {
		if w := do(m, pageAt(target, "__client_uat=5")); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sign-in?redirect_url=%2Fnotes%3Fid%3D1" {
			t.Errorf("%s: %d %v", target, w.Code, w.Header())
		}
	}
}

// H-07: a browser that does not keep what answers bring is signed out after three of
// them within two seconds, though each led to a page of its own.
func TestHandshakeLoopOfAnswers(t *testing.T) {
	c := newClock()
	m := remote(t, c, func(cfg *middleware.Config) { cfg.SignInURL = "/sign-in" })
	count := ""
	for i := 1; i <= 3; i++ {
		w := do(m, pageAt("/notes?__clerk_hs_tries=1", "__client_uat=5; __clerk_hs="+hsSecret+"; __clerk_handshake="+c.answer()+count))
		k := cookieOf(w, "__clerk_redirect_count")
		if w.Code != http.StatusTemporaryRedirect || k == nil || k.Value != fmt.Sprint(i) || k.MaxAge != 2 || !k.HttpOnly {
			t.Fatalf("answer %d: %d, count %v", i, w.Code, k)
		}
		if w := do(m, page("__client_uat=5"+count)); w.Code != http.StatusTemporaryRedirect {
			t.Errorf("after %d answers: %d %v, want to be asked", i-1, w.Code, w.Header())
		}
		count = "; __clerk_redirect_count=" + k.Value
	}
	if w := do(m, page("__client_uat=5"+count)); w.Code != http.StatusSeeOther {
		t.Errorf("after three answers: %d %v", w.Code, w.Header())
	}
}

// The number of tries stays in no address: not after an answer by cookie, and not where
// the answer of another tab came first.
func TestHandshakeLeavesNoTries(t *testing.T) {
	c := newClock()
	m := remote(t, c, nil)
	for name, cookies := range map[string]string{
		"answer":      "__clerk_hs=" + hsSecret + "; __clerk_handshake=" + c.answer(),
		"other tab":   "__client_uat=5; __session=" + c.token("a"),
		"other tab's": "__client_uat=5; __session=" + c.token("a") + "; __clerk_handshake=" + c.answer(),
	} {
		w := do(m, pageAt("/notes?a=b&__clerk_hs_tries=2&c", cookies))
		if w.Code != http.StatusTemporaryRedirect || w.Header().Get("Location") != "/notes?a=b&c" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
}
