package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/keyring"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/internal/webhook"
	verify "github.com/gatehouse-dev/gatehouse/webhook"
)

// N-05: what arrives is what was signed, in the form of the reference.
func TestDelivers(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		app := newReceiver(t, nil)
		e, secret := f.endpoint(app.URL)
		f.publish(message("msg_1", "user.created", "user_1"))
		f.publish(message("msg_1", "user.created", "user_1")) // again
		f.deliver()
		f.deliver()
		got := app.received()
		if len(got) != 1 {
			t.Fatalf("received %d, want 1", len(got))
		}
		want := `{"data":{"id":"user_1"},"event_attributes":{"http_request":{"client_ip":"192.0.2.1","user_agent":"curl/8"}},` +
			`"object":"event","type":"user.created","timestamp":1906545600000,"instance_id":"ins_1"}`
		if string(got[0].body) != want {
			t.Errorf("body = %s\nwant %s", got[0].body, want)
		}
		event, err := verify.VerifyAt(noon, got[0].header, got[0].body, secret)
		if err != nil || event.ID != "msg_1" {
			t.Errorf("Verify = %+v, %v", event, err)
		}
		if h := got[0].header; h.Get("Content-Type") != "application/json" || h.Get("svix-timestamp") != fmt.Sprint(noon.Unix()) || h.Get("webhook-id") != "msg_1" {
			t.Errorf("headers = %v", h)
		}
		all := f.deliveries(e)
		if len(all) != 1 || all[0].Status != webhook.StatusDelivered || len(all[0].Attempts) != 1 || all[0].Attempts[0].Status != 200 {
			t.Errorf("Deliveries = %+v", all)
		}
	})
}

func TestFilter(t *testing.T) {
	f := newFixture(t, sqlite(t))
	app := newReceiver(t, nil)
	users, _ := f.endpoint(app.URL, "user.*")
	deleted, _ := f.endpoint(app.URL, "user.deleted", "session.*")
	all, _ := f.endpoint(app.URL)
	f.publish(message("msg_1", "user.created", "u"), message("msg_2", "user.deleted", "u"), message("msg_3", "session.ended", "u"), message("msg_4", "username", "u"))
	for _, tc := range []struct {
		e    webhook.Endpoint
		want []string
	}{{users, []string{"msg_2", "msg_1"}}, {deleted, []string{"msg_3", "msg_2"}}, {all, []string{"msg_4", "msg_3", "msg_2", "msg_1"}}} {
		var got []string
		for _, d := range f.deliveries(tc.e) {
			got = append(got, d.MessageID)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%v gets %v, want %v", tc.e.Events, got, tc.want)
		}
	}
}

// The tries of a delivery, to the second.
func TestSchedule(t *testing.T) {
	f := newFixture(t, sqlite(t))
	app := newReceiver(t, status(http.StatusInternalServerError))
	e, _ := f.endpoint(app.URL)
	f.publish(message("msg_1", "user.created", "user_1"))
	f.deliver()
	if n := len(app.received()); n != 1 {
		t.Fatalf("%d tries at once, want 1", n)
	}
	for n, pause := range []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour,
	} {
		f.advance(pause - time.Millisecond)
		f.deliver()
		if got := len(app.received()); got != n+1 {
			t.Fatalf("%d tries a millisecond before %s have passed, want %d", got, pause, n+1)
		}
		f.advance(time.Millisecond)
		f.deliver()
		if got := len(app.received()); got != n+2 {
			t.Fatalf("%d tries after %s, want %d", got, pause, n+2)
		}
	}
	d := f.deliveries(e)[0]
	if d.Status != webhook.StatusFailed || len(d.Attempts) != 8 || d.Attempts[7].Error != "status 500" {
		t.Errorf("after the last try: %+v", d)
	}
	f.advance(100 * time.Hour)
	f.deliver()
	got := app.received()
	if len(got) != 8 {
		t.Errorf("%d tries, want 8", len(got))
	}
	for n, r := range got[1:] {
		if r.header.Get("svix-id") != "msg_1" || r.header.Get("svix-timestamp") == got[n].header.Get("svix-timestamp") {
			t.Errorf("try %d has id %q and the timestamp of the one before", n+1, r.header.Get("svix-id"))
		}
	}
}

