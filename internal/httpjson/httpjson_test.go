package httpjson_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// I-06: size, then type, then strictness.
func TestObject(t *testing.T) {
	tests := []struct {
		name, contentType, body string
		want                    *apierr.Error // nil: the members are a and b, or none if empty
		members                 int
	}{
		{"object", "application/json", `{"a":1,"b":{"a":2}}`, nil, 2},
		{"charset", "Application/JSON; charset=UTF-8", ` {"a":1} `, nil, 1},
		{"null", "application/json", "null", nil, 0},
		{"nothing", "application/json", "", nil, 0},
		{"nothing of any type", "text/plain", " \n", nil, 0},
		{"duplicate", "application/json", `{"a":1,"a":2}`, apierr.BodyInvalid, 0},
		{"duplicate further down", "application/json", `{"x":[{"a":1,"a":2}]}`, apierr.BodyInvalid, 0},
		{"trailing", "application/json", `{} {}`, apierr.BodyInvalid, 0},
		{"array", "application/json", `[]`, apierr.BodyInvalid, 0},
		{"deep", "application/json", strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33), apierr.BodyInvalid, 0},
		{"not UTF-8", "application/json", "{\"a\":\"\xff\"}", apierr.BodyInvalid, 0},
		{"form", "application/x-www-form-urlencoded", "a=1", apierr.UnsupportedContentType, 0},
		{"no type", "", `{"a":1}`, apierr.UnsupportedContentType, 0},
		{"charset of another kind", "application/json; charset=utf-16", `{"a":1}`, apierr.UnsupportedContentType, 0},
		{"large", "text/plain", strings.Repeat(" ", 2000), apierr.BodyTooLarge, 0},
	}
	for _, tt := range tests {
		for _, chunked := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
				if chunked {
					r.ContentLength = -1
				}
				r.Header.Set("Content-Type", tt.contentType)
				members, err := httpjson.Object(httptest.NewRecorder(), r, 1000)
				if tt.want != nil && !errors.Is(err, tt.want) || tt.want == nil && err != nil {
					t.Fatalf("err = %v, want %v", err, tt.want)
				}
				if len(members) != tt.members {
					t.Errorf("%d members, want %d", len(members), tt.members)
				}
			})
		}
	}
}

// Names are matched as they are written, which encoding/json does not do for structs.
func TestMembersKeepCase(t *testing.T) {
	members, err := httpjson.Members([]byte(`{"Password":"a","password":"b"}`))
	if err != nil {
		t.Fatal(err)
	}
	if string(members["password"]) != `"b"` || string(members["Password"]) != `"a"` {
		t.Errorf("members = %s", members)
	}
}

func TestSeveralContentTypes(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
	r.Header["Content-Type"] = []string{"application/json", "text/plain"}
	if _, err := httpjson.ContentType(r); !errors.Is(err, apierr.UnsupportedContentType) {
		t.Errorf("err = %v", err)
	}
}

// W-02: the headers of every answer; the content type has no charset.
func TestWriteHeaders(t *testing.T) {
	w := httptest.NewRecorder()
	if err := httpjson.Write(w, http.StatusOK, map[string]int{"a": 1}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Content-Length": "7",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if w.Body.String() != `{"a":1}` {
		t.Errorf("body = %s", w.Body)
	}
}

func TestWriteNothingHalf(t *testing.T) {
	w := httptest.NewRecorder()
	if err := httpjson.Write(w, http.StatusOK, make(chan int)); err == nil {
		t.Error("a channel was encoded")
	}
	if w.Body.Len() != 0 || len(w.Header()) != 0 {
		t.Errorf("something was written: %v %s", w.Header(), w.Body)
	}
}

