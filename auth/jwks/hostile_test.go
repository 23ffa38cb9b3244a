package jwks_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	jwx "github.com/lestrrat-go/jwx/v2/jwk"

	"github.com/gatehouse-dev/gatehouse/auth"
	"github.com/gatehouse-dev/gatehouse/auth/jwks"
)

// answer is what a server on the loopback does with each request.
type answer = http.HandlerFunc

// text answers with a body of a content type.
func text(kind, body string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	}
}

func jsonSet(body string) answer { return text("application/json", body) }

// drip sends something for ever, slowly enough that it is never too long.
func drip(head string) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, head)
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
				_, _ = io.WriteString(w, " ")
			}
		}
	}
}

// zipped sends a gigabyte of zeroes in a megabyte, or a good set in gzip.
func zipped(write func(io.Writer)) answer {
	var body bytes.Buffer
	w := gzip.NewWriter(&body)
	write(w)
	_ = w.Close()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(body.Bytes())
	}
}

func privateRSA(t testing.TB, kid string) string {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key, err := jwx.FromRaw(private)
	if err != nil {
		t.Fatal(err)
	}
	_ = key.Set("kid", kid)
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"kid":%q,"kty":"RSA"`, kid)
	for _, name := range []string{"n", "e", "d", "p", "q"} {
		v, _ := key.Get(name)
		fmt.Fprintf(&b, `,%q:%q`, name, base64.RawURLEncoding.EncodeToString(v.([]byte)))
	}
	return b.String() + "}"
}

// hostile are answers that bring no key, each for a reason of its own.
func hostile(t testing.TB) map[string]answer {
	good := set(jwk(t, "evil"))
	list := good[len(`{"keys":[`) : len(good)-2]
	oct := `{"kty":"oct","kid":"evil","alg":"HS256","k":"` + strings.Repeat("A", 43) + `"}`
	return map[string]answer{
		"status 500":      func(w http.ResponseWriter, _ *http.Request) { http.Error(w, good, 500) },
		"status 206":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(206); _, _ = io.WriteString(w, good) },
		"html":            text("text/html", good),
		"no content type": text("", good),
		"text":            text("text/plain; charset=utf-8", good),
		"like json":       text("application/jsonx", good),
		"two types":       text("application/json, text/html", good),
		"too long":        jsonSet(good + strings.Repeat(" ", 64<<10)),
		"endless":         func(w http.ResponseWriter, _ *http.Request) { endless(w) },
		"drip":            drip(`{"keys":[`),
		"drip after set":  drip(good),
		"silent":          func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(good)+1))
			jsonSet(good)(w, nil)
		},
		"gzip bomb":       zipped(func(w io.Writer) { zeroes(w, 64<<20) }),
		"deep":            jsonSet(`{"keys":[` + list + `],"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}"),
		"10000 keys":      jsonSet(`{"keys":[` + strings.Repeat("{},", 10_000) + list + `]}`),
		"17 kids":         jsonSet(`{"keys":[` + strings.Repeat(`{"kty":"x"},`, 16) + list + `]}`),
		"HMAC":            jsonSet(`{"keys":[` + list + `,` + oct + `]}`),
		"HMAC alone":      jsonSet(`{"keys":[` + oct + `]}`),
		"private RSA":     jsonSet(`{"keys":[` + list + `,` + privateRSA(t, "rsa") + `]}`),
		"one kid twice":   jsonSet(set(jwk(t, "evil"), jwk(t, "evil"))),
		"member twice":    jsonSet(`{"keys":[` + list + `],"keys":[` + list + `]}`),
		"keys and KEYS":   jsonSet(`{"KEYS":[` + list + `]}`),
		"trailing":        jsonSet(good + good),
		"not UTF-8":       jsonSet(strings.Replace(good, "evil", "\xff\xfe", 1)),
		"byte order mark": jsonSet("\ufeff" + good),
		"null":            jsonSet("null"),
		"empty":           jsonSet(""),
	}
}

func endless(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	zeroes(w, 1<<30)
}

// zeroes writes so many digits, or as many as are taken.
func zeroes(w io.Writer, n int) {
	chunk := bytes.Repeat([]byte("0"), 32<<10)
	for ; n > 0; n -= len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// T-21, T-22: whatever a server sends that is no key set, no key of it counts, the last
// good keys stay, no request waits beyond the time-out, and nothing breaks.
func TestHostileServer(t *testing.T) {
	for name, evil := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var current atomic.Value
			current.Store(answer(jsonSet(set(jwk(t, "good")))))
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				current.Load().(answer)(w, r)
			}))
			defer server.Close()
			var now atomic.Int64
			set, err := jwks.New(jwks.Config{
				URL: server.URL, Timeout: 500 * time.Millisecond, HTTPClient: &http.Client{Transport: &http.Transport{}},
				Now: func() time.Time { return time.Unix(now.Load(), 0) },
			})
			if err != nil {
				t.Fatal(err)
			}
			now.Store(1_800_000_000)
			find(t, set, "good", nil)
			current.Store(evil)
			now.Add(30)
			find(t, set, "evil", auth.ErrUnknownKey)
			find(t, set, "good", nil)
			if asked.Load() != 2 || set.Removals() != 0 {
				t.Errorf("%d requests and %d removals, want 2 and 0", asked.Load(), set.Removals())
			}
		})
	}
}

