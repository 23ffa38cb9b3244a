package ui_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestHashedFilesAreCachedForGood(t *testing.T) {
	h := open(t, nil)
	urls := regexp.MustCompile(`/ui/[0-9a-f]{16}/[^"]+`).FindAllString(get(t, h, "/user").Body.String(), -1)
	if len(urls) < 5 {
		t.Fatalf("the page links to %q only", urls)
	}
	for _, u := range urls {
		w := get(t, h, u)
		if got, want := w.Header().Get("Cache-Control"), "public, max-age=31536000, immutable"; w.Code != 200 || got != want {
			t.Errorf("%s = %d, Cache-Control %q, want %q", u, w.Code, got, want)
		}
	}
}

func TestPlainNamesAreRevalidated(t *testing.T) {
	h := open(t, nil)
	w := get(t, h, "/ui/page.css")
	if w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
		t.Fatalf("/ui/page.css = %d, Cache-Control %q", w.Code, w.Header().Get("Cache-Control"))
	}
	r := httptest.NewRequest("GET", "/ui/page.css", nil)
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	again := httptest.NewRecorder()
	h.ServeHTTP(again, r)
	if again.Code != http.StatusNotModified {
		t.Errorf("a known ETag = %d, want 304", again.Code)
	}
}

func TestContentTypes(t *testing.T) {
	h := open(t, nil)
	for name, want := range map[string]string{
		"page.css":      "text/css; charset=utf-8",
		"lib/client.js": "text/javascript; charset=utf-8",
		"icon.svg":      "image/svg+xml",
	} {
		head := get(t, h, "/ui/"+name).Header()
		if got := head.Get("Content-Type"); got != want {
			t.Errorf("%s: Content-Type = %q, want %q", name, got, want)
		}
		// W-01: a file opened as a page of its own can do nothing.
		if got, want := head.Get("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'"; got != want {
			t.Errorf("%s: Content-Security-Policy = %q, want %q", name, got, want)
		}
		if got := head.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options = %q, want nosniff", name, got)
		}
	}
}

func TestPrivateFilesAreNotServed(t *testing.T) {
	for _, tt := range []struct{ name, dir string }{{"embedded", ""}, {"from disk", "."}} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := open(t, nil)
			if tt.dir != "" {
				cfg = openDir(t, tt.dir)
			}
			for _, name := range []string{
				"", "ui.go", "layout.html", "package.json", "lib", "lib/", "lib/client_test.js", "README.md",
				"..%2fgo.mod", "lib/..%2f..%2fgo.mod", "0000000000000000/page.css", "%2fetc/passwd",
			} {
				if w := get(t, cfg, "/ui/"+name); w.Code == 200 || strings.Contains(w.Body.String(), "module ") {
					t.Errorf("/ui/%s = %d", name, w.Code)
				}
			}
		})
	}
}
