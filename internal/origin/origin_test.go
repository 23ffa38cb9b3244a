package origin_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/origin"
)

func TestFrom(t *testing.T) {
	if got := origin.From(t.Context()); got != (origin.Origin{Kind: origin.KindSystem}) {
		t.Errorf("From of a bare context = %+v, want the system", got)
	}
	want := origin.Origin{Kind: origin.KindSecretKey, ID: "key", Address: "192.0.2.1", UserAgent: "curl/8", TraceID: "t"}
	if got := origin.From(origin.With(t.Context(), want)); got != want {
		t.Errorf("From = %+v, want %+v", got, want)
	}
}

// L-03: what a client says of itself is kept within bounds and without control characters.
func TestUserAgentIsCleaned(t *testing.T) {
	ctx := origin.With(t.Context(), origin.Origin{UserAgent: "a\x1b[31m\r\nb\xff" + strings.Repeat("x", 1000)})
	got := origin.From(ctx).UserAgent
	if len(got) != 512 || !strings.HasPrefix(got, "a?[31m??b?x") {
		t.Errorf("UserAgent = %d bytes %.20q", len(got), got)
	}
}
