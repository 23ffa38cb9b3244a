package frontendapi_test

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/flow"
)

// referenced is one line of testdata/reference.txt.
type referenced struct {
	method, path string
	served       bool // registered, by the protocol or beyond it
	status       int
	code         string
	off          string // the place of the environment that says so, "" if none does
}

func reference(t *testing.T) []referenced {
	t.Helper()
	text, err := os.ReadFile("testdata/reference.txt")
	must(t, err)
	var out []referenced
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		r := referenced{method: f[0], path: f[1]}
		switch rest := f[3:]; {
		case f[2] == "served", f[2] == "own":
			r.served = true
		case f[2] == "404" && (len(rest) == 0 || strings.Contains(rest[0], ".")):
			r.status, r.code, r.off = 404, "resource_not_found", strings.Join(rest, "")
		default:
			r.status, err = strconv.Atoi(f[2])
			must(t, err)
			r.code, r.off = rest[0], strings.Join(rest[1:], "")
		}
		out = append(out, r)
	}
	return out
}

// Every route of the protocol is served, or refuses in JSON, with the environment saying
// that it is off. Every route that is registered is in the list.
func TestReference(t *testing.T) {
	s := newServer(t)
	phones(s)
	b := s.signUp("jane@example.com")
	fill := func(path string) string {
		return strings.NewReplacer(
			"sessions/{id}", "sessions/"+b.sessionID, "sign_ins/{id}", "sign_ins/"+b.post("/v1/client/sign_ins", nil).ok().text("response.id"),
			"phone_numbers/{id}", "phone_numbers/"+b.me(http.MethodGet, "/v1/me/phone_numbers", nil).ok().text("response.0.id"),
			"{id}", "idn_000000000000000000000000000", "{template}", "supabase", "/...", "/anything",
		).Replace(path)
	}
	b.me(http.MethodPost, "/v1/me/phone_numbers", form("phone_number", "+12015550123")).ok()
	environment := b.get("/v1/environment").ok()

	registered := map[string]bool{}
	s.each(func(method, pattern, _ string) { registered[method+" "+pattern] = true })
	for _, r := range reference(t) {
		name := r.method + " " + r.path
		if r.served {
			if !registered[name] {
				t.Errorf("%s is said to be served and is not", name)
			}
			delete(registered, name)
			continue
		}
		delete(registered, name)
		if r.off != "" && !off(environment.at(r.off)) {
			t.Errorf("%s is off, and the environment says %s = %v", name, r.off, environment.at(r.off))
		}
		s.clock.Advance(13 * time.Second)
		path := fill(r.path)
		if strings.Contains(path, "/verify/") {
			b.post("/v1/client/sessions/"+b.sessionID+"/verify", nil).ok()
		}
		methods := []string{r.method}
		if r.method == "ANY" {
			methods = []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete}
		}
		for _, method := range methods {
			a := b.send(method, path+"?_clerk_session_id="+b.sessionID, nil, "")
			if a.status != r.status || a.code() != r.code {
				t.Errorf("%s %s answers %d %s, want %d %s", method, path, a.status, a.code(), r.status, r.code)
			}
			if a.text("errors.0.long_message") == "" || len(a.text("clerk_trace_id")) != 32 || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s %s is no error of the API: %s", method, path, a.raw)
			}
		}
	}
	for name := range registered {
		t.Errorf("%s is registered and not in testdata/reference.txt", name)
	}
}

// off reports whether a value of the environment says that something is off.
func off(v any) bool {
	switch v := v.(type) {
	case bool:
		return !v
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// phones lets people have phone numbers.
func phones(s *server) {
	s.settings.PhoneNumber = flow.Attribute{Enabled: true, FirstFactor: true}
	s.settings.Strategies = append(s.settings.Strategies, "phone_code")
}
