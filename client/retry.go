package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	firstPause = 200 * time.Millisecond // doubles with each try
	longestAsk = 15 * time.Second       // a Retry-After beyond it is the caller's to wait for
)

// sendError is a request that may or may not have arrived.
type sendError struct{ err error }

func (e *sendError) Error() string { return e.err.Error() }
func (e *sendError) Unwrap() error { return e.err }

// attempt sends r until there is an answer that another try would not change.
func (c *Client) attempt(ctx context.Context, r request) (success, error) {
	for try := 0; ; try++ {
		a, err := c.once(ctx, r)
		if err == nil {
			return a, nil
		}
		if try > 0 && r.method == http.MethodDelete && errors.Is(err, ErrNotFound) {
			return success{}, nil // the try before did it
		}
		pause, again := r.again(err, try)
		if !again || try >= c.retries || !sleep(ctx, pause) {
			return success{}, err
		}
	}
}

// again says whether r may be sent once more after err, and how long to wait before.
func (r request) again(err error, try int) (pause time.Duration, again bool) {
	e, answered := errors.AsType[*Error](err)
	_, broken := errors.AsType[*sendError](err)
	switch {
	case answered && e.Status == http.StatusTooManyRequests:
		again = true // nothing was done
	case broken:
		again = r.idempotent() && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	case answered:
		again = r.idempotent() && (e.Status == http.StatusBadGateway || e.Status == http.StatusServiceUnavailable || e.Status == http.StatusGatewayTimeout)
	}
	if answered && e.RetryAfter > 0 {
		return e.RetryAfter, again && e.RetryAfter <= longestAsk
	}
	// Half of it is random, so that clients that failed together do not come back together.
	pause = firstPause << try
	return pause/2 + rand.N(pause/2), again
}

// idempotent reports whether twice is as good as once (RFC 9110 §9.2.2).
func (r request) idempotent() bool {
	return r.method == http.MethodGet || r.method == http.MethodPut || r.method == http.MethodDelete
}

// sleep waits, unless ctx ends before the wait would.
func sleep(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
