package frontendapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// browser keeps cookies as a browser does.
type browser struct {
	s       *server
	origin  string // Origin of its pages; "" sends none
	address string // "" is a new one for every request, so that limits do not interfere
	cookies map[string]string
	headers http.Header // sent along with every request

	userID, sessionID string
	neighbourID       string // the session of somebody else on this browser, see shared
}

func (s *server) browser() *browser {
	return &browser{s: s, origin: publicURL, cookies: map[string]string{}, headers: http.Header{}}
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// get, post and call send requests; _method and the acting session go where the SDK
// puts them.
func (b *browser) get(path string) *answer { return b.send(http.MethodGet, path, nil, "") }

func (b *browser) post(path string, form url.Values) *answer {
	return b.send(http.MethodPost, path, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded")
}

// me is a call of the acting session.
func (b *browser) me(method, path string, form url.Values) *answer {
	path += "?_clerk_session_id=" + b.sessionID
	if method == http.MethodGet {
		return b.get(path)
	}
	if method != http.MethodPost {
		path += "&_method=" + method
	}
	return b.post(path, form)
}

func (b *browser) json(method, path, body string) *answer {
	return b.send(method, path, strings.NewReader(body), "application/json")
}

func (b *browser) send(method, path string, body io.Reader, contentType string) *answer {
	b.s.t.Helper()
	r := httptest.NewRequest(method, path, body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return b.do(r)
}

// do sends r with the browser's cookies and headers.
func (b *browser) do(r *http.Request) *answer {
	t := b.s.t
	t.Helper()
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	switch {
	case b.origin == "" || r.Header["Origin"] != nil:
	case r.Method == http.MethodGet && b.origin == publicURL: // browsers send no Origin then
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	default:
		r.Header.Set("Origin", b.origin)
	}
	maps.Copy(r.Header, b.headers)
	address := b.address
	if address == "" {
		address = fmt.Sprintf("10.0.%d", b.s.requests.Add(1))
	}
	r.Header.Set("Test-Address", address)
	w := httptest.NewRecorder()
	b.s.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	a := &answer{t: t, status: w.Code, header: w.Header(), raw: w.Body.String()}
	b.s.answers = append(b.s.answers, a.raw)
	if to := a.header.Get("Location"); to != "" {
		b.s.leads = append(b.s.leads, to)
	}
	if w.Code >= 500 {
		t.Logf("%s %s: %d %s\n%s", r.Method, r.URL.Path, a.status, a.raw, b.s.log)
	}
	if strings.HasPrefix(a.raw, "{") {
		if err := json.Unmarshal([]byte(a.raw), &a.body); err != nil {
			t.Fatalf("%s %s: answer is no JSON: %v: %q", r.Method, r.URL, err, a.raw)
		}
	}
	return a
}

// ok fails unless the answer is 200.
func (a *answer) ok() *answer {
	a.t.Helper()
	if a.status != http.StatusOK {
		a.t.Fatalf("status = %d, want 200: %s", a.status, a.raw)
	}
	return a
}

// refused fails unless the answer is an error with the status and code.
func (a *answer) refused(status int, code string) *answer {
	a.t.Helper()
	if a.status != status || a.code() != code {
		a.t.Fatalf("refused with %d %q, want %d %q: %s", a.status, a.code(), status, code, a.raw)
	}
	if id, _ := a.body["clerk_trace_id"].(string); len(id) != 32 {
		a.t.Fatalf("error has no trace id: %s", a.raw)
	}
	return a
}

func (a *answer) code() string { return a.text("errors.0.code") }

// at walks a dotted path through objects and arrays; nil if there is nothing.
func (a *answer) at(path string) any {
	var v any = a.body
	for part := range strings.SplitSeq(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			v = node[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

func (a *answer) text(path string) string {
	s, _ := a.at(path).(string)
	return s
}

func (a *answer) length(path string) int {
	l, _ := a.at(path).([]any)
	return len(l)
}

func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// signUp makes a browser whose person has just signed up.
func (s *server) signUp(email string) *browser {
	s.t.Helper()
	return s.browser().signUp(email)
}

// signUp signs a person up on this browser.
func (b *browser) signUp(email string) *browser {
	s := b.s
	s.t.Helper()
	su := b.post("/v1/client/sign_ups", form("email_address", email, "password", password, "username", "")).ok()
	id := su.text("response.id")
	b.post("/v1/client/sign_ups/"+id+"/prepare_verification", form("strategy", "email_code")).ok()
	done := b.post("/v1/client/sign_ups/"+id+"/attempt_verification",
		form("strategy", "email_code", "code", s.code(email))).ok()
	b.userID, b.sessionID = done.text("response.created_user_id"), done.text("response.created_session_id")
	if b.userID == "" || b.sessionID == "" {
		s.t.Fatalf("sign-up did not complete: %s", done.raw)
	}
	return b
}

// signIn signs a person in on a browser by password.
func (b *browser) signIn(email string) *answer {
	b.s.t.Helper()
	a := b.post("/v1/client/sign_ins", form("identifier", email, "strategy", "password", "password", password)).ok()
	b.sessionID = a.text("response.created_session_id")
	if b.sessionID == "" {
		b.s.t.Fatalf("sign-in did not complete: %s", a.raw)
	}
	return a
}

// code waits for the mail under way and returns its code.
func (s *server) code(email string) string {
	s.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if code, ok := s.outbox.LastCode(email); ok {
			return code
		}
		time.Sleep(time.Millisecond)
	}
	s.t.Fatalf("no code was sent to %s", email)
	return ""
}
