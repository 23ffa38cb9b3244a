package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/webhook"
)

// Messages of one subject come in order, and those behind one that fails wait; other
// subjects do not.
func TestSubscription(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		var got []string
		mu := &f.mu
		fail := map[string]bool{"msg_1": true}
		handler := func(_ context.Context, id string, payload json.RawMessage) error {
			var e struct{ Type string }
			if err := json.Unmarshal(payload, &e); err != nil || e.Type != "user.updated" {
				t.Errorf("payload = %s, %v", payload, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if fail[id] {
				return errors.New("no")
			}
			got = append(got, id)
			return nil
		}
		must(t, f.Subscribe(t.Context(), "mirror", []string{"user.*"}, handler))
		for n := range 3 {
			f.publish(message(fmt.Sprint("msg_", n), "user.updated", "ada"))
		}
		f.publish(message("msg_3", "user.updated", "bob"), message("msg_4", "session.ended", "bob"))
		f.deliver()
		slices.Sort(got[:min(2, len(got))]) // of two subjects in any order
		if want := []string{"msg_0", "msg_3"}; !slices.Equal(got, want) {
			t.Fatalf("handled %v, want %v", got, want)
		}
		fail["msg_1"] = false
		f.deliver()
		if len(got) != 2 {
			t.Errorf("handled %v before the pause is over", got)
		}
		f.advance(time.Second)
		f.deliver()
		if want := []string{"msg_0", "msg_3", "msg_1", "msg_2"}; !slices.Equal(got, want) {
			t.Errorf("handled %v, want %v", got, want)
		}
	})
}

// What happens while nobody listens waits; whoever does not listen does not take it away.
func TestSubscriptionOfAnotherProcess(t *testing.T) {
	f := newFixture(t, sqlite(t))
	var got []string
	handler := func(_ context.Context, id string, _ json.RawMessage) error { got = append(got, id); return nil }
	must(t, f.Subscribe(t.Context(), "mirror", nil, handler))
	f.open() // another process, such as the command line's
	f.publish(message("msg_1", "user.updated", "ada"))
	f.deliver()
	if len(got) != 0 {
		t.Fatalf("handled %v by the process before", got)
	}
	must(t, f.Subscribe(t.Context(), "mirror", nil, handler))
	f.deliver()
	if want := []string{"msg_1"}; !slices.Equal(got, want) {
		t.Errorf("handled %v, want %v", got, want)
	}
	if all, err := f.Endpoints(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("Endpoints = %v, %v; subscriptions are none", all, err)
	}
	if _, err := f.Endpoint(t.Context(), "sub_mirror"); !errors.Is(err, webhook.ErrNotFound) {
		t.Errorf("Endpoint of a subscription: %v, want ErrNotFound", err)
	}
	must(t, f.Unsubscribe(t.Context(), "mirror"))
	f.publish(message("msg_2", "user.updated", "ada"))
	f.deliver()
	if len(got) != 1 {
		t.Errorf("handled %v after Unsubscribe", got)
	}
	if err := f.Unsubscribe(t.Context(), "mirror"); !errors.Is(err, webhook.ErrNotFound) {
		t.Errorf("Unsubscribe again: %v", err)
	}
}

// A handler that panics is one that failed.
func TestSubscriberPanics(t *testing.T) {
	f := newFixture(t, sqlite(t))
	calls := 0
	must(t, f.Subscribe(t.Context(), "mirror", nil, func(context.Context, string, json.RawMessage) error {
		if calls++; calls == 1 {
			panic("no")
		}
		return nil
	}))
	f.publish(message("msg_1", "user.updated", "ada"))
	for range 3 {
		f.deliver()
		f.advance(time.Minute)
	}
	if calls != 2 {
		t.Errorf("called %d times, want 2", calls)
	}
}

func TestSubscribeRefuses(t *testing.T) {
	f := newFixture(t, sqlite(t))
	handler := func(context.Context, string, json.RawMessage) error { return nil }
	for _, name := range []string{"", "Mirror", "a b", "a/b"} {
		if err := f.Subscribe(t.Context(), name, nil, handler); err == nil {
			t.Errorf("Subscribe(%q) succeeded", name)
		}
	}
	if err := f.Subscribe(t.Context(), "mirror", nil, nil); err == nil {
		t.Error("Subscribe without a handler succeeded")
	}
}
