package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a signed request, as the Standard Webhooks specification names them.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

const (
	// signatureTolerance is how far a timestamp may lie from the receiver's clock.
	signatureTolerance = 5 * time.Minute
	// minSecretBytes is 192 bits.
	minSecretBytes = 24
	secretPrefix   = "whsec_"
)

// ErrSignature means that a request is not from who holds the secret, or is not from
// now: it may be a replay.
var ErrSignature = errors.New("notify: signature does not hold")

// secretKey decodes "whsec_" and the base64 of 24 bytes or more.
func secretKey(secret Password) ([]byte, error) {
	encoded, ok := strings.CutPrefix(string(secret), secretPrefix)
	if !ok {
		return nil, errors.New(`does not begin with "whsec_"`)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, errors.New("is no base64 after its prefix")
	}
	if len(key) < minSecretBytes {
		return nil, fmt.Errorf("has %d bytes, want at least %d", len(key), minSecretBytes)
	}
	return key, nil
}

// sign returns "v1," and the base64 HMAC-SHA-256 over id.timestamp.body.
func sign(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// VerifySignature checks a request that a [Hook] has sent: header is the request's,
// body what was read of it, whole. It returns ErrSignature, wrapped, if no signature
// was made with secret or the timestamp is more than 5 minutes from now; other errors
// are about the secret. A receiver that must not act twice remembers the header
// Webhook-Id: it is the same for each try of one message.
func VerifySignature(secret Password, header http.Header, body []byte, now time.Time) error {
	key, err := secretKey(secret)
	if err != nil {
		return fmt.Errorf("notify: secret %w", err)
	}
	id, timestamp := header.Get(headerID), header.Get(headerTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || id == "" {
		return fmt.Errorf("%w: no id or timestamp", ErrSignature)
	}
	if age := now.Sub(time.Unix(seconds, 0)).Abs(); age > signatureTolerance {
		return fmt.Errorf("%w: the timestamp is %s off", ErrSignature, age.Truncate(time.Second))
	}
	want := []byte(sign(key, id, timestamp, body))
	for given := range strings.FieldsSeq(header.Get(headerSignature)) {
		if hmac.Equal([]byte(given), want) {
			return nil
		}
	}
	return fmt.Errorf("%w: none of the signatures", ErrSignature)
}
