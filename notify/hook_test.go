package notify_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/notify"
)

var hookSecret = notify.Password("whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef01234567")))

var text = notify.Message{
	ID: "msg_1", Channel: notify.SMS, Kind: "verification_code", To: "+4915112345678", Text: "123456 is your code.",
	Code: "123456", Link: "https://app.example.com/v1/verify?token=x", At: time.UnixMilli(1_800_000_000_123),
}

// receiver answers with the statuses in turn and the last one from then on.
func receiver(t *testing.T, got func(*http.Request, []byte), statuses ...int) *httptest.Server {
	t.Helper()
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if got != nil {
			got(r, body)
		}
		status := statuses[min(int(n.Add(1)), len(statuses))-1]
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "I got 123456 for +4915112345678")
	}))
	t.Cleanup(s.Close)
	return s
}

func newHook(t *testing.T, cfg notify.HookConfig) *notify.Hook {
	t.Helper()
	if cfg.Secrets == nil {
		cfg.Secrets = []notify.Password{hookSecret}
	}
	h, err := notify.NewHook(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHookSends(t *testing.T) {
	old := notify.Password("whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 32))))
	now := time.Unix(1_800_000_000, 0)
	asked := 0
	s := receiver(t, func(r *http.Request, body []byte) {
		asked++
		var got map[string]any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		for name, want := range map[string]any{
			"id": "msg_1", "channel": "sms", "kind": "verification_code", "to": "+4915112345678",
			"text": "123456 is your code.", "code": "123456", "link": "https://app.example.com/v1/verify?token=x", "created_at": 1_800_000_000_123.0,
		} {
			if got[name] != want {
				t.Errorf("%s = %v, want %v", name, got[name], want)
			}
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s, %s", r.Method, r.Header.Get("Content-Type"))
		}
		for _, secret := range []notify.Password{hookSecret, old} { // while one is replaced
			if err := notify.VerifySignature(secret, r.Header, body, now); err != nil {
				t.Error(err)
			}
		}
	}, http.StatusNoContent)
	h := newHook(t, notify.HookConfig{URL: s.URL, Secrets: []notify.Password{hookSecret, old}, Now: func() time.Time { return now }})
	if err := h.Send(t.Context(), text); err != nil || asked != 1 {
		t.Errorf("Send = %v after %d requests", err, asked)
	}
}

func TestHookTriesAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		statuses []int
		tries    int
		rejected bool
		sent     bool
	}{
		"later":             {statuses: []int{503, 429, 200}, tries: 3, sent: true},
		"never":             {statuses: []int{500}, tries: 3},
		"refused":           {statuses: []int{422}, tries: 1, rejected: true},
		"refused_later":     {statuses: []int{502, 400}, tries: 2, rejected: true},
		"sent_elsewhere":    {statuses: []int{302}, tries: 1, rejected: true},
		"too_early_at_once": {statuses: []int{425, 201}, tries: 2, sent: true},
	} {
		t.Run(name, func(t *testing.T) {
			var ids []string
			s := receiver(t, func(r *http.Request, _ []byte) { ids = append(ids, r.URL.Path+r.Header.Get("Webhook-Id")) }, tt.statuses...)
			h := newHook(t, notify.HookConfig{URL: s.URL})
			var waits []time.Duration
			h.WaitWith(func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil })
			err := h.Send(t.Context(), text)
			if (err == nil) != tt.sent || errors.Is(err, notify.ErrRejected) != tt.rejected {
				t.Errorf("Send = %v", err)
			}
			if len(ids) != tt.tries || slices.ContainsFunc(ids, func(id string) bool { return id != "/msg_1" }) {
				t.Errorf("requests = %v, want %d of /msg_1", ids, tt.tries)
			}
			if want := []time.Duration{500 * time.Millisecond, 2 * time.Second}; !slices.Equal(waits, want[:tt.tries-1]) {
				t.Errorf("waits = %v", waits)
			}
			if err != nil && strings.Contains(err.Error(), "123456") { // L-01
				t.Errorf("the error quotes the message: %v", err)
			}
		})
	}
}

