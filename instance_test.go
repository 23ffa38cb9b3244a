package gatehouse_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/user"
	"github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

// C-13, Z-03: users of a development server, who may have proved nothing, never
// meet production, nor real users test codes.
func TestModesDoNotShareADatabase(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "shared.db") },
		"PostgreSQL": func(t *testing.T) string { return testservers.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, first := range []func(*testing.T) gatehouse.Config{development, production} {
				dev, prod := development(t), production(t)
				shared := url(t)
				dev.DatabaseURL, prod.DatabaseURL = shared, shared
				dev.EncryptionKeys = prod.EncryptionKeys
				mine := first(t).Development
				own, other := prod, dev
				if mine {
					own, other = dev, prod
				}
				s, err := gatehouse.Open(t.Context(), own)
				if err != nil {
					t.Fatal(err)
				}
				s.Close()
				if s, err := gatehouse.Open(t.Context(), other); !errors.Is(err, gatehouse.ErrEnvironment) {
					t.Errorf("Open in the other mode = %v, want ErrEnvironment", err)
					if err == nil {
						s.Close()
					}
				}
				s, err = gatehouse.Open(t.Context(), own)
				if err != nil {
					t.Errorf("Open in its own mode again: %v", err)
					continue
				}
				s.Close()
			}
		})
	}
}

// Users and sessions outlive the process, and so do the keys that sign tokens.
func TestRestart(t *testing.T) {
	c := development(t)
	c.SigningKeyPEM = "" // the server's own, kept in the database
	first, err := gatehouse.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	u := createUser(t, first)
	ss, cookie := startSession(t, first, u)
	token, err := first.Sessions().Token(t.Context(), ss, first.PublicURL())
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	second := open(t, c)
	if again, _, err := second.Users().ByIdentifier(t.Context(), "ada@example.com"); err != nil || again.ID != u.ID {
		t.Fatalf("ByIdentifier = %v, %v; want %s", again, err, u.ID)
	}
	for name, cookies := range map[string]string{
		"by_token":       "__session=" + token,
		"by_client_only": "__client=" + string(cookie.Value),
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		r.Host = "localhost:8080"
		r.Header.Set("Cookie", cookies)
		w := httptest.NewRecorder()
		second.Mount(app).ServeHTTP(w, r)
		if got := w.Header().Get("X-User"); got != string(u.ID) {
			t.Errorf("%s: the app sees %q, want %s", name, got, u.ID)
		}
	}
}

// A crash between a deletion and the end of its sessions is made up for before the
// server opens.
func TestOpenFinishesDeletions(t *testing.T) {
	c := development(t)
	c.Dir = filepath.Join(t.TempDir(), "dev")
	first, err := gatehouse.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	u := createUser(t, first)
	startSession(t, first, u)
	first.Close()

	deleteWithoutEvents(t, "sqlite:"+filepath.Join(c.Dir, "gatehouse.db"), u.ID)

	second := open(t, c)
	sessions, err := second.Sessions().OfUser(t.Context(), string(u.ID))
	if err != nil {
		t.Fatal(err)
	}
	for _, ss := range sessions {
		if ss.Live(ss.UpdatedAt) {
			t.Errorf("session %s of a deleted user is %s after Open", ss.ID, ss.Status)
		}
	}
}

// deleteWithoutEvents deletes a user and dies before the event is handled.
func deleteWithoutEvents(t *testing.T, url string, id user.ID) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store, err := sqlstore.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	users, err := user.NewService(user.Config{Store: store, Events: deadHandler{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := users.Delete(t.Context(), id); err != nil && !errors.Is(err, errDead) {
		t.Fatal(err)
	}
}

var errDead = errors.New("the process is dead")

type deadHandler struct{}

func (deadHandler) HandleUserEvent(context.Context, user.Event) error { return errDead }
