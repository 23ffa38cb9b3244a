package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/outgoing"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/internal/webhook"
)

var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

// fixture is a service with a clock of the test's.
type fixture struct {
	*webhook.Service
	t        *testing.T
	db       *sqldb.DB
	ring     string
	disabled []webhook.Endpoint

	mu  sync.Mutex
	now time.Time
}

// loopback is exempted from the guard, since the receivers of these tests stand there.
var loopback = outgoing.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

func newFixture(t *testing.T, url string, change ...func(*webhook.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, now: noon, ring: keyring.New()}
	db, err := sqldb.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	f.db = db
	f.open(change...)
	return f
}

// open opens the service, as another process would.
func (f *fixture) open(change ...func(*webhook.Config)) {
	f.t.Helper()
	ring, err := keyring.Parse(f.ring)
	must(f.t, err)
	cfg := webhook.Config{
		DB: f.db, Keys: ring, InstanceID: "ins_1", Client: outgoing.NewClient(loopback), CheckURL: loopback.CheckURL,
		Disabled: func(_ context.Context, e webhook.Endpoint) { f.disabled = append(f.disabled, e) },
		Now:      f.clock, Logger: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&cfg)
	}
	f.Service, err = webhook.Open(f.t.Context(), cfg)
	must(f.t, err)
}

func sqlite(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "test.db") }

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Run("SQLite", func(t *testing.T) { test(t, newFixture(t, sqlite(t))) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, newFixture(t, testservers.Postgres(t))) })
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) endpoint(url string, events ...string) (webhook.Endpoint, string) {
	f.t.Helper()
	e, secret, err := f.Create(f.t.Context(), webhook.Fields{URL: &url, Events: events})
	must(f.t, err)
	return e, secret
}

// message is of one user, whose id is the subject.
func message(id, eventType, subject string) webhook.Message {
	return webhook.Message{
		ID: id, Type: eventType, Subject: subject, At: noon, Address: "192.0.2.1", UserAgent: "curl/8",
		Data: func() (json.RawMessage, error) { return json.RawMessage(`{"id": "` + subject + `"}`), nil },
	}
}

func (f *fixture) publish(messages ...webhook.Message) {
	f.t.Helper()
	must(f.t, f.Publish(f.t.Context(), messages...))
}

func (f *fixture) deliver() {
	f.t.Helper()
	must(f.t, f.Deliver(f.t.Context()))
}

func (f *fixture) deliveries(e webhook.Endpoint) []webhook.Delivery {
	f.t.Helper()
	all, err := f.Deliveries(f.t.Context(), e.ID, webhook.DeliveryQuery{})
	must(f.t, err)
	return all
}

// receiver is an app that gets webhooks and answers as answer says; nil is 200.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	answer func(w http.ResponseWriter, r *http.Request)
}

type received struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	rc := &receiver{answer: answer}
	rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		rc.mu.Lock()
		rc.got = append(rc.got, received{r.Header.Clone(), bytes.Clone(body)})
		answer := rc.answer
		rc.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(rc.Close)
	return rc
}

func (rc *receiver) setAnswer(answer func(w http.ResponseWriter, r *http.Request)) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.answer = answer
}

func (rc *receiver) received() []received {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return rc.got
}

func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
