package user_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/user"
	"github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

// fixture is a Service on a private SQLite file, with a clock that stands still.
type fixture struct {
	*user.Service
	store  *sqlstore.Store
	hasher *user.Hasher
	log    *bytes.Buffer

	mu     sync.Mutex
	now    time.Time
	events []user.Event // that the handler was given and accepted
	fail   error        // what the handler returns

	rules user.PasswordRules // of now
}

// noon is where the fixture's clock stands.
var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

// fastHasher works at the floor.
func fastHasher(t testing.TB) *user.Hasher {
	t.Helper()
	h, err := user.NewHasher(user.HasherConfig{MemoryKiB: 19456, Iterations: 2})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func newFixture(t testing.TB, adjust ...func(*user.Config)) *fixture {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "users.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	f := &fixture{store: store, hasher: fastHasher(t), log: &bytes.Buffer{}, now: noon, rules: user.PasswordRules{AppName: "Gatehouse"}}
	cfg := user.Config{
		Store: store, Events: user.EventHandlerFunc(f.handle), Hasher: f.hasher, PasswordRules: func() user.PasswordRules { return f.rules },
		Now:    func() time.Time { f.mu.Lock(); defer f.mu.Unlock(); return f.now },
		Logger: slog.New(slog.NewTextHandler(f.log, nil)),
	}
	for _, change := range adjust {
		change(&cfg)
	}
	f.Service, err = user.NewService(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) handle(_ context.Context, e user.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	f.events = append(f.events, e)
	return nil
}

func (f *fixture) setFail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// handled returns the types of the events that were handled, and forgets them.
func (f *fixture) handled() []user.EventType {
	f.mu.Lock()
	defer f.mu.Unlock()
	var types []user.EventType
	for _, e := range f.events {
		types = append(types, e.Type)
	}
	f.events = nil
	return types
}

// pending returns the types of the events that wait.
func (f *fixture) pending(t testing.TB) []user.EventType {
	t.Helper()
	events, err := f.store.Pending(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	var types []user.EventType
	for _, e := range events {
		types = append(types, e.Type)
	}
	return types
}

// add creates a user with one verified address.
func (f *fixture) add(t testing.TB, address string, adjust ...func(*user.NewUser)) *user.User {
	t.Helper()
	nu := user.NewUser{EmailAddresses: []user.NewIdentifier{{Value: address, Strategy: "admin"}}}
	for _, change := range adjust {
		change(&nu)
	}
	u, err := f.Create(t.Context(), nu)
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	return u
}

func withPassword(password string) func(*user.NewUser) {
	return func(nu *user.NewUser) { nu.Password = password }
}

func (f *fixture) mustUpdate(t testing.TB, id user.ID, c user.Change) *user.User {
	t.Helper()
	u, err := f.Update(t.Context(), id, c)
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	return u
}

// wantRule fails unless err is a FieldError about this field and rule.
func wantRule(t testing.TB, err error, field string, rule user.Rule) {
	t.Helper()
	broken, ok := errors.AsType[*user.FieldError](err)
	if !ok || broken.Field != field || broken.Rule != rule {
		t.Errorf("error = %v, want %s: %s", err, field, rule)
	}
}

func ptr[T any](v T) *T { return &v }

func TestNewServiceNamesTheField(t *testing.T) {
	store := newFixture(t).store
	events := user.EventHandlerFunc(func(context.Context, user.Event) error { return nil })
	for want, cfg := range map[string]user.Config{
		"user: Config.Store is required":  {Events: events},
		"user: Config.Store is no Outbox": {Store: struct{ user.Store }{store}, Events: events},
		"user: Config.Events is required": {Store: store},
	} {
		if _, err := user.NewService(cfg); err == nil || err.Error() != want {
			t.Errorf("NewService = %v, want %s", err, want)
		}
	}
}

// I-09: an id of another form is nobody's, and reaches no query.
func TestMalformedIDs(t *testing.T) {
	f := newFixture(t)
	f.add(t, "ada@example.com")
	for _, id := range []user.ID{"", "../users", "*", "user_", "user_a\r\nb", "user_%", "sess_2abc", "user_\xff", "user_a b", "USER_abc"} {
		if id.Valid() {
			t.Errorf("%q is valid", id)
		}
		_, byID := f.ByID(t.Context(), id)
		_, update := f.Update(t.Context(), id, user.Change{FirstName: ptr("Eve")})
		_, ban := f.Ban(t.Context(), id)
		for call, err := range map[string]error{"ByID": byID, "Update": update, "Ban": ban, "Delete": f.Delete(t.Context(), id)} {
			if err != user.ErrNotFound { // bare: it comes from the check, not from the store
				t.Errorf("%s(%q) = %v, want ErrNotFound", call, id, err)
			}
		}
	}
}

func TestByIdentifier(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "Ada@Example.com", func(nu *user.NewUser) {
		nu.PhoneNumbers = []user.NewIdentifier{{Value: "+44 20 7183 8750", Strategy: "admin"}}
		nu.Username = "Ada_L"
	})
	for text, kind := range map[string]user.Kind{
		"ADA@example.COM": user.KindEmailAddress, "+442071838750": user.KindPhoneNumber,
		"+44 (20) 7183-8750": user.KindPhoneNumber, "ada_l": user.KindUsername, "ADA_L": user.KindUsername,
	} {
		got, i, err := f.ByIdentifier(t.Context(), text)
		if err != nil || got.ID != u.ID || i.Kind != kind {
			t.Errorf("ByIdentifier(%q) = %v, %v, %v", text, got, i.Kind, err)
		}
	}
	for _, text := range []string{"eve@example.com", "+442071838751", "eve_l", "admin"} {
		if _, _, err := f.ByIdentifier(t.Context(), text); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("ByIdentifier(%q) = %v, want ErrNotFound", text, err)
		}
	}
	for _, text := range []string{"", "a@", "+12", "x", "12345678", "ada l", "ада_л"} {
		_, _, err := f.ByIdentifier(t.Context(), text)
		wantRule(t, err, "identifier", user.RuleFormat)
	}
}

func TestTaken(t *testing.T) {
	f := newFixture(t)
	f.add(t, "ada@example.com")
	if taken, err := f.Taken(t.Context(), user.KindEmailAddress, "ADA@example.com"); err != nil || !taken {
		t.Errorf("Taken = %v, %v; want true", taken, err)
	}
	if taken, err := f.Taken(t.Context(), user.KindEmailAddress, "bob@example.com"); err != nil || taken {
		t.Errorf("Taken = %v, %v; want false", taken, err)
	}
	_, err := f.Taken(t.Context(), user.KindUsername, "x")
	wantRule(t, err, "username", user.RuleUsernameLength)
	_, err = f.Taken(t.Context(), user.KindPasskey, "x")
	wantRule(t, err, "passkey", user.RuleValue)
}