// A set may come compressed, and under the name that RFC 7517 gives it.
func TestHarmlessServer(t *testing.T) {
	good := set(jwk(t, "a"))
	for name, kind := range map[string]answer{
		"json":     jsonSet(good),
		"charset":  text("application/json; charset=utf-8", good),
		"jwk-set":  text("application/jwk-set+json", good),
		"gzip":     zipped(func(w io.Writer) { _, _ = io.WriteString(w, good) }),
		"redirect": func(w http.ResponseWriter, r *http.Request) { redirectOnce(w, r, jsonSet(good)) },
	} {
		server := httptest.NewServer(kind)
		keys, err := jwks.New(jwks.Config{URL: server.URL + "/", Timeout: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Key(t.Context(), "a"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}

func redirectOnce(w http.ResponseWriter, r *http.Request, then answer) {
	if r.URL.Path == "/" {
		http.Redirect(w, r, "/there", http.StatusFound)
		return
	}
	then(w, r)
}

// exploding is a transport that panics, as a decoder might.
type exploding struct{}

func (exploding) RoundTrip(*http.Request) (*http.Response, error) { panic("boom") }

// T-23: a panic on the way of a fetch is a fetch that failed.
func TestFetchSurvivesAPanic(t *testing.T) {
	set, err := jwks.New(jwks.Config{URL: "https://clerk.example.com/", HTTPClient: &http.Client{Transport: exploding{}}})
	if err != nil {
		t.Fatal(err)
	}
	find(t, set, "a", auth.ErrKeysUnavailable)
}

// A key that is gone, or another one under its kid, is counted once it is no longer
// returned; a key that came is not.
func TestRemovals(t *testing.T) {
	s, now := &server{}, time.Unix(1_800_000_000, 0)
	a, b := newKey(t, "a"), newKey(t, "b")
	keys := newSet(t, s, func(cfg *jwks.Config) { cfg.Now = func() time.Time { return now } })
	for _, step := range []struct {
		name string
		keys []auth.Key
		want uint64
	}{
		{"first", []auth.Key{a}, 0},
		{"another comes", []auth.Key{a, b}, 0},
		{"one goes", []auth.Key{b}, 1},
		{"the same", []auth.Key{b}, 1},
		{"another under its kid", []auth.Key{newKey(t, "b")}, 2},
	} {
		s.serve(t, step.keys...)
		now = now.Add(30 * time.Second)
		_, _ = keys.Key(t.Context(), "unknown") // waits for a fetch
		if n := keys.Removals(); n != step.want {
			t.Errorf("%s: Removals = %d, want %d", step.name, n, step.want)
		}
	}
}