// A receiver that does not answer is given up in time.
func TestHookTimesOut(t *testing.T) {
	hang := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer s.Close()
	defer close(hang)
	h := newHook(t, notify.HookConfig{URL: s.URL, Timeout: 50 * time.Millisecond})
	if err := h.Send(t.Context(), text); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Send = %v, want context.DeadlineExceeded", err)
	}
}

func TestNewHookNamesTheBadField(t *testing.T) {
	for name, cfg := range map[string]notify.HookConfig{
		"URL":        {URL: "http://hooks.example.com/sms"},
		"URL:none":   {},
		"URL:login":  {URL: "https://user:pass@hooks.example.com"},
		"Secrets":    {URL: "https://hooks.example.com", Secrets: []notify.Password{}},
		"Secrets[0]": {URL: "https://hooks.example.com", Secrets: []notify.Password{"whsec_c2hvcnQ="}},
		"Secrets[1]": {URL: "https://hooks.example.com", Secrets: []notify.Password{hookSecret, "0123456789abcdef01234567"}},
		"Tries":      {URL: "https://hooks.example.com", Tries: -1},
	} {
		if cfg.Secrets == nil {
			cfg.Secrets = []notify.Password{hookSecret}
		}
		field, _, _ := strings.Cut(name, ":")
		if _, err := notify.NewHook(cfg); err == nil || !strings.Contains(err.Error(), "HookConfig."+field) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVerifySignature(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var header http.Header
	var body []byte
	s := receiver(t, func(r *http.Request, b []byte) { header, body = r.Header, b }, 200)
	h := newHook(t, notify.HookConfig{URL: s.URL, Now: func() time.Time { return now }})
	if err := h.Send(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	changed := func(name, value string) http.Header {
		h := header.Clone()
		h.Set(name, value)
		return h
	}
	for name, tt := range map[string]struct {
		header http.Header
		body   []byte
		now    time.Time
		good   bool
	}{
		"as_sent":          {header, body, now, true},
		"5_min_later":      {header, body, now.Add(5 * time.Minute), true},
		"6_min_later":      {header, body, now.Add(6 * time.Minute), false},
		"6_min_before":     {header, body, now.Add(-6 * time.Minute), false},
		"other_body":       {header, append(slices.Clone(body), ' '), now, false},
		"other_id":         {changed("Webhook-Id", "msg_2"), body, now, false},
		"other_time":       {changed("Webhook-Timestamp", "1800000001"), body, now, false},
		"no_time":          {changed("Webhook-Timestamp", ""), body, now, false},
		"no_signature":     {changed("Webhook-Signature", ""), body, now, false},
		"among_others":     {changed("Webhook-Signature", "v1,AAAA v2,x "+header.Get("Webhook-Signature")), body, now, true},
		"other_version":    {changed("Webhook-Signature", "v2"+header.Get("Webhook-Signature")[2:]), body, now, false},
		"without_its_last": {changed("Webhook-Signature", header.Get("Webhook-Signature")[:40]), body, now, false},
	} {
		if err := notify.VerifySignature(hookSecret, tt.header, tt.body, tt.now); (err == nil) != tt.good || err != nil && !errors.Is(err, notify.ErrSignature) {
			t.Errorf("%s: %v, want good = %v", name, err, tt.good)
		}
	}
	if err := notify.VerifySignature("whsec_short", header, body, now); err == nil || errors.Is(err, notify.ErrSignature) {
		t.Errorf("a bad secret: %v", err)
	}
}

func TestByChannel(t *testing.T) {
	mails, texts := &notify.Outbox{}, &notify.Outbox{}
	s := notify.ByChannel{notify.Mail: mails, notify.SMS: texts}
	if err := s.Send(t.Context(), text); err != nil || len(texts.Messages("")) != 1 || len(mails.Messages("")) != 0 {
		t.Errorf("Send = %v; %d texts, %d mails", err, len(texts.Messages("")), len(mails.Messages("")))
	}
	if err := (notify.ByChannel{notify.Mail: mails}).Send(t.Context(), text); !errors.Is(err, notify.ErrChannel) {
		t.Errorf("a text without a sender: %v, want ErrChannel", err)
	}
}
