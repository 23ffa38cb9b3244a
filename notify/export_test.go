package notify

import (
	"context"
	"time"
)

// WaitWith makes h wait between tries as wait does.
func (h *Hook) WaitWith(wait func(context.Context, time.Duration) error) { h.wait = wait }
