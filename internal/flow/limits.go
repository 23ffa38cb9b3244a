package flow

import (
	"context"
	"time"

	"github.com/gatehouse-dev/gatehouse/session"
)

// sendLimits bound how often something is sent to one destination, whoever asks (E-02).
var sendLimits = []struct {
	name   string
	limit  int
	window time.Duration
}{
	{"hour", 5, time.Hour},
	{"day", 15, 24 * time.Hour},
}

// preparesPerMinute bounds how often one client may ask for something to be sent.
const preparesPerMinute = 5

// allowSend counts one message to a destination on behalf of a client: *Error
// too_many_requests when either had enough.
func (e *Engine) allowSend(ctx context.Context, c session.ClientID, key string, now time.Time) error {
	if err := e.take(ctx, "flow:prepare:client:"+string(c), preparesPerMinute, time.Minute, now); err != nil {
		return err
	}
	return e.allowDestination(ctx, key, now)
}

func (e *Engine) allowDestination(ctx context.Context, key string, now time.Time) error {
	for _, l := range sendLimits {
		if err := e.take(ctx, "flow:send:"+l.name+":"+e.nameOf(key), l.limit, l.window, now); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) take(ctx context.Context, key string, limit int, window time.Duration, now time.Time) error {
	ok, after, err := e.limits.Take(ctx, key, limit, window, now)
	if err != nil {
		return err
	}
	if !ok {
		return tooMany("too_many_requests", after)
	}
	return nil
}