// An endpoint is disabled once it has done nothing but fail for 5 days.
func TestDisabledAfterFiveDays(t *testing.T) {
	f := newFixture(t, sqlite(t))
	app := newReceiver(t, status(http.StatusBadGateway))
	e, _ := f.endpoint(app.URL)
	// A message that fails to its end takes 27 hours and 35 minutes; another one comes a
	// little later.
	toTheEnd := func(id string) {
		f.publish(message(id, "user.created", "user_1"))
		for _, pause := range []time.Duration{
			5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour, time.Minute,
		} {
			f.deliver()
			f.advance(pause)
		}
	}
	enabled := func(want bool) webhook.Endpoint {
		t.Helper()
		got, err := f.Endpoint(t.Context(), e.ID)
		must(t, err)
		if got.Enabled != want {
			t.Fatalf("enabled after %s = %v, want %v", f.clock().Sub(noon), got.Enabled, want)
		}
		return got
	}
	for n := range 4 { // 4.6 days
		toTheEnd(fmt.Sprint("msg_1", n))
	}
	enabled(true)
	app.setAnswer(nil)
	f.publish(message("msg_2", "user.created", "user_1"))
	f.deliver() // a success clears everything
	app.setAnswer(status(http.StatusBadGateway))
	for n := range 4 {
		toTheEnd(fmt.Sprint("msg_3", n))
	}
	enabled(true)
	toTheEnd("msg_34") // 5 days and more, 5 days of them since the fourth failure
	if got := enabled(false); got.DisabledReason != webhook.ReasonFailures || len(f.disabled) != 1 {
		t.Errorf("disabled for %q, told %d times", got.DisabledReason, len(f.disabled))
	}

	// While it is off nothing is tried; what happens meanwhile can be made up for.
	before := len(app.received())
	app.setAnswer(nil)
	f.publish(message("msg_6", "user.updated", "user_1"))
	f.advance(24 * time.Hour)
	f.deliver()
	if len(app.received()) != before {
		t.Error("a disabled endpoint was called")
	}
	if _, err := f.ReplaySince(t.Context(), e.ID, noon); !errors.Is(err, webhook.ErrDisabled) {
		t.Errorf("ReplaySince = %v, want ErrDisabled", err)
	}
	on := true
	_, err := f.Update(t.Context(), e.ID, webhook.Fields{Enabled: &on})
	must(t, err)
	n, err := f.ReplaySince(t.Context(), e.ID, noon)
	if err != nil || n != 10 { // all but the one that was delivered
		t.Errorf("ReplaySince = %d, %v; want 10", n, err)
	}
	f.deliver()
	for _, d := range f.deliveries(e) {
		if d.Status != webhook.StatusDelivered {
			t.Errorf("%s is %s", d.MessageID, d.Status)
		}
	}
}

func TestReplay(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		app := newReceiver(t, nil)
		e, _ := f.endpoint(app.URL)
		other, _ := f.endpoint(app.URL, "session.*")
		f.publish(message("msg_1", "user.created", "user_1"))
		f.deliver()
		d, err := f.Replay(t.Context(), e.ID, "msg_1")
		if err != nil || d.Status != webhook.StatusPending || len(d.Attempts) != 1 {
			t.Fatalf("Replay = %+v, %v", d, err)
		}
		f.deliver()
		if n := len(app.received()); n != 2 {
			t.Errorf("received %d, want 2", n)
		}
		if _, err := f.Replay(t.Context(), other.ID, "msg_1"); err != nil { // asked for by name, it is sent
			t.Errorf("Replay to another endpoint: %v", err)
		}
		for _, ids := range [][2]string{{e.ID, "msg_unknown"}, {"ep_unknown", "msg_1"}} {
			if _, err := f.Replay(t.Context(), ids[0], ids[1]); !errors.Is(err, webhook.ErrNotFound) {
				t.Errorf("Replay(%v) = %v, want ErrNotFound", ids, err)
			}
		}
		if n, err := f.ReplaySince(t.Context(), e.ID, noon); err != nil || n != 0 {
			t.Errorf("ReplaySince = %d, %v; nothing failed", n, err)
		}
	})
}

// K-06: secrets lie encrypted, bound to their endpoint; K-07: by the first key.
func TestSecretsAreSealed(t *testing.T) {
	f := newFixture(t, sqlite(t))
	app := newReceiver(t, nil)
	e, secret := f.endpoint(app.URL)
	stored := func() (text string) {
		must(t, f.db.Read(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
			return q.QueryRowContext(ctx, `select secrets from webhook_endpoints where id = $1`, e.ID).Scan(&text)
		}))
		return text
	}
	before := stored()
	if strings.Contains(before, secret) || strings.Contains(before, strings.TrimPrefix(secret, "whsec_")) {
		t.Error("the secret lies there in plain text")
	}
	f.ring = keyring.New() + "," + f.ring
	f.open()
	if stored() == before {
		t.Error("a new first key did not take the secret over")
	}
	f.ring, _, _ = strings.Cut(f.ring, ",")
	f.open()
	f.publish(message("msg_1", "user.created", "user_1"))
	f.deliver()
	got := app.received()[0]
	if _, err := verify.VerifyAt(noon, got.header, got.body, secret); err != nil {
		t.Errorf("Verify after the keys changed: %v", err)
	}
}

