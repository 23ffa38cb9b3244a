package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Whoever is not known is asked for at the server, and a script is told so.
func TestApp(t *testing.T) {
	m, err := newMiddleware("https://auth.example.com", "https://app.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path, dest, cookie string
		status             int
		location           string
	}{
		{"/", "document", "", http.StatusOK, ""},
		{"/notes", "document", "", http.StatusSeeOther, "https://auth.example.com/sign-in?redirect_url=https%3A%2F%2Fauth.example.com%2Fv1%2Fclient%2Fhandshake"},
		{"/notes", "document", "__client_uat=1", http.StatusTemporaryRedirect, "https://auth.example.com/v1/client/handshake?"},
		{"/notes", "empty", "__client_uat=1", http.StatusUnauthorized, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, test.path, nil)
		r.Header.Set("Sec-Fetch-Dest", test.dest)
		r.Header.Set("Cookie", test.cookie)
		w := httptest.NewRecorder()
		newApp(m).ServeHTTP(w, r)
		if got := w.Header().Get("Location"); w.Code != test.status || !strings.HasPrefix(got, test.location) {
			t.Errorf("%s for %s with %q: %d %s, want %d %s", test.path, test.dest, test.cookie, w.Code, got, test.status, test.location)
		}
	}
}
