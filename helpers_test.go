package gatehouse_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// createUser makes ada@example.com.
func createUser(t *testing.T, s *gatehouse.Server) *user.User {
	t.Helper()
	u, err := s.Users().Create(t.Context(), user.NewUser{
		EmailAddresses: []user.NewIdentifier{{Value: "ada@example.com", Strategy: "admin"}}, Password: "correct horse battery staple",
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// startSession signs u in on a new client and returns session and cookie.
func startSession(t *testing.T, s *gatehouse.Server, u *user.User) (session.Session, session.Cookie) {
	t.Helper()
	c, cookie, err := s.Sessions().NewClient(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ss, err := s.Sessions().Start(t.Context(), session.NewSession{ClientID: c.ID, UserID: string(u.ID), AsOf: time.Now(), Strategy: "password"})
	if err != nil {
		t.Fatal(err)
	}
	return ss, cookie
}

// decodeKey returns the text in a publishable key.
func decodeKey(t *testing.T, key string) string {
	t.Helper()
	encoded, ok := strings.CutPrefix(key, "pk_live_")
	if !ok {
		t.Fatalf("publishable key %q does not begin with pk_live_", key)
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatalf("publishable key %q: %v", key, err)
	}
	return string(text)
}

// text reads an answer's body to its end.
func text(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// clerkFolder lays out a folder as npm does, with a link out of it.
func clerkFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret.js")
	for path, content := range map[string]string{
		outside: "secret",
		filepath.Join(dir, "clerk-js", "dist", "clerk.browser.js"): "// clerk",
		filepath.Join(dir, "ui", "dist", "ui.browser.js"):          "// ui",
		filepath.Join(dir, "ui", "package.json"):                   "{}",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, "ui", "dist", "link.js")); err != nil {
		t.Fatal(err)
	}
	return dir
}