// N-05: during a rotation both secrets sign, for a day.
func TestRotateSecret(t *testing.T) {
	f := newFixture(t, sqlite(t))
	app := newReceiver(t, nil)
	e, old := f.endpoint(app.URL)
	_, fresh, err := f.RotateSecret(t.Context(), e.ID)
	must(t, err)
	verified := func(id string) (byOld, byFresh bool) {
		f.publish(message(id, "user.created", "user_1"))
		f.deliver()
		all := app.received()
		last := all[len(all)-1]
		_, errOld := verify.VerifyAt(f.clock(), last.header, last.body, old)
		_, errFresh := verify.VerifyAt(f.clock(), last.header, last.body, fresh)
		return errOld == nil, errFresh == nil
	}
	if byOld, byFresh := verified("msg_1"); !byOld || !byFresh {
		t.Errorf("just after: old %v, new %v; want both", byOld, byFresh)
	}
	f.advance(24 * time.Hour)
	if byOld, byFresh := verified("msg_2"); byOld || !byFresh {
		t.Errorf("a day later: old %v, new %v; want the new one alone", byOld, byFresh)
	}
}

func TestFieldsAreChecked(t *testing.T) {
	f := newFixture(t, sqlite(t))
	for _, url := range []string{"", "http://example.com/", "https://10.0.0.1/", "https://a:b@example.com/", "https://" + strings.Repeat("x", 2048)} {
		if _, _, err := f.Create(t.Context(), webhook.Fields{URL: &url}); !errors.Is(err, webhook.ErrURL) {
			t.Errorf("Create(%.30q) = %v, want ErrURL", url, err)
		}
	}
	url := "https://example.com/hook"
	for _, events := range [][]string{{""}, {"user created"}, {"user.*.x"}, {strings.Repeat("a", 65)}, make([]string, 51)} {
		if _, _, err := f.Create(t.Context(), webhook.Fields{URL: &url, Events: events}); !errors.Is(err, webhook.ErrEvents) {
			t.Errorf("Create with events %.30q = %v, want ErrEvents", events, err)
		}
	}
	for range 50 {
		f.endpoint(url)
	}
	if _, _, err := f.Create(t.Context(), webhook.Fields{URL: &url}); !errors.Is(err, webhook.ErrTooMany) {
		t.Errorf("the 51st: %v, want ErrTooMany", err)
	}
	if err := f.Delete(t.Context(), "ep_unknown"); !errors.Is(err, webhook.ErrNotFound) {
		t.Errorf("Delete = %v, want ErrNotFound", err)
	}
}

// N-05: a queue has a bound, and messages have an end. L-06: what they hold goes with them.
func TestSweep(t *testing.T) {
	f := newFixture(t, sqlite(t), func(c *webhook.Config) { c.MaxPending = 2 })
	url := "https://example.com/hook"
	e, _ := f.endpoint(url)
	f.publish(message("msg_1", "user.created", "u"), message("msg_2", "user.created", "u"))
	must(t, f.Sweep(t.Context(), f.clock()))
	if got, _ := f.Endpoint(t.Context(), e.ID); !got.Enabled {
		t.Error("disabled at its bound")
	}
	f.publish(message("msg_3", "user.created", "u"))
	must(t, f.Sweep(t.Context(), f.clock()))
	if got, _ := f.Endpoint(t.Context(), e.ID); got.Enabled || got.DisabledReason != webhook.ReasonQueueFull {
		t.Errorf("beyond its bound: %+v", got)
	}
	f.advance(30*24*time.Hour + time.Second)
	must(t, f.Sweep(t.Context(), f.clock()))
	if all := f.deliveries(e); len(all) != 0 {
		t.Errorf("%d deliveries after 30 days", len(all))
	}
}

// What happened to one session has messages of its own, each the same whenever it is made.
func TestMessageID(t *testing.T) {
	const id = "sess_2AbCdEfGhIjKlMnOpQrStUvWxYz"
	seen := map[string]bool{}
	for _, record := range []string{"evt_2AbCdEfGhIjKlMnOpQrStUvWxYz", "session.created:" + id, "session.revoked:" + id} {
		got := webhook.MessageID(record)
		if !strings.HasPrefix(got, "msg_") || seen[got] || got != webhook.MessageID(record) {
			t.Errorf("MessageID(%s) = %s", record, got)
		}
		seen[got] = true
	}
}