func TestWriteError(t *testing.T) {
	w := httptest.NewRecorder()
	trace := httpjson.TraceID()
	httpjson.WriteError(w, apierr.TooManyRequests.After(1500*time.Millisecond), trace, nil)
	if w.Code != 429 || w.Header().Get("Retry-After") != "2" || w.Header().Get("Clerk-Trace-Id") != trace || len(trace) != 32 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if !strings.Contains(w.Body.String(), trace) {
		t.Errorf("body lacks the trace id: %s", w.Body)
	}
	w = httptest.NewRecorder()
	httpjson.WriteError(w, apierr.NotFound, trace, make(chan int))
	if w.Code != 500 || !strings.Contains(w.Body.String(), "internal_clerk_error") {
		t.Errorf("a client that cannot be encoded: %d %s", w.Code, w.Body)
	}
}

func TestRoutes(t *testing.T) {
	var rs httpjson.Routes[int]
	rs.Add("GET /v1/users", 1)
	rs.Add("POST /v1/users", 2)
	rs.Add("GET /v1/users/count", 3)
	rs.Add("GET /v1/users/{id}", 4)
	for _, tt := range []struct {
		method, path string
		want         int
		id           string
		err          *apierr.Error
		allow        string
	}{
		{"GET", "/v1/users", 1, "", nil, ""},
		{"HEAD", "/v1/users", 1, "", nil, ""},
		{"POST", "/v1/users/", 2, "", nil, ""},
		{"GET", "/v1/users/count", 3, "", nil, ""},
		{"GET", "/v1/users/user_1", 4, "user_1", nil, ""},
		{"GET", "/v1/users/user%5F1", 0, "", apierr.NotFound, ""},
		{"GET", "/v1/users/a%2Fb", 0, "", apierr.NotFound, ""},
		{"GET", "/v1/users//", 0, "", apierr.NotFound, ""},
		{"GET", "//v1/users", 0, "", apierr.NotFound, ""},
		{"GET", "/v1/x/../users", 0, "", apierr.NotFound, ""},
		{"GET", "/", 0, "", apierr.NotFound, ""},
		{"DELETE", "/v1/users", 0, "", apierr.MethodNotAllowed, "GET, HEAD, POST"},
		{"POST", "/v1/users/count", 0, "", apierr.MethodNotAllowed, "GET, HEAD"},
	} {
		r := httptest.NewRequest(tt.method, tt.path, nil)
		w := httptest.NewRecorder()
		found, err := rs.Find(w, r, tt.method)
		if tt.err != nil && !errors.Is(err, tt.err) || tt.err == nil && err != nil {
			t.Errorf("%s %s: %v, want %v", tt.method, tt.path, err, tt.err)
		}
		if found.Value != tt.want || found.Values["id"] != tt.id || w.Header().Get("Allow") != tt.allow {
			t.Errorf("%s %s = %d %v, Allow %q", tt.method, tt.path, found.Value, found.Values, w.Header().Get("Allow"))
		}
	}
}

// I-06: a list is as strict as an object.
func TestObjects(t *testing.T) {
	read := func(body, media string) ([]map[string]json.RawMessage, error) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		return httpjson.Objects(httptest.NewRecorder(), r, 64)
	}
	got, err := read(` [{"a":1},{}] `, "application/json; charset=utf-8")
	if err != nil || len(got) != 2 || string(got[0]["a"]) != "1" {
		t.Errorf("Objects = %v, %v", got, err)
	}
	for body, want := range map[string]*apierr.Error{
		"": apierr.BodyInvalid, " ": apierr.BodyInvalid, "null": apierr.BodyInvalid, "{}": apierr.BodyInvalid, "[": apierr.BodyInvalid,
		"[null]": apierr.BodyInvalid, "[1]": apierr.BodyInvalid, "[[]]": apierr.BodyInvalid, "[{}]x": apierr.BodyInvalid,
		`[{"a":1,"a":2}]`: apierr.BodyInvalid, "[{},]": apierr.BodyInvalid, "[\"\xff\"]": apierr.BodyInvalid,
		strings.Repeat("[", 60): apierr.BodyInvalid, strings.Repeat(" ", 65): apierr.BodyTooLarge,
	} {
		if _, err := read(body, "application/json"); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", body, err, want)
		}
	}
	if _, err := read("[]", "text/plain"); !errors.Is(err, apierr.UnsupportedContentType) {
		t.Errorf("text: %v", err)
	}
}
