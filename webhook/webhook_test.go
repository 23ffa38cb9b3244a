package webhook_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/webhook"
)

const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	other  = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	id     = "msg_vector1"
	body   = `{"data":{"id":"user_1"},"object":"event","type":"user.created","timestamp":1716883200000,"instance_id":"ins_1"}`
)

var at = time.Unix(1716883200, 0)

func signed(id string, at time.Time, signatures ...string) http.Header {
	h := http.Header{}
	h.Set("svix-id", id)
	h.Set("svix-timestamp", fmt.Sprint(at.Unix()))
	h.Set("svix-signature", strings.Join(signatures, " "))
	return h
}

func sign(t *testing.T, secret string) string {
	t.Helper()
	key, err := webhook.Key(secret)
	if err != nil {
		t.Fatal(err)
	}
	return webhook.Sign(key, id, at, []byte(body))
}

// A vector that was computed by two other implementations.
func TestSignVector(t *testing.T) {
	if got, want := sign(t, secret), "v1,0YUR4alPNk2panZ+nto2CmZp+Ulcdi/iP20B6LgZCGY="; got != want {
		t.Errorf("Sign = %s, want %s", got, want)
	}
}

func TestVerify(t *testing.T) {
	good := sign(t, secret)
	standard := http.Header{}
	standard.Set("Webhook-Id", id)
	standard.Set("Webhook-Timestamp", fmt.Sprint(at.Unix()))
	standard.Set("Webhook-Signature", good)
	for _, tc := range []struct {
		name    string
		header  http.Header
		body    string
		now     time.Time
		secrets []string
		want    error
	}{
		{"good", signed(id, at, good), body, at, []string{secret}, nil},
		{"standard headers", standard, body, at, []string{secret}, nil},
		{"several signatures", signed(id, at, sign(t, other), "v2,abc", good), body, at, []string{secret}, nil},
		{"several secrets", signed(id, at, good), body, at, []string{other, secret}, nil},
		{"five minutes old", signed(id, at, good), body, at.Add(5 * time.Minute), []string{secret}, nil},

		// N-05: nothing else is taken.
		{"old", signed(id, at, good), body, at.Add(5*time.Minute + time.Second), []string{secret}, webhook.ErrTimestamp},
		{"early", signed(id, at, good), body, at.Add(-5*time.Minute - time.Second), []string{secret}, webhook.ErrTimestamp},
		{"newer timestamp on an old signature", signed(id, at.Add(time.Hour), good), body, at.Add(time.Hour), []string{secret}, webhook.ErrSignature},
		{"another secret", signed(id, at, good), body, at, []string{other}, webhook.ErrSignature},
		{"another body", signed(id, at, good), body + " ", at, []string{secret}, webhook.ErrSignature},
		{"another id", signed("msg_other", at, good), body, at, []string{secret}, webhook.ErrSignature},
		{"another version", signed(id, at, strings.Replace(good, "v1,", "v2,", 1)), body, at, []string{secret}, webhook.ErrSignature},
		{"cut", signed(id, at, good[:20]), body, at, []string{secret}, webhook.ErrSignature},
		{"no signature", signed(id, at), body, at, []string{secret}, webhook.ErrSignature},
		{"no header", http.Header{}, body, at, []string{secret}, webhook.ErrSignature},
		{"no id", signed("", at, good), body, at, []string{secret}, webhook.ErrSignature},
		{"no secret", signed(id, at, good), body, at, nil, webhook.ErrSecret},
		{"an empty secret", signed(id, at, good), body, at, []string{""}, webhook.ErrSecret},
	} {
		t.Run(tc.name, func(t *testing.T) {
			event, err := webhook.VerifyAt(tc.now, tc.header, []byte(tc.body), tc.secrets...)
			if !errors.Is(err, tc.want) {
				t.Fatalf("Verify = %v, want %v", err, tc.want)
			}
			if err == nil && (event.ID != id || event.Type != "user.created" || !event.Time.Equal(at) || string(event.Data) != `{"id":"user_1"}`) {
				t.Errorf("event = %+v", event)
			}
		})
	}
}

// N-05: secrets of less than 192 bits are none.
func TestKey(t *testing.T) {
	for size, ok := range map[int]bool{0: false, 23: false, 24: true, 64: true, 65: false} {
		_, err := webhook.Key("whsec_" + base64.StdEncoding.EncodeToString(make([]byte, size)))
		if (err == nil) != ok {
			t.Errorf("Key of %d bytes = %v, want ok %v", size, err, ok)
		}
	}
	for _, text := range []string{"", "whsec_", strings.TrimPrefix(secret, "whsec_"), "whsec_!!!", "sk_test_abc"} {
		if _, err := webhook.Key(text); !errors.Is(err, webhook.ErrSecret) {
			t.Errorf("Key(%q) = %v, want ErrSecret", text, err)
		}
	}
}

// N-05: a message that comes again is recognised by its id.
func TestReplayedIDIsRecognised(t *testing.T) {
	seen := map[string]bool{}
	for n := range 2 {
		event, err := webhook.VerifyAt(at, signed(id, at, sign(t, secret)), []byte(body), secret)
		if err != nil {
			t.Fatal(err)
		}
		if replayed := seen[event.ID]; replayed != (n == 1) {
			t.Errorf("request %d counts as replayed: %v", n, replayed)
		}
		seen[event.ID] = true
	}
}
