package session_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/session"
)

// L-02: no way of printing a cookie shows it.
func TestSecretIsRedacted(t *testing.T) {
	const value = "canary-canary"
	cookie := session.Cookie{Value: value}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t"} {
		fmt.Fprintf(&out, verb+verb, cookie.Value, cookie)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "secret", cookie.Value, "cookie", cookie)
	}
	if err := json.NewEncoder(&out).Encode([]any{cookie, cookie.Value}); err != nil {
		t.Fatal(err)
	}
	hex := fmt.Sprintf("%x", value)
	if s := strings.ToLower(out.String()); strings.Contains(s, value) || strings.Contains(s, hex) || !strings.Contains(s, "[redacted]") {
		t.Errorf("printed %q", out.String())
	}
}
