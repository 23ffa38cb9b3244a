// Package webhook verifies the webhooks that a Gatehouse server sends, for the apps that
// receive them.
//
//	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, webhook.MaxBytes))
//	…
//	event, err := webhook.Verify(r.Header, body, os.Getenv("WEBHOOK_SECRET"))
//	if err != nil {
//		http.Error(w, "bad signature", http.StatusBadRequest)
//		return
//	}
//
// The scheme is that of Svix and of the Standard Webhooks specification: the libraries of
// both verify the same requests. A delivery may come more than once and in any order: an
// app that must not act twice remembers [Event.ID], which is the same for each try.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Tolerance is how far the time of a request may lie from the receiver's clock: what is
// older may be a replay.
const Tolerance = 5 * time.Minute

// MaxBytes is a bound for bodies that no event of a Gatehouse server exceeds.
const MaxBytes = 1 << 20

const (
	secretPrefix = "whsec_"
	// minKeyBytes is 192 bits, the least that the Standard Webhooks specification allows.
	minKeyBytes, maxKeyBytes = 24, 64
	maxID                    = 256 // bytes
)

var (
	// ErrSignature is a request that was not sent by who holds a secret, or was changed.
	ErrSignature = errors.New("webhook: signature does not hold")
	// ErrTimestamp is a request that was signed too long ago, or is yet to be.
	ErrTimestamp = errors.New("webhook: timestamp is out of tolerance")
	// ErrSecret is a secret that is none.
	ErrSecret = errors.New(`webhook: a secret is "whsec_" and the base64 of 24 to 64 bytes`)
)

// Event is what a request says, once it was verified.
type Event struct {
	ID         string          // of the message: the same for each try to deliver it
	Type       string          // "user.created"
	Time       time.Time       // when it happened
	InstanceID string          // "ins_…"
	Data       json.RawMessage // the user or session, as the Backend API has it
}

// Verify checks a request with one of the secrets, of which there are several while one
// takes another's place, and returns its event. body is the request's, byte for byte.
// Errors: ErrSignature, ErrTimestamp, ErrSecret, wrapped.
func Verify(header http.Header, body []byte, secrets ...string) (Event, error) {
	return VerifyAt(time.Now(), header, body, secrets...)
}

// VerifyAt is Verify at a given time.
func VerifyAt(now time.Time, header http.Header, body []byte, secrets ...string) (Event, error) {
	id, timestamp, signatures := first(header, "Id"), first(header, "Timestamp"), first(header, "Signature")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || id == "" || len(id) > maxID {
		return Event{}, fmt.Errorf("%w: no id or timestamp", ErrSignature)
	}
	if len(secrets) == 0 {
		return Event{}, ErrSecret
	}
	good := false
	for _, secret := range secrets {
		key, err := Key(secret)
		if err != nil {
			return Event{}, err
		}
		want := []byte(Sign(key, id, time.Unix(seconds, 0), body))
		for given := range strings.FieldsSeq(signatures) {
			if hmac.Equal([]byte(given), want) { // in constant time
				good = true
			}
		}
	}
	if !good {
		return Event{}, ErrSignature
	}
	if age := now.Sub(time.Unix(seconds, 0)).Abs(); age > Tolerance {
		return Event{}, fmt.Errorf("%w: %s off", ErrTimestamp, age.Truncate(time.Second))
	}
	return decode(id, body)
}

// first returns a header of either name that the scheme goes by.
func first(header http.Header, name string) string {
	if v := header.Get("Svix-" + name); v != "" {
		return v
	}
	return header.Get("Webhook-" + name)
}

func decode(id string, body []byte) (Event, error) {
	var envelope struct {
		Type       string          `json:"type"`
		Timestamp  int64           `json:"timestamp"`
		InstanceID string          `json:"instance_id"`
		Data       json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return Event{}, fmt.Errorf("webhook: body: %w", err)
	}
	return Event{
		ID: id, Type: envelope.Type, Time: time.UnixMilli(envelope.Timestamp).UTC(),
		InstanceID: envelope.InstanceID, Data: envelope.Data,
	}, nil
}

// Key decodes a secret. ErrSecret if it is none.
func Key(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(secret, secretPrefix)
	if !ok {
		return nil, ErrSecret
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(key) < minKeyBytes || len(key) > maxKeyBytes {
		return nil, ErrSecret
	}
	return key, nil
}

// Sign returns "v1," and the base64 HMAC-SHA-256 of "id.timestamp.body", the timestamp in
// Unix seconds: for tests of receivers.
func Sign(key []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
