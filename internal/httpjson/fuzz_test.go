package httpjson_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/httpjson"
)

// R-01, I-09: a path finds the route that it spells, and no other spelling does.
func FuzzRoutes(f *testing.F) {
	for _, seed := range []string{"/v1/me", "/v1/users/a", "/v1/users/a/ban", "/v1//me", "/v1/users/%2e%2e/ban", "/v1/users/a%2fban", "/v1/./me", "/v1/me/", "/v1/%6de", "/v1/users//ban", "/v1/users/a%00"} {
		f.Add(seed)
	}
	var routes httpjson.Routes[int]
	for n, pattern := range []string{"GET /v1/me", "GET /v1/users/{id}", "GET /v1/users/{id}/ban"} {
		routes.Add(pattern, n)
	}
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = u
		found, err := routes.Find(httptest.NewRecorder(), r, http.MethodGet)
		if err != nil {
			return
		}
		spelt := strings.Replace(strings.TrimPrefix(found.Pattern, "GET "), "{id}", found.Values["id"], 1)
		if id, ok := found.Values["id"]; ok && (id == "" || strings.Contains(id, "/")) {
			t.Fatalf("%q has the id %q", path, id)
		}
		if strings.TrimSuffix(u.Path, "/") != spelt {
			t.Fatalf("%q finds %q", path, spelt)
		}
	})
}
